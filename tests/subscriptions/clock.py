"""An event loop whose clock jumps: instead of waiting for a timer, its time becomes that of the timer.

So tests run with the real limits (45 s of silence, an hour of keepalives, 30 s of backoff) and still take
milliseconds, and they do the same on a slow machine. Sockets and threads are real; time stands still while a thread of
the loop's executor works.
"""

import asyncio
import functools
import os
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec

from tests.conftest import descriptors

P = ParamSpec("P")

_YIELDS = 3
"""How often the system may deliver data between two sockets of this process before time jumps."""
_LONGEST_HANG = 10.0
"""Real seconds to wait for an event while no timer is set; after that, none will come."""


class _JumpingSelector(selectors.DefaultSelector):
    """Reports what is ready; if nothing is, it adds the timeout to the clock instead of waiting."""

    def __init__(self, grace: float) -> None:
        super().__init__()
        self.now = 1000.0
        self.grace = grace
        self.threads = 0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        events = super().select(0)
        for _ in range(_YIELDS):
            if events or (timeout is not None and timeout <= 0):
                return events
            os.sched_yield()
            events = super().select(0)
        if self.grace and not events:
            events = super().select(self.grace)
        if events:
            return events
        if timeout is None or self.threads:
            events = super().select(_LONGEST_HANG)
            assert events, "every task waits, and neither a timer nor a socket will wake one"
            return events
        self.now += timeout
        return events


class JumpingLoop(asyncio.SelectorEventLoop):
    """A loop that never waits for its timers. Its time does not advance while Python code runs.

    `grace` is how many real seconds without an event must pass before its time jumps. Where sockets exchange more than
    their buffers hold, the system may need some of it, or a timeout that should not expire does.
    """

    def __init__(self, grace: float = 0.0) -> None:
        self._jumping = _JumpingSelector(grace)
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now

    def run_in_executor(self, *call: Any) -> asyncio.Future[Any]:
        future = super().run_in_executor(*call)
        self._jumping.threads += 1
        future.add_done_callback(self._done)
        return future

    def _done(self, _future: asyncio.Future[Any]) -> None:
        self._jumping.threads -= 1

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:
        """As in the base class, which waits in a thread with a timeout of the loop."""
        if executor := self._default_executor:  # type: ignore[attr-defined]  # set by run_in_executor
            executor.shutdown()


def on_a_jumping_clock(test: Callable[P, Coroutine[Any, Any, None]], grace: float = 0.0) -> Callable[P, None]:
    """Run an async test on a `JumpingLoop`, and check that it leaves no task and no descriptor."""

    @functools.wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        async def checked() -> None:
            await test(*args, **kwargs)
            left = asyncio.all_tasks() - {asyncio.current_task()}
            if left:  # tasks that are about to end may end
                _, left = await asyncio.wait(left, timeout=1)
            assert not left, f"left running: {left}"

        before = descriptors()
        with asyncio.Runner(loop_factory=functools.partial(JumpingLoop, grace)) as runner:
            runner.run(checked())
        left = {entry for entry in descriptors() - before if "/dev/null" not in entry}
        assert not left, f"left open: {sorted(left)}"

    return run
