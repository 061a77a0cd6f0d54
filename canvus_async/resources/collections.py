"""The ladder that every kind of widget stands on: read, then edit, then files. A kind says only what is its own."""

import builtins
import logging
import os
from collections.abc import Mapping
from contextlib import aclosing
from functools import partial
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from canvus_async.content.fetcher import Fetcher
from canvus_async.errors import ClientClosed, NotFound, RequestTimeout, UnexpectedContent
from canvus_async.http.multipart import Uploadable, form, open_source
from canvus_async.http.transport import Transport
from canvus_async.models import AssetWidget, Point, UnknownWidget, Widget
from canvus_async.progress import Progress
from canvus_async.protocol.names import path_segment
from canvus_async.protocol.responses import decoder_for
from canvus_async.protocol.writing import payload
from canvus_async.resources.keywords import CloneFields
from canvus_async.subscriptions.feed import Feed
from canvus_async.subscriptions.live import Live
from canvus_async.subscriptions.subscription import Subscription

logger = logging.getLogger("canvus_async")
T = TypeVar("T")
W = TypeVar("W", bound=Widget)
A = TypeVar("A", bound=AssetWidget)


async def listed(transport: Transport, path: str, kind: type[T]) -> builtins.list[T]:
    """The records of a kind that are listed at `path`; others are logged, by id and reason, without what is in them."""
    response_reader = transport.response_reader
    kept: builtins.list[T] = []
    for record in response_reader.many(await transport.call("GET", path), kind, method="GET", path=path):
        if isinstance(record, kind):
            kept.append(record)
        elif isinstance(record, UnknownWidget):
            said = response_reader.printable(f"{record.id}, which is no {kind.__name__}: {record.error}")
            logger.warning("GET %s: skipped %s", path, said)
    return kept


class Collection(Generic[W]):
    """The widgets of one kind on one canvas, for reading."""

    endpoint: str
    kind: type[W]

    def __init__(self, transport: Transport, fetcher: Fetcher, canvas_id: str) -> None:
        self._transport = transport
        self._fetcher = fetcher
        self._root = f"canvases/{path_segment(canvas_id, what='canvas id')}/{self.endpoint}"

    async def list(self) -> builtins.list[W]:
        """Every widget of this kind, whole and typed, in the server's order.

        An object that is not of this kind is left out and logged; `canvas.widgets` has it as an UnknownWidget. Raises
        NotFound for a canvas that is not there or not yours to see. Seeds 002 to 004.
        """
        return await listed(self._transport, self._root, self.kind)

    async def get(self, widget_id: str, /) -> W:
        """One widget by its id, whole and typed. Seeds 002 to 004.

        Raises NotFound, UnexpectedContent for a widget that does not fit this kind, and ValueError for an empty or
        impossible id before any request.
        """
        return await self._transport.one("GET", self._path(widget_id), self.kind)

    def subscribe(self, widget_id: str | None = None, /) -> Subscription[W]:
        """Every widget of this kind as it is, then each as it changes, as whole records, without end.

        With an id, that widget only. One that is gone comes once more with `deleted` true. The connection is renewed
        whenever it is lost, and then only what differs from what you have seen is yielded. Use it with
        `contextlib.aclosing`; leaving the block closes the connection. An object that is not of this kind is left out
        and logged. Raises NotFound, Unauthorized, Forbidden and the like when the server says so. Seed 004.
        """
        return Subscription(self._feed(self._root if widget_id is None else self._path(widget_id)))

    def live(self) -> Live[W]:
        """A mirror of these widgets, kept up to date in the background; use it with `async with`.

        Entering it raises NotFound, Unauthorized, Forbidden and the like when the server says so.
        """
        return Live(self._feed(self._root), path=self._root)

    def _feed(self, path: str) -> Feed[W]:
        decoder = decoder_for(self.kind)
        every = self.kind is Widget
        return Feed(self._transport, path, decoder, reconnect=self._transport.reconnect, keep_unknown=every)

    def _path(self, widget_id: str) -> str:
        return f"{self._root}/{path_segment(widget_id, what='widget id')}"


