"""`subscribe()`: whole records as an async generator."""

import warnings
from collections.abc import AsyncGenerator, Iterator
from itertools import islice
from types import TracebackType
from typing import Never

from canvus_async.models.changes import R
from canvus_async.protocol.merging import Initial
from canvus_async.subscriptions.fairness import SLICE
from canvus_async.subscriptions.feed import Feed, Status


class Subscription(AsyncGenerator[R, None]):
    """Whole records, as they are and then as they change, without end; use it with `contextlib.aclosing`.

    An async generator to its users, and more forgiving than one: a cancelled read loses nothing, one that is dropped
    lets go of its connection at once, and two tasks cannot read from it by accident.
    """

    def __init__(self, feed: Feed[R]) -> None:
        self._feed = feed
        self._records: Iterator[R] = iter(())
        self._all: Iterator[R] = self._records
        self._left = 0

    @property
    def status(self) -> Status:
        """How things are: connecting, live, stale or closed."""
        return self._feed.status

    async def __anext__(self) -> R:
        while True:
            for record in self._records:
                return record
            if self._left > 0:
                await self._feed.fairness.pause()
            else:
                changes = await self._feed.next()
                self._left = len(changes)
                self._all = (
                    changes.records()
                    if type(changes) is Initial  # an abstract class looks at instances in Python
                    else iter([change.new or change.record for change in changes])
                )
            self._records = self._all if self._left <= SLICE else islice(self._all, SLICE)
            self._left -= SLICE

    async def asend(self, value: None) -> R:
        """The same as `anext()`: there is nothing to send."""
        return await self.__anext__()

    async def athrow(
        self,
        typ: type[BaseException] | BaseException,
        val: BaseException | object = None,
        tb: TracebackType | None = None,
        /,
    ) -> Never:
        """Close, and raise what is thrown in."""
        self._feed.close()
        if isinstance(typ, BaseException):
            raise typ
        raise val if isinstance(val, BaseException) else typ()

    async def aclose(self) -> None:
        """Close the connection; it is closed when this returns. May be called again."""
        self._records, self._left = iter(()), 0
        self._feed.close()

    def __del__(self) -> None:
        if "_feed" not in vars(self):
            return
        if self._feed.connected:
            words = "a subscription was dropped without closing: use `async with aclosing(...)`"
            warnings.warn(words, ResourceWarning, stacklevel=2)
        self._feed.close()
