"""Mipmaps and assets by content hash: bounded, fetched once for simultaneous callers, verified, cached."""

import asyncio
import hashlib
import os
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from pathlib import Path

import msgspec

from canvus_async.content.asset_stream import AssetStream, ranged
from canvus_async.content.cache import Cache, MemoryCache
from canvus_async.content.disk import Disk
from canvus_async.content.download import is_webp
from canvus_async.content.hashes import ContentHashes
from canvus_async.content.saver import FileTransfer, Saver, hash_mismatch
from canvus_async.content.single_flight import SingleFlight
from canvus_async.errors import UnexpectedContent
from canvus_async.http.limiters import Limiter
from canvus_async.http.request import Request
from canvus_async.http.transport import Transport
from canvus_async.models import MipmapInfo
from canvus_async.progress import Progress
from canvus_async.protocol.names import path_segment

_SMALL = 1024 * 1024
"""Bytes up to which a body is hashed in the event loop, which costs less than a thread."""


class Fetcher:
    """The fetches of one client, so that limits, cache and single flight are shared by all its resources."""

    def __init__(self, transport: Transport, cache: Cache | None, disk: Disk | None = None) -> None:
        self.disk = disk or Disk()
        self.transport = transport
        self._cache = cache
        self._bodies: SingleFlight[bytes] = SingleFlight(transport.deadlines.binding)
        self._hashes = ContentHashes()
        self.exports: SingleFlight[tuple[int | None, bool]] = SingleFlight(transport.deadlines.binding)
        """Files of bulk downloads: two jobs into one folder fetch a file once."""
        self._saver = Saver(transport, self._hashes, self.disk)
        self._key_prefix = ""
        self._info = msgspec.json.Decoder(MipmapInfo)

    # -- into memory --

    async def info(self, canvas_id: str, hash: str, page: int) -> MipmapInfo:  # noqa: A002  # the wire's name
        """The mipmap info of one page, cached."""
        fetch = partial(self._fetch_info, canvas_id, hash, page)
        try:
            return self._info.decode(await self._once(f"info {hash} {page}", fetch))
        except msgspec.MsgspecError:  # a cache shared with others may contain anything
            return self._info.decode(await fetch())

    async def _fetch_info(self, canvas_id: str, hash: str, page: int) -> bytes:  # noqa: A002
        path = f"mipmaps/{_segment(hash)}{_page_query(page)}"
        self.check_identified()
        body = await self.transport.call("GET", path, canvas_id=canvas_id, limiter=self.transport.limiters.mipmaps)
        try:
            self.transport.response_reader.one(body, MipmapInfo, method="GET", path=path)  # cache only what can be read
        except UnexpectedContent:
            del body  # a traceback with locals should not show it
            raise
        return body

    def mipmap(self, canvas_id: str, hash: str, level: int, page: int) -> Awaitable[bytes]:  # noqa: A002
        """The WebP bytes of one level, cached."""
        fetch = partial(self._fetch_level, canvas_id, hash, level, page)
        return self._once(f"mipmap {hash} {page} {level}", fetch)

    async def _fetch_level(self, canvas_id: str, hash: str, level: int, page: int) -> bytes:  # noqa: A002
        transport = self.transport
        request = self._content(mipmap_path(hash, level, page), canvas_id)
        body = await transport.get(request, transport.limiters.mipmaps, transport.limits.body)
        if is_webp(body):
            return body
        error = transport.response_reader.unexpected_content(body, "not a WebP image", method="GET", path=request.path)
        del body  # a traceback with locals should not show it
        raise error

    async def asset(self, canvas_id: str, hash: str, max_bytes: int | None) -> bytes:  # noqa: A002
        """The bytes of an original file, at most `max_bytes`; not cached."""
        request = self._content(asset_path(hash), canvas_id)
        limit = max_bytes or self.transport.limits.asset
        for _ in range(2):
            body = await self.transport.get(request, self.transport.limiters.assets, limit)
            if not self._hashes.worth_computing(hash):
                return body
            digest = hashlib.sha256(body) if len(body) < _SMALL else await asyncio.to_thread(hashlib.sha256, body)
            if self._hashes.matches(hash, digest.hexdigest()):
                return body
        raise hash_mismatch(hash)

    def _content(self, path: str, canvas_id: str) -> Request:
        self.check_identified()
        return Request(method="GET", path=path, headers=_content_headers(canvas_id), content=True)

    def check_identified(self) -> None:
        """Raise ValueError for an anonymous client: mipmaps and assets are not shared by link."""
        if self.transport.credentials.anonymous:
            raise ValueError("mipmaps and assets need a token: pass token= to Client")

    async def _once(self, name: str, fetch: Callable[[], Awaitable[bytes]]) -> bytes:
        """The cached value of `name`, else the result of `fetch`, which runs once for simultaneous callers."""
        key = await self._key(name)
        if isinstance(self._cache, MemoryCache) and (hit := self._cache.get(key)) is not None:
            return hit  # a third of the time of the way below

        async def cached_or_fetched() -> bytes:
            # Reading the cache may wait for a thread, so it is part of what simultaneous callers share.
            if (cached := await self._cached(key)) is not None:
                return cached
            body = await fetch()
            if self._cache is not None and (writing := self._cache.put(key, body)) is not None:
                await writing
            return body

        return await self._bodies.once(key, cached_or_fetched)

    async def _cached(self, key: str) -> bytes | None:
        cached = None if self._cache is None else self._cache.get(key)
        return await cached if isinstance(cached, Awaitable) else cached

    async def _key(self, name: str) -> str:
        """The cache key: the server, a digest of the credentials, and what is cached."""
        if self._key_prefix:
            return f"{self._key_prefix} {name}"
        identity = await self.transport.identity(Request(method="GET", path="mipmaps"))
        prefix = f"{self.transport.root} {identity}"
        if not self.transport.credentials.renewable:  # a token function may return a token of another user
            self._key_prefix = prefix
        return f"{prefix} {name}"

    # -- to disk --

    async def save_level(
        self,
        canvas_id: str,
        hash: str,  # noqa: A002
        level: int,
        page: int,
        to: str | os.PathLike[str],
        *,
        overwrite: bool = True,
        fsync: bool = False,
        progress: Progress | None = None,
    ) -> int:
        """One level as a file at `to`, from the cache if it is there; returns its length in bytes.

        A level that is saved is not added to the cache: a bulk download would evict what is requested repeatedly.
        """
        request = self._content(mipmap_path(hash, level, page), canvas_id)
        cached = await self._cached(await self._key(f"mipmap {hash} {page} {level}"))
        if cached is not None:
            return await self._saver.write(cached, to, overwrite=overwrite, fsync=fsync, progress=progress)
        transfer = FileTransfer(request, self.transport.limiters.mipmaps, webp=True)
        return await self._saver.save(transfer, to, overwrite=overwrite, fsync=fsync, progress=progress)

    async def save_asset(
        self,
        canvas_id: str,
        hash: str,  # noqa: A002
        to: str | os.PathLike[str],
        *,
        max_bytes: int | None = None,
        overwrite: bool = True,
        fsync: bool = False,
        progress: Progress | None = None,
    ) -> int:
        """An original file at `to`, checked against its hash where possible; returns its length in bytes."""
        request = self._content(asset_path(hash), canvas_id)
        transfer = FileTransfer(request, self.transport.limiters.assets, hash=hash, max_bytes=max_bytes)
        return await self._saver.save(transfer, to, overwrite=overwrite, fsync=fsync, progress=progress)

    def stream(self, canvas_id: str, hash: str, part: str | None) -> AssetStream:  # noqa: A002
        """An original file, or the part of it that a Range header names, as it arrives."""
        return AssetStream(self.transport, ranged(self._content(asset_path(hash), canvas_id), part))

    async def save(
        self,
        path: str,
        to: str | os.PathLike[str],
        *,
        limiter: Limiter,
        overwrite: bool = True,
        progress: Progress | None = None,
    ) -> Path:
        """The body of `GET path` as a file at `to`, which exists whole or not at all; returns that path."""
        transfer = FileTransfer(Request(method="GET", path=path, headers=_content_headers(None), content=True), limiter)
        await self._saver.save(transfer, to, overwrite=overwrite, fsync=False, progress=progress)
        return Path(to)


