"""Many fetches at once: a few workers that pull from one source, and results in the order in which they finish.

A task per item would cost memory for each item and a fifth of the speed, and would put thousands into the queue ahead
of everyone else on the client. Here a job never has more under way than the client's limits allow, so that whoever
wants a single thing waits for one of them to finish and no longer.
"""

import asyncio
import warnings
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sized
from types import TracebackType
from typing import Any, Generic, Literal, NamedTuple, Never, Protocol, TypeAlias, TypeVar

from canvus_async.errors import CanvusError, ClientClosed

OnError: TypeAlias = Literal["yield", "raise"]
"""What becomes of an item that fails: a result with `error`, or the end of the whole job."""

BulkProgress: TypeAlias = Callable[[int, int, int | None], object]
"""Called with the results so far, the bytes that came so far, and the results there will be, None if not known yet."""

_BACKLOG = 64
_PULLS_A_TURN = 64


class Result(Protocol):
    """What a job yields: a failure is a result too."""

    @property
    def error(self) -> Exception | None: ...


Source = TypeVar("Source")
T = TypeVar("T", bound=Result)
T_co = TypeVar("T_co", bound=Result, covariant=True)


class Unit(Protocol[T_co]):
    """One piece of work, which may turn out to be many."""

    async def run(self) -> "T_co | More[T_co]":
        """Do it. Raises CanvusError, OSError or ValueError for what is wrong with this piece only."""
        ...

    def failed(self, error: Exception) -> T_co:
        """The result where that was raised."""
        ...


class More(NamedTuple, Generic[T_co]):
    """So many pieces of work, made as they are needed."""

    size: int
    units: Iterator[Unit[T_co]]


class Lane(Generic[T]):
    """Work of one kind, done by so many at a time."""

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self.todo: list[Iterator[Unit[T]]] = []
        self.running = 0
        self._idle: deque[asyncio.Future[None]] = deque()

    def pop(self) -> Unit[T] | None:
        """The next piece of work that is known; what came last goes first, so that little is open at a time."""
        while self.todo:
            unit = next(self.todo[-1], None)
            if unit is not None:
                return unit
            self.todo.pop()
        return None

    async def change(self) -> None:
        """Wait until there may be something to do."""
        change: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._idle.append(change)
        await change

    def wake(self, count: int) -> None:
        """Let so many of the workers that wait look again."""
        while self._idle and count > 0:
            _wake(self._idle.popleft())
            count -= 1


class Tally:
    """How far a job is."""

    def __init__(self, unseen: int | None, progress: BulkProgress | None) -> None:
        self.unseen = unseen
        self._progress = progress
        self._done = 0
        self._bytes = 0
        self._known = 0

    def known(self, count: int) -> None:
        """So many more results are to come than were known."""
        self._known += count

    def pulled(self, more: bool) -> None:
        """Another item has been looked into; or there was none any more."""
        if not more:
            self.unseen = 0
        elif self.unseen is not None:
            self.unseen = max(0, self.unseen - 1)

    def moved(self, count: int, *, done: int = 0) -> None:
        """So many bytes have come, and so many results with them."""
        self._bytes += count
        self._done += done
        if self._progress is not None:
            total = None if self.unseen is None else self._known + self.unseen
            self._progress(self._done, self._bytes, total)


