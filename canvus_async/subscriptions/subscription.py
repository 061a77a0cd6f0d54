"""`subscribe()`: complete records as an async generator."""

import warnings
from collections.abc import Iterator
from itertools import islice
from typing import Generic

from canvus_async.generators import ResumableGenerator
from canvus_async.models.changes import R
from canvus_async.protocol.merging import Initial
from canvus_async.subscriptions.fairness import CHECK_EVERY
from canvus_async.subscriptions.feed import Feed, Status


class Subscription(ResumableGenerator[R]):
    """Complete records: first every current one, then each one that changes, without end.

    Use it with `async with` or `contextlib.aclosing`. A cancelled read loses nothing, a dropped subscription closes its
    connection and warns, and two tasks cannot read it at the same time.
    """

    def __init__(self, feed: Feed[R]) -> None:
        super().__init__(_Records(feed))
        self._feed = feed

    @property
    def status(self) -> Status:
        """The state of the connection: "connecting", "live", "stale" or "closed"."""
        return self._feed.status


class _Records(Generic[R]):
    """The changes of a feed, one record at a time.

    They are taken in slices of CHECK_EVERY, with a chance to pause in between, so that most records need no clock.
    """

    def __init__(self, feed: Feed[R]) -> None:
        self._feed = feed
        self._slice: Iterator[R] = iter(())
        self._all: Iterator[R] = self._slice
        self._left = 0

    async def next(self) -> R:
        """The next record."""
        while True:
            for record in self._slice:
                return record
            if self._left > 0:
                await self._feed.fairness.pause()
            else:
                changes = await self._feed.next()
                self._left = len(changes)
                self._all = (
                    changes.records()
                    if type(changes) is Initial  # isinstance() of an abstract class is slow
                    else iter([change.new or change.record for change in changes])
                )
            self._slice = self._all if self._left <= CHECK_EVERY else islice(self._all, CHECK_EVERY)
            self._left -= CHECK_EVERY

    async def aclose(self) -> None:
        """Close the connection."""
        self._slice, self._left = iter(()), 0
        self._feed.close()

    def abandon(self) -> None:
        """Close the connection of a subscription that was dropped."""
        if self._feed.connected:
            words = "a subscription was dropped without closing: use `async with aclosing(...)`"
            warnings.warn(words, ResourceWarning, stacklevel=3)
        self._feed.binding.call(self._feed.close)  # the garbage collector may run in another thread
