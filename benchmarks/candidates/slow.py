"""A consumer that is slower than the server."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from benchmarks.jobs import Delivered, StreamJob
from benchmarks.watch import Watch

_AT_A_TIME = 1000
_PAUSE = 0.05


async def slowly(items: AsyncIterator[object], job: StreamJob, watch: Watch) -> Delivered:
    """Read a thousand items, pause, and repeat for `job.seconds`."""
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
