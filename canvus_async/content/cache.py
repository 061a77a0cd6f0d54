"""Caches for mipmaps and their infos. A content hash always names the same content, so nothing is ever revalidated."""

from collections import OrderedDict
from collections.abc import Awaitable
from typing import Protocol

from canvus_async.options import check_positive


class Cache(Protocol):
    """The interface of a cache for mipmaps and their infos. Keys are text, values are bytes.

    Both methods may return the result or an awaitable of it. They must not raise: treat failures as misses.
    """

    def get(self, key: str) -> bytes | Awaitable[bytes | None] | None:
        """The value stored under `key`, or None."""
        ...

    def put(self, key: str, value: bytes) -> Awaitable[None] | None:
        """Store `value` under `key`, if there is room for it."""
        ...


class MemoryCache:
    """A cache in memory of up to `max_bytes`, keys included; the least recently used values are removed first.

    A value larger than an eighth of `max_bytes` is not stored: one large image would displace hundreds of small ones.
    """

    def __init__(self, max_bytes: int = 64 * 1024 * 1024) -> None:
        check_positive("MemoryCache", integers={"max_bytes"}, max_bytes=max_bytes)
        self.max_bytes = max_bytes
        self.bytes = 0
        self._entries: OrderedDict[str, bytes] = OrderedDict()

    def get(self, key: str) -> bytes | None:
        """The value stored under `key`, or None."""
        value = self._entries.get(key)
        if value is not None:
            self._entries.move_to_end(key)
        return value

    def put(self, key: str, value: bytes) -> None:
        """Store `value` under `key`, and remove the least recently used values to make room."""
        size = len(key) + len(value)
        if size > self.max_bytes // 8:
            return
        self._remove(key)
        self._entries[key] = value
        self.bytes += size
        while self.bytes > self.max_bytes:
            self._remove(next(iter(self._entries)))

    def _remove(self, key: str) -> None:
        old = self._entries.pop(key, None)
        if old is not None:
            self.bytes -= len(key) + len(old)

    def __len__(self) -> int:
        return len(self._entries)

    def __repr__(self) -> str:
        return f"<MemoryCache: {len(self)} entries, {self.bytes} of {self.max_bytes} bytes>"