class EditableCollection(Collection[W]):
    """The widgets of one kind, which can also be changed and deleted."""

    async def delete(self, widget_id: str, /) -> None:
        """Remove a widget for good, with its file and all that lies on it. Seeds 002 and 003.

        Raises NotFound when there is none, Forbidden without edit access. A try whose answer is lost is made again; to
        find the widget gone then counts as done.
        """
        await self._transport.call("DELETE", self._path(widget_id))

    async def _create(self, fields: Mapping[str, object], allowed: type, *, verb: str = "create") -> W:
        return await self._transport.one("POST", self._root, self.kind, json=payload(fields, allowed, verb=verb))

    async def _update(self, widget_id: str, fields: Mapping[str, object], allowed: type) -> W:
        json = payload(fields, allowed, verb="update")
        try:
            return await self._transport.one("PATCH", self._path(widget_id), self.kind, json=json)
        except UnexpectedContent:
            return await self.get(widget_id)  # some servers answer with the changed fields only, or nothing


class HasId(Protocol):
    """Anything with an id: a canvas handle, a canvas's info."""

    @property
    def id(self) -> str:
        """The id."""
        ...


class CloneableCollection(EditableCollection[W]):
    """The widgets of one kind that can also be copied from one canvas to another."""

    async def clone(self, widget_id: str, /, *, from_canvas: str | HasId, location: Point | None = None) -> W:
        """Copy a widget of this kind from any canvas that you may see onto this one, as a widget of the top level.

        `from_canvas` is that canvas or its id. `location` is the copy's place, the source's own if not given. Raises
        NotFound for a source that you cannot see, BadRequest for one of another kind or whose file the server does not
        have. Seed 004, "Clone Widget".
        """
        source = from_canvas if isinstance(from_canvas, str) else from_canvas.id
        fields: CloneFields = {
            "source_canvas_id": path_segment(source, what="canvas id"),
            "source_widget_id": path_segment(widget_id, what="widget id"),
        }
        if location is not None:
            fields["location"] = location
        return await self._create(fields, CloneFields, verb="clone")


class FileCollection(CloneableCollection[A]):
    """The widgets of one kind that show an uploaded file."""

    async def wait_ready(self, widget_id: str, /, *, timeout: float | None = 60.0) -> A:
        """The widget once the server has read its file and filled in `hash`.

        Follows the widget, so there is no polling. Raises RequestTimeout after `timeout` seconds (None: no limit),
        NotFound when the widget is gone.
        """
        path = self._path(widget_id)
        late = RequestTimeout(f"no hash within {timeout} s", method="GET", path=path)
        async with self._transport.deadlines.within(timeout, late), aclosing(self.subscribe(widget_id)) as states:
            async for widget in states:
                if widget.deleted:
                    raise NotFound(404, "deleted while it was waited for", method="GET", path=path)
                if widget.hash:
                    return widget
        raise ClientClosed("this client was closed while it waited")

    async def download(
        self,
        widget_id: str,
        /,
        *,
        to: str | os.PathLike[str],
        overwrite: bool = True,
        progress: Progress | None = None,
    ) -> Path:
        """Save the original file at the path `to`, which is there whole or not at all; returns that path.

        Works on shared canvases without a token, where assets by hash do not. `progress` is called with the bytes so
        far and in all. Raises NotFound, IncompleteDownload, LocalWriteError, and FileExistsError when `overwrite` is
        false and there is a file. Seeds 002 and 003, "Download".
        """
        path = f"{self._path(widget_id)}/download"
        limiter = self._transport.limiters.assets
        return await self._fetcher.save(path, to, limiter=limiter, overwrite=overwrite, progress=progress)

    async def _upload(
        self,
        file: Uploadable,
        fields: Mapping[str, object],
        allowed: type,
        *,
        filename: str | None,
        wait_ready: bool,
        timeout: float | None,
        progress: Progress | None,
    ) -> A:
        json = payload(fields, allowed, verb="upload")
        async with open_source(file, filename) as source:
            if "original_filename" not in fields and not source.has_plain_name:
                # such a name does not survive every server's reading of a multipart head; the JSON part does
                json = payload({**fields, "original_filename": source.name}, allowed, verb="upload")
            body = partial(form, source, None if json == b"{}" else json, progress)
            widget = await self._transport.one("POST", self._root, self.kind, payload=body)
        return await self.wait_ready(widget.id, timeout=timeout) if wait_ready else widget
