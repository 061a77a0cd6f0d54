"""The caches of canvus_async: the cost of a cached result, and the number of requests."""

import asyncio
import pkgutil
from collections.abc import Coroutine, Iterator
from typing import Any

from benchmarks.candidates.ours_fetches import CANVAS
from benchmarks.jobs import TOKEN, CacheJob, Delivered
from benchmarks.watch import Watch
from canvus_async import Cache, Client


async def memory(job: CacheJob, watch: Watch) -> Delivered:
    """`mipmaps.fetch()` of items in the MemoryCache, which every client has by default."""
    async with Client(job.url, token=TOKEN) as client:
        delivered = await _warm(client, job, watch)
        again = client.canvas(CANVAS).mipmaps.fetch(job.hashes()[0], 0)
        delivered.figures["switches"] = float(_waits(again))
        return delivered


async def disk(job: CacheJob, watch: Watch) -> Delivered:
    """`mipmaps.fetch()` of items in a DiskCache."""
    cache: Cache = pkgutil.resolve_name("canvus_async:DiskCache")(job.folder)
    async with Client(job.url, token=TOKEN, cache=cache) as client:
        return await _warm(client, job, watch)


async def none(job: CacheJob, watch: Watch) -> Delivered:
    """`mipmaps.fetch()` without a cache: a request each time."""
    async with Client(job.url, token=TOKEN, cache=None) as client:
        return await _warm(client, job, watch)


async def _warm(client: Client, job: CacheJob, watch: Watch) -> Delivered:
    mipmaps = client.canvas(CANVAS).mipmaps
    hashes = job.hashes()
    for hash_ in hashes:
        await mipmaps.fetch(hash_, 0)
    fetched = 0
    watch.start()
    for number in range(job.count):
        fetched += len(await mipmaps.fetch(hashes[number % job.keys], 0)) == job.size
    watch.stop()
    return Delivered(fetched)


def _waits(call: Coroutine[Any, Any, bytes]) -> bool:
    """Whether a call suspends before it returns."""
    try:
        call.send(None)
    except StopIteration:
        return False
    call.close()
    return True


async def askers(job: CacheJob, watch: Watch) -> Delivered:
    """`count` tasks that fetch the same uncached item at the same time."""
    async with Client(job.url, token=TOKEN) as client:
        mipmaps = client.canvas(CANVAS).mipmaps
        watch.start()
        bodies = await asyncio.gather(*(mipmaps.fetch(job.hashes()[0], 0) for _ in range(job.count)))
        watch.stop()
    return Delivered(sum(len(body) == job.size for body in bodies))


async def generator(job: CacheJob, watch: Watch) -> Delivered:
    """`mipmaps.fetch_many()` over a generator of `count` items that are all in the cache."""
    async with Client(job.url, token=TOKEN) as client:
        mipmaps = client.canvas(CANVAS).mipmaps
        hashes = job.hashes()
        for hash_ in hashes:
            await mipmaps.fetch(hash_, 0)

        def items() -> Iterator[str]:
            for number in range(job.count):
                yield hashes[number % job.keys]

        fetched = 0
        watch.start()
        async for result in mipmaps.fetch_many(items(), levels=0):
            fetched += result.error is None
        watch.stop()
    return Delivered(fetched)
