"""Many fetches at once: a few workers that pull from one source, and results in the order in which they finish.

A task per item would cost memory for each item and a fifth of the speed, and would put thousands into the queue ahead
of everyone else on the client. Here a job never has more under way than the client's limits allow, so that whoever
wants a single thing waits for one of them to finish and no longer.
"""

import asyncio
import warnings
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable, Coroutine, Iterable, Sized
from types import TracebackType
from typing import Any, Generic, Literal, Never, TypeAlias, TypeVar

from canvus_async.bulk.lanes import Lane, More, T, Unit, wake
from canvus_async.errors import CanvusError, ClientClosed
from canvus_async.progress import ProgressCounter

OnError: TypeAlias = Literal["yield", "raise"]
"""What becomes of an item that fails: a result with `error`, or the end of the whole job."""

_WAITS_A_TURN = 64

Source = TypeVar("Source")


class Job(Generic[Source, T]):
    """The workers of a bulk job and what they have in hand; `plan` says what an item asks of each lane, one unit each.

    `prepare` is awaited before anything else, `finish` called when the last worker has ended.
    """

    def __init__(
        self,
        items: Iterable[Source] | AsyncIterable[Source],
        plan: Callable[[Source], Iterable[tuple[Lane[T], Unit[T]]]],
        lanes: tuple[Lane[T], ...],
        *,
        counter: ProgressCounter,
        on_error: OnError = "yield",
        prepare: Callable[[], Awaitable[None]] | None = None,
        finish: Callable[[], None] | None = None,
    ) -> None:
        self.started = self.ended = False
        self._ready = None if isinstance(items, AsyncIterable) else iter(items)
        self._coming = aiter(items) if isinstance(items, AsyncIterable) else None
        self._plan = plan
        self._lanes = lanes
        self._several = len(lanes) > 1
        self._counter = counter
        self._watched = counter.watched
        self._raises = on_error == "raise"
        self._prepare = prepare
        self._finish = finish
        self._results: deque[T] = deque()
        self._capacity = sum(lane.workers for lane in lanes)
        self._failure: Exception | None = None
        self._exhausted = False
        self._waits = 0
        self._pulling = False
        self._full: list[asyncio.Future[None]] = []
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
        if self._full and 2 * len(self._results) <= self._capacity:  # all at once, which takes fewer turns
            full, self._full = self._full, []
            for room in full:
                wake(room)
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
        results, watched, several = self._results, self._watched, self._several
        try:
            while True:
                unit = lane.pop() or self._pull_now(lane)
                if unit is None:
                    if not await self._pull(lane):
                        return
                    continue
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
                    self._counter.known(outcome.size - 1)
                    lane.unfold(outcome)
                else:
                    while len(results) >= self._capacity:
                        await self._room()
                    results.append(outcome)
                    if watched:
                        self._counter.moved(0, done=1)
                    if self._consumer is not None:
                        wake(self._consumer)
                if several or self._exhausted:
                    self._stir(lane)
        except Exception as error:  # noqa: BLE001  # the consumer raises it
            if self._failure is None:
                self._failure = error
            self.cancel()

    def _pull_now(self, lane: Lane[T]) -> Unit[T] | None:
        """What the next item has to do in this lane, where that can be told without waiting."""
        if self._ready is None or self._exhausted or (self._several and self._ahead(lane)):
            return None
        for item in self._ready:
            return self._take(item, lane)
        self._exhaust()
        return None

    async def _pull(self, lane: Lane[T]) -> bool:
        """Wait until there may be something to do in the lane; False when there never will."""
        self._waits += 1
        if self._waits % _WAITS_A_TURN == 0:
            await asyncio.sleep(0)  # items without any work must not keep everyone else waiting
        if self._exhausted:
            if not any(each.busy for each in self._lanes):
                for each in self._lanes:
                    each.wake(each.workers)
                return False
            await lane.change()
        elif self._pulling or (self._several and self._ahead(lane)):
            await lane.change()
        elif self._coming is not None:
            self._pulling = True
            try:
                item = await anext(self._coming)
            except StopAsyncIteration:
                self._exhaust()
                return True
            finally:
                self._pulling = False
            if (unit := self._take(item, lane)) is not None:
                lane.add(unit)
            lane.wake(1)  # to pull the next meanwhile
        return True

    def _ahead(self, lane: Lane[T]) -> bool:
        """Whether another lane has so much to do that pulling for this one would fill the memory."""
        return any(each.behind for each in self._lanes if each is not lane)

    def _take(self, item: Source, lane: Lane[T]) -> Unit[T] | None:
        """Let the work of an item be known; gives the lane's own, which is at most one piece."""
        own = None
        count = 0
        for where, unit in self._plan(item):
            count += 1
            if where is lane:
                own = unit
            else:
                where.add(unit)
        if self._watched:
            self._counter.pulled(count)
        return own

    def _exhaust(self) -> None:
        self._exhausted = True
        self._counter.exhausted()
        for lane in self._lanes:
            lane.wake(lane.workers)

    def _stir(self, lane: Lane[T]) -> None:
        """Something in a lane is done: the others may pull again if they were ahead, or all may be over."""
        for each in self._lanes:
            if each is not lane or self._exhausted:
                each.wake(1)

    async def _room(self) -> None:
        """Wait until the consumer has taken a result."""
        room: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._full.append(room)
        await room

    def _worker_ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not self._tasks:
            self._end()

    def _end(self) -> None:
        self.ended = True
        if self._finish is not None:
            self._finish()
        if self._consumer is not None:
            wake(self._consumer)


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

    def __anext__(self) -> Coroutine[Any, Any, T]:
        return self._job.next()

    def asend(self, value: None) -> Coroutine[Any, Any, T]:
        """The same as `anext()`: there is nothing to send."""
        return self._job.next()

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
