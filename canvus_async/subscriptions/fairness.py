"""Turns of the event loop: whoever has much to hand out lets other tasks go on in between.

An `async for` over what is there already never waits, and so would keep everybody else waiting until its end.
"""

import asyncio
import time

LONGEST = 0.002
"""Seconds that a task may go on while others wait."""

SLICE = 128
"""Things that are handed out before the clock is looked at again, which costs as much as handing out one."""


class Fairness:
    """How long a task has gone on without others, as far as that is known here.

    What waited for something unbeknown has gone on for less; a pause too many costs a few microseconds.
    """

    __slots__ = ("_began", "_longest")

    def __init__(self, longest: float | None = None) -> None:
        """`longest`: seconds without a pause after which others get a turn; None: as is usual."""
        self._longest = LONGEST if longest is None else longest
        self._began = time.monotonic()

    def begin(self) -> None:
        """Others have just had their turn: the task has waited for something."""
        self._began = time.monotonic()

    async def pause(self) -> None:
        """Let other tasks go on, if this one has gone on for long. A cancellation here is one of a task that waits."""
        if time.monotonic() - self._began > self._longest:
            await asyncio.sleep(0)
            self.begin()
