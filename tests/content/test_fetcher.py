"""Fetches by hash: verified, cached, and requested once."""

import asyncio
from pathlib import Path

import pytest

from canvus_async import (
    BadRequest,
    Client,
    CorruptDownload,
    IncompleteDownload,
    LocalWriteError,
    MemoryCache,
    NotFound,
    Retry,
    ServerError,
    Stalled,
    Timeouts,
    UnexpectedContent,
)
from tests.raw_server import Exchange, raw_server

WEBP = b"RIFF\x10\0\0\0WEBPVP8 " + bytes(5000)
INFO = {"resolution": {"width": 4096, "height": 3072}, "max_level": 5, "pages": 1}
HASH = "cbcb439a796b"
QUICK = Retry(first_wait=0.001)


def client(url: str, **options) -> Client:
    return Client(url, **{"token": "t", "retry": QUICK, **options})


async def mipmaps(exchange: Exchange) -> None:
    """A server with one asset."""
    while True:
        received = await exchange.request()
        target = received.target.partition("?")[0]
        if target == f"/api/v1/mipmaps/{HASH}":
            await exchange.answer(INFO)
        elif target.startswith(f"/api/v1/mipmaps/{HASH}/"):
            await exchange.answer(WEBP + target.encode())
        else:
            await exchange.answer({"msg": "No asset"}, 404)


async def test_mipmap_requests_have_both_headers_and_the_page() -> None:
    async with raw_server(mipmaps) as server, client(server.url) as canvus:
        canvas = canvus.canvas("c1")
        info = await canvas.mipmaps.info(HASH, page=2)
        body = await canvas.mipmaps.fetch(HASH, 3, page=2)

    assert (info.resolution.width, info.max_level, info.pages) == (4096, 5, 1)
    assert body.startswith(WEBP)
    assert [request.target for request in server.requests] == [
        f"/api/v1/mipmaps/{HASH}?page=2",
        f"/api/v1/mipmaps/{HASH}/3?page=2",
    ]
    assert all((r.headers["canvas-id"], r.headers["private-token"]) == ("c1", "t") for r in server.requests)


async def test_fetch_fit_takes_the_smallest_level_that_covers_the_box() -> None:
    async with raw_server(mipmaps) as server, client(server.url) as canvus:
        canvas = canvus.canvas("c1")
        await canvas.mipmaps.fetch_fit(HASH, width=640, height=480)
        await canvas.mipmaps.fetch_fit(HASH, width=100, height=75)

    assert [request.target.rpartition("/")[2] for request in server.requests] == [HASH, "2", "5"]


async def test_fetched_content_is_cached() -> None:
    async with raw_server(mipmaps) as server, client(server.url) as canvus:
        canvas = canvus.canvas("c1")
        for _ in range(3):
            await canvas.mipmaps.fetch_fit(HASH, width=640, height=480)

    assert len(server.requests) == 2


async def test_download_reads_the_cache_and_does_not_fill_it(
    tmp_path: Path,
) -> None:
    cache = MemoryCache()
    async with raw_server(mipmaps) as server, client(server.url, cache=cache) as canvus:
        canvas = canvus.canvas("c1")
        body = await canvas.mipmaps.fetch(HASH, 0)
        await canvas.mipmaps.download(HASH, 0, to=tmp_path / "a")
        await canvas.mipmaps.download(HASH, 1, to=tmp_path / "b")

    assert (tmp_path / "a").read_bytes() == body
    assert [request.target.rpartition("/")[2] for request in server.requests] == ["0", "1"]
    assert len(cache) == 1


async def test_without_a_cache_every_call_is_a_request() -> None:
    async with raw_server(mipmaps) as server, client(server.url, cache=None) as canvus:
        for _ in range(3):
            await canvus.canvas("c1").mipmaps.fetch(HASH, 0)

    assert len(server.requests) == 3


async def test_cached_content_is_not_shared_between_tokens() -> None:
    cache = MemoryCache()
    async with raw_server(mipmaps) as server:
        for token in ("alice", "bob", "alice"):
            async with client(server.url, token=token, cache=cache) as canvus:
                await canvus.canvas("c1").mipmaps.fetch(HASH, 0)

    assert [request.headers["private-token"] for request in server.requests] == ["alice", "bob"]


async def test_concurrent_fetches_make_one_request() -> None:
    async with raw_server(mipmaps) as server, client(server.url, cache=None) as canvus:
        canvas = canvus.canvas("c1")
        bodies = await asyncio.gather(*(canvas.mipmaps.fetch(HASH, 1) for _ in range(1000)))

    assert len(set(bodies)) == 1
    assert len(server.requests) == 1


