"""Fetching many files with aiohttp: in the usual way, and with everything that makes it faster."""

import asyncio
import os
from collections.abc import Iterator

import aiohttp
from yarl import URL

from benchmarks.candidates.files import folder, save_whole, slow_disk, whole_files
from benchmarks.candidates.limit_fetches import finished
from benchmarks.jobs import TOKEN, AssetJob, CacheJob, Delivered, FetchJob
from benchmarks.watch import Watch

HEADERS = {"Private-Token": TOKEN, "canvas-id": "c"}
_CHUNK = 256 << 10


def mipmap_urls(job: FetchJob | CacheJob) -> list[str]:
    """The URLs to fetch."""
    return [f"{job.url}/api/v1/mipmaps/{hash_}/0" for hash_ in job.hashes()]


async def semaphore(job: FetchJob, watch: Watch) -> Delivered:
    """A task per item and a semaphore."""
    room = asyncio.Semaphore(job.concurrency)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=max(100, job.concurrency))) as session:

        async def one(url: str) -> bool:
            async with room, session.get(url, headers=HEADERS) as response:
                return len(await response.read()) == job.size

        watch.start()
        fetched = await asyncio.gather(*(one(url) for url in mipmap_urls(job)))
        watch.stop()
    return Delivered(sum(fetched))


async def tuned(job: FetchJob, watch: Watch) -> Delivered:
    """N workers over one iterator, prepared URLs, no time limits, no default headers, no decompression."""
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=max(100, job.concurrency)),
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),
        skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding"),
        auto_decompress=False,
        headers=HEADERS,
        cookie_jar=aiohttp.DummyCookieJar(),
    ) as session:
        fetched = 0

        async def work(urls: Iterator[URL]) -> None:
            nonlocal fetched
            for url in urls:
                async with session.get(url) as response:
                    body = await response.read()
                fetched += len(body) == job.size

        urls = iter([URL(url) for url in mipmap_urls(job)])
        watch.start()
        async with asyncio.TaskGroup() as group:
            for _ in range(job.concurrency):
                group.create_task(work(urls))
        watch.stop()
    return Delivered(fetched)


async def files(job: FetchJob, watch: Watch) -> Delivered:
    """A task per item and a semaphore; each body is written in the event loop to a temporary name and renamed."""
    room = asyncio.Semaphore(job.concurrency)
    into = folder(job)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=max(100, job.concurrency))) as session:

        async def one(number: int, url: str) -> None:
            async with room, session.get(url, headers=HEADERS) as response:
                save_whole(f"{into}/{number}.webp", await response.read())

        watch.start()
        await asyncio.gather(*(one(number, url) for number, url in enumerate(mipmap_urls(job))))
        watch.stop()
    return Delivered(whole_files(into, job.size))


async def save(job: AssetJob, watch: Watch) -> Delivered:
    """One large body with `iter_chunked`; each chunk is written in the event loop."""
    size = 0
    file = os.open(job.path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    with slow_disk(job.slow_disk):
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None)) as session:
            watch.start()
            async with session.get(f"{job.url}/api/v1/assets/{job.hash}", headers=HEADERS) as response:
                async for chunk in response.content.iter_chunked(_CHUNK):
                    size += os.write(file, chunk)
            watch.stop()
    os.close(file)
    return finished(job, size)


async def one_by_one(job: CacheJob, watch: Watch) -> Delivered:
    """`count` requests, one after another."""
    urls = mipmap_urls(job)
    fetched = 0
    async with aiohttp.ClientSession() as session:
        watch.start()
        for number in range(job.count):
            async with session.get(urls[number % job.keys], headers=HEADERS) as response:
                fetched += len(await response.read()) == job.size
        watch.stop()
    return Delivered(fetched)
