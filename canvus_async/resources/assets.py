"""Original files by content hash (seed 000, "Download an Asset by Hash")."""

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
    """The files behind images, PDFs and videos of one canvas, as they were uploaded.

    All calls need a token besides the canvas, and say so before any request. Raises NotFound for a hash that this
    canvas does not have, ValueError for an empty hash.
    """

    def __init__(self, fetcher: Fetcher, canvas_id: str) -> None:
        self._fetcher = fetcher
        self._canvas_id = canvas_id

    async def fetch(self, hash: str, /, *, max_bytes: int | None = None) -> bytes:  # noqa: A002  # the wire's name
        """The bytes of the whole file, in memory; not cached. Seed 000, "Download an Asset by Hash".

        Raises NotFound, UnexpectedContent for one of more than `max_bytes` (`Limits.asset` if not given),
        IncompleteDownload where its end could not be told from a cut, and CorruptDownload where its content is not
        what its hash names.
        """
        return await self._fetcher.asset(self._canvas_id, hash, max_bytes)

    async def download(
        self,
        hash: str,  # noqa: A002
        /,
        *,
        to: str | os.PathLike[str],
        max_bytes: int | None = None,
        overwrite: bool = True,
        fsync: bool = False,
        progress: Progress | None = None,
    ) -> Path:
        """Save the file at the path `to`, which is there whole or not at all; returns that path.

        A body that is cut or stalls goes on where it stopped, where the server lets it, and is checked against its hash
        where that can be. `max_bytes` refuses a longer one. `fsync`: return only once the file would survive a power
        cut. `progress` is called with the bytes so far and in all. Raises NotFound, IncompleteDownload,
        CorruptDownload, Stalled, LocalWriteError, and FileExistsError when `overwrite` is false and there is a file.
        Seed 000, "Download an Asset by Hash".
        """
        await self._fetcher.save_asset(
            self._canvas_id, hash, to, max_bytes=max_bytes, overwrite=overwrite, fsync=fsync, progress=progress
        )
        return Path(to)

    def stream(self, hash: str, /, *, part: str | None = None) -> AssetStream:  # noqa: A002
        """The file as it comes, for passing on: `async with` it, then `async for` its chunks.

            async with canvas.assets.stream(hash) as body:
                print(body.size, body.headers["Content-Type"])
                async for chunk in body: ...

        Nothing is read ahead of you but what fits into the socket's buffer, and leaving the block closes the
        connection. `part` is a Range header to ask for only that, as browsers do for films; `body.status` is 206 then.
        At most `Limits.streams` at a time. `examples/` has proxies for aiohttp.web and Starlette. Entering it raises
        NotFound and the like; the loop raises IncompleteDownload where the body is cut, Stalled where it stops.
        """
        return self._fetcher.stream(self._canvas_id, hash, part)

    def download_many(
        self,
        items: Iterable[Item] | AsyncIterable[Item],
        /,
        *,
        into: str | os.PathLike[str],
        concurrency: int | None = None,
        on_error: OnError = "yield",
        fsync: bool = False,
        progress: BulkProgress | None = None,
    ) -> AsyncGenerator[Downloaded, None]:
        """The files of many widgets or hashes as `into/<hash>.<extension>`, in the order in which they finish.

        At most `concurrency` at a time, and never more than `Limits.assets`. What is whole is not fetched again, so run
        it again to finish; `into/export.jsonl` tells what each file is. See `Canvas.download_many()`.
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
