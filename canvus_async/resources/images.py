"""Pictures on a canvas (seed 002)."""

from typing import Unpack

from canvus_async.http.multipart import Uploadable
from canvus_async.models import Image
from canvus_async.progress import Progress
from canvus_async.resources.collections import FileCollection
from canvus_async.resources.keywords import ImageFields, ImageUpdate


class Images(FileCollection[Image]):
    """The pictures on one canvas; `Image.hash` opens their mipmaps and originals."""

    endpoint = "images"
    kind = Image

    async def upload(
        self,
        file: Uploadable,
        /,
        *,
        filename: str | None = None,
        wait_ready: bool = False,
        timeout: float | None = 60.0,
        progress: Progress | None = None,
        **fields: Unpack[ImageFields],
    ) -> Image:
        """Upload a picture (JPEG, PNG, SVG, …): a path, bytes, or a binary file; streamed, never whole in memory.

        The record comes back with `hash` "" unless `wait_ready` is true; then the call returns once the server has
        read the file, or raises RequestTimeout after `timeout` seconds. A `size` is a box that the picture is fitted
        into. Raises BadRequest for a file that is no picture, TooLarge, and OutcomeUnknown when the connection is lost
        while it may have arrived: it is never sent twice. Seed 002, "Create Image".
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

    async def update(self, image_id: str, /, **fields: Unpack[ImageUpdate]) -> Image:
        """Change what is given and leave the rest; returns the picture as it now is, its size fitted by the server.

        Raises BadRequest for a depth below 1, Forbidden without edit access. Seed 002, "Update Image".
        """
        return await self._update(image_id, fields, ImageUpdate)
