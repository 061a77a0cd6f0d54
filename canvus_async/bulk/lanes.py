"""The parts of a bulk job: pieces of work, the lanes that they wait in, and the count of what is done."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Iterator
from typing import Generic, NamedTuple, Protocol, TypeVar

_BACKLOG = 64


class Result(Protocol):
    """What a job yields: a failure is a result too."""

    @property
    def error(self) -> Exception | None: ...


T = TypeVar("T", bound=Result)
T_co = TypeVar("T_co", bound=Result, covariant=True)


class Unit(Protocol[T_co]):
    """One piece of work, which may turn out to be many."""

    def run(self) -> "Awaitable[T_co | More[T_co]]":
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
        self.running = 0
        self._units: deque[Unit[T]] = deque()
        self._unfolding: list[Iterator[Unit[T]]] = []
        self._idle: deque[asyncio.Future[None]] = deque()

    def add(self, unit: Unit[T]) -> None:
        """Let a piece of work be known."""
        self._units.append(unit)
        if self._idle:
            self.wake(1)

    def unfold(self, more: More[T]) -> None:
        """Let pieces of work be known that came out of one."""
        self._unfolding.append(more.units)
        self.wake(more.size)

    def pop(self) -> Unit[T] | None:
        """The next piece of work that is known; what unfolded last goes first, so that little is open at a time."""
        while self._unfolding:
            unit = next(self._unfolding[-1], None)
            if unit is not None:
                return unit
            self._unfolding.pop()
        return self._units.popleft() if self._units else None

    @property
    def busy(self) -> bool:
        """Whether there is or may be something to do."""
        return bool(self.running or self._units or self._unfolding)

    @property
    def behind(self) -> bool:
        """Whether more is known than should be kept."""
        return len(self._units) >= _BACKLOG

    async def change(self) -> None:
        """Wait until there may be something to do."""
        change: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._idle.append(change)
        await change

    def wake(self, count: int) -> None:
        """Let so many of the workers that wait look again."""
        while self._idle and count > 0:
            wake(self._idle.popleft())
            count -= 1


def wake(waiting: asyncio.Future[None]) -> None:
    """Let a task go on, if it still waits."""
    if not waiting.done():
        waiting.set_result(None)
