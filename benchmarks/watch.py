"""What a process measures about itself: time, CPU, memory, and how long its event loop was blocked."""

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
    """Called at the start of every process: afterwards glibc keeps freed large buffers instead of returning them.

    Without this, page faults cost 10 to 33 % of a large transfer for some candidates and nothing for others.
    """
    freed = bytes(24 << 20)
    del freed


class Watch:
    """Measures a part of a run: wall-clock seconds, and CPU seconds of this process and its child processes."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.cpu = 0.0
        self.began_at = 0.0
        """CPU time of this thread at the start."""

    def start(self) -> None:
        """Start measuring, after a garbage collection."""
        gc.collect()
        self._children = _children_cpu()
        self._cpu = time.process_time()
        self._began = time.perf_counter()
        self.began_at = time.thread_time()

    def stop(self) -> None:
        """Stop measuring."""
        self.seconds = time.perf_counter() - self._began
        self.cpu = time.process_time() - self._cpu + _children_cpu() - self._children


def _children_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


class PeakMemory:
    """The peak of resident memory since `PeakMemory()` was called, minus the memory at that time, in bytes."""

    def __init__(self) -> None:
        gc.collect()
        if _CLEAR.exists():
            _CLEAR.write_text("5", encoding="ascii")  # reset the peak of the kernel
        self._start = self._now("VmRSS")

    def over_start(self) -> int:
        """The peak since the start, in bytes above the start."""
        return max(0, self._now("VmHWM") - self._start)

    @staticmethod
    def _now(what: str) -> int:
        if _STATUS.exists():
            line = next(line for line in _STATUS.read_text(encoding="ascii").splitlines() if line.startswith(what))
            return int(line.split()[1]) << 10
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak << 10


class LongestStep:
    """A context manager that measures the longest turn of the event loop, in seconds of CPU time of this thread.

    CPU time, because preemption by other programs must not count. It runs a callback in every turn of the loop, which
    costs time, so it is not used in timed runs. What happened before `watch` started does not count, in particular its
    garbage collection.
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
    """A context manager that measures how late a task wakes up that sleeps for a millisecond, in seconds."""

    def __init__(self) -> None:
        self._late: list[float] = []

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._sleep())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        await asyncio.sleep(0.002)  # include a turn that is late now
        self._task.cancel()
        await asyncio.wait([self._task])

    async def _sleep(self) -> None:
        clock = asyncio.get_running_loop().time
        while True:
            due = clock() + 0.001
            await asyncio.sleep(0.001)
            self._late.append(max(0.0, clock() - due))

    @property
    def p99(self) -> float:
        """The 99th percentile of the delays."""
        return statistics.quantiles(self._late, n=100)[98] if len(self._late) > 1 else max(self._late, default=0.0)
