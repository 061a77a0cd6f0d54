"""How callers are told how far uploads, downloads and bulk jobs are."""

from collections.abc import Callable
from typing import TypeAlias

Progress: TypeAlias = Callable[[int, int], object]
"""Called with the bytes done so far and in all."""

BulkProgress: TypeAlias = Callable[[int, int, int | None], object]
"""Called with the results so far, the bytes that came so far, and the results there will be, None if not known yet."""


class ProgressCounter:
    """How far a job is."""

    def __init__(self, unseen: int | None, progress: BulkProgress | None) -> None:
        self.unseen = unseen
        self.watched = progress is not None
        """Whether anybody wants to know."""
        self._progress = progress
        self._done = 0
        self._bytes = 0
        self._known = 0

    def known(self, count: int) -> None:
        """So many more results are to come than were known."""
        self._known += count

    def pulled(self, count: int) -> None:
        """Another item has been looked into: it makes so many results, as far as known."""
        self._known += count
        if self.unseen is not None:
            self.unseen = max(0, self.unseen - 1)

    def exhausted(self) -> None:
        """There are no more items."""
        self.unseen = 0

    def moved(self, count: int, *, done: int = 0) -> None:
        """So many bytes have come, and so many results with them."""
        if self._progress is not None:
            self._bytes += count
            self._done += done
            total = None if self.unseen is None else self._known + self.unseen
            self._progress(self._done, self._bytes, total)
