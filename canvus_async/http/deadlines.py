"""Time limits around waits, and the end of all of them at once when the client is closed.

No limit is ever held over a `yield` of a public generator: each covers one wait of ours.

`asyncio.timeout` puts a timer into the loop for every wait, and most are cancelled a millisecond later. Here the limits
of one client share a timer, which looks at those still there when the earliest may be over; entering and leaving one
costs a set operation.
"""

import asyncio
import math
from collections.abc import Callable
from types import TracebackType
from typing import Self, TypeAlias

from canvus_async.errors import CanvusError, ClientClosed

Verdict: TypeAlias = CanvusError | Callable[[], CanvusError]
"""The error that a limit ends with, or what makes it when it is needed."""


class Deadline:
    """A `with` block of one task, ended with an error when its time is over or the client is closed.

    It ends the block as `asyncio.timeout` does, by cancelling the task and taking the cancellation back; a cancellation
    that comes from elsewhere meanwhile goes through. `async with` does the same.
    """

    __slots__ = ("_cancelling", "_deadlines", "_task", "_verdict", "due", "over")

    def __init__(self, deadlines: "Deadlines", seconds: float | None, verdict: Verdict) -> None:
        self.due = math.inf if seconds is None else deadlines.loop.time() + seconds
        self.over = False
        self._deadlines = deadlines
        self._verdict = verdict

    def __enter__(self) -> Self:
        deadlines = self._deadlines
        deadlines.check()
        task = asyncio.current_task(deadlines.loop)
        if task is None:
            raise RuntimeError("a limit needs a task")
        self._task = task
        self._cancelling = task.cancelling()
        deadlines.add(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._deadlines.discard(self)
        if self.over and self._task.uncancel() <= self._cancelling and kind is asyncio.CancelledError:
            verdict = self._verdict
            raise (verdict if isinstance(verdict, CanvusError) else verdict()) from None

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, traceback)

    def extend(self, seconds: float | None, verdict: Verdict | None = None) -> None:
        """Let the block end `seconds` from now, because something moved; None lifts the limit for a while.

        With a verdict, that is what it ends with from now on.
        """
        if verdict is not None:
            self._verdict = verdict
        if seconds is None:
            self.due = math.inf
        else:
            self.due = self._deadlines.loop.time() + seconds
            self._deadlines.expect(self.due)

    def end(self, verdict: Verdict | None = None) -> None:
        """End the block now, with another error if one is given."""
        if not self.over:
            self.over = True
            self._verdict = verdict or self._verdict
            self._task.cancel()


class Deadlines:
    """The waits of one client; `close()` ends them."""

    def __init__(self) -> None:
        self.closed = False
        self.endings: set[Callable[[], None]] = set()
        """What else to end; each is called once."""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._limits: set[Deadline] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._next_look = math.inf

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The loop that the client runs in."""
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
        return self._loop

    def time(self) -> float:
        """The loop's clock."""
        return self.loop.time()

    def check(self) -> None:
        """Raise ClientClosed after `close()`."""
        if self.closed:
            raise ClientClosed

    def until_closed(self) -> Deadline:
        """Ends what runs inside with ClientClosed as soon as the client is closed."""
        return Deadline(self, None, ClientClosed)

    def within(self, seconds: float | None, error: Verdict) -> Deadline:
        """Raises `error` once `seconds` are over, counted from now or from the last `extend()`."""
        return Deadline(self, seconds, error)

    def add(self, limit: Deadline) -> None:
        """Watch over a limit."""
        self._limits.add(limit)
        if limit.due < self._next_look:
            self.expect(limit.due)

    def discard(self, limit: Deadline) -> None:
        """A limit's block has been left; a client that waits for nothing leaves nothing in the loop."""
        self._limits.discard(limit)
        if not self._limits and self._timer is not None:
            self._stop()

    def expect(self, due: float) -> None:
        """Look after the limits no later than at `due`."""
        if due < self._next_look:
            self._stop()
            self._next_look = due
            self._timer = self.loop.call_at(due, self._look)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer, self._next_look = None, math.inf

    def _look(self) -> None:
        """End what is over, and come again when the next may be."""
        self._timer, self._next_look = None, math.inf
        now = self.time()
        for limit in self._limits:
            if limit.due <= now:
                limit.end()
        self.expect(min((limit.due for limit in self._limits if not limit.over), default=math.inf))

    def close(self) -> None:
        """End all limits and all `endings` now, and refuse new ones."""
        self.closed = True
        for limit in self._limits:
            limit.end(_closed_meanwhile)
        self._stop()
        while self.endings:
            self.endings.pop()()


def _closed_meanwhile() -> ClientClosed:
    return ClientClosed("this client was closed while the call waited")
