"""Files that appear at their path only when complete: written under a temporary name, checked, then renamed."""

import asyncio
import contextlib
import errno
import hashlib
import os
import time
from functools import partial

from canvus_async.content.disk import Disk, until_done
from canvus_async.content.filesystem import PART, shortened, sync, sync_folder, write_all, write_error
from canvus_async.errors import LocalWriteError

SMALL = 1024 * 1024
"""Bytes below which a complete file is written in the event loop, which takes less time than using a thread."""

BATCH = 3 * 1024 * 1024
"""Bytes that a thread writes at a time, while the next batch is read from the network."""

_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
_RENAME_PAUSES = (0.01, 0.05, 0.2, 0.5)
"""Seconds to wait between attempts of a rename that is denied."""

_NO_HARD_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EINVAL}


class _Denied(Exception):
    """A rename that the operating system has denied."""

    def __init__(self, problem: OSError) -> None:
        super().__init__(problem)
        self.problem = problem


class PartFile:
    """A file being written: `<name>.part-<random>` beside its target, until `publish()` or `discard()`.

    Batches of 3 MiB are written in a thread while the next batch is read. Disk errors are raised as LocalWriteError
    with their errno. With `hashing`, the SHA-256 is computed while writing.
    """

    def __init__(
        self,
        target: str | os.PathLike[str],
        *,
        overwrite: bool = True,
        hashing: bool = False,
        disk: Disk | None = None,
    ) -> None:
        """`disk` says where short pieces of work run; batches always go to a thread."""
        self.target = os.fspath(target)
        self.size = 0
        self.hashing = hashing
        self._disk = disk or Disk()
        self._overwrite = overwrite
        self._sha256 = hashlib.sha256() if hashing else None
        self._chunks: list[bytes] = []
        self._buffered = 0
        self._writing: asyncio.Future[None] | None = None
        self._temporary = ""
        self._fd = -1

    async def open(self, *, lazy: bool = False) -> None:
        """Create the temporary file now, so that a folder without write access fails before anything is fetched.

        With `lazy` it is created when there is something to write, if the folder is still writable. A small file then
        needs its four system calls in a row, which takes half the time.
        """
        await self._disk.run(lambda: self._open(lazy=lazy))

    def _open(self, *, lazy: bool) -> None:
        try:
            if not self._overwrite and os.path.lexists(self.target):
                self._check()
                raise FileExistsError
            folder = os.path.dirname(self.target) or "."  # noqa: PTH120  # Path.parent costs several times as much
            if not lazy or not os.access(folder, os.W_OK | os.X_OK):
                self._check()
                self._create()
        except OSError as problem:
            raise self._error(problem) from None

    def _check(self) -> None:
        """Raise IsADirectoryError if the target is a folder, so that the file could not be renamed to it."""
        if os.access(f"{self.target}/", os.F_OK):  # faster than isdir(), which catches an exception if there is nothing
            raise IsADirectoryError

    def _create(self) -> None:
        folder, name = os.path.split(self.target)
        stem = os.path.join(folder, shortened(name))  # noqa: PTH118
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
        await self._disk.run(self._truncate)

    def _truncate(self) -> None:
        try:
            os.ftruncate(self._fd, 0)
            os.lseek(self._fd, 0, os.SEEK_SET)
        except OSError as problem:
            raise self._error(problem) from None

    async def publish(self, *, fsync: bool = False) -> str:
        """Write the rest and rename the file to its target. With `fsync`, it survives a power failure from then on."""
        small = self._buffered == self.size < SMALL and not fsync
        if small and self._disk.in_loop:
            try:
                self._disk.measured(lambda: self._finish(fsync=False))
            except _Denied:
                pass  # try again below, where waiting holds up no other task
            else:
                return self.target
        await self.wait_written()
        finish = partial(self._finish_patiently, fsync=fsync)
        work = partial(self._disk.measured, finish) if small else finish  # the time of a large file proves nothing
        self._writing = asyncio.get_running_loop().run_in_executor(None, work)
        await self.wait_written()
        return self.target

    def _finish_patiently(self, *, fsync: bool) -> None:
        """Finish, trying a denied rename again: on Windows, virus scanners hold new files open for a moment."""
        for pause in _RENAME_PAUSES:
            try:
                return self._finish(fsync=fsync)
            except _Denied:
                time.sleep(pause)
        try:
            self._finish(fsync=fsync)
        except _Denied as denied:
            raise self._error(denied.problem) from None

    async def discard(self) -> None:
        """Remove the temporary file if it still exists, after waiting for a thread that writes to it."""
        if not self._temporary and self._writing is None:
            return  # published, or not created yet
        try:
            await self.wait_written()
        except LocalWriteError:
            self._writing = None  # the file is removed anyway
        finally:
            await self._disk.run(self._remove)

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
        """Write the rest and rename. Raises _Denied when only the rename failed and may succeed a moment later."""
        try:
            if self._fd < 0 and not self._temporary:
                self._create()
            if self._fd >= 0:
                chunks, self._chunks, self._buffered = self._chunks, [], 0
                write_all(self._fd, chunks)
                if fsync:
                    sync(self._fd)
                fd, self._fd = self._fd, -1
                os.close(fd)
            try:
                self._rename()
            except PermissionError as problem:
                raise _Denied(problem) from None
            self._temporary = ""
            if fsync:
                sync_folder(os.path.dirname(self.target))  # noqa: PTH120
        except OSError as problem:
            raise self._error(problem) from None

    def _rename(self) -> None:
        if self._overwrite:
            os.replace(self._temporary, self.target)  # noqa: PTH105
            return
        try:
            os.link(self._temporary, self.target, follow_symlinks=False)
        except OSError as problem:
            if isinstance(problem, FileExistsError) or problem.errno not in _NO_HARD_LINKS:
                raise
            # Without hard links (FAT, SMB, some FUSE drives), reserve the name: only one process can create it.
            os.close(os.open(self.target, _FLAGS, 0o666))
            os.replace(self._temporary, self.target)  # noqa: PTH105
        else:
            os.unlink(self._temporary)  # noqa: PTH108

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


def _exists(target: str) -> FileExistsError:
    return FileExistsError(f"{target} exists; pass overwrite=True to replace it")
