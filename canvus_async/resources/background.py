"""What lies behind a canvas (developer.multitaction.com/mt-canvus)."""

from functools import partial
from typing import Unpack

from canvus_async.http.multipart import Uploadable, form, open_source
from canvus_async.http.transport import Transport
from canvus_async.models import CanvasBackground
from canvus_async.progress import Progress
from canvus_async.protocol.names import path_segment
from canvus_async.protocol.writing import payload
from canvus_async.resources.keywords import BackgroundFields, BackgroundUpload


class Background:
    """The background that each canvas has: a colour, a haze of two colours, or a picture."""

    def __init__(self, transport: Transport, canvas_id: str) -> None:
        self._transport = transport
        self._path = f"canvases/{path_segment(canvas_id, what='canvas id')}/background"

    async def get(self) -> CanvasBackground:
        """The background; where it has a picture, `image.hash` opens mipmaps and the original (seed 000).

        Raises NotFound for a canvas that is not there or not yours to see.
        """
        return await self._transport.one("GET", self._path, CanvasBackground)

    async def update(self, **fields: Unpack[BackgroundFields]) -> CanvasBackground:
        """Change what is given and leave the rest. Raises BadRequest for a type or colour that is none, Forbidden."""
        json = payload(fields, BackgroundFields, verb="update")
        return await self._transport.one("PATCH", self._path, CanvasBackground, json=json)

    async def upload(
        self,
        file: Uploadable,
        /,
        *,
        filename: str | None = None,
        fit: str | None = None,
        progress: Progress | None = None,
    ) -> CanvasBackground:
        """Put a picture behind the canvas: a path, bytes, or a binary file; streamed, never whole in memory.

        `image.hash` is "" until the server has read the file. `progress` is called with the bytes sent so far and in
        all. Raises BadRequest for a file that is no picture, TooLarge, Forbidden without edit access, and
        OutcomeUnknown when the connection is lost while it may have arrived.
        """
        fields: BackgroundUpload = {"type": "image"} if fit is None else {"type": "image", "fit": fit}
        json = payload(fields, BackgroundUpload, verb="upload")
        async with open_source(file, filename) as source:
            body = partial(form, source, json, progress)
            return await self._transport.one("POST", self._path, CanvasBackground, payload=body)
