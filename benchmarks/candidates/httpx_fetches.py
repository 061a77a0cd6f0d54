"""Fetching many files with httpx: one client, N workers."""

import asyncio
import os
from collections.abc import Iterator

import httpx

from benchmarks.candidates.aiohttp_fetches import HEADERS, mipmap_urls
from benchmarks.candidates.limit_fetches import finished
from benchmarks.jobs import AssetJob, Delivered, FetchJob
from benchmarks.watch import Watch


async def fetch(job: FetchJob, watch: Watch) -> Delivered:
    """Each body into memory."""
    fetched = 0
    limits = httpx.Limits(max_connections=max(100, job.concurrency))
    async with httpx.AsyncClient(headers=HEADERS, limits=limits) as client:

        async def work(urls: Iterator[str]) -> None:
            nonlocal fetched
            for url in urls:
                response = await client.get(url)
                fetched += len(response.content) == job.size

        urls = iter(mipmap_urls(job))
        watch.start()
        async with asyncio.TaskGroup() as group:
            for _ in range(job.concurrency):
                group.create_task(work(urls))
        watch.stop()
    return Delivered(fetched)


async def save(job: AssetJob, watch: Watch) -> Delivered:
    """One large body with `aiter_bytes`; each chunk is written in the event loop."""
    size = 0
    file = os.open(job.path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    async with httpx.AsyncClient(headers=HEADERS, timeout=None) as client:
        watch.start()
        async with client.stream("GET", f"{job.url}/api/v1/assets/{job.hash}") as response:
            async for chunk in response.aiter_bytes():
                size += os.write(file, chunk)
        watch.stop()
    os.close(file)
    return finished(job, size)
