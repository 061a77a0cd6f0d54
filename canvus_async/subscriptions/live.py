"""A local mirror of a canvas that is always right: one task over a feed, any number of consumers."""

import asyncio
import weakref
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Generic, Self

from canvus_async.errors import ClientClosed, RequestTimeout
from canvus_async.models import KINDS
from canvus_async.models.changes import Change, R
from canvus_async.protocol.merging import Initial
from canvus_async.protocol.pending import PendingChanges
from canvus_async.subscriptions.connection import Counters
from canvus_async.subscriptions.fairness import SLICE, Fairness
from canvus_async.subscriptions.feed import Feed, Status

_FIELDS = frozenset(name for kind in KINDS for name in kind.__struct_fields__)


class Live(Generic[R]):
    """What is on a canvas now, kept up to date in the background; use it with `async with`.

    On entry the first snapshot is there, or the error that prevents it is raised. One task reads; it ends with the
    block. What goes wrong in your block comes out as itself, never as a group.
    """

    def __init__(self, feed: Feed[R], *, path: str) -> None:
        self._feed = feed
        feed.fairness = Fairness(
            0.0
        )  # before each chunk: whoever keeps up takes what the last one held, and nothing is joined
        self._path = path
        self._task: asyncio.Task[None] | None = None
        self._began: asyncio.Future[None] | None = None
        self._error: BaseException | None = None
        self._consumers: weakref.WeakSet[_Consumer[R]] = weakref.WeakSet()

    async def __aenter__(self) -> Self:
        if self._task is not None:
            raise RuntimeError("this mirror was started already: make another with live()")
        self._began = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._pump(), name=f"canvus live {self._path}")
        try:
            await self._began
        except BaseException:
            await self.aclose()
            raise
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """End the task and its connection; consumers get what they have not read yet, then end. May be called again."""
        self._feed.close()
        task, cancelled = self._task, None
        if task is not None and not task.done():
            task.cancel()
            while not task.done():
                try:
                    await asyncio.wait([task])
                except asyncio.CancelledError as cancel:  # the task goes first, then we do
                    cancelled = cancel
        if cancelled is not None:
            raise cancelled

    @property
    def widgets(self) -> Mapping[str, R]:
        """What is there now, by id; read-only, and always the same object. A background without id goes by its type."""
        return self._feed.state

    @property
    def status(self) -> Status:
        """How things are: "connecting", "live", "stale" while the connection is lost, or "closed"."""
        return self._feed.status

    @property
    def counters(self) -> Counters:
        """Connections, reconnects, resyncs, bad lines and bytes so far."""
        return self._feed.counters

    @property
    def last_activity(self) -> datetime | None:
        """When the last byte came, keepalives included; None before the first."""
        last = self._feed.last_activity
        if last is None:
            return None
        return datetime.now(UTC) - timedelta(seconds=asyncio.get_running_loop().time() - last)

    def changes(self, *, initial: bool = True) -> AsyncIterator[Change[R]]:
        """Every net change from now on, one at a time; first what is there, as "created" with `initial` true.

        The `old` of a change is the `new` that this iterator gave before. At most one change an id waits: what happens
        to it while you are busy is joined, and an id keeps its place in the queue. Ends when the mirror is closed;
        raises the error that ended the subscription. Any number of iterators may be open.
        """
        return _Changes(self._consumer(initial=initial))

    def batches(self, *, initial: bool = True) -> AsyncIterator[list[Change[R]]]:
        """The same, but all at once that waits: whole lines of the server, so that widgets agree with each other."""
        return _Batches(self._consumer(initial=initial))

    async def wait_for(self, predicate: Callable[[R], object], *, timeout: float | None = None) -> R:
        """The first widget, there now or later, for which `predicate` holds.

        A field that a widget of another type does not have counts as not holding. Raises RequestTimeout after
        `timeout` seconds (None: no limit), and what the predicate raises.
        """
        scope = asyncio.timeout(timeout)
        try:
            async with scope:
                async for change in self.changes():
                    if change.new is not None and _holds(predicate, change.new):
                        return change.new
        except TimeoutError:
            if not scope.expired():
                raise
            what = f"no such widget within {timeout} s"
            raise RequestTimeout(what, method="GET", path=self._path) from None
        raise ClientClosed("this mirror was closed while it waited")

    def _consumer(self, *, initial: bool) -> "_Consumer[R]":
        if self._task is None:
            raise RuntimeError("a mirror is started with `async with`")
        consumer = _Consumer[R]()
        if initial:
            consumer.push(Initial(self.widgets))
        if self._task.done():
            consumer.end(self._error)
        else:
            self._consumers.add(consumer)
        return consumer

    async def _pump(self) -> None:
        began = self._began
        assert began is not None  # noqa: S101  # made before the task
        try:
            while True:
                changes = await self._feed.next()
                if not began.done():
                    began.set_result(None)
                for consumer in tuple(self._consumers):
                    consumer.push(changes)
        except StopAsyncIteration:
            pass  # closed from outside
        except Exception as error:  # noqa: BLE001  # handed over as a value: to whoever entered, or to the consumers
            self._error = error
            if not began.done():
                began.set_exception(error)
        finally:
            self._feed.close()
            if not began.done():
                began.cancel()
            for consumer in tuple(self._consumers):
                consumer.end(self._error)


class _Consumer(Generic[R]):
    """What waits for one consumer."""

    def __init__(self) -> None:
        self.waiting = PendingChanges[R]()
        self._wake = asyncio.Event()
        self._ended = False
        self._error: BaseException | None = None

    def push(self, changes: Collection[Change[R]]) -> None:
        self.waiting.push_all(changes)
        self._wake.set()

    def end(self, error: BaseException | None) -> None:
        self._ended = True
        self._error = error
        self._wake.set()

    async def ready(self) -> None:
        """Wait until something waits. Raises what ended the subscription, or StopAsyncIteration."""
        while not self.waiting:
            if self._ended:
                raise self._error or StopAsyncIteration
            self._wake.clear()
            await self._wake.wait()


class _Changes(AsyncIterator[Change[R]]):
    """One change at a time."""

    def __init__(self, consumer: _Consumer[R]) -> None:
        self._consumer = consumer
        self._ahead = consumer.waiting.ahead
        self._fairness = Fairness()
        self._taken = 0

    async def __anext__(self) -> Change[R]:
        self._taken += 1
        if self._taken == SLICE:
            self._taken = 0
            await self._fairness.pause()
        if self._ahead:
            return self._ahead.popleft()
        if not self._consumer.waiting:
            await self._consumer.ready()
            self._fairness.begin()
        return self._consumer.waiting.pop()


class _Batches(AsyncIterator[list[Change[R]]]):
    """All changes that wait, at once."""

    def __init__(self, consumer: _Consumer[R]) -> None:
        self._consumer = consumer

    async def __anext__(self) -> list[Change[R]]:
        await self._consumer.ready()
        waiting = self._consumer.waiting
        return [waiting.pop() for _ in range(len(waiting))]


def _holds(predicate: Callable[[R], object], widget: R) -> bool:
    try:
        return bool(predicate(widget))
    except AttributeError as error:
        if error.obj is widget and error.name in _FIELDS:
            return False
        raise
