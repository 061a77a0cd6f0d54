"""Original files by content hash (seed 000, "Download an Asset by Hash")."""

import os
from pathlib import Path

from canvus_async.fetching import Fetcher, asset_path
from canvus_async.transport import Transport
from canvus_async.uploads import Progress


class Assets:
    """The files behind images, PDFs and videos of one canvas, as they were uploaded.

    All calls need a token besides the canvas, and say so before any request. Raises NotFound for a hash that this
    canvas does not have, ValueError for an empty hash.
    """

    def __init__(self, transport: Transport, fetcher: Fetcher, canvas_id: str) -> None:
        self._transport = transport
        self._fetcher = fetcher
        self._canvas_id = canvas_id

    async def fetch(self, hash: str, /, *, max_bytes: int | None = None) -> bytes:  # noqa: A002  # the wire's name
        """The whole file in memory, at most `max_bytes` of it (`Limits.asset` if not given): else UnexpectedContent."""
        return await self._fetcher.asset(self._canvas_id, hash, max_bytes)

    async def download(
        self,
        hash: str,  # noqa: A002
        /,
        *,
        to: str | os.PathLike[str],
        overwrite: bool = True,
        progress: Progress | None = None,
    ) -> Path:
        """Save the file at the path `to`, which is there whole or not at all; returns that path.

        Raises IncompleteDownload, LocalWriteError, and FileExistsError when `overwrite` is false and there is a file.
        """
        path = asset_path(hash)
        self._fetcher.check_identified()
        return await self._fetcher.save(
            path,
            to,
            slot=self._transport.slots.assets,
            canvas_id=self._canvas_id,
            overwrite=overwrite,
            progress=progress,
        )
