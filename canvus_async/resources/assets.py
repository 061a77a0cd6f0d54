"""Original files by content hash (seed 000, "Download an Asset by Hash")."""

import os
from pathlib import Path

from canvus_async.fetching import Fetcher
from canvus_async.uploads import Progress


class Assets:
    """The files behind images, PDFs and videos of one canvas, as they were uploaded.

    All calls need a token besides the canvas, and say so before any request. Raises NotFound for a hash that this
    canvas does not have, ValueError for an empty hash.
    """

    def __init__(self, fetcher: Fetcher, canvas_id: str) -> None:
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
        max_bytes: int | None = None,
        overwrite: bool = True,
        fsync: bool = False,
        progress: Progress | None = None,
    ) -> Path:
        """Save the file at the path `to`, which is there whole or not at all; returns that path.

        A body that is cut or stalls goes on where it stopped, where the server lets it, and is checked against its hash
        where that can be. `max_bytes` refuses a longer one. `fsync`: return only once the file would survive a power
        cut. Raises IncompleteDownload, CorruptDownload, Stalled, LocalWriteError, and FileExistsError when `overwrite`
        is false and there is a file.
        """
        return await self._fetcher.save_asset(
            self._canvas_id, hash, to, max_bytes=max_bytes, overwrite=overwrite, fsync=fsync, progress=progress
        )
