"""Mipmaps and assets by content hash: bounded, fetched once for all who ask at the same time, verified, cached."""

import asyncio
import hashlib
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec

from canvus_async.credentials import Secret
from canvus_async.downloads import is_webp
from canvus_async.flights import Flights
from canvus_async.hashes import ContentHashes
from canvus_async.models import MipmapInfo
from canvus_async.protocol import answers
from canvus_async.protocol.names import path_segment
from canvus_async.saving import Saver, Wanted, another_content
from canvus_async.slots import Slot
from canvus_async.store import Cache
from canvus_async.transport import Request, Transport
from canvus_async.uploads import Progress

_SMALL = 1024 * 1024
"""Bytes up to which a body is hashed in place, which costs less than a thread."""


class Fetcher:
    """What the resources of one client fetch through, so that limits, cache and single flight hold for all of them."""

    def __init__(self, transport: Transport, cache: Cache | None) -> None:
        self.transport = transport
        self._cache = cache
        self._bodies: Flights[bytes] = Flights()
        self._hashes = ContentHashes()
        self._saver = Saver(transport, self._hashes)
        self._asker: tuple[Secret | None, str] | None = None
        self._info = msgspec.json.Decoder(MipmapInfo)

    # -- into memory --

    async def info(self, canvas_id: str, hash: str, page: int) -> MipmapInfo:  # noqa: A002  # the wire's name
        """The mipmap info of one page; from the cache where it was asked before."""

        async def fetch() -> bytes:
            path = f"mipmaps/{path_segment(hash, what='hash')}{_page_query(page)}"
            self.check_identified()
            slot = self.transport.slots.mipmaps
            body = await self.transport.call("GET", path, canvas_id=canvas_id, slot=slot)
            answers.one(body, MipmapInfo, method="GET", path=path)  # only what can be read is cached
            return body

        return self._info.decode(await self._once(f"info {hash} {page}", fetch))

    async def mipmap(self, canvas_id: str, hash: str, level: int, page: int) -> bytes:  # noqa: A002
        """The WebP bytes of one level; from the cache where they were fetched before."""

        async def fetch() -> bytes:
            request = self._content(mipmap_path(hash, level, page), canvas_id)
            body = await self._whole(request, self.transport.slots.mipmaps, self.transport.limits.body)
            if not is_webp(body):
                raise answers.unreadable(body, "no WebP image", method="GET", path=request.path)
            return body

        return await self._once(_level_name(hash, level, page), fetch)

    async def asset(self, canvas_id: str, hash: str, max_bytes: int | None) -> bytes:  # noqa: A002
        """The bytes of an original file, never more than `max_bytes`; not cached."""
        request = self._content(asset_path(hash), canvas_id)
        limit = max_bytes or self.transport.limits.asset
        for _ in range(2):
            body = await self._whole(request, self.transport.slots.assets, limit)
            if not self._hashes.worth_computing(hash):
                return body
            digest = hashlib.sha256(body) if len(body) < _SMALL else await asyncio.to_thread(hashlib.sha256, body)
            if self._hashes.fits(hash, digest.hexdigest()):
                return body
        raise another_content(hash)

    async def _whole(self, request: Request, slot: Slot, limit: int) -> bytes:
        async with slot:
            return await self.transport.retrier.run("GET", lambda: self.transport.whole(request, limit))

    def _content(self, path: str, canvas_id: str) -> Request:
        self.check_identified()
        return content_request(path, canvas_id)

    def check_identified(self) -> None:
        """Raise ValueError for an anonymous client: mipmaps and assets are never shared by link (seed 000)."""
        if self.transport.credentials.anonymous:
            raise ValueError("mipmaps and assets need a token besides the canvas id: pass token= to Client")

    async def _once(self, name: str, fetch: Callable[[], Awaitable[bytes]]) -> bytes:
        """What is cached under `name`, else what `fetch` brings, called once for all who ask meanwhile."""
        key = await self._key(name)
        if (kept := await self._kept(key)) is not None:
            return kept

        async def fill() -> bytes:
            body = await fetch()
            await self._keep(key, body)
            return body

        return await self._bodies.once(key, fill)

    async def _key(self, name: str) -> str:
        """The cache key: where from, who asks (as a digest), and what."""
        credential = await self.transport.credential(Request(method="GET", path=name))
        if self._asker is None or self._asker[0] is not credential:
            self._asker = credential, f"{self.transport.root} {await self.transport.credentials.identity()}"
        return f"{self._asker[1]} {name}"

    async def _kept(self, key: str) -> bytes | None:
        if self._cache is None:
            return None
        kept = self._cache.get(key)
        return kept if kept is None or isinstance(kept, bytes) else await kept

    async def _keep(self, key: str, body: bytes) -> None:
        if self._cache is not None and (written := self._cache.put(key, body)) is not None:
            await written

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
    ) -> Path:
        """One level as a file at `to`, from the cache where it was fetched before; returns that path."""
        request = self._content(mipmap_path(hash, level, page), canvas_id)
        key = await self._key(_level_name(hash, level, page))
        if (kept := await self._kept(key)) is not None:
            return await self._saver.write(kept, to, overwrite=overwrite, fsync=fsync, progress=progress)
        wanted = Wanted(request, self.transport.slots.mipmaps, webp=True)
        path, small = await self._saver.save(wanted, to, overwrite=overwrite, fsync=fsync, progress=progress)
        if small is not None:
            await self._keep(key, small)
        return path

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
    ) -> Path:
        """An original file at `to`, checked against its hash where that can be; returns that path."""
        request = self._content(asset_path(hash), canvas_id)
        wanted = Wanted(request, self.transport.slots.assets, hash=hash, max_bytes=max_bytes)
        path, _ = await self._saver.save(wanted, to, overwrite=overwrite, fsync=fsync, progress=progress)
        return path

    async def save(
        self,
        path: str,
        to: str | os.PathLike[str],
        *,
        slot: Slot,
        overwrite: bool = True,
        progress: Progress | None = None,
    ) -> Path:
        """The body of `GET path` as a file at `to`, which is there whole or not at all; returns that path."""
        wanted = Wanted(content_request(path, None), slot)
        saved, _ = await self._saver.save(wanted, to, overwrite=overwrite, fsync=False, progress=progress)
        return saved


def content_request(path: str, canvas_id: str | None) -> Request:
    """The request for a file, which must not come compressed."""
    headers = {"Accept-Encoding": "identity"}
    if canvas_id is not None:
        headers["canvas-id"] = canvas_id
    return Request(method="GET", path=path, headers=headers, content=True)


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


def _level_name(hash: str, level: int, page: int) -> str:  # noqa: A002
    return f"mipmap {hash} {page} {level}"


def _page_query(page: int) -> str:
    if isinstance(page, bool) or not isinstance(page, int):
        raise TypeError(f"page must be a whole number, got {page!r}")
    if page < 0:
        raise ValueError(f"page must be 0 (the first page) or more, got {page}")
    return f"?page={page}" if page else ""
