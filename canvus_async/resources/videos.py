"""Videos on a canvas (developer.multitaction.com/mt-canvus)."""

from typing import Unpack

from canvus_async.http.multipart import Uploadable
from canvus_async.models import Video
from canvus_async.progress import Progress
from canvus_async.protocol.names import WidgetId
from canvus_async.resources.collections import FileCollection
from canvus_async.resources.keywords import VideoFields, VideoUpdate


class Videos(FileCollection[Video]):
    """The videos on one canvas. Use `Video.hash` with `canvas.assets`; videos have no mipmaps."""

    endpoint = "videos"
    kind = Video

    async def upload(
        self,
        file: Uploadable,
        *,
        filename: str | None = None,
        wait_ready: bool = False,
        timeout: float | None = 60.0,
        progress: Progress | None = None,
        **fields: Unpack[VideoFields],
    ) -> Video:
        """Upload a video and return its record.

        `file` is a path, bytes, or a binary file; it is streamed and never completely in memory. The record has `hash`
        "" unless `wait_ready` is true: then the call returns when the server has processed the file, or raises
        RequestTimeout after `timeout` seconds (None = no limit). `progress` is called with the bytes sent so far and in
        all.

        Raises BadRequest for a file that is not a video, TooLarge, Forbidden without edit access, and OutcomeUnknown if
        the connection is lost when the file may have arrived: it is never sent twice.
        """
        return await self._upload(
            file,
            fields,
            VideoFields,
            filename=filename,
            wait_ready=wait_ready,
            timeout=timeout,
            progress=progress,
        )

    async def update(self, widget_id: WidgetId, **fields: Unpack[VideoUpdate]) -> Video:
        """Change the given fields of a video and return it. Other fields keep their values.

        `playback_state` is "playing", "paused" or "stopped"; records have it in upper case. Raises NotFound,
        BadRequest, Forbidden without edit access.
        """
        return await self._update(widget_id, fields, VideoUpdate)
