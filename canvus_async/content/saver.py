"""Downloads into files: once for all who want the same file, checked before it has its name."""

import asyncio
import math
import os
from collections.abc import Awaitable
from typing import NamedTuple

from canvus_async.content.download import Download
from canvus_async.content.hashes import ContentHashes
from canvus_async.content.part_file import PartFile, sweep
from canvus_async.content.single_flight import SingleFlight
from canvus_async.errors import CorruptDownload, LocalWriteError, UnexpectedContent
from canvus_async.http.limiters import Limiter
from canvus_async.http.request import Request
from canvus_async.http.transport import Transport
from canvus_async.progress import Progress

_SWEEP_AGAIN = 3600.0
_FOLDERS = 1000


class FileTransfer(NamedTuple):
    """What to fetch, counted in which limiter, and how it is checked: as WebP, by its hash, by its size."""

    request: Request
    limiter: Limiter
    webp: bool = False
    hash: str = ""
    max_bytes: int | None = None


class Saver:
    """What one client saves to disk."""

    def __init__(self, transport: Transport, hashes: ContentHashes) -> None:
        self._transport = transport
        self._hashes = hashes
        self._flights: SingleFlight[int] = SingleFlight()
        self._sweep_at: dict[str, float] = {}

    def save(
        self,
        wanted: FileTransfer,
        to: str | os.PathLike[str],
        *,
        overwrite: bool,
        fsync: bool,
        progress: Progress | None,
    ) -> Awaitable[int]:
        """The wanted body as a file at `to`, which is there whole or not at all; gives its length.

        Raises IncompleteDownload or CorruptDownload when the body is not what was announced, LocalWriteError when the
        disk says no, FileExistsError when `to` exists and `overwrite` is false.
        """
        target = os.fspath(to)
        key = f"{target}\0{wanted.request.headers.get('canvas-id')}\0{wanted.request.path}"
        return self._flights.once(key, lambda: self._save(wanted, target, overwrite, fsync, progress))

    async def _save(
        self, wanted: FileTransfer, target: str, overwrite: bool, fsync: bool, progress: Progress | None
    ) -> int:
        folder = os.path.dirname(target)  # noqa: PTH120  # a fraction of the price of Path's
        known = self._transport.deadlines.time() < self._sweep_at.get(folder, -math.inf)
        if not known:
            await self._sweep(folder)
        elif not os.access(folder or ".", os.W_OK | os.X_OK):
            known = False  # no longer: to be told before anything is fetched
        limiter = wanted.limiter
        if not limiter.take():
            await limiter.wait()
        try:
            hashing = self._hashes.worth_computing(wanted.hash)
            part = PartFile(target, overwrite=overwrite, hashing=hashing, later=known)
            try:
                download = Download(
                    self._transport,
                    wanted.request,
                    part,
                    webp=wanted.webp,
                    max_bytes=wanted.max_bytes,
                    on_bytes=progress,
                )
                await download.run()
                if hashing:
                    await self._verify(wanted.hash, part, download)
                if not part.size and not (hashing and self._hashes.proven):
                    raise UnexpectedContent("the answer is empty", method="GET", path=wanted.request.path)
                await part.publish(fsync=fsync)
            except BaseException:
                await part.discard()
                raise
        except LocalWriteError:
            self._sweep_at.pop(folder, None)  # the next looks closely again
            raise
        finally:
            limiter.give()
        return part.size

    async def write(
        self, body: bytes, to: str | os.PathLike[str], *, overwrite: bool, fsync: bool, progress: Progress | None
    ) -> int:
        """The same for a body that is here already; gives its length."""
        part = PartFile(to, overwrite=overwrite)
        try:
            await part.write(body)
            await part.publish(fsync=fsync)
        except BaseException:
            await part.discard()
            raise
        if progress is not None:
            progress(len(body), len(body))
        return len(body)

    async def _verify(self, name: str, part: PartFile, download: Download) -> None:
        """Check what came against its hash; what is wrong is fetched once more from the start."""
        if not self._hashes.fits(name, await part.sha256()):
            await download.again()
            if not self._hashes.fits(name, await part.sha256()):
                raise another_content(name, part.target)

    async def _sweep(self, folder: str) -> None:
        """Clear away what killed processes left in a folder: the first time, and then every hour."""
        if len(self._sweep_at) >= _FOLDERS:
            self._sweep_at.clear()
        self._sweep_at[folder] = self._transport.deadlines.time() + _SWEEP_AGAIN
        await asyncio.to_thread(sweep, folder or ".")


def another_content(name: str, file: str = "") -> CorruptDownload:
    """The error for content that is not what its hash names."""
    return CorruptDownload(f"the content is not that of {name}, twice", path=file)
