"""Behaviour of aiohttp that the transport works around.

These are not promises of canvus_async. When a test fails after an update of aiohttp, the workaround may be unnecessary
or may no longer work: review the transport.
"""

import asyncio
import gzip
import pickle
from collections.abc import AsyncIterator

import aiohttp
import pytest
from yarl import URL

from tests.raw_server import Exchange, Script, raw_server

TOKEN = {"Private-Token": "canary-7f3a"}


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as opened:
        yield opened


def answers(body: bytes, *headers: str, status: int = 200) -> Script:
    async def script(exchange: Exchange) -> None:
        while True:
            await exchange.request()
            await exchange.answer(body, status, *headers)

    return script


async def drops(exchange: Exchange) -> None:
    await exchange.request()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_cross_origin_redirect_still_sends_custom_headers(session: aiohttp.ClientSession, status: int) -> None:
    async with (
        raw_server(answers(b"")) as there,
        raw_server(answers(b"", f"Location: {there.url}/", status=status)) as here,
    ):
        await session.get(here.url, headers={**TOKEN, "Authorization": "Bearer canary"})

    assert there.requests[0].headers["private-token"] == TOKEN["Private-Token"]
    assert "authorization" not in there.requests[0].headers


@pytest.mark.parametrize("status", [307, 308])
async def test_redirected_post_still_sends_its_body(session: aiohttp.ClientSession, status: int) -> None:
    async with (
        raw_server(answers(b"")) as there,
        raw_server(answers(b"", f"Location: {there.url}/", status=status)) as here,
    ):
        await session.post(here.url, json={"password": "hunter2"})

    assert b"hunter2" in there.requests[0].body


@pytest.mark.parametrize(
    ("method", "times"), [("GET", 2), ("HEAD", 2), ("PUT", 2), ("DELETE", 2), ("POST", 1), ("PATCH", 1)]
)
async def test_dropped_request_is_silently_sent_again(session: aiohttp.ClientSession, method: str, times: int) -> None:
    async with raw_server(drops) as server:
        with pytest.raises(aiohttp.ServerDisconnectedError):
            await session.request(method, server.url)

    assert len(server.requests) == times


async def test_private_attribute_disables_the_silent_retry(session: aiohttp.ClientSession) -> None:
    assert session._retry_connection is True
    session._retry_connection = False
    async with raw_server(drops) as server:
        with pytest.raises(aiohttp.ServerDisconnectedError):
            await session.get(server.url)

    assert len(server.requests) == 1


async def test_cookies_are_kept_and_sent_unless_the_jar_is_a_dummy() -> None:
    sent: list[list[str | None]] = []
    for jar in (aiohttp.CookieJar(unsafe=True), aiohttp.DummyCookieJar()):  # unsafe: also for IP addresses
        async with (
            raw_server(answers(b"", "Set-Cookie: tracked=1")) as server,
            aiohttp.ClientSession(cookie_jar=jar) as session,
        ):
            await session.get(server.url)
            await session.get(server.url)
        sent.append([request.headers.get("cookie") for request in server.requests])

    assert sent == [[None, "tracked=1"], [None, None]]


async def test_default_jar_keeps_cookies(session: aiohttp.ClientSession) -> None:
    assert isinstance(session.cookie_jar, aiohttp.CookieJar)
    session.cookie_jar.update_cookies({"tracked": "1"}, URL("https://canvus.example.com"))
    assert len(session.cookie_jar) == 1


async def test_repr_of_a_response_error_shows_the_token(
    session: aiohttp.ClientSession,
) -> None:
    async with raw_server(answers(b"", status=500)) as server:
        response = await session.get(server.url, headers=TOKEN)
        with pytest.raises(aiohttp.ClientResponseError) as failed:
            response.raise_for_status()

    assert TOKEN["Private-Token"] in repr(failed.value)
    assert TOKEN["Private-Token"] not in str(failed.value)
    with pytest.raises(TypeError):
        pickle.loads(pickle.dumps(failed.value))


async def test_read_does_not_limit_the_decompressed_size(session: aiohttp.ClientSession) -> None:
    bomb = gzip.compress(bytes(20_000_000))
    async with raw_server(answers(bomb, "Content-Encoding: gzip")) as server:
        response = await session.get(server.url)
        whole = await response.read()
        response = await session.get(server.url)
        pieces = [len(piece) async for piece in response.content.iter_any()]

    assert len(bomb) < 50_000
    assert len(whole) == sum(pieces) == 20_000_000
    assert max(pieces) <= 1 << 20


async def test_body_delimited_by_close_counts_as_complete(session: aiohttp.ClientSession) -> None:
    async def cut(exchange: Exchange) -> None:
        await exchange.request()
        await exchange.start(200)
        await exchange.send(b"half of i")

    async with raw_server(cut) as server:
        assert await (await session.get(server.url)).read() == b"half of i"


async def test_truncated_gzip_body_counts_as_complete(session: aiohttp.ClientSession) -> None:
    body = gzip.compress(bytes(range(256)) * 400)
    async with raw_server(answers(body[: len(body) // 2], "Content-Encoding: gzip")) as server:
        assert len(await (await session.get(server.url)).read()) < 256 * 400


async def test_unsolicited_response_answers_the_next_request(session: aiohttp.ClientSession) -> None:
    idle = asyncio.Event()

    async def twice(exchange: Exchange) -> None:
        await exchange.request()
        await exchange.answer(b"first")
        await idle.wait()
        await exchange.answer(b"unasked")
        await exchange.gone()

    async with raw_server(twice) as server:
        assert await (await session.get(server.url)).read() == b"first"
        idle.set()
        assert await (await session.get(server.url)).read() == b"unasked"

    assert server.connections == 1


async def test_default_total_timeout_is_five_minutes(session: aiohttp.ClientSession) -> None:
    assert session.timeout.total == 300


async def test_readline_is_limited_to_512_kib(session: aiohttp.ClientSession) -> None:
    async with raw_server(answers(bytes(600_000))) as server, session.get(server.url) as response:
        with pytest.raises(aiohttp.http_exceptions.LineTooLong, match="more than 524288 bytes"):
            await response.content.readline()


async def test_streams_exhaust_the_connection_pool() -> None:
    async def stays(exchange: Exchange) -> None:
        await exchange.request()
        await exchange.stream([])
        await exchange.gone()

    async with raw_server(stays) as server, aiohttp.ClientSession() as session:
        streams = [await session.get(server.url) for _ in range(100)]
        call = asyncio.create_task(session.get(server.url))
        done, _ = await asyncio.wait([call], timeout=0.1)
        call.cancel()
        await asyncio.wait([call])
        for stream in streams:
            stream.close()

    assert not done
    assert server.connections == 100


async def test_closing_a_session_leaves_its_readers_waiting() -> None:
    async def silent(exchange: Exchange) -> None:
        await exchange.request()
        await exchange.stream(b"\n")
        await exchange.gone()

    async with raw_server(silent) as server:
        session = aiohttp.ClientSession()
        response = await session.get(server.url)
        await response.content.readany()
        reading = asyncio.create_task(response.content.readany())
        await asyncio.sleep(0)
        await session.close()
        done, _ = await asyncio.wait([reading], timeout=0.1)
        reading.cancel()
        await asyncio.wait([reading])
        response.close()

    assert not done
