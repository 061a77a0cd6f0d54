"""Many fetches at the same time: a few workers that read one source, and results in the order in which they finish.

A task per item would cost memory for each item and a fifth of the speed, and would queue thousands of requests ahead of
every other call of the client. A job never has more in flight than the client's limits allow, so another call waits for
one request to finish, not for the job.
"""

import asyncio
import warnings
from collections.abc import AsyncIterable, Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager, suppress
from typing import Generic, Literal, Protocol, TypeAlias, TypeVar

from canvus_async.bulk.items import NO_CONTENT
from canvus_async.bulk.lanes import Lane
from canvus_async.bulk.planner import FileRequest, Planner
from canvus_async.errors import CanvusError, ClientClosed
from canvus_async.event_loop import LoopBinding
from canvus_async.progress import ProgressCounter

OnError: TypeAlias = Literal["yield", "raise"]
"""What happens when a file fails: a result with `error` ("yield"), or the end of the whole job ("raise")."""

_END = object()
_PLANS_PER_TURN = 64
"""Items that are read from the source before other tasks get a turn."""


class Result(Protocol):
    """What a job yields; a failure is a result too."""

    @property
    def error(self) -> Exception | None: ...


T = TypeVar("T", bound=Result)
Fetch: TypeAlias = Callable[[FileRequest], Awaitable[T]]


class Job(Generic[T]):
    """The workers of a bulk job, in one task, and the queue of their results. The source of a ResumableGenerator."""

    def __init__(
        self,
        items: Iterable[object] | AsyncIterable[object],
        planner: Planner,
        fetch: AbstractAsyncContextManager[Fetch[T]],
        failed: Callable[[FileRequest, Exception], T],
        *,
        mipmaps: Lane | None,
        originals: Lane | None,
        counter: ProgressCounter,
        on_error: OnError,
    ) -> None:
        """`fetch` is entered when the job starts and left when its last worker has ended."""
        if on_error not in {"yield", "raise"}:
            raise ValueError(f'on_error must be "yield" or "raise", got {on_error!r}')
        self._raises = on_error == "raise"
        self._task: asyncio.Task[None] | None = None
        self._error: BaseException | None = None
        self._items = None if isinstance(items, AsyncIterable) else iter(items)
        self._async_items = aiter(items) if isinstance(items, AsyncIterable) else None
        self._planner = planner
        self._fetch = fetch
        self._failed = failed
        self._mipmaps = mipmaps
        self._originals = originals
        self._lanes = [lane for lane in (mipmaps, originals) if lane is not None]
        self._counter = counter
        # Results that are not read yet, and None after the last one.
        self._results: asyncio.Queue[T | None] = asyncio.Queue(maxsize=sum(lane.workers for lane in self._lanes))
        self._exhausted = False
        self._reading_source = False
        self._binding = LoopBinding("bulk job")
        self._consumer_waits = False
        self._ended = False
        self._plans = 0

    # -- for the consumer --

    async def next(self) -> T:
        """The next result. Raises StopAsyncIteration after the last, or the error that ended the job."""
        if self._consumer_waits:
            raise RuntimeError("another task is already reading this job")
        if self._ended:
            raise StopAsyncIteration
        self._binding.check()
        if self._task is None:
            self._task = asyncio.create_task(self._run())
        self._consumer_waits = True
        try:
            result = await self._results.get()
        finally:
            self._consumer_waits = False
        if result is None:
            self._ended = True
            error, self._error = self._error, None
            raise error or StopAsyncIteration
        if self._raises and result.error is not None:
            await self.aclose()
            raise result.error
        return result

    def abandon(self) -> None:
        """Stop the workers of a job that was dropped before its end."""
        task = self._task
        if not self._ended and task is not None and not task.done() and not task.get_loop().is_closed():
            words = "a bulk job was dropped before its end: use `async with aclosing(...)`"
            warnings.warn(words, ResourceWarning, stacklevel=3)
            self._binding.call(task.cancel)  # the garbage collector may run in another thread

    async def aclose(self) -> None:
        """Stop; when this returns, the workers have removed everything half written. May be called again."""
        self._ended = True
        task, cancelled = self._task, None
        while task is not None and not task.done():
            task.cancel()
            try:
                await asyncio.wait([task])
            except asyncio.CancelledError as error:
                cancelled = error  # pass it on once the task has ended
        if self._consumer_waits:
            with suppress(asyncio.QueueFull):  # a result has just arrived for it
                self._results.put_nowait(None)
        if cancelled is not None:
            raise cancelled

    # -- the workers --

    async def _run(self) -> None:
        try:
            async with self._fetch as fetch, asyncio.TaskGroup() as workers:
                for lane in self._lanes:
                    for _ in range(lane.workers):
                        workers.create_task(self._work(lane, fetch))
        except BaseExceptionGroup as group:
            self._error = group.exceptions[0]
        except Exception as error:  # noqa: BLE001  # the consumer raises it
            self._error = error
        if not self._ended:
            await self._results.put(None)

    async def _work(self, lane: Lane, fetch: Fetch[T]) -> None:
        while (request := await self._next(lane)) is not None:
            lane.running += 1
            try:
                if not request.is_single:
                    expanded = await self._planner.expand(request)
                    self._counter.expanded(len(expanded))
                    lane.add_first(expanded)
                    continue
                result = await fetch(request)
            except ClientClosed:
                raise
            except (CanvusError, OSError, ValueError) as error:
                result = self._failed(request, error)
            finally:
                lane.running -= 1
                self._wake_others(lane)
            await self._put(result)

    async def _put(self, result: T) -> None:
        """Hand over a result; waits while the consumer is behind."""
        await self._results.put(result)
        self._counter.add(0, results=1)

    async def _next(self, lane: Lane) -> FileRequest | None:
        """The next request of a lane; None once there will be no more."""
        while True:
            if (request := lane.pop()) is not None:
                return request
            if self._exhausted:
                if not any(each.busy for each in self._lanes):
                    return None
                await lane.change()
            elif self._reading_source or any(each.is_full for each in self._lanes if each is not lane):
                await lane.change()
            else:
                await self._plan_next_item()

    async def _plan_next_item(self) -> None:
        """Read one item from the source and add its requests to the lanes."""
        item = await self._next_item()
        if item is _END:
            self._exhausted = True
            self._counter.exhausted()
            for lane in self._lanes:
                lane.wake()
            return
        try:
            requests = self._planner.plan(item)
        except (TypeError, ValueError) as error:
            self._counter.planned(1)
            await self._put(self._failed(FileRequest(item, NO_CONTENT), error))
            return
        self._counter.planned(len(requests))
        for request in requests:
            target = self._originals if request.pages is None else self._mipmaps
            if target is not None:
                target.add(request)
        self._plans += 1
        if self._plans % _PLANS_PER_TURN == 0:
            await asyncio.sleep(0)  # items without files would keep all other tasks waiting

    async def _next_item(self) -> object:
        if self._items is not None:
            return next(self._items, _END)
        if self._async_items is None:
            return _END
        self._reading_source = True
        try:
            return await anext(self._async_items, _END)
        finally:
            self._reading_source = False
            for lane in self._lanes:
                lane.wake()

    def _wake_others(self, lane: Lane) -> None:
        """A request of a lane is done: the other lane may read the source again, or the job may be over."""
        for each in self._lanes:
            if each is not lane or self._exhausted:
                each.wake()
