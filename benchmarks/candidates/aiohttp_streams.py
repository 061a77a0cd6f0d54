"""Reading a stream of lines with aiohttp: `async for line in response.content`, then `json`."""

import json
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager
from typing import Any, TypeAlias

import aiohttp

from benchmarks.candidates.slow import slowly
from benchmarks.jobs import TOKEN, Delivered, PacedJob, StreamJob, punctuality
from benchmarks.watch import Watch

HEADERS = {"Private-Token": TOKEN}
Found: TypeAlias = "list[dict[str, Any]] | dict[str, Any]"
"""The content of a line."""

_LONGEST = 256 << 20


@asynccontextmanager
async def opened(url: str, canvas_id: str) -> AsyncGenerator[aiohttp.StreamReader, None]:
    """The body of the response to a subscription."""
    async with (
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None)) as session,
        session.get(f"{url}/api/v1/canvases/{canvas_id}/widgets?subscribe", headers=HEADERS) as response,
    ):
        yield response.content


async def stream(job: StreamJob, watch: Watch) -> Delivered:
    """Count the objects in each line."""
    left = job.count
    widget: Any = None
    watch.start()
    async with opened(job.url, job.canvas_id) as content:
        async for line in content:
            found: Found = json.loads(line)
            for widget in found if isinstance(found, list) else [found]:  # noqa: B007  # read after the loop
                left -= 1
            if left <= 0:
                break
        watch.stop()
    return Delivered(job.count - left, where(widget))


async def first_line(job: StreamJob, watch: Watch) -> Delivered:
    """A first line that is too long for `async for`: `readline` with a higher limit."""
    watch.start()
    async with opened(job.url, job.canvas_id) as content:
        found = json.loads(await content.readline(max_line_length=_LONGEST))
        watch.stop()
    return Delivered(len(found), where(found[-1]))


async def paced(job: PacedJob, watch: Watch) -> Delivered:
    """Measure the latency of each note."""
    delays: list[int] = []
    watch.start()
    async with opened(job.url, job.canvas_id) as content:
        async for line in content:
            delays.extend(time.monotonic_ns() - int(widget["text"]) for widget in json.loads(line))
            if len(delays) >= job.plan.events:
                break
        watch.stop()
    return punctuality(delays)


async def slow(job: StreamJob, watch: Watch) -> Delivered:
    """A slow consumer of an async generator over the lines."""
    async with opened(job.url, job.canvas_id) as content, aclosing(_each(content)) as widgets:
        return await slowly(widgets, job, watch)


async def _each(content: aiohttp.StreamReader) -> AsyncGenerator[Any, None]:
    async for line in content:
        found: Found = json.loads(line)
        for widget in found if isinstance(found, list) else [found]:
            yield widget


def where(widget: dict[str, Any]) -> tuple[str, float]:
    """The id and the x of a widget."""
    return widget["id"], widget["location"]["x"]
