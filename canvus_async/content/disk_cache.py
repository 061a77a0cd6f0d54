"""A cache in a folder, which several processes may share.

The file `<folder>/<xx>/<digest of the key>` contains one value after a header with its length and a checksum. A
complete file is put in place by an atomic rename and never changes, so no locks are needed. A killed process leaves at
most a temporary file, which is removed a day later. A file that was damaged by a failing disk or a power failure is
detected by its checksum, removed, and fetched again.
"""

import asyncio
import hashlib
import logging
import os
import re
import secrets
import stat
import struct
import threading
import time
import zlib
from collections.abc import Awaitable, Iterator
from functools import partial
from typing import NamedTuple

from canvus_async.content.disk import Disk, DiskMode
from canvus_async.content.filesystem import PART, check_owner, sweep, write_all
from canvus_async.options import check_positive

logger = logging.getLogger("canvus_async.diskcache")

_HEADER = struct.Struct("<8sQI")
_MAGIC = b"canvus 1"
_INLINE = 256 * 1024
"""Bytes up to which a value is read and written in the event loop, which takes less time than using a thread."""

_MIN_AGE_TO_TOUCH = 1.0
"""Seconds after which reading a value updates its time of use again."""

_READ = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_WRITE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)


_ENTRY_NAME = re.compile(r"[0-9a-f]{62}")


class CacheStats(NamedTuple):
    """Counts of a DiskCache since it was created, and the content of its folder at the last scan.

    `hits` and `misses` count requested values that were found or not. `stored` counts written entries, `corrupted`
    damaged ones, `failed` those that could not be written, `evicted` those that were removed to make room. `entries`
    and `bytes` are those of the whole folder, including entries of other processes.
    """

    hits: int
    misses: int
    stored: int
    corrupted: int
    failed: int
    evicted: int
    entries: int
    bytes: int


class _Entry(NamedTuple):
    used: float
    size: int
    path: str