class Job(Generic[Source, T]):
    """The workers of a bulk job and what they have in hand; `plan` says what an item asks of which lane.

    `prepare` is awaited before anything else, `finish` called when the last worker has ended.
    """

    def __init__(
        self,
        items: Iterable[Source] | AsyncIterable[Source],
        plan: Callable[[Source], Iterable[tuple[Lane[T], More[T]]]],
        lanes: tuple[Lane[T], ...],
        *,
        tally: Tally,
        on_error: OnError = "yield",
        prepare: Callable[[], Awaitable[None]] | None = None,
        finish: Callable[[], None] | None = None,
    ) -> None:
        self.started = self.ended = False
        self._source: Iterator[Source] | AsyncIterator[Source] = (
            aiter(items) if isinstance(items, AsyncIterable) else iter(items)
        )
        self._plan = plan
        self._lanes = lanes
        self._tally = tally
        self._raises = on_error == "raise"
        self._prepare = prepare
        self._finish = finish
        self._results: deque[T] = deque()
        self._capacity = sum(lane.workers for lane in lanes)
        self._failure: Exception | None = None
        self._exhausted = False
        self._pulls = 0
        self._pulling = False
        self._full: deque[asyncio.Future[None]] = deque()
        self._consumer: asyncio.Future[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    # -- the consumer's side --

    async def next(self) -> T:
        """The next result; raises StopAsyncIteration after the last, and what ended the job before its time."""
        if self._consumer is not None:
            raise RuntimeError("this job is being read by another task already")
        if not self.started:
            await self._start()
        while not self._results:
            if self.ended:
                raise self._failure or StopAsyncIteration
            self._consumer = asyncio.get_running_loop().create_future()
            try:
                await self._consumer
            finally:
                self._consumer = None
        result = self._results.popleft()
        if self._full:
            _wake(self._full.popleft())
        if self._raises and result.error is not None:
            await self.aclose()
            raise result.error
        return result

    async def _start(self) -> None:
        self.started = True
        try:
            if self._prepare is not None:
                await self._prepare()
        except BaseException:
            self._end()
            raise
        for lane in self._lanes:
            for _ in range(lane.workers):
                task = asyncio.create_task(self._work(lane))
                self._tasks.add(task)
                task.add_done_callback(self._worker_ended)

    def cancel(self) -> None:
        """Tell the workers to stop; each removes what it has half done."""
        for task in self._tasks:
            if not task.get_loop().is_closed():
                task.cancel()

    async def aclose(self) -> None:
        """Stop, and return when nothing is left half done; a cancellation meanwhile is passed on after that."""
        self._results.clear()
        if not self.started:
            self.started = True
            self._end()
        self.cancel()
        cancelled: asyncio.CancelledError | None = None
        while self._tasks:
            try:
                await asyncio.wait(self._tasks)
            except asyncio.CancelledError as error:
                cancelled = error
        self._results.clear()
        self._failure = None
        if cancelled is not None:
            raise cancelled

    # -- the workers' side --

    async def _work(self, lane: Lane[T]) -> None:
        try:
            while (unit := await self._next(lane)) is not None:
                lane.running += 1
                try:
                    outcome = await unit.run()
                except ClientClosed:
                    raise
                except (CanvusError, OSError, ValueError) as error:
                    outcome = unit.failed(error)
                finally:
                    lane.running -= 1
                if isinstance(outcome, More):
                    self._tally.known(outcome.size - 1)
                    self._add(lane, outcome)
                else:
                    await self._deliver(outcome)
                self._stir(lane)
        except Exception as error:  # noqa: BLE001  # the consumer raises it
            if self._failure is None:
                self._failure = error
            self.cancel()

    async def _next(self, lane: Lane[T]) -> Unit[T] | None:
        """The next piece of work for a lane; waits while there may be some later, None when there never will."""
        while True:
            if (unit := lane.pop()) is not None:
                return unit
            if self._finished:
                for each in self._lanes:
                    each.wake(each.workers)
                return None
            ahead = any(len(each.todo) >= _BACKLOG for each in self._lanes)
            if self._exhausted or self._pulling or ahead:
                await lane.change()
            else:
                await self._pull(lane)

    @property
    def _finished(self) -> bool:
        return self._exhausted and not any(lane.running or lane.todo for lane in self._lanes)

    async def _pull(self, lane: Lane[T]) -> None:
        """Take the next item from the source, and let its work be known."""
        source = self._source
        self._pulls += 1
        if self._pulls % _PULLS_A_TURN == 0:
            await asyncio.sleep(0)  # items without any work must not keep everyone else waiting
            if self._pulling or self._exhausted:
                return
        try:
            if isinstance(source, AsyncIterator):
                self._pulling = True
                try:
                    item = await anext(source)
                finally:
                    self._pulling = False
            else:
                item = next(source)
        except (StopIteration, StopAsyncIteration):
            self._exhausted = True
            self._tally.pulled(more=False)
            self._stir(lane)
        else:
            for where, more in self._plan(item):
                self._tally.known(more.size)
                self._add(where, more)
            self._tally.pulled(more=True)
            lane.wake(1)  # to pull the next item meanwhile

    def _add(self, lane: Lane[T], more: More[T]) -> None:
        if more.size:
            lane.todo.append(more.units)
            lane.wake(more.size)

    def _stir(self, lane: Lane[T]) -> None:
        """Something in a lane is done: the others may pull again if they were ahead, or all may be over."""
        for each in self._lanes:
            if each is not lane or self._exhausted:
                each.wake(1)

    async def _deliver(self, result: T) -> None:
        while len(self._results) >= self._capacity:
            room: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._full.append(room)
            await room
        self._results.append(result)
        self._tally.moved(0, done=1)
        if self._consumer is not None:
            _wake(self._consumer)

    def _worker_ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not self._tasks:
            self._end()

    def _end(self) -> None:
        self.ended = True
        if self._finish is not None:
            self._finish()
        if self._consumer is not None:
            _wake(self._consumer)


def _wake(waiting: asyncio.Future[None]) -> None:
    if not waiting.done():
        waiting.set_result(None)


def size_of(items: object) -> int | None:
    """How many items there are, if that can be known before. Raises TypeError for a text, which is no list."""
    if isinstance(items, str | bytes):
        raise TypeError(f"items must be an iterable of widgets, hashes or requests, not {type(items).__name__}")
    return len(items) if isinstance(items, Sized) else None


class Bulk(AsyncGenerator[T, None], Generic[T]):
    """Results as they finish; `async for` over it to the end, or leave it early inside `contextlib.aclosing`.

    An async generator to its users, and more forgiving than one: a cancelled read loses nothing, and one that is
    dropped half way stops its work.
    """

    def __init__(self, job: "Job[Any, T]") -> None:
        self._job = job

    async def __anext__(self) -> T:
        return await self._job.next()

    async def asend(self, value: None) -> T:
        """The same as `anext()`: there is nothing to send."""
        return await self._job.next()

    async def athrow(
        self,
        typ: type[BaseException] | BaseException,
        val: BaseException | object = None,
        tb: TracebackType | None = None,
        /,
    ) -> Never:
        """Close, and raise what is thrown in."""
        await self.aclose()
        if isinstance(typ, BaseException):
            raise typ
        raise val if isinstance(val, BaseException) else typ()

    async def aclose(self) -> None:
        """Stop; when this returns nothing is left half written. May be called again."""
        await self._job.aclose()

    def __del__(self) -> None:
        if "_job" in vars(self) and self._job.started and not self._job.ended:
            warnings.warn(
                "a bulk job was dropped before its end: use `async with aclosing(...)`", ResourceWarning, stacklevel=2
            )
            self._job.cancel()
