"""Mipmaps and assets by content hash: bounded, fetched once for all who ask at the same time, verified, cached."""

import asyncio
import os
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import msgspec

from canvus_async.deadlines import extend
from canvus_async.errors import ConnectFailed, CorruptDownload, IncompleteDownload
from canvus_async.files import PartFile
from canvus_async.models import MipmapInfo
from canvus_async.protocol import answers
from canvus_async.protocol.names import path_segment
from canvus_async.store import Cache
from canvus_async.transport import Request, Transport, body_chunks
from canvus_async.uploads import Progress


def is_webp(start: bytes) -> bool:
    """Whether a file that starts so can be WebP."""
    return start[:4] == b"RIFF" and start[8:12] == b"WEBP"


class Fetcher:
    """What the resources of one client fetch through, so that limits, cache and single flight hold for all of them."""

    def __init__(self, transport: Transport, cache: Cache | None) -> None:
        self._transport = transport
        self._cache = cache
        self._flights: dict[str, asyncio.Future[bytes | None]] = {}

    async def info(self, canvas_id: str, hash: str, page: int) -> MipmapInfo:  # noqa: A002  # the wire's name
        """The mipmap info of one page; from the cache where it was asked before."""
        path = f"mipmaps/{path_segment(hash, what='hash')}{_page_query(page)}"
        self.check_identified()

        async def fetch() -> bytes:
            body = await self._transport.call("GET", path, canvas_id=canvas_id, slot=self._transport.slots.mipmaps)
            answers.one(body, MipmapInfo, method="GET", path=path)  # only what can be read is cached
            return body

        return msgspec.json.decode(await self._once(f"info {hash} {page}", fetch), type=MipmapInfo)

    async def mipmap(self, canvas_id: str, hash: str, level: int, page: int) -> bytes:  # noqa: A002
        """The WebP bytes of one level; from the cache where they were fetched before."""
        path = mipmap_path(hash, level, page)
        self.check_identified()

        async def fetch() -> bytes:
            body = await self._transport.call("GET", path, canvas_id=canvas_id, slot=self._transport.slots.mipmaps)
            if not is_webp(body):
                raise answers.unreadable(body, "no WebP image", method="GET", path=path)
            return body

        return await self._once(f"mipmap {hash} {page} {level}", fetch)

    async def asset(self, canvas_id: str, hash: str, max_bytes: int | None) -> bytes:  # noqa: A002
        """The bytes of an original file, never more than `max_bytes`; not cached."""
        path = asset_path(hash)
        self.check_identified()
        limit = max_bytes or self._transport.limits.asset
        slot = self._transport.slots.assets
        return await self._transport.call("GET", path, canvas_id=canvas_id, slot=slot, max_bytes=limit)

    def check_identified(self) -> None:
        """Raise ValueError for an anonymous client: mipmaps and assets are never shared by link (seed 000)."""
        if self._transport.credentials.anonymous:
            raise ValueError("mipmaps and assets need a token besides the canvas id: pass token= to Client")

    async def _once(self, name: str, fetch: Callable[[], Awaitable[bytes]]) -> bytes:
        """What is cached under `name`, else what `fetch` brings, called once for all who ask meanwhile.

        The first asker fetches; when it is cancelled, another of those who wait takes over.
        """
        key = f"{self._transport.root} {await self._transport.credentials.identity()} {name}"
        while True:
            if self._cache is not None and (kept := self._cache.get(key)) is not None:
                return kept
            flight = self._flights.get(key)
            if flight is None:
                return await self._lead(key, fetch)
            if (answer := await asyncio.shield(flight)) is not None:
                return answer

    async def _lead(self, key: str, fetch: Callable[[], Awaitable[bytes]]) -> bytes:
        flight: asyncio.Future[bytes | None] = asyncio.get_running_loop().create_future()
        self._flights[key] = flight
        try:
            answer = await fetch()
        except Exception as error:
            flight.set_exception(error)
            flight.exception()  # seen: that nobody else waits for it is no reason for a warning
            raise
        except BaseException:
            flight.set_result(None)
            raise
        else:
            if self._cache is not None:
                self._cache.put(key, answer)
            flight.set_result(answer)
            return answer
        finally:
            del self._flights[key]

    # -- to disk --

    async def save(
        self,
        path: str,
        to: str | os.PathLike[str],
        *,
        slot: asyncio.Semaphore,
        canvas_id: str | None = None,
        webp: bool = False,
        overwrite: bool = True,
        progress: Progress | None = None,
    ) -> Path:
        """The body of `GET path` as a file at `to`, which is there whole or not at all.

        Raises IncompleteDownload or CorruptDownload when the body is not what was announced, LocalWriteError when the
        disk says no, FileExistsError when `to` exists and `overwrite` is false.
        """
        target = Path(to)
        transport = self._transport
        async with transport.deadlines.until_closed(), slot, _part(target, overwrite) as part:

            async def attempt() -> None:
                if part.size:
                    await part.restart()
                await self._receive(path, part, canvas_id=canvas_id, webp=webp, progress=progress)

            await transport.retrier.run("GET", attempt)
            return await part.publish()

    async def _receive(
        self, path: str, part: PartFile, *, canvas_id: str | None, webp: bool, progress: Progress | None
    ) -> None:
        headers = {"Accept-Encoding": "identity"}
        if canvas_id:
            headers["canvas-id"] = canvas_id
        request = Request(method="GET", path=path, headers=headers)
        stall = self._transport.timeouts.stall
        async with self._transport.exchange(request) as response, self._transport.stalling(request) as scope:
            expected = _announced(response, part)
            try:
                async for chunk in body_chunks(request, response):
                    extend(scope, None)  # a slow disk is no stall
                    if webp and part.size == 0 and not is_webp(chunk):
                        raise answers.unreadable(chunk, "no WebP image", method="GET", path=path)
                    await part.write(chunk)
                    if progress is not None:
                        progress(part.size, part.size if expected is None else expected)
                    extend(scope, stall)
            except ConnectFailed as error:
                raise _incomplete(f"cut short: {error}", part, expected) from None
        if expected is not None and part.size != expected:
            raise _incomplete("another length than announced", part, expected)


