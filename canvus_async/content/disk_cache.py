"""A cache in a folder, which several processes may share.

`<folder>/<xx>/<digest of the key>` holds one value after a header with its length and a checksum. A file appears whole
by an atomic rename and never changes, so there is nothing to lock: a kill leaves at most a temporary file, which is
swept a day later, and what a broken disk or an unsynced power cut made of an entry is told by its checksum, removed and
fetched again.
"""

import asyncio
import hashlib
import logging
import os
import secrets
import struct
import threading
import time
import zlib
from collections.abc import Awaitable, Iterator
from typing import NamedTuple

from canvus_async.content.part_file import PART, sweep, write_all
from canvus_async.options import check_positive

logger = logging.getLogger("canvus_async.diskcache")

_HEADER = struct.Struct("<8sQI")
_MAGIC = b"canvus 1"
_INLINE = 256 * 1024
"""Bytes up to which a value is read and written in place: a thread costs more than that from a disk's cache."""

_TOUCH_AGAIN = 1.0
_READ = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
_WRITE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)


class CacheStats(NamedTuple):
    """What a disk cache has done since it was made, and what its folder held when it was last looked through.

    `hits` and `misses` count values asked for that were there or not; `stored`, `corrupted`, `failed` and `evicted`
    entries that were written, found broken, could not be written, and were removed to make room. `entries` and `bytes`
    are of the whole folder, other processes' included.
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
    """Values of up to `max_bytes` in all, headers counted, in the folder `path`; the least recently used goes first.

    Several clients, threads and processes may use one folder at the same time; up to four that write stay within
    `max_bytes`, for which a fifth of it is kept free. Entries are keyed by server, asker and content, and the folder is
    made for its owner only. A value of more than an eighth of `max_bytes` is not kept. A disk that says no costs a
    cache miss, never a fetch.
    """

    def __init__(self, path: str | os.PathLike[str], *, max_bytes: int = 1 << 30) -> None:
        check_positive("DiskCache", integers={"max_bytes"}, max_bytes=max_bytes)
        self.path = os.fspath(path)
        self.max_bytes = max_bytes
        os.makedirs(self.path, mode=0o700, exist_ok=True)  # noqa: PTH103
        self._hits = self._misses = self._stored = self._corrupted = self._failed = self._evicted = 0
        self._entries = self._bytes = 0
        self._slack = max_bytes // 20
        self._unseen = self._slack  # so that the first value makes it look
        self._trimming = threading.Lock()

    # -- the protocol of a cache --

    def get(self, key: str) -> bytes | Awaitable[bytes | None] | None:
        """The value kept under `key`, or None; a large one is read in a thread."""
        path = self._file(key)
        try:
            fd = os.open(path, _READ)
        except OSError:
            self._misses += 1
            return None
        try:
            found = os.fstat(fd)
            if found.st_size > _INLINE and _in_a_loop():
                large, fd = fd, -1
                return asyncio.get_running_loop().run_in_executor(None, self._read_and_close, large, found, path)
            return self._read(fd, found, path)
        finally:
            if fd >= 0:
                os.close(fd)

    def put(self, key: str, value: bytes) -> Awaitable[None] | None:
        """Keep `value` under `key`, as long as there is room; a large one is written in a thread."""
        if len(value) > self.max_bytes // 8:
            return None
        if len(value) > _INLINE and _in_a_loop():
            return asyncio.get_running_loop().run_in_executor(None, self._write, key, value)
        self._write(key, value)
        return None

    # -- one entry --

    def _file(self, key: str) -> str:
        name = hashlib.sha256(key.encode(errors="surrogatepass")).hexdigest()
        return f"{self.path}{os.sep}{name[:2]}{os.sep}{name[2:]}"

    def _read_and_close(self, fd: int, found: os.stat_result, path: str) -> bytes | None:
        try:
            return self._read(fd, found, path)
        finally:
            os.close(fd)

    def _read(self, fd: int, found: os.stat_result, path: str) -> bytes | None:
        value = None
        try:
            value = _checked(_content(fd, found.st_size))
            if value is not None and time.time() - found.st_mtime > _TOUCH_AGAIN:
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
            level = logging.DEBUG if self._failed else logging.WARNING
            logger.log(level, "cannot keep a value in %s: %s", self.path, problem.strerror)
            self._failed += 1
            _remove(temporary)
            return
        self._stored += 1
        self._unseen += len(header) + len(value)
        if self._unseen >= self._slack:
            self._unseen = 0
            threading.Thread(target=self.trim, name="canvus-cache-trim", daemon=True).start()

    # -- all of them --

    def trim(self) -> None:
        """Look through the folder, sweep leftovers, and remove what was used least recently where there is too much.

        Blocking; runs by itself in a thread whenever a twentieth of `max_bytes` has been added.
        """
        if not self._trimming.acquire(blocking=False):
            return
        try:
            entries = sorted(self._look())
            total = sum(entry.size for entry in entries)
            removed = 0
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

    def _look(self) -> Iterator[_Entry]:
        for folder in _folders(self.path):
            sweep(folder)
            try:
                with os.scandir(folder) as found:
                    for entry in found:
                        try:
                            state = entry.stat(follow_symlinks=False)
                        except OSError:
                            continue  # another process was faster
                        yield _Entry(state.st_mtime, state.st_size, entry.path)
            except OSError:
                continue

    def stats(self) -> CacheStats:
        """What this object has done, and what the folder held when it was last looked through; reads no disk."""
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
    """The 256 folders of a cache, as far as they exist; other things in its folder are none of ours."""
    return [folder for number in range(256) if os.path.isdir(folder := os.path.join(path, f"{number:02x}"))]  # noqa: PTH112, PTH118


def _content(fd: int, size: int) -> bytes:
    """A file's bytes up to `size`; in one piece where the system gives them so."""
    start = os.read(fd, size)
    parts = [start]
    while start and sum(map(len, parts)) < size:
        start = os.read(fd, size)
        parts.append(start)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _checked(content: bytes) -> bytes | None:
    """The value of an entry, None for one that is not as it was written."""
    if len(content) < _HEADER.size:
        return None
    magic, length, checksum = _HEADER.unpack_from(content)
    value = content[_HEADER.size :]
    return value if magic == _MAGIC and length == len(value) and checksum == zlib.crc32(value) else None


def _remove(path: str) -> None:
    try:
        os.unlink(path)  # noqa: PTH108
    except OSError:
        return  # gone already, or in use on a system that minds


def _in_a_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
