"""Files that appear at their path only when complete: written under a temporary name, checked, then renamed."""

import asyncio
import contextlib
import hashlib
import os
import re
import time
from typing import Any

from canvus_async.errors import LocalWriteError

SMALL = 1024 * 1024
"""Bytes below which a complete file is written in the event loop, which takes less time than using a thread."""

BATCH = 3 * 1024 * 1024
"""Bytes that a thread writes at a time, while the next batch is read from the network."""

PART = ".part-"
ABANDONED = 24 * 3600.0
"""Seconds after which a temporary file counts as left behind by a killed process."""

_TEMPORARY_NAME = re.compile(rf".+{re.escape(PART)}[0-9a-f]{{16}}")
_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
_MAX_VECTORS = 512
"""Chunks in one call of `os.writev()`; systems have a limit, usually 1024."""

_MAX_STEM = 150
"""Characters of a temporary file's name before its suffix; on most disks a name may have 255 bytes."""


class PartFile:
    """A file being written: `<name>.part-<random>` beside its target, until `publish()` or `discard()`.

    Batches of 3 MiB are written in a thread while the next batch is read. Disk errors are raised as LocalWriteError
    with their errno. With `hashing`, the SHA-256 is computed while writing.
    """

    def __init__(
        self, target: str | os.PathLike[str], *, overwrite: bool = True, hashing: bool = False, lazy: bool = False
    ) -> None:
        """Create the temporary file now, so that a folder without write access fails before anything is fetched.

        With `lazy` it is created when there is something to write; use it for folders that are known to be writable. A
        small file then needs its four system calls in a row, which takes half the time.
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
            if not lazy:
                self._check()
                self._create()
        except OSError as problem:
            raise self._error(problem) from None

    def _check(self) -> None:
        """Raise IsADirectoryError if the target is a folder, so that the file could not be renamed to it."""
        if os.access(f"{self.target}/", os.F_OK):  # faster than isdir(), which catches an exception if there is nothing
            raise IsADirectoryError

    def _create(self) -> None:
        stem = self.target
        if len(stem) > _MAX_STEM:
            folder, name = os.path.split(stem)
            stem = os.path.join(folder, name[:_MAX_STEM])  # noqa: PTH118
        temporary = f"{stem}{PART}{os.urandom(8).hex()}"
        self._fd = os.open(temporary, _FLAGS, 0o666)
        self._temporary = temporary

    def add(self, chunk: bytes) -> None:
        """Add a chunk to the current batch, without waiting."""
        self._chunks.append(chunk)
        self._buffered += len(chunk)
        self.size += len(chunk)

    @property
    def full(self) -> bool:
        """Whether the current batch should be written with `flush()`."""
        return self._buffered >= BATCH

    async def flush(self) -> None:
        """Start a thread that writes the current batch; waits until the previous batch is written."""
        await self.wait_written()
        chunks, self._chunks, self._buffered = self._chunks, [], 0
        self._writing = asyncio.get_running_loop().run_in_executor(None, self._write, chunks)

    async def write(self, chunk: bytes) -> None:
        """Add a chunk, and write the batch if it is full."""
        self.add(chunk)
        if self.full:
            await self.flush()

    async def sha256(self) -> str:
        """The SHA-256 of everything that was added, in hexadecimal digits."""
        if self._sha256 is None:
            raise RuntimeError("this PartFile was created without hashing")
        if self._buffered >= SMALL:
            await self.flush()
        await self.wait_written()
        digest = self._sha256.copy()
        for chunk in self._chunks:
            digest.update(chunk)
        return digest.hexdigest()

    async def restart(self) -> None:
        """Remove everything that was added and start again with the first byte."""
        await self.wait_written()
        self._chunks, self._buffered, self.size = [], 0, 0
        self._sha256 = hashlib.sha256() if self.hashing else None
        if self._fd < 0:
            return
        try:
            os.ftruncate(self._fd, 0)
            os.lseek(self._fd, 0, os.SEEK_SET)
        except OSError as problem:
            raise self._error(problem) from None

    async def publish(self, *, fsync: bool = False) -> str:
        """Write the rest and rename the file to its target. With `fsync`, it survives a power failure from then on."""
        if self._buffered == self.size < SMALL and not fsync:
            self._finish(fsync=False)
        else:
            await self.wait_written()
            self._writing = asyncio.get_running_loop().run_in_executor(None, lambda: self._finish(fsync=fsync))
            await self.wait_written()
        return self.target

    async def discard(self) -> None:
        """Remove the temporary file if it still exists, after waiting for a thread that writes to it."""
        if not self._temporary and self._writing is None:
            return  # published, or not created yet
        try:
            await self.wait_written()
        except LocalWriteError:
            self._writing = None  # the file is removed anyway
        finally:
            self._remove()

    async def wait_written(self) -> None:
        """Wait until the thread has written its batch, even if cancelled: it must not write to a closed file."""
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
            raise self._error(problem) from None
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
            raise self._error(problem) from None

    def _remove(self) -> None:
        if self._fd >= 0:
            fd, self._fd = self._fd, -1
            with contextlib.suppress(OSError):  # the file is removed anyway
                os.close(fd)
        if self._temporary:
            temporary, self._temporary = self._temporary, ""
            with contextlib.suppress(FileNotFoundError):
                os.unlink(temporary)  # noqa: PTH108

    def _error(self, problem: OSError) -> OSError:
        if isinstance(problem, IsADirectoryError):
            return LocalWriteError("is a folder; give the path of a file", path=self.target)
        return _exists(self.target) if isinstance(problem, FileExistsError) else write_error(problem, self.target)


async def until_done(work: asyncio.Future[Any]) -> None:
    """Wait until a thread has finished. A cancellation in the meantime is raised after that."""
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
    """The LocalWriteError for an error of the operating system, with its errno."""
    what = f"cannot be written: {problem.strerror or problem}"
    return LocalWriteError(what, path=path, errno=problem.errno, strerror=problem.strerror)


def write_all(fd: int, chunks: list[bytes]) -> None:
    """Write all chunks, with few system calls."""
    for start in range(0, len(chunks), _MAX_VECTORS):
        vector = chunks[start : start + _MAX_VECTORS]
        written = os.writev(fd, vector) if hasattr(os, "writev") else 0  # not available on Windows
        if written < sum(map(len, vector)):  # the call wrote only a part, for example because the disk is nearly full
            rest = memoryview(b"".join(vector))[written:]
            while rest:
                rest = rest[os.write(fd, rest) :]


def sync_folder(folder: str) -> None:
    """Make the names in a folder survive a power failure, on systems that can sync a folder."""
    if hasattr(os, "O_DIRECTORY"):
        fd = os.open(folder or ".", os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)


def sweep(folder: str | os.PathLike[str], *, older: float = ABANDONED) -> int:
    """Remove the temporary files that killed processes left in a folder. Returns their number.

    `older` is the minimum age in seconds, a day by default.
    """
    removed = 0
    before = time.time() - older
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if _TEMPORARY_NAME.fullmatch(entry.name) and entry.stat(follow_symlinks=False).st_mtime < before:
                    os.unlink(entry.path)  # noqa: PTH108
                    removed += 1
    except OSError:
        return removed  # not important: another process may be removing them too, or the folder may be read-only
    return removed
