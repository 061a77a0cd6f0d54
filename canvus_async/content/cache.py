"""What was fetched once and cannot change: kept by content hash, so nothing is ever revalidated."""

from collections import OrderedDict
from collections.abc import Awaitable
from typing import Protocol

from canvus_async.options import check_positive


class Cache(Protocol):
    """Where fetched mipmaps and their infos are kept. Keys are text, values bytes.

    A call that has to wait for something returns what to await; neither may raise for a cache that is out of order.
    """

    def get(self, key: str) -> bytes | Awaitable[bytes | None] | None:
        """The value kept under `key`, or None."""
        ...

    def put(self, key: str, value: bytes) -> Awaitable[None] | None:
        """Keep `value` under `key`, as long as there is room."""
        ...


class MemoryCache:
    """The newest values of up to `max_bytes` in all, keys counted too; the least recently used goes first.

    A value of more than an eighth of that is not kept: one large picture would push out hundreds of small ones.
    """

    def __init__(self, max_bytes: int = 64 * 1024 * 1024) -> None:
        check_positive("MemoryCache", integers={"max_bytes"}, max_bytes=max_bytes)
        self.max_bytes = max_bytes
        self.bytes = 0
        self._entries: OrderedDict[str, bytes] = OrderedDict()

    def get(self, key: str) -> bytes | None:
        """The value kept under `key`, or None."""
        value = self._entries.get(key)
        if value is not None:
            self._entries.move_to_end(key)
        return value

    def put(self, key: str, value: bytes) -> None:
        """Keep `value` under `key`, and let go of the least recently used for it."""
        size = len(key) + len(value)
        if size > self.max_bytes // 8:
            return
        self._forget(key)
        self._entries[key] = value
        self.bytes += size
        while self.bytes > self.max_bytes:
            self._forget(next(iter(self._entries)))

    def _forget(self, key: str) -> None:
        old = self._entries.pop(key, None)
        if old is not None:
            self.bytes -= len(key) + len(old)

    def __len__(self) -> int:
        return len(self._entries)

    def __repr__(self) -> str:
        return f"<MemoryCache: {len(self)} entries, {self.bytes} of {self.max_bytes} bytes>"
