"""Downloads into files: one transfer for all callers that want the same file, checked before the file gets its name."""

import asyncio
import math
import os
from collections.abc import Awaitable
from typing import NamedTuple

from canvus_async.content.disk import Disk
from canvus_async.content.download import Download
from canvus_async.content.filesystem import sweep
from canvus_async.content.hashes import ContentHashes
from canvus_async.content.part_file import PartFile
from canvus_async.content.single_flight import SingleFlight
from canvus_async.errors import CorruptDownload, LocalWriteError, UnexpectedContent
from canvus_async.http.limiters import Limiter
from canvus_async.http.request import Request
from canvus_async.http.transport import Transport
from canvus_async.progress import Progress

_SWEEP_EVERY = 3600.0
_MAX_FOLDERS = 1000


class FileTransfer(NamedTuple):
    """What to download, under which limiter, and how to check it: as WebP, by its hash, by its size."""

    request: Request
    limiter: Limiter
    webp: bool = False
    hash: str = ""
    max_bytes: int | None = None


class Saver:
    """The downloads of one client into files."""

    def __init__(self, transport: Transport, hashes: ContentHashes, disk: Disk) -> None:
        self.disk = disk
        self._transport = transport
        self._hashes = hashes
        self._single_flight: SingleFlight[int] = SingleFlight(transport.deadlines.binding)
        self._sweep_at: dict[str, float] = {}
        """When each folder has to be swept again. Until then it counts as a folder that can be written."""

    def save(
        self,
        transfer: FileTransfer,
        to: str | os.PathLike[str],
        *,
        overwrite: bool,
        fsync: bool,
        progress: Progress | None,
    ) -> Awaitable[int]:
        """Download into a file at `to`, which exists whole or not at all; returns its length.

        Raises IncompleteDownload or CorruptDownload when the body is not what was announced, LocalWriteError when the
        file cannot be written, FileExistsError when `to` exists and `overwrite` is false.
        """
        target = os.fspath(to)
        request, promises = transfer.request, (overwrite, fsync, transfer.max_bytes)
        key = f"{target}\0{request.headers.get('canvas-id')}\0{request.path}\0{promises}"
        return self._single_flight.once(key, lambda: self._save(transfer, target, overwrite, fsync, progress))

    async def _save(
        self, transfer: FileTransfer, target: str, overwrite: bool, fsync: bool, progress: Progress | None
    ) -> int:
        folder = os.path.dirname(target)  # noqa: PTH120  # Path.parent costs several times as much
        known = self._transport.deadlines.time() < self._sweep_at.get(folder, -math.inf)
        if not known:
            await self._sweep(folder)
        try:
            async with transfer.limiter:
                hashing = self._hashes.worth_computing(transfer.hash)
                part = PartFile(target, overwrite=overwrite, hashing=hashing, disk=self.disk)
                try:
                    await part.open(lazy=known)
                    await self._download(transfer, part, progress)
                    await part.publish(fsync=fsync)
                except BaseException:
                    await part.discard()
                    raise
        except LocalWriteError:
            self._sweep_at.pop(folder, None)  # check the folder before the next download into it
            raise
        return part.size

    async def _download(self, transfer: FileTransfer, part: PartFile, progress: Progress | None) -> None:
        download = Download(
            self._transport,
            transfer.request,
            part,
            webp=transfer.webp,
            max_bytes=transfer.max_bytes,
            on_bytes=progress,
        )
        await download.run()
        if part.hashing:
            await self._verify(transfer.hash, part, download)
        if not part.size and not (part.hashing and self._hashes.proven):
            raise UnexpectedContent("the response is empty", method="GET", path=transfer.request.path)

    async def write(
        self, body: bytes, to: str | os.PathLike[str], *, overwrite: bool, fsync: bool, progress: Progress | None
    ) -> int:
        """Write a body that is in memory already; returns its length."""
        part = PartFile(to, overwrite=overwrite, disk=self.disk)
        try:
            await part.open()
            await part.write(body)
            await part.publish(fsync=fsync)
        except BaseException:
            await part.discard()
            raise
        if progress is not None:
            progress(len(body), len(body))
        return len(body)

    async def _verify(self, name: str, part: PartFile, download: Download) -> None:
        """Check the content against its hash; download it once more if it does not match."""
        if not self._hashes.matches(name, await part.sha256()):
            await download.again()
            if not self._hashes.matches(name, await part.sha256()):
                raise hash_mismatch(name, part.target)

    async def _sweep(self, folder: str) -> None:
        """Remove what killed processes left in a folder: on the first download into it, and then every hour."""
        if len(self._sweep_at) >= _MAX_FOLDERS:
            self._sweep_at.clear()
        self._sweep_at[folder] = self._transport.deadlines.time() + _SWEEP_EVERY
        await asyncio.to_thread(sweep, folder or ".")


def hash_mismatch(name: str, file: str = "") -> CorruptDownload:
    """The error for content that does not match its hash."""
    return CorruptDownload(f"content does not match hash {name} (downloaded twice)", path=file)