def _content_headers(canvas_id: str | None) -> Mapping[str, str]:
    """The headers of a request for a file, which must not be compressed."""
    headers = {"Accept-Encoding": "identity"}
    return headers if canvas_id is None else headers | {"canvas-id": canvas_id}


def asset_path(hash: str) -> str:  # noqa: A002  # the wire's name
    """The path of an original file. Raises ValueError for an invalid hash."""
    return f"assets/{_segment(hash)}"


def mipmap_path(hash: str, level: int, page: int) -> str:  # noqa: A002  # the wire's name
    """The path of one mipmap level. Raises ValueError for a level or page below 0 and for an invalid hash."""
    if isinstance(level, bool) or not isinstance(level, int):
        raise TypeError(f"level must be a whole number, got {level!r}")
    if level < 0:
        raise ValueError(f"level must be 0 (original size) or more, got {level}")
    return f"mipmaps/{_segment(hash)}/{level}{_page_query(page)}"


def _segment(hash: str) -> str:  # noqa: A002
    """A hash as a part of a path. Hashes of letters and digits, as all known servers use, need no further check."""
    if isinstance(hash, str) and hash.isalnum() and hash.isascii() and len(hash) <= 128:
        return hash
    return path_segment(hash, what="hash")


def _page_query(page: int) -> str:
    if isinstance(page, bool) or not isinstance(page, int):
        raise TypeError(f"page must be a whole number, got {page!r}")
    if page < 0:
        raise ValueError(f"page must be 0 (the first page) or more, got {page}")
    return f"?page={page}" if page else ""