async def test_cancelling_the_first_fetch_does_not_affect_the_others() -> None:
    async def hang(exchange: Exchange) -> None:
        await exchange.request()
        await exchange.gone()

    async with raw_server(hang, mipmaps) as server, client(server.url) as canvus:
        canvas = canvus.canvas("c1")
        first, *others = [asyncio.create_task(canvas.mipmaps.fetch(HASH, 1)) for _ in range(10)]
        await server.until_requests(1)
        first.cancel()
        bodies = await asyncio.gather(*others)

    assert first.cancelled()
    assert {body[:12] for body in bodies} == {WEBP[:12]}
    assert len(server.requests) == 2


async def test_error_reaches_all_waiting_callers_and_is_not_cached() -> None:
    async def fail(exchange: Exchange) -> None:
        await exchange.request()
        await exchange.answer({"msg": "level?"}, 400)

    async with raw_server(fail, mipmaps) as server, client(server.url) as canvus:
        canvas = canvus.canvas("c1")
        outcomes = await asyncio.gather(*(canvas.mipmaps.fetch(HASH, 9) for _ in range(5)), return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [BadRequest] * 5
        assert (await canvas.mipmaps.fetch(HASH, 9)).startswith(WEBP)

    assert len(server.requests) == 2


@pytest.mark.row("D12")
async def test_page_with_status_200_is_refused_and_not_cached() -> None:
    async def login(exchange: Exchange) -> None:
        while True:
            await exchange.request()
            await exchange.answer(b"<html>Please log in</html>")

    async with raw_server(login) as server, client(server.url) as canvus:
        for _ in range(2):
            with pytest.raises(
                UnexpectedContent, match="not a WebP image; the response begins: '<html>Please log in</html>'"
            ):
                await canvus.canvas("c1").mipmaps.fetch(HASH, 0)

    assert len(server.requests) == 2


@pytest.mark.row("D22")
@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda canvas: canvas.mipmaps.info(""), "hash is empty"),
        (lambda canvas: canvas.mipmaps.fetch("a/b", 0), "hash 'a/b' contains characters that an id cannot have"),
        (lambda canvas: canvas.mipmaps.fetch(HASH, -1), "level must be 0"),
        (lambda canvas: canvas.mipmaps.fetch(HASH, 0, page=-1), "page must be 0"),
        (lambda canvas: canvas.mipmaps.fetch_fit(HASH, width=0, height=5), "at least 1 pixel"),
        (lambda canvas: canvas.assets.fetch("../../users"), "hash"),
        (lambda canvas: canvas.assets.download("%2e%2e", to="x"), "hash"),
        (lambda canvas: canvas.images.get("a?x=1"), "widget id"),
    ],
)
async def test_invalid_arguments_are_refused_before_any_request(call, words: str) -> None:
    async with raw_server(mipmaps) as server, client(server.url) as canvus:
        with pytest.raises(ValueError, match=words):
            await call(canvus.canvas("c1"))

    assert [request.target for request in server.requests] in ([], [f"/api/v1/mipmaps/{HASH}"])


async def test_content_without_a_token_is_refused_before_any_request(tmp_path: Path) -> None:
    async with raw_server(mipmaps) as server, client(server.url, token=None) as canvus:
        canvas = canvus.canvas("c1")
        for call in (
            canvas.mipmaps.info(HASH),
            canvas.mipmaps.fetch(HASH, 0),
            canvas.mipmaps.download(HASH, 0, to=tmp_path / "x"),
            canvas.assets.fetch(HASH),
            canvas.assets.download(HASH, to=tmp_path / "x"),
        ):
            with pytest.raises(ValueError, match="need a token: pass token="):
                await call

    assert server.requests == []


# -- to disk --


def asset(body: bytes, *headers: str, announced: int | None = None):
    async def script(exchange: Exchange) -> None:
        await exchange.request()
        await exchange.start(200, f"Content-Length: {len(body) if announced is None else announced}", *headers)
        await exchange.send(body)

    return script


async def test_asset_is_saved_whole_with_progress(tmp_path: Path) -> None:
    body = bytes(range(256)) * 12_000
    seen: list[tuple[int, int]] = []
    async with raw_server(asset(body)) as server, client(server.url) as canvus:
        path = await canvus.canvas("c1").assets.download(
            HASH, to=tmp_path / "a.jpg", progress=lambda done, total: seen.append((done, total))
        )

    assert path.read_bytes() == body
    assert seen[-1] == (len(body), len(body))
    assert [done for done, _ in seen] == sorted({done for done, _ in seen})
    assert server.requests[0].headers["accept-encoding"] == "identity"
    assert server.requests[0].headers["canvas-id"] == "c1"


