"""Regular pauses for a task that has much to deliver, so that other tasks get their turn in the event loop.

An `async for` over items that are already there never waits, so without a pause it would block all other tasks until
its end.
"""

import asyncio
import time

LONGEST = 0.002
"""Seconds that a task may run without a pause."""

CHECK_EVERY = 128
"""Items that are delivered before the clock is read again, which costs as much as delivering one item."""


class Fairness:
    """Measures how long a task has run without waiting, and pauses it when that is too long.

    Waits elsewhere are not counted, so this may yield slightly early; an unnecessary pause takes a few microseconds.
    """

    __slots__ = ("_longest", "_since")

    def __init__(self, longest: float | None = None) -> None:
        """`longest` is the time without a pause in seconds, `LONGEST` if None."""
        self._longest = LONGEST if longest is None else longest
        self._since = time.monotonic()

    def restart(self) -> None:
        """Start measuring again, because the task has just waited for something."""
        self._since = time.monotonic()

    async def pause(self) -> None:
        """Let other tasks run if it is time. The task may be cancelled here, so nothing may be half done."""
        if time.monotonic() - self._since > self._longest:
            await asyncio.sleep(0)
            self.restart()
