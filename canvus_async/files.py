"""A file at its path is always whole: written under another name beside it, checked, then renamed."""

import asyncio
import os
import secrets
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

from canvus_async.errors import LocalWriteError

R = TypeVar("R")
_BATCH = 1024 * 1024
PART = ".part-"


class PartFile:
    """A file in the making, `<name>.part-<random>` beside its target, until `publish()` or `discard()`.

    Batches of 1 MiB are written off the event loop while the next is read; a file smaller than one batch is written in
    place, since a thread costs more than the write. Disk errors come out as LocalWriteError with their errno.
    """

    def __init__(self, target: Path, *, overwrite: bool = True) -> None:
        """Creates the temporary file, so that a folder that cannot be written fails before anything is fetched."""
        self.target = target
        self.size = 0
        self._overwrite = overwrite
        self._buffer = bytearray()
        self._writing: asyncio.Future[None] | None = None
        if not overwrite and target.exists():
            raise FileExistsError(f"{target} exists; pass overwrite=True to replace it")
        if target.is_dir():
            raise LocalWriteError("is a folder; give the path of a file", path=str(target))
        self.path = target.with_name(f"{target.name[:150]}{PART}{secrets.token_hex(8)}")
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
        self._fd = self._on_disk(lambda: os.open(self.path, flags, 0o666))

    async def write(self, chunk: bytes) -> None:
        """Take a chunk; waits for the disk once a whole batch is ahead of it."""
        self._buffer += chunk
        self.size += len(chunk)
        if len(self._buffer) >= _BATCH:
            await self._flushed()
            batch, self._buffer = self._buffer, bytearray()
            loop = asyncio.get_running_loop()
            self._writing = loop.run_in_executor(None, self._write, batch)

    async def restart(self) -> None:
        """Forget what was written and begin again from the first byte."""
        await self._flushed()
        self._buffer.clear()
        self.size = 0
        self._on_disk(lambda: os.ftruncate(self._fd, 0))
        self._on_disk(lambda: os.lseek(self._fd, 0, os.SEEK_SET))

    async def publish(self, *, fsync: bool = False) -> Path:
        """Write what is left and give the file its name. `fsync`: only return once it would survive a power cut."""
        await self._flushed()
        small = self.size < _BATCH and not fsync
        if small:
            self._finish(fsync)
        else:
            loop = asyncio.get_running_loop()
            self._writing = loop.run_in_executor(None, self._finish, fsync)
            await self._flushed()
        return self.target

    async def discard(self) -> None:
        """Remove the temporary file, if it is still there; waits until no thread writes to it."""
        try:
            await self._flushed()
        except LocalWriteError:
            self._writing = None  # the file goes, and with it whatever could not be written
        finally:
            if self._fd >= 0:
                fd, self._fd = self._fd, -1
                os.close(fd)
            self.path.unlink(missing_ok=True)

    async def _flushed(self) -> None:
        """Wait for the batch under way, also when cancelled meanwhile: a thread must not outlive its file."""
        writing, cancelled = self._writing, None
        while writing is not None and not writing.done():
            try:
                await asyncio.wait([writing])
            except asyncio.CancelledError as cancel:
                cancelled = cancel
        if cancelled is not None:
            raise cancelled
        self._writing = None
        if writing is not None:
            writing.result()

    def _write(self, batch: bytearray) -> None:
        view = memoryview(batch)
        while view:
            view = view[self._on_disk(partial(os.write, self._fd, view)) :]

    def _finish(self, fsync: bool) -> None:
        self._write(self._buffer)
        if fsync:
            self._on_disk(lambda: os.fsync(self._fd))
        fd, self._fd = self._fd, -1
        self._on_disk(lambda: os.close(fd))
        if self._overwrite:
            self._on_disk(lambda: self.path.replace(self.target))
        else:
            self._on_disk(lambda: os.link(self.path, self.target, follow_symlinks=False))
            self._on_disk(self.path.unlink)
        if fsync:
            self._on_disk(self._sync_folder)

    def _sync_folder(self) -> None:
        if hasattr(os, "O_DIRECTORY"):
            folder = os.open(self.target.parent, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)

    def _on_disk(self, act: Callable[[], R]) -> R:
        try:
            return act()
        except FileExistsError:
            raise FileExistsError(f"{self.target} exists; pass overwrite=True to replace it") from None
        except OSError as problem:
            words = problem.strerror or str(problem)
            raise LocalWriteError(
                f"cannot be written: {words}", path=str(self.target), errno=problem.errno, strerror=problem.strerror
            ) from None
