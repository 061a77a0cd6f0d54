"""A consumer that cannot keep up."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from benchmarks.jobs import Delivered, StreamJob
from benchmarks.watch import Watch

_AT_A_TIME = 1000
_PAUSE = 0.05


async def slowly(items: AsyncIterator[object], job: StreamJob, watch: Watch) -> Delivered:
    """A thousand at a time, then a pause, for as long as the job says."""
    taken = 0
    watch.start()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(job.seconds):
            while True:
                for _ in range(_AT_A_TIME):
                    await anext(items)
                    taken += 1
                await asyncio.sleep(_PAUSE)
    watch.stop()
    return Delivered(taken)
