"""Original files by content hash (API page "Mipmaps and Assets", section "Download an Asset by Hash")."""

import os
from collections.abc import AsyncGenerator, AsyncIterable, Iterable
from pathlib import Path

from canvus_async.bulk import calls
from canvus_async.bulk.export import Downloaded
from canvus_async.bulk.items import Item
from canvus_async.bulk.job import OnError
from canvus_async.content.asset_stream import AssetStream
from canvus_async.content.fetcher import Fetcher
from canvus_async.progress import BulkProgress, Progress


class Assets:
    """The original files of the images, PDFs and videos of one canvas, as they were uploaded.

    All calls need a token, also for canvases with link sharing; without one they raise ValueError before any request.
    They raise NotFound for a hash that is not on this canvas, and ValueError for an empty hash.
    """

    def __init__(self, fetcher: Fetcher, canvas_id: str) -> None:
        self._fetcher = fetcher
        self._canvas_id = canvas_id

    def __repr__(self) -> str:
        return f"<Assets of canvas {self._canvas_id}>"

    async def fetch(self, hash: str, *, max_bytes: int | None = None) -> bytes:  # noqa: A002  # the wire's name
        """The bytes of the whole file, in memory. Not cached.

        Raises NotFound, UnexpectedContent for a file larger than `max_bytes` (default: `Limits.asset`),
        IncompleteDownload if a truncation could not be detected, and CorruptDownload if the content does not match the
        hash.
        """
        return await self._fetcher.asset(self._canvas_id, hash, max_bytes)

    async def download(
        self,
        hash: str,  # noqa: A002
        *,
        to: str | os.PathLike[str],
        max_bytes: int | None = None,
        overwrite: bool = True,
        fsync: bool = False,
        progress: Progress | None = None,
    ) -> Path:
        """Save the file at the path `to` and return that path. The file appears only when complete.

        An interrupted download is resumed where it stopped if the server supports that. The content is checked against
        the hash if the server's hashes can be checked. With `fsync`, the file survives a power failure once the call
        has returned. `progress` is called with the bytes so far and in all.

        Raises NotFound, UnexpectedContent for a file larger than `max_bytes` (None = no limit), IncompleteDownload,
        CorruptDownload, Stalled, LocalWriteError, and FileExistsError if `overwrite` is false and the file exists.
        """
        await self._fetcher.save_asset(
            self._canvas_id, hash, to, max_bytes=max_bytes, overwrite=overwrite, fsync=fsync, progress=progress
        )
        return Path(to)

    def stream(self, hash: str, *, part: str | None = None) -> AssetStream:  # noqa: A002
        """The file as a stream of chunks, for example to pass it on in a web backend.

            async with canvas.assets.stream(hash) as body:
                print(body.size, body.headers["Content-Type"])
                async for chunk in body: ...

        Only as much is read ahead as fits into the buffers of the connection. Leaving the block closes the connection.
        `part` is the value of a Range header, for example "bytes=0-1023"; `body.status` is 206 then. At most
        `Limits.streams` streams are open at the same time. `examples/` contains proxies for aiohttp.web and Starlette.

        Entering the block raises NotFound and other ApiErrors. The loop raises IncompleteDownload if the body is
        truncated, Stalled if no more bytes arrive. Raises ValueError for an invalid hash or `part`.
        """
        return self._fetcher.stream(self._canvas_id, hash, part)

    def download_many(
        self,
        items: Iterable[Item] | AsyncIterable[Item],
        *,
        into: str | os.PathLike[str],
        concurrency: int | None = None,
        on_error: OnError = "yield",
        fsync: bool = False,
        progress: BulkProgress | None = None,
    ) -> AsyncGenerator[Downloaded, None]:
        """Download the files of many widgets or hashes to `into/<hash>.<extension>`.

        At most `concurrency` files are downloaded at the same time, and never more than `Limits.assets`. The results
        and the other arguments are those of `Canvas.download_many()`. Existing files are not fetched again, so an
        interrupted run can be repeated to complete it. `into/export.jsonl` has a line for each file. Raises what
        `Canvas.download_many()` raises.
        """
        return calls.download_many(
            self._fetcher,
            self._canvas_id,
            items,
            into=into,
            levels=None,
            pages=0,
            originals=True,
            concurrency=concurrency,
            on_error=on_error,
            fsync=fsync,
            progress=progress,
        )
