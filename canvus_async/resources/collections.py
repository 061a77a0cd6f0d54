"""The base classes of all kinds of widgets. Each adds some calls: Collection reads, EditableCollection changes and
deletes, CloneableCollection clones, FileCollection uploads and downloads. A kind's own class adds only what is special.
"""

import builtins
import logging
import os
from collections.abc import Mapping
from contextlib import aclosing
from functools import partial
from pathlib import Path
from typing import Generic, TypeVar

from canvus_async.content.fetcher import Fetcher
from canvus_async.errors import ClientClosed, NotFound, RequestTimeout, UnexpectedContent
from canvus_async.http.multipart import Uploadable, form, open_source
from canvus_async.http.transport import Transport
from canvus_async.models import AssetWidget, Point, UnknownWidget, Widget
from canvus_async.progress import Progress
from canvus_async.protocol.names import CanvasId, WidgetId, id_segment, path_segment
from canvus_async.protocol.responses import decoder_for
from canvus_async.protocol.writing import payload
from canvus_async.resources.keywords import CloneFields
from canvus_async.resources.signatures import expand_keywords
from canvus_async.subscriptions.feed import Feed
from canvus_async.subscriptions.live import Live
from canvus_async.subscriptions.subscription import Subscription

logger = logging.getLogger("canvus_async")
T = TypeVar("T")
W = TypeVar("W", bound=Widget)
A = TypeVar("A", bound=AssetWidget)


async def listed(transport: Transport, path: str, kind: type[T]) -> builtins.list[T]:
    """The records of one kind in the list at `path`. Others are logged, with id and reason but not their content."""
    response_reader = transport.response_reader
    records: builtins.list[T] = []
    for record in response_reader.many(await transport.call("GET", path), kind, method="GET", path=path):
        if isinstance(record, kind):
            records.append(record)
        elif isinstance(record, UnknownWidget):
            what = response_reader.printable(f"{record.id}, not a valid {kind.__name__} ({record.error})")
            logger.warning("GET %s: skipped %s", path, what)
    return records


class Collection(Generic[W]):
    """The widgets of one kind on one canvas."""

    endpoint: str
    kind: type[W]

    def __init_subclass__(cls) -> None:
        expand_keywords(cls)

    def __init__(self, transport: Transport, fetcher: Fetcher, canvas_id: str) -> None:
        self._canvas_id = canvas_id
        self._transport = transport
        self._fetcher = fetcher
        self._root = f"canvases/{path_segment(canvas_id, what='canvas id')}/{self.endpoint}"

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of canvas {self._canvas_id}>"

    async def list(self) -> builtins.list[W]:
        """Every widget of this kind, in the server's order.

        An object that is not valid for this kind is skipped and logged; `canvas.widgets` returns it as an
        UnknownWidget. Raises NotFound if the canvas does not exist or you may not see it.
        """
        return await listed(self._transport, self._root, self.kind)

    async def get(self, widget_id: WidgetId) -> W:
        """One widget by its id.

        Raises NotFound, UnexpectedContent for a widget that is not valid for this kind, and ValueError for an empty or
        invalid id, before any request.
        """
        return await self._transport.one("GET", self._path(widget_id), self.kind)

    def subscribe(self, widget_id: WidgetId | None = None) -> Subscription[W]:
        """Every widget of this kind, then each one again whenever it changes; with an id, only that widget.

        Each item is a complete record. A deleted widget is yielded once more, with `deleted` true. If the connection
        is lost, the subscription reconnects and yields what has changed in the meantime; it does not end. An object
        that is not valid for this kind is skipped and logged. Use the generator inside `contextlib.aclosing`: leaving
        that block closes the connection.

        Raises NotFound, Unauthorized, Forbidden and other ApiErrors that are not temporary. API page "Widgets
        (Generic)", section "Streaming".
        """
        return Subscription(self._feed(self._root if widget_id is None else self._path(widget_id)))

    def live(self) -> Live[W]:
        """A local copy of these widgets, kept up to date in the background; use it with `async with`.

        Entering the block raises NotFound, Unauthorized, Forbidden and other ApiErrors that are not temporary.
        """
        return Live(self._feed(self._root), path=self._root)

    def _feed(self, path: str) -> Feed[W]:
        decoder = decoder_for(self.kind)
        keep_unknown = self.kind is Widget
        return Feed(self._transport, path, decoder, reconnect=self._transport.reconnect, keep_unknown=keep_unknown)

    def _path(self, widget_id: WidgetId) -> str:
        return f"{self._root}/{id_segment(widget_id, what='widget id')}"


