"""Images on a canvas (API page "Images")."""

from typing import Unpack

from canvus_async.http.multipart import Uploadable
from canvus_async.models import Image
from canvus_async.progress import Progress
from canvus_async.protocol.names import WidgetId
from canvus_async.resources.collections import FileCollection
from canvus_async.resources.keywords import ImageFields, ImageUpdate


class Images(FileCollection[Image]):
    """The images on one canvas. Use `Image.hash` with `canvas.mipmaps` and `canvas.assets`."""

    endpoint = "images"
    kind = Image

    async def upload(
        self,
        file: Uploadable,
        *,
        filename: str | None = None,
        wait_ready: bool = False,
        timeout: float | None = 60.0,
        progress: Progress | None = None,
        **fields: Unpack[ImageFields],
    ) -> Image:
        """Upload an image (JPEG, PNG, SVG, …) and return its record.

        `file` is a path, bytes, or a binary file; it is streamed and never completely in memory. The image is fitted
        into `size`, in canvas units, if that is given. The record has `hash` "" unless `wait_ready` is true: then the
        call returns when the server has processed the file, or raises RequestTimeout after `timeout` seconds (None = no
        limit). `progress` is called with the bytes sent so far and in all.

        Raises BadRequest for a file that is not an image, TooLarge, Forbidden without edit access, and OutcomeUnknown
        if the connection is lost when the file may have arrived: it is never sent twice.
        """
        return await self._upload(
            file,
            fields,
            ImageFields,
            filename=filename,
            wait_ready=wait_ready,
            timeout=timeout,
            progress=progress,
        )

    async def update(self, widget_id: WidgetId, **fields: Unpack[ImageUpdate]) -> Image:
        """Change the given fields of an image and return it. Other fields keep their values.

        The server fits the image into a given `size`. Raises NotFound, BadRequest for a depth below 1, Forbidden
        without edit access.
        """
        return await self._update(widget_id, fields, ImageUpdate)
