"""Where disk work runs: in the event loop while the disk is fast, else in a thread."""

import asyncio
import time
from collections.abc import Callable
from typing import Literal, TypeAlias, TypeVar

T = TypeVar("T")

DiskMode: TypeAlias = Literal["auto", "threads"]
"""How the client works with the disk: "auto" measures it, "threads" never touches it in the event loop."""

FAST = 0.01
"""Seconds below which a piece of disk work is fast.

In a busy program, a thread waits up to 5 ms for the interpreter's lock after each call of the system. So a smaller limit
would take a fast disk for a slow one.
"""

PROOFS = 64
"""Pieces of fast work in a row, each measured in a thread, that move the work into the event loop."""


class Disk:
    """Runs short pieces of disk work of one client or cache.

    A local disk answers from memory in microseconds, and handing each file to a thread would take a third of the speed
    of a bulk download. A network drive or a disk that has stopped takes 50 to 500 ms a call, in which all other tasks
    would stand still. So the disk is measured: the work starts in threads, moves into the event loop once it has proved
    to be fast, and back into threads as soon as one piece is slow.
    """

    def __init__(self, mode: DiskMode = "auto") -> None:
        if mode not in {"auto", "threads"}:
            raise ValueError(f'disk must be "auto" or "threads", got {mode!r}')
        self.mode = mode
        self._fast = 0

    @property
    def in_loop(self) -> bool:
        """Whether the next piece of work runs in the event loop."""
        return self.mode == "auto" and self._fast >= PROOFS

    async def run(self, work: Callable[[], T]) -> T:
        """The result of blocking work. If cancelled while a thread does it, the thread finishes first."""
        if self.in_loop:
            return self.measured(work)
        doing = asyncio.get_running_loop().run_in_executor(None, self.measured, work)
        await until_done(doing)
        return doing.result()

    def measured(self, work: Callable[[], T]) -> T:
        """Do the work here and now, and take its time."""
        start = time.perf_counter()
        try:
            return work()
        finally:
            self._fast = self._fast + 1 if time.perf_counter() - start < FAST else 0


async def until_done(work: asyncio.Future[T]) -> None:
    """Wait until a thread has finished. A cancellation in the meantime is raised after that."""
    cancelled = None
    while not work.done():
        try:
            await asyncio.wait([work])
        except asyncio.CancelledError as cancel:
            cancelled = cancel
    if cancelled is not None:
        if not work.cancelled():
            work.exception()  # retrieved: the cancellation is raised in its place
        raise cancelled
