"""`fetch_many()` and `download_many()`, put together from their parts."""

import os
from collections.abc import AsyncGenerator, AsyncIterable, Iterable, Sized
from contextlib import asynccontextmanager

import msgspec

from canvus_async.bulk.export import Downloaded, Export
from canvus_async.bulk.items import Levels, Pages
from canvus_async.bulk.job import Fetch, Job, OnError
from canvus_async.bulk.lanes import Lane
from canvus_async.bulk.planner import FileRequest, Planner
from canvus_async.content.fetcher import Fetcher
from canvus_async.generators import ResumableGenerator
from canvus_async.http.limiters import Limiter
from canvus_async.options import check_positive
from canvus_async.progress import BulkProgress, ProgressCounter


class Fetched(msgspec.Struct, frozen=True, kw_only=True):
    """One mipmap level of a bulk fetch, or the error that prevented it.

    `item` is the item it was requested by. `body` is the WebP image, b"" if there is an `error`.
    """

    item: object
    hash: str
    page: int | None = None
    level: int | None = None
    body: bytes = b""
    error: Exception | None = None


def fetch_many(
    fetcher: Fetcher,
    canvas_id: str,
    items: Iterable[object] | AsyncIterable[object],
    *,
    levels: Levels,
    pages: Pages,
    concurrency: int | None,
    on_error: OnError,
    progress: BulkProgress | None,
) -> AsyncGenerator[Fetched, None]:
    """Mipmap levels into memory."""
    fetcher.check_identified()
    counter = ProgressCounter(_size_of(items), progress)

    async def fetch(request: FileRequest) -> Fetched:
        hash_, page, level = request.content.hash, request.page or 0, request.level or 0
        body = await fetcher.mipmap(canvas_id, hash_, level, page)
        counter.add(len(body))
        return Fetched(item=request.item, hash=hash_, page=page, level=level, body=body)

    def failed(request: FileRequest, error: Exception) -> Fetched:
        return Fetched(
            item=request.item, hash=request.content.hash, page=request.page, level=request.level, error=error
        )

    @asynccontextmanager
    async def opened() -> AsyncGenerator[Fetch[Fetched]]:
        yield fetch

    job = Job(
        items,
        Planner(fetcher, canvas_id, levels=levels, pages=pages, originals=False),
        opened(),
        failed,
        mipmaps=Lane(_workers(concurrency, fetcher.transport.limiters.mipmaps)),
        originals=None,
        counter=counter,
        on_error=on_error,
    )
    return ResumableGenerator(job)


def download_many(
    fetcher: Fetcher,
    canvas_id: str,
    items: Iterable[object] | AsyncIterable[object],
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
    """Download mipmap levels (None: none) and originals to a folder; a dry run only reports missing files."""
    fetcher.check_identified()
    if levels is None and not originals:
        raise ValueError("nothing to download: pass levels= or originals=True")
    counter = ProgressCounter(_size_of(items), progress)
    limiters = fetcher.transport.limiters
    export = Export(
        fetcher, canvas_id, into, with_levels=levels is not None, fsync=fsync, counter=counter, dry_run=dry_run
    )
    job = Job(
        items,
        Planner(fetcher, canvas_id, levels=levels, pages=pages, originals=originals),
        export.opened(),
        export.failed,
        mipmaps=None if levels is None else Lane(_workers(concurrency, limiters.mipmaps)),
        originals=Lane(_workers(concurrency, limiters.assets)) if originals else None,
        counter=counter,
        on_error=on_error,
    )
    return ResumableGenerator(job)


def _size_of(items: object) -> int | None:
    """How many items there are, if that is known in advance. Raises TypeError for text, which is not a list."""
    if isinstance(items, str | bytes):
        raise TypeError(f"items must be an iterable of widgets, hashes or requests, not {type(items).__name__}")
    return len(items) if isinstance(items, Sized) else None


def _workers(concurrency: int | None, limiter: Limiter) -> int:
    """How many workers: no more than the client's limit, so that no other call waits behind a queue of them."""
    check_positive("concurrency", optional={"concurrency"}, integers={"concurrency"}, concurrency=concurrency)
    return limiter.total if concurrency is None else min(concurrency, limiter.total)