def _incomplete(what: str, part: PartFile, expected: int | None) -> IncompleteDownload:
    words = f"{what} ({part.size} bytes of {'an unknown number' if expected is None else expected})"
    return IncompleteDownload(words, path=str(part.target), received=part.size, expected=expected)


@asynccontextmanager
async def _part(target: Path, overwrite: bool) -> AsyncGenerator[PartFile]:
    part = PartFile(target, overwrite=overwrite)
    try:
        yield part
    finally:
        await part.discard()


def _announced(response: aiohttp.ClientResponse, part: PartFile) -> int | None:
    """The length that the answer announces; None for a chunked one, which tells its end. Raises where neither holds."""
    if response.headers.get("Content-Encoding", "identity") != "identity":
        what = "the server compressed it although asked not to, so its length cannot be checked"
        raise CorruptDownload(what, path=str(part.target))
    if response.content_length is None and response.headers.get("Transfer-Encoding", "").lower() != "chunked":
        raise IncompleteDownload("no length was announced, so its end cannot be told from a cut", path=str(part.target))
    return response.content_length


def asset_path(hash: str) -> str:  # noqa: A002  # the wire's name
    """The path of an original file. Raises ValueError for what is no hash."""
    return f"assets/{path_segment(hash, what='hash')}"


def mipmap_path(hash: str, level: int, page: int) -> str:  # noqa: A002  # the wire's name
    """The path of one mipmap level. Raises ValueError for a level or page below 0 and for what is no hash."""
    if isinstance(level, bool) or not isinstance(level, int):
        raise TypeError(f"level must be a whole number, got {level!r}")
    if level < 0:
        raise ValueError(f"level must be 0 (original size) or more, got {level}")
    return f"mipmaps/{path_segment(hash, what='hash')}/{level}{_page_query(page)}"


def _page_query(page: int) -> str:
    if isinstance(page, bool) or not isinstance(page, int):
        raise TypeError(f"page must be a whole number, got {page!r}")
    if page < 0:
        raise ValueError(f"page must be 0 (the first page) or more, got {page}")
    return f"?page={page}" if page else ""
