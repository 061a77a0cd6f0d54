"""Caches, also those whose `get()` and `put()` have to wait, and what is kept in none."""

import asyncio
import hashlib
from pathlib import Path

import pytest

from canvus_async import Client, CorruptDownload, DiskCache, MemoryCache, UnexpectedContent
from tests.content.test_downloads import whole
from tests.content.test_fetcher import HASH, INFO, WEBP, client, mipmaps
from tests.raw_server import Exchange, raw_server

LARGE = WEBP + bytes(300_000)
"""A level that DiskCache reads and writes in a thread."""


class RemoteCache:
    """A cache of a user, somewhere behind a network."""

    def __init__(self) -> None:
        self.values: dict[str, bytes] = {}
        self.reads = 0

    async def get(self, key: str) -> bytes | None:
        self.reads += 1
        await asyncio.sleep(0)
        return self.values.get(key)

    async def put(self, key: str, value: bytes) -> None:
        await asyncio.sleep(0)
        self.values[key] = value


async def large_level(exchange: Exchange) -> None:
    while True:
        await exchange.request()
        await exchange.answer(LARGE)


async def test_cache_with_async_methods_is_filled_and_read(tmp_path: Path) -> None:
    cache = RemoteCache()
    async with raw_server(mipmaps) as server, client(server.url, cache=cache) as canvus:
        levels = canvus.canvas("c1").mipmaps
        body = await levels.fetch(HASH, 1)
        assert list(cache.values.values()) == [body]
        assert await levels.fetch(HASH, 1) == body
        await levels.download(HASH, 1, to=tmp_path / "a")

    assert (tmp_path / "a").read_bytes() == body
    assert len(server.requests) == 1
    assert cache.reads == 3


async def test_large_level_is_written_to_the_disk_cache_before_it_is_returned(tmp_path: Path) -> None:
    async with raw_server(large_level) as server:
        for _ in range(2):
            async with Client(server.url, token="t", cache=DiskCache(tmp_path / "cache")) as canvus:
                assert await canvus.canvas("c1").mipmaps.fetch(HASH, 1) == LARGE
        async with Client(server.url, token="t", cache=DiskCache(tmp_path / "cache")) as canvus:
            await canvus.canvas("c1").mipmaps.download(HASH, 1, to=tmp_path / "a")

    assert (tmp_path / "a").read_bytes() == LARGE
    assert len(server.requests) == 1


@pytest.mark.parametrize("size", [1000, 2 << 20], ids=["small", "large"])
async def test_asset_in_memory_is_checked_against_its_hash_and_not_cached(size: int) -> None:
    body, cache = bytes(size), MemoryCache()
    async with raw_server(whole(body)) as server, client(server.url, cache=cache) as canvus:
        assets = canvus.canvas("c1").assets
        for _ in range(2):
            assert await assets.fetch(hashlib.sha256(body).hexdigest()) == body
        with pytest.raises(CorruptDownload, match="twice"):
            await assets.fetch(hashlib.sha256(b"other").hexdigest())

    assert len(server.requests) == 4
    assert repr(cache) == f"<MemoryCache: 0 entries, 0 of {64 << 20} bytes>"


async def test_asset_whose_name_is_no_sha256_is_returned_unchecked() -> None:
    async with raw_server(whole(b"anything")) as server, client(server.url) as canvus:
        assets = canvus.canvas("c1").assets
        await assets.fetch(hashlib.sha256(b"anything").hexdigest())  # proves that other hashes are SHA-256
        assert await assets.fetch(HASH) == b"anything"

    assert len(server.requests) == 2


async def test_info_that_cannot_be_read_is_not_cached() -> None:
    async def improves(exchange: Exchange) -> None:
        for answer in ({"max_level": "many"}, INFO):
            await exchange.request()
            await exchange.answer(answer)

    async with raw_server(improves) as server, client(server.url) as canvus:
        levels = canvus.canvas("c1").mipmaps
        with pytest.raises(UnexpectedContent):
            await levels.info(HASH)
        assert (await levels.info(HASH)).max_level == INFO["max_level"]

    assert len(server.requests) == 2


async def test_token_function_that_changes_its_user_does_not_read_the_cache_of_the_former_one() -> None:
    tokens = iter(["alice", "bob"])

    async def token() -> str:
        return next(tokens)

    async def sees(exchange: Exchange) -> None:
        while True:
            received = await exchange.request()
            refused = received.headers["private-token"] == "alice" and "/1" in received.target
            await (exchange.answer({"msg": "expired"}, 401) if refused else exchange.answer(WEBP))

    async with raw_server(sees) as server, client(server.url, token=token) as canvus:
        levels = canvus.canvas("c1").mipmaps
        for level in (0, 0, 1, 0):  # level 1 makes the client ask for another token
            await levels.fetch(HASH, level)

    sent = [(request.headers["private-token"], request.target[-1]) for request in server.requests]
    assert sent == [("alice", "0"), ("alice", "1"), ("bob", "1"), ("bob", "0")]


async def test_original_of_a_widget_is_saved(tmp_path: Path) -> None:
    async with raw_server(whole(b"picture")) as server, client(server.url, token=None) as canvus:
        path = await canvus.canvas("c1").images.download("i1", to=tmp_path / "a")

    assert path.read_bytes() == b"picture"
    assert [request.target for request in server.requests] == ["/api/v1/canvases/c1/images/i1/download"]


async def test_cached_info_that_cannot_be_read_is_fetched_again() -> None:
    """A cache that others share may contain anything."""

    class Spoiled(MemoryCache):
        def get(self, key: str) -> bytes | None:
            return b"not JSON"

    async with raw_server(mipmaps) as server, client(server.url, cache=Spoiled()) as canvus:
        assert (await canvus.canvas("c1").mipmaps.info(HASH)).max_level == INFO["max_level"]

    assert len(server.requests) == 1
