"""Downloads into files: once for all who want the same file, checked before it has its name."""

import asyncio
import math
import os
from typing import NamedTuple

from canvus_async.downloads import Download
from canvus_async.errors import CorruptDownload, UnexpectedContent
from canvus_async.files import PartFile, sweep
from canvus_async.flights import Flights
from canvus_async.hashes import ContentHashes
from canvus_async.slots import Slot
from canvus_async.transport import Request, Transport
from canvus_async.uploads import Progress

_SWEEP_AGAIN = 3600.0
_FOLDERS = 1000


class Wanted(NamedTuple):
    """What to fetch, counted in which slot, and how it is checked: as WebP, by its hash, by its size."""

    request: Request
    slot: Slot
    webp: bool = False
    hash: str = ""
    max_bytes: int | None = None


class Saved(NamedTuple):
    """How large a file is, and all of it if that is little."""

    size: int
    small: bytes | None


class Saver:
    """What one client saves to disk."""

    def __init__(self, transport: Transport, hashes: ContentHashes) -> None:
        self._transport = transport
        self._hashes = hashes
        self._flights: Flights[Saved] = Flights()
        self._sweep_at: dict[str, float] = {}

    async def save(
        self,
        wanted: Wanted,
        to: str | os.PathLike[str],
        *,
        overwrite: bool,
        fsync: bool,
        progress: Progress | None,
    ) -> Saved:
        """The wanted body as a file at `to`, which is there whole or not at all.

        Raises IncompleteDownload or CorruptDownload when the body is not what was announced, LocalWriteError when the
        disk says no, FileExistsError when `to` exists and `overwrite` is false.
        """
        target = os.fspath(to)
        key = f"{target}\0{wanted.request.headers.get('canvas-id')}\0{wanted.request.path}"
        return await self._flights.once(key, lambda: self._save(wanted, target, overwrite, fsync, progress))

    async def _save(
        self, wanted: Wanted, target: str, overwrite: bool, fsync: bool, progress: Progress | None
    ) -> Saved:
        folder = os.path.dirname(target)  # noqa: PTH120  # a fraction of the price of Path's
        if self._transport.deadlines.time() >= self._sweep_at.get(folder, -math.inf):
            await self._sweep(folder)
        slot = wanted.slot
        if not slot.take():
            await slot.wait()
        try:
            part = PartFile(target, overwrite=overwrite, hashing=self._hashes.worth_computing(wanted.hash))
            try:
                await self._receive(wanted, part, progress)
                small = part.small
                await part.publish(fsync=fsync)
            except BaseException:
                await part.discard()
                raise
            return Saved(part.size, small)
        finally:
            slot.give()

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

    async def _receive(self, wanted: Wanted, part: PartFile, progress: Progress | None) -> None:
        """All of the body; a wrong one is fetched once more from the start."""
        download = Download(
            self._transport, wanted.request, part, webp=wanted.webp, max_bytes=wanted.max_bytes, on_bytes=progress
        )
        await download.run()
        if not part.hashing:
            known = False
        elif self._hashes.fits(wanted.hash, await part.sha256()):
            known = self._hashes.proven
        else:
            await download.again()
            known = self._hashes.fits(wanted.hash, await part.sha256())
            if not known:
                raise another_content(wanted.hash, part.target)
        if not part.size and not known:
            raise UnexpectedContent("the answer is empty", method="GET", path=wanted.request.path)

    async def _sweep(self, folder: str) -> None:
        """Clear away what killed processes left in a folder: the first time, and then every hour."""
        if len(self._sweep_at) >= _FOLDERS:
            self._sweep_at.clear()
        self._sweep_at[folder] = self._transport.deadlines.time() + _SWEEP_AGAIN
        await asyncio.to_thread(sweep, folder or ".")


def another_content(name: str, file: str = "") -> CorruptDownload:
    """The error for content that is not what its hash names."""
    return CorruptDownload(f"the content is not that of {name}, twice", path=file)
