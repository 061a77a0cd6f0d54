"""A worker: a process that runs one candidate, one job per line on its standard input."""

import asyncio
import importlib
import os
import sys
import traceback
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import TypeAlias

import msgspec

from benchmarks.jobs import Delivered, Job, Order, Report
from benchmarks.watch import Lag, LongestStep, PeakMemory, Watch, keep_freed_memory

Candidate: TypeAlias = Callable[[Job, Watch], Awaitable[Delivered]]


def run(order: Order) -> Report:
    """Run a job in a new event loop."""
    watch = Watch()
    module, _, name = order.candidate.partition(":")
    try:
        candidate: Candidate = getattr(importlib.import_module(f"benchmarks.candidates.{module}"), name)
        delivered = asyncio.run(_observed(candidate, order, watch))
    except Exception:  # noqa: BLE001  # reported to the parent process, which raises it
        return Report(failure=traceback.format_exc())
    return Report(delivered, watch.seconds, watch.cpu)


async def _observed(candidate: Candidate, order: Order, watch: Watch) -> Delivered:
    figures: dict[str, float] = {}
    async with AsyncExitStack() as observers:
        if "memory" in order.observe:
            memory = PeakMemory()
            observers.callback(lambda: figures.update(memory=memory.over_start()))
        if "step" in order.observe:
            step = LongestStep(watch)
            observers.callback(lambda: figures.update(step=step.seconds))
            observers.enter_context(step)
        if "lag" in order.observe:
            lag = Lag()
            observers.callback(lambda: figures.update(lag=lag.p99))
            await observers.enter_async_context(lag)
        delivered = await candidate(order.job, watch)
    delivered.figures.update(figures)
    return delivered


def _main() -> None:
    keep_freed_memory()
    reports = os.fdopen(os.dup(sys.stdout.fileno()), "wb", buffering=0)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # output of a candidate must not mix with the reports
    for line in sys.stdin.buffer:
        reports.write(msgspec.json.encode(run(msgspec.json.decode(line, type=Order))) + b"\n")


if __name__ == "__main__":
    _main()
