"""The ladder that every kind of widget stands on: read, then edit, then files. A kind says only what is its own."""

import asyncio
import builtins
import os
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from canvus_async.errors import RequestTimeout, UnexpectedContent
from canvus_async.fetching import Fetcher
from canvus_async.models import AssetWidget, Point, Widget
from canvus_async.protocol import answers
from canvus_async.protocol.backoff import delays
from canvus_async.protocol.names import path_segment
from canvus_async.protocol.writing import payload
from canvus_async.resources.keywords import CloneFields
from canvus_async.transport import Transport
from canvus_async.uploads import Progress, Uploadable, form, opened

W = TypeVar("W", bound=Widget)
A = TypeVar("A", bound=AssetWidget)


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

        Raises NotFound for a canvas that is not there or not yours to see.
        """
        body = await self._transport.call("GET", self._root)
        return answers.many(body, self.kind, method="GET", path=self._root)

    async def get(self, widget_id: str, /) -> W:
        """One widget by its id. Raises NotFound, and ValueError for an empty or impossible id before any request."""
        path = self._path(widget_id)
        return answers.one(await self._transport.call("GET", path), self.kind, method="GET", path=path)

    def _path(self, widget_id: str) -> str:
        return f"{self._root}/{path_segment(widget_id, what='widget id')}"


class EditableCollection(Collection[W]):
    """The widgets of one kind, which can also be changed and deleted."""

    async def delete(self, widget_id: str, /) -> None:
        """Remove a widget for good, with its file and all that lies on it. Raises NotFound when there is none."""
        await self._transport.call("DELETE", self._path(widget_id))

    async def _create(self, fields: Mapping[str, object], allowed: type, *, verb: str = "create") -> W:
        body = await self._transport.call("POST", self._root, json=payload(fields, allowed, verb=verb))
        return answers.one(body, self.kind, method="POST", path=self._root)

    async def _update(self, widget_id: str, fields: Mapping[str, object], allowed: type) -> W:
        path = self._path(widget_id)
        body = await self._transport.call("PATCH", path, json=payload(fields, allowed, verb="update"))
        try:
            return answers.one(body, self.kind, method="PATCH", path=path)
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
        """The widget once the server has read its file and filled in `hash`; None waits without limit.

        Raises RequestTimeout after `timeout` seconds, NotFound when the widget is gone.
        """
        path = self._path(widget_id)
        late = RequestTimeout(f"no hash within {timeout} s", method="GET", path=path)
        async with self._transport.deadlines.within(timeout, late):
            for pause in delays(first=0.05, longest=2.0, random=random.random):
                widget = await self.get(widget_id)
                if widget.hash:
                    return widget
                await asyncio.sleep(pause)
        raise AssertionError("the delays never end")  # pragma: no cover

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

        Works on shared canvases without a token, where assets by hash do not. Raises IncompleteDownload,
        LocalWriteError, and FileExistsError when `overwrite` is false and there is a file.
        """
        path = f"{self._path(widget_id)}/download"
        slot = self._transport.slots.assets
        return await self._fetcher.save(path, to, slot=slot, overwrite=overwrite, progress=progress)

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
        async with opened(file, filename) as source:
            if "original_filename" not in fields and not (source.name.isascii() and '"' not in source.name):
                # such a name does not survive every server's reading of a multipart head; the JSON part does
                json = payload({**fields, "original_filename": source.name}, allowed, verb="upload")
            body = await self._transport.call(
                "POST",
                self._root,
                payload=lambda moved: form(source, None if json == b"{}" else json, moved, progress),
            )
        widget = answers.one(body, self.kind, method="POST", path=self._root)
        return await self.wait_ready(widget.id, timeout=timeout) if wait_ready else widget
