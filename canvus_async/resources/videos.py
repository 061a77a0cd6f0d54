"""Films on a canvas (developer.multitaction.com/mt-canvus)."""

from typing import Unpack

from canvus_async.http.multipart import Uploadable
from canvus_async.models import Video
from canvus_async.progress import Progress
from canvus_async.resources.collections import FileCollection
from canvus_async.resources.keywords import VideoFields, VideoUpdate


class Videos(FileCollection[Video]):
    """The films on one canvas; `Video.hash` opens their originals. They have no mipmaps."""

    endpoint = "videos"
    kind = Video

    async def upload(
        self,
        file: Uploadable,
        /,
        *,
        filename: str | None = None,
        wait_ready: bool = False,
        timeout: float | None = 60.0,
        progress: Progress | None = None,
        **fields: Unpack[VideoFields],
    ) -> Video:
        """Upload a film: a path, bytes, or a binary file; streamed, never whole in memory.

        The record comes back with `hash` "" unless `wait_ready` is true; then the call returns once the server has
        read the file, or raises RequestTimeout after `timeout` seconds. Raises BadRequest for a file that is no film,
        TooLarge, and OutcomeUnknown when the connection is lost while it may have arrived: it is never sent twice.
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

    async def update(self, video_id: str, /, **fields: Unpack[VideoUpdate]) -> Video:
        """Change what is given and leave the rest; returns the film as it now is.

        `playback_state` is "playing", "paused" or "stopped" and reads in upper case. Raises BadRequest, Forbidden.
        """
        return await self._update(video_id, fields, VideoUpdate)