class EditableCollection(Collection[W]):
    """The widgets of one kind, which can be changed and deleted."""

    async def delete(self, widget_id: WidgetId) -> None:
        """Delete a widget permanently, with its file and its child widgets.

        Retried if the response is lost; if the widget does not exist then, the first attempt has deleted it and the
        call succeeds. Raises NotFound, and Forbidden without edit access.
        """
        await self._transport.call("DELETE", self._path(widget_id))

    async def _create(self, fields: Mapping[str, object], allowed: type, *, verb: str = "create") -> W:
        return await self._transport.one("POST", self._root, self.kind, json=payload(fields, allowed, verb=verb))

    async def _update(self, widget_id: WidgetId, fields: Mapping[str, object], allowed: type) -> W:
        json = payload(fields, allowed, verb="update")
        try:
            return await self._transport.one("PATCH", self._path(widget_id), self.kind, json=json)
        except UnexpectedContent:
            return await self.get(widget_id)  # some servers respond with only the changed fields, or with nothing


class CloneableCollection(EditableCollection[W]):
    """The widgets of one kind, which can be copied from one canvas to another."""

    async def clone(self, widget_id: WidgetId, *, from_canvas: CanvasId, location: Point | None = None) -> W:
        """Copy a widget of this kind from another canvas to this one, as a child of the root.

        `from_canvas` is the other canvas or its id; you need the right to view it. `location` is the location of the
        copy, by default that of the source. Raises NotFound for a source that does not exist or that you may not view,
        BadRequest for a source of another kind, or one whose file the server does not have. API page "Widgets
        (Generic)", section "Clone Widget".
        """
        fields: CloneFields = {
            "source_canvas_id": id_segment(from_canvas, what="canvas id"),
            "source_widget_id": id_segment(widget_id, what="widget id"),
        }
        if location is not None:
            fields["location"] = location
        return await self._create(fields, CloneFields, verb="clone")


class FileCollection(CloneableCollection[A]):
    """The widgets of one kind, which show an uploaded file."""

    async def wait_ready(self, widget_id: WidgetId, *, timeout: float | None = 60.0) -> A:
        """Wait until the server has processed the widget's file, and return the widget with its `hash`.

        Uses a subscription instead of polling. Raises RequestTimeout after `timeout` seconds (None = no limit),
        NotFound if the widget is deleted.
        """
        path = self._path(widget_id)
        what = f"no hash within {timeout} s: the server has not processed the file yet"
        late = RequestTimeout(what, method="GET", path=path)
        async with self._transport.deadlines.within(timeout, late), aclosing(self.subscribe(widget_id)) as states:
            async for widget in states:
                if widget.deleted:
                    raise NotFound(404, "the widget was deleted before it had a hash", method="GET", path=path)
                if widget.hash:
                    return widget
        raise ClientClosed("this client was closed before the widget had a hash")

    async def download(
        self,
        widget_id: WidgetId,
        *,
        to: str | os.PathLike[str],
        overwrite: bool = True,
        progress: Progress | None = None,
    ) -> Path:
        """Save the original file at the path `to` and return that path. The file appears only when complete.

        Needs no token on canvases with link sharing, unlike `canvas.assets`. `progress` is called with the bytes so far
        and in all. Raises NotFound, IncompleteDownload, LocalWriteError, and FileExistsError if `overwrite` is false
        and the file exists.
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
                # Not every server reads such a name correctly from a multipart header; in JSON there is no problem.
                json = payload({**fields, "original_filename": source.name}, allowed, verb="upload")
            body = partial(form, source, None if json == b"{}" else json, progress)
            widget = await self._transport.one("POST", self._root, self.kind, payload=body)
        return await self.wait_ready(widget.id, timeout=timeout) if wait_ready else widget
