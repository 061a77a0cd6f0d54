"""A file at its path is always whole: written under another name beside it, checked, then renamed."""

import asyncio
import contextlib
import hashlib
import os
import re
import time
from typing import Any

from canvus_async.errors import LocalWriteError

SMALL = 1024 * 1024
"""Bytes below which a whole file is written in place, which costs less than a thread."""

BATCH = 3 * 1024 * 1024
"""Bytes that are handed to a thread at once; one batch is written while the next is read."""

PART = ".part-"
ABANDONED = 24 * 3600.0
"""Seconds after which a temporary file cannot belong to a download that still runs."""

_LEFTOVER = re.compile(rf".+{re.escape(PART)}[0-9a-f]{{16}}")
_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
_MOST_VECTORS = 512
_LONGEST_STEM = 50  # characters of up to four bytes each
"""Characters of a temporary file's name before its ending; a name may have 255 bytes on most disks."""


class PartFile:
    """A file in the making, `<name>.part-<random>` beside its target, until `publish()` or `discard()`.

    Batches of 3 MiB are written off the event loop while the next is read. Disk errors come out as LocalWriteError with
    their errno. `hashing`: the SHA-256 is computed beside the writing.
    """

    def __init__(
        self, target: str | os.PathLike[str], *, overwrite: bool = True, hashing: bool = False, later: bool = False
    ) -> None:
        """Creates the temporary file, so that a folder that cannot be written fails before anything is fetched.

        `later`: only once there is something to write, for a folder that is known to take files. A small file then
        takes its four calls to the system in a row, which cost half as much.
        """
        self.target = os.fspath(target)
        self.size = 0
        self._overwrite = overwrite
        self.hashing = hashing
        self._sha256 = hashlib.sha256() if hashing else None
        self._chunks: list[bytes] = []
        self._buffered = 0
        self._writing: asyncio.Future[None] | None = None
        self._temporary = ""
        self._fd = -1
        try:
            if not overwrite and os.path.lexists(self.target):
                self._check()
                raise FileExistsError
            if not later:
                self._check()
                self._create()
        except OSError as problem:
            raise self._refused(problem) from None

    def _check(self) -> None:
        """Raise IsADirectoryError where the file could not get its name in the end."""
        if os.access(f"{self.target}/", os.F_OK):  # isdir() raises and catches where nothing is
            raise IsADirectoryError

    def _create(self) -> None:
        stem = self.target
        if len(stem) > _LONGEST_STEM:
            folder, name = os.path.split(stem)
            stem = os.path.join(folder, name[:_LONGEST_STEM])  # noqa: PTH118
        temporary = f"{stem}{PART}{os.urandom(8).hex()}"
        self._fd = os.open(temporary, _FLAGS, 0o666)
        self._temporary = temporary

    def add(self, chunk: bytes) -> None:
        """Take a chunk."""
        self._chunks.append(chunk)
        self._buffered += len(chunk)
        self.size += len(chunk)

    @property
    def full(self) -> bool:
        """Whether there is a batch to `flush()`."""
        return self._buffered >= BATCH

    async def flush(self) -> None:
        """Hand what was taken to a thread, once the one before is done with its batch."""
        await self.settle()
        chunks, self._chunks, self._buffered = self._chunks, [], 0
        self._writing = asyncio.get_running_loop().run_in_executor(None, self._write, chunks)

    async def write(self, chunk: bytes) -> None:
        """Take a chunk; waits for the disk once a whole batch is ahead of it."""
        self.add(chunk)
        if self.full:
            await self.flush()

    async def sha256(self) -> str:
        """The SHA-256 of all that was taken, in hexadecimal digits."""
        if self._sha256 is None:
            raise RuntimeError("this file was made without hashing")
        if self._buffered >= SMALL:
            await self.flush()
        await self.settle()
        rest = self._sha256.copy()
        for chunk in self._chunks:
            rest.update(chunk)
        return rest.hexdigest()

    async def restart(self) -> None:
        """Forget what was written and begin again from the first byte."""
        await self.settle()
        self._chunks, self._buffered, self.size = [], 0, 0
        self._sha256 = hashlib.sha256() if self.hashing else None
        if self._fd < 0:
            return
        try:
            os.ftruncate(self._fd, 0)
            os.lseek(self._fd, 0, os.SEEK_SET)
        except OSError as problem:
            raise self._refused(problem) from None

    async def publish(self, *, fsync: bool = False) -> str:
        """Write what is left and give the file its name. `fsync`: only return once it would survive a power cut."""
        if self._buffered == self.size < SMALL and not fsync:
            self._finish(fsync=False)
        else:
            await self.settle()
            self._writing = asyncio.get_running_loop().run_in_executor(None, lambda: self._finish(fsync=fsync))
            await self.settle()
        return self.target

    async def discard(self) -> None:
        """Remove the temporary file, if it is still there; waits until no thread writes to it."""
        if not self._temporary and self._writing is None:
            return  # published, or never begun
        try:
            await self.settle()
        except LocalWriteError:
            self._writing = None  # the file goes, and with it whatever could not be written
        finally:
            self._remove()

    async def settle(self) -> None:
        """Wait for the batch under way, also when cancelled meanwhile: a thread must not outlive its file."""
        if self._writing is not None:
            await until_done(self._writing)
            writing, self._writing = self._writing, None
            writing.result()

    def _write(self, chunks: list[bytes]) -> None:
        try:
            if self._fd < 0:
                self._check()
                self._create()
            write_all(self._fd, chunks)
        except OSError as problem:
            raise self._refused(problem) from None
        if self._sha256 is not None:
            for chunk in chunks:
                self._sha256.update(chunk)

    def _finish(self, *, fsync: bool) -> None:
        try:
            if self._fd < 0:
                self._create()
            write_all(self._fd, self._chunks)
            if fsync:
                os.fsync(self._fd)
            fd, self._fd = self._fd, -1
            os.close(fd)
            if self._overwrite:
                os.replace(self._temporary, self.target)  # noqa: PTH105
            else:
                os.link(self._temporary, self.target, follow_symlinks=False)
                os.unlink(self._temporary)  # noqa: PTH108
            self._temporary = ""
            if fsync:
                sync_folder(os.path.dirname(self.target))  # noqa: PTH120
        except OSError as problem:
            raise self._refused(problem) from None

    def _remove(self) -> None:
        if self._fd >= 0:
            fd, self._fd = self._fd, -1
            with contextlib.suppress(OSError):  # the file goes anyway
                os.close(fd)
        if self._temporary:
            temporary, self._temporary = self._temporary, ""
            with contextlib.suppress(FileNotFoundError):
                os.unlink(temporary)  # noqa: PTH108

    def _refused(self, problem: OSError) -> OSError:
        if isinstance(problem, IsADirectoryError):
            return LocalWriteError("is a folder; give the path of a file", path=self.target)
        return _exists(self.target) if isinstance(problem, FileExistsError) else write_error(problem, self.target)


