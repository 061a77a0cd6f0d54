"""Downscaled images and PDF pages by content hash (API page "Mipmaps and Assets")."""

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
    """The mipmap levels of the images and PDF pages of one canvas.

    A level is a WebP image. Level 0 has the original size; each level has half the width and height of the one before.
    Fetched levels are cached without a time limit, because a hash always names the same content.

    All calls need a token, also for canvases with link sharing; without one they raise ValueError before any request.
    They raise NotFound for a hash that is not on this canvas, NotSupported for an asset without mipmaps, such as a
    video, and ValueError for an empty hash or a level below 0.
    """

    def __init__(self, fetcher: Fetcher, canvas_id: str) -> None:
        self._fetcher = fetcher
        self._canvas_id = canvas_id

    def __repr__(self) -> str:
        return f"<Mipmaps of canvas {self._canvas_id}>"

    async def info(self, hash: str, *, page: int = 0) -> MipmapInfo:  # noqa: A002  # the wire's name
        """The size in pixels, the highest level and the number of pages. `page` counts from 0.

        Cached. Raises NotFound, NotSupported for an asset without mipmaps, BadRequest for a page that does not exist.
        API page "Mipmaps and Assets", section "Get Mipmap Info".
        """
        return await self._fetcher.info(self._canvas_id, hash, page)

    async def fetch(self, hash: str, level: int, *, page: int = 0) -> bytes:  # noqa: A002
        """The WebP bytes of one level. `page` counts from 0.

        Cached; concurrent calls for the same level share one request. Raises BadRequest for a level above `max_level`,
        NotFound, NotSupported for an asset without mipmaps, and UnexpectedContent if the response is not a WebP image.
        API page "Mipmaps and Assets", section "Get Mipmap Level".
        """
        return await self._fetcher.mipmap(self._canvas_id, hash, level, page)

    async def fetch_fit(self, hash: str, *, width: int, height: int, page: int = 0) -> bytes:  # noqa: A002
        """The WebP bytes of the smallest level that covers a box of `width` x `height` pixels; level 0 if none does.

        Makes up to two requests, for the info and for the level; both are cached. Raises ValueError for a box without
        an area, and like `info()` and `fetch()` NotFound, NotSupported, BadRequest and UnexpectedContent.
        """
        info = await self.info(hash, page=page)
        return await self.fetch(hash, info.level_for(width, height), page=page)

    async def download(
        self,
        hash: str,  # noqa: A002
        level: int,
        *,
        to: str | os.PathLike[str],
        page: int = 0,
        overwrite: bool = True,
        fsync: bool = False,
        progress: Progress | None = None,
    ) -> Path:
        """Save one level as a WebP file at the path `to` and return that path. The file appears only when complete.

        The level is taken from the cache if it is there, but it is not added to the cache. With `fsync`, the file
        survives a power failure once the call has returned. `progress` is called with the bytes so far and in all.

        Raises NotFound, NotSupported, IncompleteDownload, UnexpectedContent, LocalWriteError, and FileExistsError if
        `overwrite` is false and the file exists.
        """
        await self._fetcher.save_level(
            self._canvas_id, hash, level, page, to, overwrite=overwrite, fsync=fsync, progress=progress
        )
        return Path(to)

    def fetch_many(
        self,
        items: Iterable[MipmapItem] | AsyncIterable[MipmapItem],
        *,
        levels: Levels = "all",
        pages: Pages = 0,
        concurrency: int | None = None,
        on_error: OnError = "yield",
        progress: BulkProgress | None = None,
    ) -> AsyncGenerator[Fetched, None]:
        """Fetch levels of many images and PDFs; use it with `async for`. Results arrive in the order of completion.

        `items` are widgets, hashes or MipmapRequests in any iterable or async iterable. It is read only as fast as
        items are processed, so a million items need no more memory than a hundred. Widgets without mipmaps are skipped.
        `levels` and `pages` apply to items without their own: a number, a collection of numbers (those that exist are
        fetched), or "all"; `levels` may also be `Fit(width, height)` in pixels. At most `concurrency` requests are made
        at the same time, and never more than `Limits.mipmaps`.

        A failed request yields a result with an `error`; `on_error="raise"` raises the first error instead. `progress`
        is called with the results so far, the bytes so far, and the results in all (None while unknown). Use the
        generator inside `contextlib.aclosing` if you may leave the loop early.

        Raises ValueError or TypeError for invalid arguments and, before any request, ValueError for a client without a
        token.
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
        *,
        into: str | os.PathLike[str],
        levels: Levels = "all",
        pages: Pages = "all",
        concurrency: int | None = None,
        on_error: OnError = "yield",
        fsync: bool = False,
        progress: BulkProgress | None = None,
    ) -> AsyncGenerator[Downloaded, None]:
        """Download levels of many images and PDFs to `into/mipmaps/<hash>-<page>-<level>.webp`.

        The arguments are those of `fetch_many()`, the results those of `Canvas.download_many()`. Existing files are
        not fetched again, so an interrupted run can be repeated to complete it. `into/export.jsonl` has a line for each
        file. Raises what `Canvas.download_many()` raises.
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
