"""A local copy of a canvas, kept up to date: one task that reads a feed, and any number of consumers."""

import asyncio
import weakref
from collections.abc import AsyncGenerator, Callable, Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Generic, Self

from canvus_async.errors import ClientClosed, RequestTimeout
from canvus_async.event_loop import LoopBinding
from canvus_async.generators import ResumableGenerator
from canvus_async.models import KINDS
from canvus_async.models.changes import Change, R
from canvus_async.protocol.merging import Initial
from canvus_async.protocol.pending import PendingChanges
from canvus_async.subscriptions.connection import Counters
from canvus_async.subscriptions.fairness import CHECK_EVERY, Fairness
from canvus_async.subscriptions.feed import Feed, Status

_FIELDS = frozenset(name for kind in KINDS for name in kind.__struct_fields__)


class Live(Generic[R]):
    """The current widgets of a canvas, kept up to date in the background; use it with `async with`.

    Entering the block waits for the first snapshot, or raises the error that prevents it. A task reads the subscription
    until the block ends. An exception in your block is raised unchanged, never inside an ExceptionGroup.
    """

    def __init__(self, feed: Feed[R], *, path: str) -> None:
        self._feed = feed
        # Pause before each chunk: a consumer that keeps up then receives the changes of a chunk before those of the
        # next one can be merged with them.
        feed.fairness = Fairness(0.0)
        self._path = path
        self._binding = LoopBinding("Live object")
        self._task: asyncio.Task[None] | None = None
        self._started: asyncio.Future[None] | None = None
        self._error: BaseException | None = None
        self._consumers: weakref.WeakSet[_Consumer[R]] = weakref.WeakSet()

    async def __aenter__(self) -> Self:
        if self._task is not None:
            raise RuntimeError("this Live object was already used; make a new one with live()")
        self._binding.check()
        self._started = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._run(), name=f"canvus live {self._path}")
        try:
            await self._started
        except BaseException:
            await self.aclose()
            raise
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Stop the task and close the connection. Iterators return what they have queued, then end. Can be repeated."""
        self._feed.close()
        task, cancelled = self._task, None
        if task is not None and not task.done():
            task.cancel()
            while not task.done():
                try:
                    await asyncio.wait([task])
                except asyncio.CancelledError as cancel:  # raised again once the task has ended
                    cancelled = cancel
        if cancelled is not None:
            raise cancelled

    @property
    def widgets(self) -> Mapping[str, R]:
        """The current widgets by id: a read-only view, always the same object.

        A background without an id has its widget type as key.
        """
        return self._feed.state

    @property
    def status(self) -> Status:
        """The state of the connection: "connecting", "live", "stale" while it is lost, or "closed"."""
        return self._feed.status

    @property
    def counters(self) -> Counters:
        """Connections, reconnects, resyncs, bad lines and bytes so far."""
        return self._feed.counters

    @property
    def last_activity(self) -> datetime | None:
        """The time of the last received byte in UTC, keepalives included; None before the first."""
        last = self._feed.last_activity
        if last is None:
            return None
        return datetime.now(UTC) - timedelta(seconds=asyncio.get_running_loop().time() - last)

    def changes(self, *, initial: bool = True) -> AsyncGenerator[Change[R], None]:
        """Every net change from now on, one at a time; first the current widgets, as "created" with `initial` true.

        The `old` of a change is the `new` that this iterator returned before. At most one change per id is queued:
        changes that happen to it while your code is busy are merged into that one, which keeps its place in the queue.
        The iterator ends when this object is closed. Any number of iterators may be open. Raises the error that ended
        the subscription.
        """
        return ResumableGenerator(_Changes(self._consumer(initial=initial)))

    def batches(self, *, initial: bool = True) -> AsyncGenerator[list[Change[R]], None]:
        """All queued changes as a list each time, otherwise like `changes()`.

        A batch contains complete lines of the server, so widgets that changed together are in the same batch. Raises
        the error that ended the subscription.
        """
        return ResumableGenerator(_Batches(self._consumer(initial=initial)))

    async def wait_for(self, predicate: Callable[[R], object], *, timeout: float | None = None) -> R:
        """The first widget, current or future, for which `predicate` returns a true value.

        If the predicate reads a field that a widget's type does not have, that widget does not match. Raises
        RequestTimeout after `timeout` seconds (None = no limit), ClientClosed if this object is closed, and whatever
        the predicate raises.
        """
        scope = asyncio.timeout(timeout)
        try:
            async with scope:
                async for change in self.changes():
                    if change.new is not None and _matches(predicate, change.new):
                        return change.new
        except TimeoutError:
            if not scope.expired():
                raise
            what = f"no widget matched within {timeout} s"
            raise RequestTimeout(what, method="GET", path=self._path) from None
        raise ClientClosed("this Live object was closed before a widget matched")

    def _consumer(self, *, initial: bool) -> "_Consumer[R]":
        if self._task is None:
            raise RuntimeError("not started: enter the block first, as in `async with canvas.live() as live:`")
        consumer = _Consumer[R](self._binding.check)
        if initial:
            consumer.push(Initial(self.widgets))
        if self._task.done():
            consumer.end(self._error)
        else:
            self._consumers.add(consumer)
        return consumer

    async def _run(self) -> None:
        started = self._started
        assert started is not None  # noqa: S101  # made before the task
        try:
            while True:
                changes = await self._feed.next()
                if not started.done():
                    started.set_result(None)
                for consumer in tuple(self._consumers):
                    consumer.push(changes)
        except Exception as error:  # noqa: BLE001  # passed to `__aenter__`, or to the consumers
            self._error = error
            if not started.done():
                started.set_exception(error)
        finally:
            self._feed.close()
            if not started.done():
                started.cancel()
            for consumer in tuple(self._consumers):
                consumer.end(self._error)


class _Consumer(Generic[R]):
    """The changes that one iterator has not read yet."""

    def __init__(self, check_loop: Callable[[], object]) -> None:
        self.pending = PendingChanges[R]()
        self._check_loop = check_loop
        self._wake = asyncio.Event()
        self._ended = False
        self._error: BaseException | None = None

    def push(self, changes: Collection[Change[R]]) -> None:
        if self._ended:
            return
        self.pending.push_all(changes)
        self._wake.set()

    def end(self, error: BaseException | None) -> None:
        self._ended = True
        self._error = error
        self._wake.set()

    def detach(self) -> None:
        """Forget what is pending, and end."""
        self.pending.unmerged.clear()
        self.pending = PendingChanges[R]()
        self.end(None)

    async def wait(self) -> None:
        """Wait until a change is pending. Raises the error that ended the subscription, or StopAsyncIteration."""
        self._check_loop()
        while not self.pending:
            if self._ended:
                raise self._error or StopAsyncIteration
            self._wake.clear()
            await self._wake.wait()


class _Reader(Generic[R]):
    """What `changes()` and `batches()` have in common: their end."""

    def __init__(self, consumer: _Consumer[R]) -> None:
        self._consumer = consumer

    async def aclose(self) -> None:
        """Stop receiving changes."""
        self.abandon()

    def abandon(self) -> None:
        """Stop receiving changes; nothing has to be released."""
        self._consumer.detach()


class _Changes(_Reader[R]):
    def __init__(self, consumer: _Consumer[R]) -> None:
        super().__init__(consumer)
        self._unmerged = consumer.pending.unmerged
        self._fairness = Fairness()
        self._count = 0

    async def next(self) -> Change[R]:
        """The next change."""
        self._count += 1
        if self._count == CHECK_EVERY:
            self._count = 0
            await self._fairness.pause()
        if self._unmerged:
            return self._unmerged.popleft()
        if not self._consumer.pending:
            await self._consumer.wait()
            self._fairness.restart()
        return self._consumer.pending.pop()


class _Batches(_Reader[R]):
    async def next(self) -> list[Change[R]]:
        """All pending changes."""
        await self._consumer.wait()
        pending = self._consumer.pending
        return [pending.pop() for _ in range(len(pending))]


def _matches(predicate: Callable[[R], object], widget: R) -> bool:
    try:
        return bool(predicate(widget))
    except AttributeError as error:
        if error.obj is widget and error.name in _FIELDS:
            return False  # a field of another widget type; any other attribute is a mistake in the predicate
        raise
