"""Starting and stopping the server, its options, and what it reports about itself."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from canvus_async.server import CanvusServer, Faults
from canvus_async.server.gate import Gate
from canvus_async.server.streams.subscriptions import Streams
from tests.server import samples
from tests.server.api import Api, eventually


async def test_the_server_listens_on_loopback_until_it_is_closed(session: aiohttp.ClientSession) -> None:
    async with CanvusServer() as server:
        url, api = server.url, Api(server, session, server.token)
        assert url.startswith("http://127.0.0.1:")
        assert (await api.get("canvases")).json == []
        assert server.connections == 1

    assert server.connections == 0
    with pytest.raises(aiohttp.ClientConnectorError):
        await session.get(f"{url}/api/v1/canvases")


async def test_a_server_can_be_started_and_closed_repeatedly(session: aiohttp.ClientSession) -> None:
    server = CanvusServer(token="t")
    await server.start()
    with pytest.raises(RuntimeError, match="already running"):
        await server.start()
    first = await server.create_canvas()
    url = server.url
    await server.close()
    await server.close()
    with pytest.raises(RuntimeError, match="not running"):
        await server.create_canvas()

    await server.start()
    assert server.url == url, "the port is kept"
    assert (await Api(server, session, "t").get(f"canvases/{first}")).status == 404, (
        "without a folder, canvases are not"
    )
    await server.close()


async def test_a_port_in_use_raises_and_leaves_nothing_open(tmp_path: Path) -> None:
    async with CanvusServer() as server:
        port = int(server.url.rpartition(":")[2])
        with pytest.raises(OSError, match="address already in use"):
            await CanvusServer(port=port, data=tmp_path).start()
    async with CanvusServer(port=port, data=tmp_path):
        pass


async def test_repr_and_responses_do_not_contain_the_token(server: CanvusServer, api: Api) -> None:
    assert repr(server) == f"<CanvusServer {server.url}>"
    assert len(server.token) >= 32
    refused = await api.call("GET", "nowhere", headers={"X-Other": server.token})
    assert server.token not in str(refused)
    await server.close()
    assert repr(server) == "<CanvusServer closed>"


@pytest.mark.parametrize("options", [{"keepalive": 0}, {"max_upload": 0}, {"processing_delay": -1}])
def test_options_out_of_range_raise(options: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="must be above 0"):
        CanvusServer(**options)  # type: ignore[arg-type]  # the parameters are tested one by one


@pytest.mark.parametrize("host", ["::1", "localhost"])
async def test_the_server_listens_on_another_host(session: aiohttp.ClientSession, host: str) -> None:
    server = CanvusServer(host=host)
    try:
        await server.start()
    except OSError:
        pytest.skip(f"this machine has no {host}")
    assert server.url.startswith(("http://127.0.0.1:", "http://[::1]:")), "the address, not the host name"
    assert (await Api(server, session, server.token).get("canvases")).status == 200
    await server.close()


@pytest.fixture
async def gated() -> AsyncIterator[tuple[int, asyncio.Event, asyncio.Event, asyncio.Event]]:
    """A port whose handler waits, and three events: the handler has begun, it may continue, it is done."""
    begun, go_on, done = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def handler(request: web.Request) -> web.Response:
        begun.set()
        await go_on.wait()
        done.set()
        return web.Response()

    application = web.Application(middlewares=[Gate(Faults(Streams(15))).middleware])
    application.router.add_route("*", "/", handler)
    runner = web.AppRunner(application, handler_cancellation=True)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield site.port, begun, go_on, done
    await runner.cleanup()


@pytest.mark.parametrize(
    ("method", "seen_through"), [("POST", True), ("PATCH", True), ("DELETE", True), ("GET", False)]
)
async def test_a_write_is_completed_after_a_disconnect_and_a_read_is_cancelled(
    gated: tuple[int, asyncio.Event, asyncio.Event, asyncio.Event], method: str, seen_through: bool
) -> None:
    port, begun, go_on, done = gated
    before = asyncio.all_tasks()
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"{method} / HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    await begun.wait()
    writer.close()
    await eventually(lambda: len(asyncio.all_tasks() - before) == (1 if seen_through else 0))
    go_on.set()

    await eventually(lambda: asyncio.all_tasks() == before)
    assert done.is_set() == seen_through


async def test_closing_does_not_wait_for_a_slow_client(api: Api, canvas: str) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", int(api.server.url.rpartition(":")[2]))
    writer.write(
        f"POST /api/v1/{canvas}/notes HTTP/1.1\r\nHost: localhost\r\nPrivate-Token: {api.server.token}\r\n".encode()
    )
    writer.write(b"Content-Length: 100\r\n\r\n{")
    await eventually(lambda: api.server.requests)

    async with asyncio.timeout(10):
        await api.server.close()
    writer.close()
    await writer.wait_closed()


async def test_a_closed_server_leaves_no_task(session: aiohttp.ClientSession) -> None:
    before = asyncio.all_tasks()
    async with CanvusServer(processing_delay=60) as server:
        api = Api(server, session, server.token)
        canvas = f"canvases/{await server.create_canvas()}"
        image = (await api.upload(f"{canvas}/images", samples.picture())).json
        async with api.stream(f"{canvas}/images/{image['id']}?subscribe") as stream:
            await stream.next()
            await api.get(f"{canvas}/widgets")

    await eventually(lambda: asyncio.all_tasks() == before)
