"""Fetching with canvus_async as its README shows it, with all default guarantees."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import aclosing

from benchmarks.candidates.files import folder, slow_disk, whole_files
from benchmarks.candidates.limit_fetches import finished
from benchmarks.jobs import TOKEN, AssetJob, Delivered, FetchJob
from benchmarks.watch import Watch
from canvus_async import Client, Limits

CANVAS = "3ad9ece4-28be-4e19-9f9a-1a01a4dbae28"


def client_of(job: FetchJob) -> Client:
    """A client with limits for the concurrency of the job, and defaults for everything else."""
    limits = Limits(mipmaps=job.concurrency, connections=max(100, job.concurrency))
    return Client(job.url, token=TOKEN, limits=limits)


async def _by_workers(job: FetchJob, one: Callable[[str], Awaitable[None]]) -> None:
    """N tasks over one iterator, with one call per item."""

    async def work(hashes: Iterator[str]) -> None:
        for hash_ in hashes:
            await one(hash_)

    hashes = iter(job.hashes())
    async with asyncio.TaskGroup() as group:
        for _ in range(job.concurrency):
            group.create_task(work(hashes))


async def fetch(job: FetchJob, watch: Watch) -> Delivered:
    """`mipmaps.fetch()` by N workers."""
    fetched = 0
    async with client_of(job) as client:
        mipmaps = client.canvas(CANVAS).mipmaps

        async def one(hash_: str) -> None:
            nonlocal fetched
            body = await mipmaps.fetch(hash_, 0)
            fetched += len(body) == job.size

        watch.start()
        await _by_workers(job, one)
        watch.stop()
    return Delivered(fetched)


async def fetch_many(job: FetchJob, watch: Watch) -> Delivered:
    """`mipmaps.fetch_many()`."""
    fetched = 0
    async with client_of(job) as client:
        watch.start()
        async with aclosing(client.canvas(CANVAS).mipmaps.fetch_many(job.hashes(), levels=0)) as results:
            async for result in results:
                fetched += len(result.body) == job.size
        watch.stop()
    return Delivered(fetched)


async def files(job: FetchJob, watch: Watch) -> Delivered:
    """`mipmaps.download()` by N workers."""
    into = folder(job)
    async with client_of(job) as client:
        mipmaps = client.canvas(CANVAS).mipmaps

        async def one(hash_: str) -> None:
            await mipmaps.download(hash_, 0, to=f"{into}/{hash_}.webp")

        watch.start()
        await _by_workers(job, one)
        watch.stop()
    return Delivered(whole_files(into, job.size))


async def download_many(job: FetchJob, watch: Watch) -> Delivered:
    """`mipmaps.download_many()`, which also writes a list of its files."""
    async with client_of(job) as client:
        watch.start()
        results = client.canvas(CANVAS).mipmaps.download_many(job.hashes(), into=job.folder, levels=0, pages=0)
        async with aclosing(results):
            async for result in results:
                if result.error is not None:
                    raise result.error
        watch.stop()
    return Delivered(whole_files(f"{job.folder}/mipmaps", job.size))


async def save(job: AssetJob, watch: Watch) -> Delivered:
    """`assets.download()`."""
    with slow_disk(job.slow_disk):
        async with Client(job.url, token=TOKEN) as client:
            watch.start()
            path = await client.canvas(CANVAS).assets.download(job.hash, to=job.path)
            watch.stop()
    return finished(job, path.stat().st_size)
