"""The proxies in `examples/`: what they serve, and that they close the request when the reader leaves."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from canvus_async import Canvas
from canvus_async.server import CanvusServer
from examples import proxy_aiohttp
from tests.files import picture
from tests.raw_server import Exchange, raw_server
from tests.subscriptions.clock import on_a_jumping_clock

HASH = "0f" * 32


@asynccontextmanager
async def proxy(url: str, token: str, canvas_id: str) -> AsyncIterator[str]:
    runner = web.AppRunner(proxy_aiohttp.application(url, token, canvas_id), handler_cancellation=True)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{site.port}"
    finally:
        await runner.cleanup()


async def endless(exchange: Exchange) -> None:
    """An endless asset, sent as fast as it is read; counts the bytes that were written."""
    await exchange.request()
    await exchange.start(200, "Content-Type: video/mp4", "Content-Length: 10000000000")
    while True:
        await exchange.send(bytes(65536))
        exchange.server.sent = getattr(exchange.server, "sent", 0) + 65536  # type: ignore[attr-defined]


async def test_aiohttp_proxy_serves_images_files_ranges_and_errors(server: CanvusServer, canvas: Canvas) -> None:
    original = picture(800, 600)
    image = await canvas.images.upload(original, filename="a.jpg", wait_ready=True)
    async with proxy(server.url, server.token, canvas.id) as url, aiohttp.ClientSession() as session:
        async with session.get(f"{url}/thumbnails/{image.hash}?width=100&height=75") as answer:
            assert (answer.status, answer.content_type) == (200, "image/webp")
            assert (await answer.read())[8:12] == b"WEBP"
        async with session.get(f"{url}/files/{image.hash}") as answer:
            assert await answer.read() == original
            assert answer.content_length == len(original)
            assert "immutable" in answer.headers["Cache-Control"]
        async with session.get(f"{url}/files/{image.hash}", headers={"Range": "bytes=10-19"}) as answer:
            assert (answer.status, await answer.read()) == (206, original[10:20])
            assert answer.headers["Content-Range"] == f"bytes 10-19/{len(original)}"
        async with session.get(f"{url}/files/{'0' * 64}") as answer:
            assert (answer.status, "does not exist" in (await answer.json())["msg"]) == (404, True)
        async with session.get(f"{url}/thumbnails/{image.hash}?width=0") as answer:
            assert answer.status == 400


async def test_aiohttp_proxy_answers_304_without_a_request(server: CanvusServer, canvas: Canvas) -> None:
    image = await canvas.images.upload(picture(800, 600), filename="a.jpg", wait_ready=True)
    async with proxy(server.url, server.token, canvas.id) as url, aiohttp.ClientSession() as session:
        for path in (f"/thumbnails/{image.hash}?width=100&height=75", f"/files/{image.hash}"):
            async with session.get(url + path) as first:
                assert (first.status, "immutable" in first.headers["Cache-Control"]) == (200, True)
                etag = first.headers["ETag"]
            server.requests.clear()
            for known in (etag, f'"another", W/{etag}', "*"):
                async with session.get(url + path, headers={"If-None-Match": known}) as again:
                    assert (again.status, again.headers["ETag"], await again.read()) == (304, etag, b"")
            assert server.requests == []
            async with session.get(url + path, headers={"If-None-Match": '"another"'}) as other:
                assert other.status == 200
        for if_range, status in ((etag, 206), ('"another"', 200)):
            headers = {"Range": "bytes=0-9", "If-Range": if_range}
            async with session.get(f"{url}/files/{image.hash}", headers=headers) as part:
                assert part.status == status


async def test_aiohttp_proxy_closes_its_request_when_the_reader_leaves() -> None:
    async with raw_server(endless) as server, proxy(server.url, "t", "c1") as url:
        async with aiohttp.ClientSession() as session, session.get(f"{url}/files/{HASH}") as answer:
            assert await answer.content.readexactly(1000) == bytes(1000)
            answer.close()
        await server.until_open(0)


@partial(on_a_jumping_clock, grace=0.01)
async def test_slow_reader_of_the_aiohttp_proxy_applies_backpressure() -> None:
    async with raw_server(endless) as server, proxy(server.url, "t", "c1") as url:
        async with aiohttp.ClientSession() as session, session.get(f"{url}/files/{HASH}") as answer:
            await asyncio.sleep(1)  # ends when neither side can read or write any more
            assert 0 < getattr(server, "sent", 0) < 64 << 20
            answer.close()
        await server.until_open(0)


class Asgi:
    """A minimal ASGI server: one request, the response to it, and a reader that may leave early."""

    def __init__(self, path: str, headers: dict[str, str] | None = None, *, leave_after: int | None = None) -> None:
        raw = [(name.lower().encode(), value.encode()) for name, value in (headers or {}).items()]
        path, _, query = path.partition("?")
        self.scope: dict[str, Any] = {"type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}}
        self.scope |= {
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
        }
        self.scope |= {"query_string": query.encode(), "root_path": "", "headers": raw, "server": ("x", 80)}
        self.status = 0
        self.headers: dict[str, str] = {}
        self.body = b""
        self._leave_after = leave_after
        self._left = asyncio.Event()
        self._asked = False

    async def receive(self) -> dict[str, Any]:
        if not self._asked:
            self._asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self._left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode(): value.decode() for name, value in message["headers"]}
        else:
            self.body += message.get("body", b"")
            if self._leave_after is not None and len(self.body) > self._leave_after:
                self._left.set()
                await asyncio.Event().wait()  # like a server whose socket buffer is full


@asynccontextmanager
async def starlette(url: str, token: str, canvas_id: str) -> AsyncIterator[Callable[..., Any]]:
    pytest.importorskip("starlette")
    from examples import proxy_starlette

    app = proxy_starlette.application(url, token, canvas_id)
    async with app.router.lifespan_context(app):

        async def ask(path: str, headers: dict[str, str] | None = None, **how: int) -> Asgi:
            asgi = Asgi(path, headers, **how)
            await app(asgi.scope, asgi.receive, asgi.send)
            return asgi

        yield ask


async def test_starlette_proxy_serves_images_files_ranges_and_errors(server: CanvusServer, canvas: Canvas) -> None:
    original = picture(800, 600)
    image = await canvas.images.upload(original, filename="a.jpg", wait_ready=True)
    async with starlette(server.url, server.token, canvas.id) as ask:
        thumbnail = await ask(f"/thumbnails/{image.hash}?width=100&height=75")
        whole = await ask(f"/files/{image.hash}")
        part = await ask(f"/files/{image.hash}", {"Range": "bytes=10-19"})
        missing = await ask(f"/files/{'0' * 64}")

    assert (thumbnail.status, thumbnail.body[8:12]) == (200, b"WEBP")
    assert (whole.status, whole.body, whole.headers["content-length"]) == (200, original, str(len(original)))
    assert (part.status, part.body) == (206, original[10:20])
    assert missing.status == 404


async def test_starlette_proxy_answers_304_without_a_request(server: CanvusServer, canvas: Canvas) -> None:
    image = await canvas.images.upload(picture(800, 600), filename="a.jpg", wait_ready=True)
    async with starlette(server.url, server.token, canvas.id) as ask:
        for path in (f"/thumbnails/{image.hash}?width=100&height=75", f"/files/{image.hash}"):
            first = await ask(path)
            etag = first.headers["etag"]
            assert (first.status, "immutable" in first.headers["cache-control"]) == (200, True)
            server.requests.clear()
            for known in (etag, f'"another", W/{etag}', "*"):
                again = await ask(path, {"If-None-Match": known})
                assert (again.status, again.headers["etag"], again.body) == (304, etag, b"")
            assert server.requests == []
            assert (await ask(path, {"If-None-Match": '"another"'})).status == 200
        for if_range, status in ((etag, 206), ('"another"', 200)):
            part = await ask(f"/files/{image.hash}", {"Range": "bytes=0-9", "If-Range": if_range})
            assert part.status == status


async def test_starlette_proxy_answers_502_when_the_server_resets() -> None:
    async def resets(exchange: Exchange) -> None:
        exchange.reset()

    async with raw_server(resets) as server, starlette(server.url, "t", "c1") as ask:
        assert (await ask(f"/files/{HASH}")).status == 502


async def test_starlette_proxy_closes_its_request_when_the_reader_leaves() -> None:
    async with raw_server(endless) as server, starlette(server.url, "t", "c1") as ask:
        left = await ask(f"/files/{HASH}", leave_after=100_000)
        assert left.status == 200
        await server.until_open(0)
