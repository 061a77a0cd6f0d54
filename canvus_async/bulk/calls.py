"""Jobs put together: the lanes, the plan and the iterator of a bulk fetch or download."""

import os
from collections.abc import AsyncGenerator, AsyncIterable, Iterable
from typing import TypeVar

import msgspec

from canvus_async.bulk.export import Downloaded, Export
from canvus_async.bulk.items import Levels, Pages
from canvus_async.bulk.job import Bulk, Job, OnError, size_of
from canvus_async.bulk.lanes import Lane
from canvus_async.bulk.planner import Expander, Wish
from canvus_async.content.fetcher import Fetcher
from canvus_async.http.limiters import Limiter
from canvus_async.options import check_positive
from canvus_async.progress import BulkProgress, ProgressCounter

I = TypeVar("I")  # noqa: E741


class Fetched(msgspec.Struct, frozen=True, kw_only=True):
    """A level of a bulk fetch, or why there is none.

    `item` is what it was asked for with. `body` is the WebP image, b"" where there is an `error`.
    """

    item: object
    hash: str
    page: int | None = None
    level: int | None = None
    body: bytes = b""
    error: Exception | None = None


class _Fetching:
    """Into memory."""

    def __init__(self, fetcher: Fetcher, canvas_id: str, counter: ProgressCounter) -> None:
        self._fetcher = fetcher
        self._canvas_id = canvas_id
        self._counter = counter

    async def one(self, wish: Wish[Fetched]) -> Fetched:
        level, page = wish.level or 0, wish.page or 0
        body = await self._fetcher.mipmap(self._canvas_id, wish.content.hash, level, page)
        self._counter.moved(len(body))
        return Fetched(item=wish.item, hash=wish.content.hash, page=page, level=level, body=body)

    def failed(self, wish: Wish[Fetched], error: Exception) -> Fetched:
        return Fetched(item=wish.item, hash=wish.content.hash, page=wish.page, level=wish.level, error=error)


def fetch_many(
    fetcher: Fetcher,
    canvas_id: str,
    items: Iterable[I] | AsyncIterable[I],
    *,
    levels: Levels,
    pages: Pages,
    concurrency: int | None,
    on_error: OnError,
    progress: BulkProgress | None,
) -> AsyncGenerator[Fetched, None]:
    """Levels of mipmaps into memory."""
    fetcher.check_identified()
    counter = ProgressCounter(size_of(items), progress)
    lane: Lane[Fetched] = Lane(_workers(concurrency, fetcher.transport.limiters.mipmaps))
    making = _Fetching(fetcher, canvas_id, counter)
    expander = Expander(fetcher, canvas_id, making, mipmaps=lane, levels=levels, pages=pages)
    return Bulk(Job(items, expander.plan, (lane,), counter=counter, on_error=checked(on_error)))


def download_many(
    fetcher: Fetcher,
    canvas_id: str,
    items: Iterable[I] | AsyncIterable[I],
    *,
    into: str | os.PathLike[str],
    levels: Levels | None,
    pages: Pages,
    originals: bool,
    concurrency: int | None,
    on_error: OnError,
    fsync: bool,
    progress: BulkProgress | None,
    dry_run: bool = False,
) -> AsyncGenerator[Downloaded, None]:
    """Levels of mipmaps (None: none) and originals into a folder; a dry run only tells what there is to do."""
    fetcher.check_identified()
    counter = ProgressCounter(size_of(items), progress)
    limiters = fetcher.transport.limiters
    mipmaps: Lane[Downloaded] | None = None if levels is None else Lane(_workers(concurrency, limiters.mipmaps))
    assets: Lane[Downloaded] | None = Lane(_workers(concurrency, limiters.assets)) if originals else None
    export = Export(fetcher, canvas_id, into, levels=levels is not None, fsync=fsync, counter=counter, dry=dry_run)
    expander = Expander(fetcher, canvas_id, export, mipmaps=mipmaps, levels=levels or 0, pages=pages, originals=assets)
    lanes = tuple(lane for lane in (mipmaps, assets) if lane is not None)
    if not lanes:
        raise ValueError("neither mipmaps nor originals are asked for")
    job = Job(
        items,
        expander.plan,
        lanes,
        counter=counter,
        on_error=checked(on_error),
        prepare=export.prepare,
        finish=export.finish,
    )
    return Bulk(job)


def checked(on_error: OnError) -> OnError:
    """`on_error` itself. Raises ValueError for what is none."""
    if on_error not in {"yield", "raise"}:
        raise ValueError(f'on_error must be "yield" or "raise", got {on_error!r}')
    return on_error


def _workers(concurrency: int | None, limiter: Limiter) -> int:
    """How many at a time: no more than the client's limit, so that nobody else waits behind a queue of them."""
    check_positive("concurrency", optional={"concurrency"}, whole={"concurrency"}, concurrency=concurrency)
    return limiter.count if concurrency is None else min(concurrency, limiter.count)