class DiskCache:
    """A cache of up to `max_bytes` in the folder `path`; the least recently used values are removed first.

    Several clients, threads and processes may use the folder at the same time. A fifth of `max_bytes` is kept free, so
    that up to four of them that write stay within it together. Keys contain the server, the credentials (as a digest)
    and the content. The folder is created with access for its owner only. A value larger than an eighth of `max_bytes`
    is not stored. A disk error counts as a cache miss and never fails a call.
    """

    def __init__(self, path: str | os.PathLike[str], *, max_bytes: int = 1 << 30, disk: DiskMode = "auto") -> None:
        """`disk="threads"` never touches the disk in the event loop; "auto" does so while it is measured to be fast.

        Raises PermissionError for a folder that belongs to another user or that others may write to: they could put
        values of their own into the cache.
        """
        check_positive("DiskCache", integers={"max_bytes"}, max_bytes=max_bytes)
        self.path = os.fspath(path)
        self.max_bytes = max_bytes
        self._max_value = max_bytes // 8
        self._disk = Disk(disk)
        os.makedirs(self.path, mode=0o700, exist_ok=True)  # noqa: PTH103
        check_owner(self.path)
        self._hits = self._misses = self._stored = self._corrupted = self._failed = self._evicted = 0
        self._entries = self._bytes = 0
        self._slack = max_bytes // 20
        self._bytes_since_scan = self._slack  # so that the first value starts a scan
        self._trimming = threading.Lock()

    # -- the interface of a cache --

    def get(self, key: str) -> bytes | Awaitable[bytes | None] | None:
        """The value stored under `key`, or None. A large one, or one on a slow disk, is read in a thread."""
        path = self._file(key)
        if not _in_event_loop():
            return self._get(path)
        if not self._disk.in_loop:
            return self._disk.run(partial(self._get, path))
        return self._disk.measured(partial(self._get_or_start, path))

    def put(self, key: str, value: bytes) -> Awaitable[None] | None:
        """Store `value` under `key`, unless it is too large. On a slow disk, or if large, it is written in a thread."""
        if len(value) > self._max_value:
            return None
        if not _in_event_loop():
            self._write(key, value)
        elif len(value) > _INLINE:
            return asyncio.get_running_loop().run_in_executor(None, self._write, key, value)
        elif not self._disk.in_loop:
            return self._disk.run(partial(self._write, key, value))
        else:
            self._disk.measured(partial(self._write, key, value))
        return None

    # -- one entry --

    def _file(self, key: str) -> str:
        name = hashlib.sha256(key.encode(errors="surrogatepass")).hexdigest()
        return f"{self.path}{os.sep}{name[:2]}{os.sep}{name[2:]}"

    def _get(self, path: str) -> bytes | None:
        opened = self._open(path)
        return None if opened is None else self._read_and_close(*opened, path)

    def _get_or_start(self, path: str) -> bytes | Awaitable[bytes | None] | None:
        """The same in the event loop, where a large value is read in a thread."""
        opened = self._open(path)
        if opened is not None and opened[1].st_size > _INLINE:
            return asyncio.get_running_loop().run_in_executor(None, self._read_and_close, *opened, path)
        return None if opened is None else self._read_and_close(*opened, path)

    def _open(self, path: str) -> tuple[int, os.stat_result] | None:
        try:
            fd = os.open(path, _READ)
        except OSError:
            self._misses += 1
            return None
        return fd, os.fstat(fd)

    def _read_and_close(self, fd: int, found: os.stat_result, path: str) -> bytes | None:
        try:
            return self._read(fd, found, path)
        finally:
            os.close(fd)

    def _read(self, fd: int, found: os.stat_result, path: str) -> bytes | None:
        value = None
        try:
            # Others may write to the folder: a FIFO has no content, and a sparse file could have any size.
            if stat.S_ISREG(found.st_mode) and found.st_size <= self._max_value + _HEADER.size:
                value = _verified(_read_up_to(fd, found.st_size))
            if value is not None and time.time() - found.st_mtime > _MIN_AGE_TO_TOUCH:
                os.utime(fd if os.utime in os.supports_fd else path)
        except OSError as problem:
            logger.debug("cannot read %s: %s", path, problem.strerror)
        if value is None:
            self._corrupted += 1
            self._misses += 1
            _remove(path)
            return None
        self._hits += 1
        return value

    def _write(self, key: str, value: bytes) -> None:
        path = self._file(key)
        temporary = f"{path}{PART}{secrets.token_hex(8)}"
        header = _HEADER.pack(_MAGIC, len(value), zlib.crc32(value))
        try:
            try:
                fd = os.open(temporary, _WRITE, 0o600)
            except FileNotFoundError:
                os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)  # noqa: PTH103, PTH120
                fd = os.open(temporary, _WRITE, 0o600)
            try:
                write_all(fd, [header, value])
            finally:
                os.close(fd)
            os.replace(temporary, path)  # noqa: PTH105
        except OSError as problem:
            level = logging.DEBUG if self._failed else logging.WARNING  # one warning is enough
            logger.log(level, "cannot write to the cache in %s: %s", self.path, problem.strerror)
            self._failed += 1
            _remove(temporary)
            return
        self._stored += 1
        self._bytes_since_scan += len(header) + len(value)
        if self._bytes_since_scan >= self._slack:
            self._bytes_since_scan = 0
            threading.Thread(target=self.trim, name="canvus-cache-trim", daemon=True).start()

    # -- all entries --

    def trim(self) -> None:
        """Scan the folder; remove abandoned temporary files and, if it is too full, the least recently used entries.

        Blocking. It runs automatically in a thread whenever a twentieth of `max_bytes` has been written.
        """
        if not self._trimming.acquire(blocking=False):
            return
        try:
            entries = sorted(self._scan())
            total = sum(entry.size for entry in entries)
            removed = 0
            # Each of up to four processes may write one `_slack` before its next scan.
            goal = self.max_bytes if total <= self.max_bytes - 4 * self._slack else self.max_bytes - 5 * self._slack
            for entry in entries:
                if total <= goal:
                    break
                _remove(entry.path)
                total -= entry.size
                removed += 1
            self._evicted += removed
            self._entries, self._bytes = len(entries) - removed, total
        finally:
            self._trimming.release()

    def _scan(self) -> Iterator[_Entry]:
        for folder in _folders(self.path):
            sweep(folder)
            try:
                with os.scandir(folder) as found:
                    for entry in found:
                        if not _ENTRY_NAME.fullmatch(entry.name):
                            continue  # not ours
                        try:
                            state = entry.stat(follow_symlinks=False)
                        except OSError:
                            continue  # another process has removed it
                        yield _Entry(state.st_mtime, state.st_size, entry.path)
            except OSError:
                continue

    def stats(self) -> CacheStats:
        """The counts of this object, and the content of the folder at the last scan. Does not access the disk."""
        return CacheStats(
            hits=self._hits,
            misses=self._misses,
            stored=self._stored,
            corrupted=self._corrupted,
            failed=self._failed,
            evicted=self._evicted,
            entries=self._entries,
            bytes=self._bytes,
        )

    def __repr__(self) -> str:
        return f"<DiskCache {self.path}: up to {self.max_bytes} bytes>"


def _folders(path: str) -> list[str]:
    """The 256 subfolders of a cache that exist. Anything else in its folder may belong to others."""
    return [folder for number in range(256) if os.path.isdir(folder := os.path.join(path, f"{number:02x}"))]  # noqa: PTH112, PTH118


def _read_up_to(fd: int, size: int) -> bytes:
    """The first `size` bytes of a file. Usually one call of `os.read()` returns all of them, and nothing is copied."""
    part = os.read(fd, size)
    parts = [part]
    while part and sum(map(len, parts)) < size:
        part = os.read(fd, size)
        parts.append(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _verified(content: bytes) -> bytes | None:
    """The value in the content of a cached file; None if it is damaged."""
    if len(content) < _HEADER.size:
        return None
    magic, length, checksum = _HEADER.unpack_from(content)
    value = content[_HEADER.size :]
    return value if magic == _MAGIC and length == len(value) and checksum == zlib.crc32(value) else None


def _remove(path: str) -> None:
    try:
        os.unlink(path)  # noqa: PTH108
    except OSError:
        return  # already removed, or in use on a system that does not remove open files


def _in_event_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