@pytest.mark.row("D1")
async def test_truncated_body_leaves_no_file(tmp_path: Path) -> None:
    async with raw_server(asset(bytes(5000), announced=9000)) as server, client(server.url) as canvus:
        with pytest.raises(IncompleteDownload) as failed:
            await canvus.canvas("c1").assets.download(HASH, to=tmp_path / "a")

    assert (failed.value.received, failed.value.expected) == (5000, 9000)
    assert len(server.requests) == 3
    assert list(tmp_path.iterdir()) == []


@pytest.mark.row("D2")
async def test_body_without_length_or_chunking_is_refused(tmp_path: Path) -> None:
    async def until_close(exchange: Exchange) -> None:
        await exchange.request()
        await exchange.start(200)
        await exchange.send(bytes(100))

    async with raw_server(until_close) as server, client(server.url, retry=Retry(attempts=1)) as canvus:
        with pytest.raises(IncompleteDownload, match="no Content-Length"):
            await canvus.canvas("c1").assets.download(HASH, to=tmp_path / "a")

    assert list(tmp_path.iterdir()) == []


@pytest.mark.row("D3")
async def test_compressed_body_is_refused(tmp_path: Path) -> None:
    async with raw_server(asset(b"x" * 50, "Content-Encoding: gzip")) as server, client(server.url) as canvus:
        with pytest.raises(CorruptDownload, match="compressed"):
            await canvus.canvas("c1").assets.download(HASH, to=tmp_path / "a")


@pytest.mark.row("D7")
async def test_stall_is_retried_and_then_raised(tmp_path: Path) -> None:
    async def stall(exchange: Exchange) -> None:
        await exchange.request()
        await exchange.start(200, "Content-Length: 1000")
        await exchange.send(bytes(10))
        await exchange.gone()

    async with raw_server(stall) as server, client(server.url, timeouts=Timeouts(stall=0.05)) as canvus:
        with pytest.raises(Stalled):
            await canvus.canvas("c1").assets.download(HASH, to=tmp_path / "a")
        await server.until_open(0)

    assert len(server.requests) == 3
    assert list(tmp_path.iterdir()) == []


@pytest.mark.row("D13")
async def test_refused_download_leaves_no_file(tmp_path: Path) -> None:
    async with raw_server(mipmaps) as server, client(server.url) as canvus:
        with pytest.raises(NotFound, match="No asset"):
            await canvus.canvas("c1").assets.download(HASH, to=tmp_path / "a")

    assert list(tmp_path.iterdir()) == []


@pytest.mark.row("D15")
async def test_missing_folder_is_reported_before_any_request(tmp_path: Path) -> None:
    async with raw_server(mipmaps) as server, client(server.url) as canvus:
        with pytest.raises(LocalWriteError):
            await canvus.canvas("c1").assets.download(HASH, to=tmp_path / "nowhere" / "a")

    assert server.requests == []


@pytest.mark.row("D19")
async def test_cancelled_download_leaves_nothing(tmp_path: Path) -> None:
    async def slow(exchange: Exchange) -> None:
        await exchange.request()
        await exchange.start(200, "Content-Length: 100000000")
        await exchange.send(bytes(5_000_000))
        await exchange.gone()

    arrived = asyncio.Event()
    async with raw_server(slow) as server, client(server.url) as canvus:
        download = asyncio.create_task(
            canvus.canvas("c1").assets.download(
                HASH, to=tmp_path / "a", progress=lambda done, _: done > 4_000_000 and arrived.set()
            )
        )
        await arrived.wait()
        download.cancel()
        with pytest.raises(asyncio.CancelledError):
            await download
        assert list(tmp_path.iterdir()) == []
        await server.until_open(0)


@pytest.mark.row("D5")
async def test_asset_over_max_bytes_is_refused() -> None:
    async with raw_server(asset(bytes(2000))) as server, client(server.url) as canvus:
        with pytest.raises(UnexpectedContent, match="larger than 1000 bytes"):
            await canvus.canvas("c1").assets.fetch(HASH, max_bytes=1000)


async def test_server_error_is_raised_after_three_attempts() -> None:
    async def fail(exchange: Exchange) -> None:
        while True:
            await exchange.request()
            await exchange.answer({"msg": "still rendering"}, 500)

    async with raw_server(fail) as server, client(server.url) as canvus:
        with pytest.raises(ServerError, match="still rendering"):
            await canvus.canvas("c1").mipmaps.fetch(HASH, 0)

    assert len(server.requests) == 3
