"""Downscaled pictures of images and PDF pages, by content hash (seed 000)."""

import os
from collections.abc import AsyncGenerator, AsyncIterable, Iterable
from pathlib import Path

from canvus_async.bulk import calls
from canvus_async.bulk.calls import Fetched
from canvus_async.bulk.export import Downloaded
from canvus_async.bulk.items import Levels, MipmapItem, Pages
from canvus_async.bulk.job import OnError
from canvus_async.content.fetcher import Fetcher
from canvus_async.models import MipmapInfo
from canvus_async.progress import BulkProgress, Progress


class Mipmaps:
    """The mipmap levels of what lies on one canvas: WebP, level 0 in original size, each level half the one before.

    All calls need a token besides the canvas, also on shared canvases, and say so before any request. What is fetched
    is cached without end, since a hash names one content for ever. Raises NotFound for a hash that this canvas does not
    have, NotSupported for an asset without mipmaps such as a video, ValueError for an empty hash or a level below 0.
    """

    def __init__(self, fetcher: Fetcher, canvas_id: str) -> None:
        self._fetcher = fetcher
        self._canvas_id = canvas_id

    async def info(self, hash: str, /, *, page: int = 0) -> MipmapInfo:  # noqa: A002  # the wire's name
        """Resolution in pixels, highest level, number of pages; `page` counts from 0. Seed 000, "Get Mipmap Info".

        Cached. Raises NotFound, NotSupported for what has no mipmaps, BadRequest for a page that there is not.
        """
        return await self._fetcher.info(self._canvas_id, hash, page)

    async def fetch(self, hash: str, level: int, /, *, page: int = 0) -> bytes:  # noqa: A002
        """The WebP bytes of one level; `page` counts from 0. Seed 000, "Get Mipmap Level".

        Cached; asked for by many at once, it is fetched once. Raises BadRequest for a level above `max_level`,
        NotFound, NotSupported, and UnexpectedContent for an answer that is no WebP image.
        """
        return await self._fetcher.mipmap(self._canvas_id, hash, level, page)

    async def fetch_fit(self, hash: str, /, *, width: int, height: int, page: int = 0) -> bytes:  # noqa: A002
        """The WebP bytes of the smallest level that covers a box of `width` x `height` pixels, level 0 if none does.

        Two requests at most: the info and the level, both cached. Raises ValueError for a box without an area, and
        what `info()` and `fetch()` raise: NotFound, NotSupported, UnexpectedContent.
        """
        info = await self.info(hash, page=page)
        return await self.fetch(hash, info.level_for(width, height), page=page)

    async def download(
        self,
        hash: str,  # noqa: A002
        level: int,
        /,
        *,
        to: str | os.PathLike[str],
        page: int = 0,
        overwrite: bool = True,
        fsync: bool = False,
        progress: Progress | None = None,
    ) -> Path:
        """Save one level as a WebP file at the path `to`, which is there whole or not at all; returns that path.

        Taken from the cache where `fetch()` has put it there, and not put there besides.
        `fsync`: return only once the file would survive a power cut. `progress` is called with the bytes so far and in
        all. Raises NotFound, IncompleteDownload, UnexpectedContent, LocalWriteError, and FileExistsError when
        `overwrite` is false and there is a file.
        """
        await self._fetcher.save_level(
            self._canvas_id, hash, level, page, to, overwrite=overwrite, fsync=fsync, progress=progress
        )
        return Path(to)

    def fetch_many(
        self,
        items: Iterable[MipmapItem] | AsyncIterable[MipmapItem],
        /,
        *,
        levels: Levels = "all",
        pages: Pages = 0,
        concurrency: int | None = None,
        on_error: OnError = "yield",
        progress: BulkProgress | None = None,
    ) -> AsyncGenerator[Fetched, None]:
        """Levels of many contents, in the order in which they come; `async for` over it.

        `items` are widgets, hashes or MipmapRequests, in any iterable or async iterable, which is read as there is room
        for more: a million cost no more memory than a hundred. Widgets without mipmaps are passed over. `levels` and
        `pages` count for items that do not say themselves: a number, "all", several numbers of those that exist, and
        for levels `Fit(width, height)`. At most `concurrency` at a time, and never more than `Limits.mipmaps`.

        An item that fails is a result with an `error`; `on_error="raise"` raises the first instead. `progress` is
        called with the results so far, the bytes so far, and the results in all, None while that is unknown. To leave
        before the end, use it inside `contextlib.aclosing`.
        """
        return calls.fetch_many(
            self._fetcher,
            self._canvas_id,
            items,
            levels=levels,
            pages=pages,
            concurrency=concurrency,
            on_error=on_error,
            progress=progress,
        )

    def download_many(
        self,
        items: Iterable[MipmapItem] | AsyncIterable[MipmapItem],
        /,
        *,
        into: str | os.PathLike[str],
        levels: Levels = "all",
        pages: Pages = "all",
        concurrency: int | None = None,
        on_error: OnError = "yield",
        fsync: bool = False,
        progress: BulkProgress | None = None,
    ) -> AsyncGenerator[Downloaded, None]:
        """Levels of many contents as files `into/mipmaps/<hash>-<page>-<level>.webp`; else as `fetch_many()`.

        What is whole is not fetched again, so run it again to finish; `into/export.jsonl` tells what each file is. See
        `Canvas.download_many()`.
        """
        return calls.download_many(
            self._fetcher,
            self._canvas_id,
            items,
            into=into,
            levels=levels,
            pages=pages,
            originals=False,
            concurrency=concurrency,
            on_error=on_error,
            fsync=fsync,
            progress=progress,
        )
