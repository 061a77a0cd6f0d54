"""What a process measures about itself: time, CPU, memory, and how long its event loop was held up."""

import asyncio
import gc
import resource
import statistics
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self

_STATUS = Path("/proc/self/status")
_CLEAR = Path("/proc/self/clear_refs")


def keep_freed_memory() -> None:
    """Once at the start of every process: after this, glibc does not give each large buffer back when it is freed.

    Without it, page faults cost a tenth to a third of a large transfer, in one candidate and not in the other.
    """
    freed = bytes(24 << 20)
    del freed


class Watch:
    """The stretch of a run that counts: seconds by the wall clock, and CPU seconds of this process or of a program."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.cpu = 0.0
        self.began_at = 0.0
        """CPU time of this thread at which it began."""

    def start(self) -> None:
        """The stretch begins, with nobody's garbage to collect."""
        gc.collect()
        self._children = _children_cpu()
        self._cpu = time.process_time()
        self._began = time.perf_counter()
        self.began_at = time.thread_time()

    def stop(self) -> None:
        """The stretch ends."""
        self.seconds = time.perf_counter() - self._began
        self.cpu = time.process_time() - self._cpu + _children_cpu() - self._children


def _children_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


class PeakMemory:
    """The most resident memory that this process has had since `PeakMemory()`, beyond what it had then, in bytes."""

    def __init__(self) -> None:
        gc.collect()
        if _CLEAR.exists():
            _CLEAR.write_text("5", encoding="ascii")  # the peak so far counts no more
        self._start = self._now("VmRSS")

    def over_start(self) -> int:
        """The most since the start."""
        return max(0, self._now("VmHWM") - self._start)

    @staticmethod
    def _now(what: str) -> int:
        if _STATUS.exists():
            line = next(line for line in _STATUS.read_text(encoding="ascii").splitlines() if line.startswith(what))
            return int(line.split()[1]) << 10
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak << 10


class LongestStep:
    """`with` it, the longest that one turn of the event loop has taken, in seconds of this thread's CPU time.

    CPU time, because being preempted by other programs is nobody's fault here. It takes a turn in every round of the
    loop, which costs time: not to be used in runs that are timed. What was done before `watch` began does not count:
    above all the garbage that it has collected then.
    """

    def __init__(self, watch: Watch) -> None:
        self.seconds = 0.0
        self._watch = watch

    def __enter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._last = time.thread_time()
        self._handle = self._loop.call_soon(self._turn)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._handle.cancel()

    def _turn(self) -> None:
        now = time.thread_time()
        self.seconds = max(self.seconds, now - max(self._last, self._watch.began_at))
        self._last = time.thread_time()
        self._handle = self._loop.call_soon(self._turn)


class Lag:
    """`async with` it, how much later than asked another task got its turn, asking every millisecond, in seconds."""

    def __init__(self) -> None:
        self._late: list[float] = []

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._ask())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        await asyncio.sleep(0.002)  # the turn that is late now counts as well
        self._task.cancel()
        await asyncio.wait([self._task])

    async def _ask(self) -> None:
        clock = asyncio.get_running_loop().time
        while True:
            due = clock() + 0.001
            await asyncio.sleep(0.001)
            self._late.append(max(0.0, clock() - due))

    @property
    def p99(self) -> float:
        """Of a hundred turns, one was later than this."""
        return statistics.quantiles(self._late, n=100)[98] if len(self._late) > 1 else max(self._late, default=0.0)
