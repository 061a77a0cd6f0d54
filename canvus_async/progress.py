"""Progress callbacks of uploads, downloads and bulk jobs."""

from collections.abc import Callable
from typing import TypeAlias

Progress: TypeAlias = Callable[[int, int], object]
"""Called with the bytes done so far and in all."""

BulkProgress: TypeAlias = Callable[[int, int, int | None], object]
"""Called with the results so far, the bytes received so far, and the results in all (None while that is unknown)."""


class ProgressCounter:
    """Counts what a bulk job has done and calls the user's callback."""

    def __init__(self, items: int | None, callback: BulkProgress | None) -> None:
        """`items` is the number of items, None if the source has no length."""
        self._items_left = items
        self._callback = callback
        self._done = 0
        self._bytes = 0
        self._known = 0

    def planned(self, count: int) -> None:
        """One more item was read from the source; it will make `count` results as far as is known."""
        self._known += count
        if self._items_left is not None:
            self._items_left = max(0, self._items_left - 1)

    def expanded(self, count: int) -> None:
        """One known result has turned out to be `count` results."""
        self._known += count - 1

    def exhausted(self) -> None:
        """The source has no more items."""
        self._items_left = 0

    def add(self, count: int, *, results: int = 0) -> None:
        """More bytes were received, or results finished."""
        if self._callback is not None:
            self._bytes += count
            self._done += results
            total = None if self._items_left is None else self._known + self._items_left
            self._callback(self._done, self._bytes, total)

    def per_file(self) -> Progress | None:
        """A callback for the bytes of one file; None if the user gave no callback."""
        if self._callback is None:
            return None
        before = 0

        def moved(done: int, total: int) -> None:
            nonlocal before
            self.add(done - before if done > before else done)  # fewer than before: the download was restarted
            before = done

        return moved
