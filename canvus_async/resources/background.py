"""The background of a canvas (developer.multitaction.com/mt-canvus)."""

from functools import partial
from typing import Unpack

from canvus_async.http.multipart import Uploadable, form, open_source
from canvus_async.http.transport import Transport
from canvus_async.models import CanvasBackground
from canvus_async.progress import Progress
from canvus_async.protocol.names import path_segment
from canvus_async.protocol.writing import payload
from canvus_async.resources.keywords import BackgroundFields, BackgroundUpload
from canvus_async.resources.signatures import expand_keywords


class Background:
    """The background of one canvas: a colour, an animated haze of two colours, or an image."""

    def __init__(self, transport: Transport, canvas_id: str) -> None:
        self._transport = transport
        self._canvas_id = canvas_id
        self._path = f"canvases/{path_segment(canvas_id, what='canvas id')}/background"

    def __repr__(self) -> str:
        return f"<Background of canvas {self._canvas_id}>"

    async def get(self) -> CanvasBackground:
        """The current background. If it is an image, use `image.hash` with `canvas.mipmaps` and `canvas.assets`.

        Raises NotFound if the canvas does not exist or you may not see it.
        """
        return await self._transport.one("GET", self._path, CanvasBackground)

    async def update(self, **fields: Unpack[BackgroundFields]) -> CanvasBackground:
        """Change the given fields of the background and return it. Other fields keep their values.

        Raises BadRequest for an invalid type or colour, Forbidden without edit access.
        """
        json = payload(fields, BackgroundFields, verb="update")
        return await self._transport.one("PATCH", self._path, CanvasBackground, json=json)

    async def upload(
        self,
        file: Uploadable,
        *,
        filename: str | None = None,
        fit: str | None = None,
        progress: Progress | None = None,
    ) -> CanvasBackground:
        """Upload an image as the background and return the background.

        `file` is a path, bytes, or a binary file; it is streamed and never completely in memory. `image.hash` is ""
        until the server has processed the file. `progress` is called with the bytes sent so far and in all.

        Raises BadRequest for a file that is not an image, TooLarge, Forbidden without edit access, and OutcomeUnknown
        if the connection is lost when the file may have arrived: it is never sent twice.
        """
        fields: BackgroundUpload = {"type": "image"} if fit is None else {"type": "image", "fit": fit}
        json = payload(fields, BackgroundUpload, verb="upload")
        async with open_source(file, filename) as source:
            body = partial(form, source, json, progress)
            return await self._transport.one("POST", self._path, CanvasBackground, payload=body)


expand_keywords(Background)
