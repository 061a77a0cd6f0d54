"""Reading a stream with httpx as the public SDK does: `aiter_lines()`, then `json`."""

import json
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import httpx

from benchmarks.candidates.aiohttp_streams import HEADERS, Found, where
from benchmarks.candidates.slow import slowly
from benchmarks.jobs import Delivered, PacedJob, StreamJob, punctuality
from benchmarks.watch import Watch


async def stream(job: StreamJob, watch: Watch) -> Delivered:
    """Count the objects in each line."""
    left = job.count
    widget: Any = None
    async with httpx.AsyncClient(timeout=None, headers=HEADERS) as client:
        watch.start()
        async with client.stream("GET", _url(job)) as response:
            async for line in response.aiter_lines():
                found: Found = json.loads(line)
                for widget in found if isinstance(found, list) else [found]:  # noqa: B007  # read after the loop
                    left -= 1
                if left <= 0:
                    break
            watch.stop()
    return Delivered(job.count - left, where(widget))


async def paced(job: PacedJob, watch: Watch) -> Delivered:
    """Measure the latency of each note."""
    delays: list[int] = []
    async with httpx.AsyncClient(timeout=None, headers=HEADERS) as client:
        watch.start()
        async with client.stream("GET", _url(job)) as response:
            async for line in response.aiter_lines():
                delays.extend(time.monotonic_ns() - int(widget["text"]) for widget in json.loads(line))
                if len(delays) >= job.plan.events:
                    break
            watch.stop()
    return punctuality(delays)


async def slow(job: StreamJob, watch: Watch) -> Delivered:
    """A slow consumer of an async generator over the lines."""
    async with (
        httpx.AsyncClient(timeout=None, headers=HEADERS) as client,
        client.stream("GET", _url(job)) as response,
        aclosing(_each(response)) as widgets,
    ):
        return await slowly(widgets, job, watch)


async def _each(response: httpx.Response) -> AsyncGenerator[Any, None]:
    async for line in response.aiter_lines():
        found: Found = json.loads(line)
        for widget in found if isinstance(found, list) else [found]:
            yield widget


def _url(job: StreamJob | PacedJob) -> str:
    return f"{job.url}/api/v1/canvases/{job.canvas_id}/widgets?subscribe"