async def until_done(work: asyncio.Future[Any]) -> None:
    """Wait for what a thread does, also when cancelled meanwhile: the cancellation is passed on when it is done."""
    cancelled = None
    while not work.done():
        try:
            await asyncio.wait([work])
        except asyncio.CancelledError as cancel:
            cancelled = cancel
    if cancelled is not None:
        raise cancelled


def _exists(target: str) -> FileExistsError:
    return FileExistsError(f"{target} exists; pass overwrite=True to replace it")


def write_error(problem: OSError, path: str) -> LocalWriteError:
    """Our error for the disk's no, with its errno."""
    words = f"cannot be written: {problem.strerror or problem}"
    return LocalWriteError(words, path=path, errno=problem.errno, strerror=problem.strerror)


def write_all(fd: int, chunks: list[bytes]) -> None:
    """Write chunks one after another, in few calls to the system."""
    for start in range(0, len(chunks), _MOST_VECTORS):
        vector = chunks[start : start + _MOST_VECTORS]
        written = os.writev(fd, vector) if hasattr(os, "writev") else 0  # Windows has none
        if written < sum(map(len, vector)):
            rest = memoryview(b"".join(vector))[written:]
            while rest:
                rest = rest[os.write(fd, rest) :]


def sync_folder(folder: str) -> None:
    """Make the names in a folder survive a power cut, where a folder can be synced at all."""
    if hasattr(os, "O_DIRECTORY"):
        fd = os.open(folder or ".", os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)


def sweep(folder: str | os.PathLike[str], *, older: float = ABANDONED) -> int:
    """Remove the temporary files that killed processes left in a folder more than a day ago; tells how many."""
    swept = 0
    before = time.time() - older
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if _LEFTOVER.fullmatch(entry.name) and entry.stat(follow_symlinks=False).st_mtime < before:
                    os.unlink(entry.path)  # noqa: PTH108
                    swept += 1
    except OSError:
        return swept  # a courtesy: another may be sweeping too, or the folder may be read-only
    return swept
