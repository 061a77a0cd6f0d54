"""A request that never reached the server is ConnectFailed with `sent` false, and is tried again for every method."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from contextlib import aclosing

import aiohttp
import pytest

from canvus_async import Client, ConnectFailed, Reconnect, RequestTimeout, Retry, UnexpectedContent
from canvus_async.server import CanvusServer
from tests.raw_server import Exchange, Script, raw_server
from tests.relays import tls_in_front_of

TOKEN = "a-token-of-some-length"
QUICK = {"retry": Retry(first_wait=0.001), "reconnect": Reconnect(first_wait=0.001, open_attempts=3)}
Call = Callable[[Client], Awaitable[object]]


async def read(client: Client) -> object:
    return await client.canvases.list()


async def write(client: Client) -> object:
    return await client.canvas("c1").notes.create(text="x")


async def upload(client: Client) -> object:
    return await client.canvas("c1").images.upload(b"x", filename="a.png")


async def follow(client: Client) -> object:
    async with aclosing(client.canvas("c1").notes.subscribe()) as notes:
        return await anext(notes)


CALLS: list[Call] = [read, write, upload, follow]


def refusing(status: str) -> Script:
    """A proxy that refuses every CONNECT."""

    async def script(exchange: Exchange) -> None:
        await exchange.head()
        await exchange.send(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    return script


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    "status",
    ["503 Service Unavailable", "502 Bad Gateway", "504 Gateway Timeout", "407 Proxy Login", "403 Forbidden", "301 No"],
)
async def test_a_proxy_that_refuses_to_connect_is_named_and_tried_again(call: Call, status: str) -> None:
    async with raw_server(refusing(status)) as proxy:
        session = aiohttp.ClientSession(proxy=proxy.url, connector=aiohttp.TCPConnector(limit=0))
        async with session, Client("https://canvus.example.com", token=TOKEN, session=session, **QUICK) as client:
            with pytest.raises(ConnectFailed, match=f"the proxy refused to connect to the server: {status}") as failed:
                await call(client)

    assert (failed.value.sent, failed.value.permanent) == (False, False)
    assert [request.method for request in proxy.requests] == ["CONNECT"] * 3


async def test_a_proxy_that_does_not_answer_is_named() -> None:
    session = aiohttp.ClientSession(proxy="http://127.0.0.1:1", connector=aiohttp.TCPConnector(limit=0))
    async with session, Client("https://canvus.example.com", token=TOKEN, session=session, **QUICK) as client:
        with pytest.raises(ConnectFailed, match="no connection to the proxy"):
            await read(client)


class BrokenConnector(aiohttp.TCPConnector):
    """A connector of another library, whose exceptions aiohttp does not know."""

    def __init__(self, problem: Exception) -> None:
        super().__init__()
        self.problem = problem
        self.attempts = 0

    async def _create_connection(self, *args: object, **kwargs: object) -> object:
        self.attempts += 1
        raise self.problem


class ProxyError(Exception):
    pass


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("problem", [ProxyError("SOCKS: host unreachable"), OSError("odd"), ValueError(), KeyError(1)])
async def test_any_exception_of_a_connector_becomes_connect_failed(call: Call, problem: Exception) -> None:
    connector = BrokenConnector(problem)
    session = aiohttp.ClientSession(connector=connector)
    async with session, Client("https://canvus.example.com", token=TOKEN, session=session, **QUICK) as client:
        with pytest.raises(ConnectFailed, match=r"no connection \(") as failed:
            await call(client)

    assert (failed.value.sent, connector.attempts) == (False, 3)


async def test_a_timeout_of_a_connector_is_a_request_that_was_not_sent() -> None:
    connector = BrokenConnector(TimeoutError("late"))
    session = aiohttp.ClientSession(connector=connector)
    async with session, Client("https://canvus.example.com", token=TOKEN, session=session, **QUICK) as client:
        with pytest.raises(RequestTimeout) as failed:
            await write(client)

    assert (failed.value.sent, connector.attempts) == (False, 3)


async def alert(exchange: Exchange) -> None:
    await exchange.reader.read(5)
    await exchange.send(b"\x15\x03\x03\x00\x02\x02\x50")


async def plain_http(exchange: Exchange) -> None:
    await exchange.reader.read(5)
    await exchange.send(b"HTTP/1.0 400 Bad Request\r\n\r\n")


async def closes(exchange: Exchange) -> None:
    await exchange.reader.read(5)


async def resets(exchange: Exchange) -> None:
    await exchange.reader.read(5)
    exchange.reset()


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("script", [alert, plain_http, closes, resets])
async def test_a_broken_handshake_is_tried_again_and_is_no_matter_of_certificates(call: Call, script: Script) -> None:
    async with raw_server(script) as server:
        url = server.url.replace("http://", "https://")
        async with Client(url, token=TOKEN, **QUICK) as client:
            with pytest.raises(ConnectFailed) as failed:
                await call(client)

    assert (failed.value.sent, failed.value.permanent, server.connections) == (False, False, 3)
    assert "certificate" not in str(failed.value)


async def test_https_on_a_plain_port_asks_whether_the_url_is_http() -> None:
    async with raw_server(plain_http) as server:
        async with Client(server.url.replace("http://", "https://"), token=TOKEN, **QUICK) as client:
            with pytest.raises(ConnectFailed, match="does not speak TLS on this port, is its URL http://"):
                await read(client)


@pytest.mark.parametrize("script", [alert, plain_http, closes, resets])
async def test_a_subscription_that_has_worked_survives_broken_handshakes(
    server: CanvusServer, serving: ssl.SSLContext, trusting: ssl.SSLContext, script: Script
) -> None:
    handshakes: list[asyncio.StreamWriter] = []
    broken = False

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        handshakes.append(writer)
        if broken:
            await script(Exchange(None, reader, writer))  # type: ignore[arg-type]  # these scripts read no request
            writer.close()
            return
        back_reader, back_writer = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(copy(reader, back_writer), copy(back_reader, writer), return_exceptions=True)

    canvas_id = await server.create_canvas()
    async with tls_in_front_of(server.url, serving) as tls:
        port = int(tls.url.rsplit(":", 1)[1])
        front = await asyncio.start_server(relay, "127.0.0.1", 0)
        url = f"https://127.0.0.1:{front.sockets[0].getsockname()[1]}"
        async with Client(url, token=server.token, ssl=trusting, reconnect=Reconnect(first_wait=0.001)) as client:
            notes = client.canvas(canvas_id).notes
            async with notes.live() as live, asyncio.timeout(30):
                broken = True
                for writer in tuple(handshakes):
                    writer.transport.abort()
                while len(handshakes) < 8:  # more than the five attempts that a subscription has at its start
                    await asyncio.sleep(0.01)
                broken = False
                await notes.create(text="after")
                assert (await live.wait_for(lambda note: note.text == "after")).text == "after"
        front.close()
        for writer in handshakes:
            writer.transport.abort()
        await front.wait_closed()


async def copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    while chunk := await source.read(65536):
        sink.write(chunk)
        await sink.drain()
    sink.close()


async def test_what_is_no_http_after_a_good_connection_is_still_unexpected_content() -> None:
    async def smtp(exchange: Exchange) -> None:
        await exchange.send("220 smtp.example.com ESMTP\r\n\r\n")
        await exchange.gone()

    async with raw_server(smtp) as server, Client(server.url, token=TOKEN, **QUICK) as client:
        with pytest.raises(UnexpectedContent):
            await read(client)
