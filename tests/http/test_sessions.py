"""A request carries only what was made for it: no cookie, no proxy, no stored password, no session default."""

import asyncio
import ssl as tls
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from canvus_async import Client, ClientClosed, Reconnect
from tests.http.test_redirects import CALLS, CANARY
from tests.raw_server import Exchange, raw_server
from tests.subscriptions.clock import on_a_jumping_clock

CANVAS = {"id": "c1", "name": "Demo"}


async def sets_cookies(exchange: Exchange) -> None:
    while True:
        await exchange.request()
        await exchange.answer(CANVAS, 200, "Set-Cookie: CanvusSession=theirs; Path=/", "Set-Cookie: tracked=1")


async def test_server_cookies_are_neither_kept_nor_sent() -> None:
    async with raw_server(sets_cookies) as server:
        async with Client(server.url, token=CANARY) as client:
            for _ in range(2):
                await client.canvases.get("c1")
        async with Client(server.url, session_cookie="ours") as client:
            for _ in range(2):
                await client.canvases.get("c1")

    sent = [request.headers.get("cookie") for request in server.requests]
    assert sent == [None, None, "CanvusSession=ours", "CanvusSession=ours"]


async def test_repr_of_an_aiohttp_response_hides_its_headers() -> None:
    async with raw_server(sets_cookies) as server, Client(server.url, token=CANARY) as client:
        for streaming in (False, True):
            session = client._transport.sessions.session(streaming=streaming)
            async with session.get(server.url) as response:
                assert "theirs" in response.headers["Set-Cookie"]
                assert "theirs" not in f"{response!r} {response}"


async def test_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    async with raw_server(sets_cookies) as proxy, raw_server(sets_cookies) as server:
        for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        for name in ("no_proxy", "NO_PROXY"):
            monkeypatch.delenv(name, raising=False)
        async with Client(server.url, token=CANARY) as client:
            await client.canvases.get("c1")
        reached = proxy.connections
        async with aiohttp.ClientSession(trust_env=True) as session:  # uses the proxy
            await session.get(server.url)

    assert (reached, proxy.connections) == (0, 1)
    assert len(server.requests) == 1


async def test_netrc_password_is_not_sent(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    stored = tmp_path / "netrc"
    stored.write_text("machine 127.0.0.1 login me password hunter2\n", encoding="ascii")
    stored.chmod(0o600)
    monkeypatch.setenv("NETRC", str(stored))
    async with raw_server(sets_cookies) as server:
        async with Client(server.url, token=CANARY) as client:
            await client.canvases.get("c1")
        async with aiohttp.ClientSession(trust_env=True) as session:
            await session.get(server.url)

    ours, theirs = server.requests
    assert "authorization" not in ours.headers
    assert "authorization" in theirs.headers


async def test_token_is_not_a_default_of_a_session(tmp_path: Path) -> None:
    """A default would be sent with every request of the session, wherever it goes."""

    async def empty(exchange: Exchange) -> None:
        while True:
            await exchange.request()
            await exchange.answer(b"[]\n")

    async with raw_server(empty) as server, Client(server.url, token=CANARY) as client:
        for call in ("a list", "a mirror"):
            await CALLS[call](client, tmp_path)
        sessions = client._transport.sessions._open.values()

        assert len(sessions) == 2
        for session in sessions:
            assert not {"private-token", "cookie", "authorization"} & {name.lower() for name in session.headers}
            assert len(session.cookie_jar) == 0


@pytest.mark.row("S52")
@pytest.mark.parametrize(("waits", "status"), [("for bytes", "live"), ("to try again", "stale")])
async def test_closing_the_client_ends_subscriptions_on_a_given_session(waits: str, status: str) -> None:
    async def one_line(exchange: Exchange) -> None:
        await exchange.request()
        await exchange.stream([])
        if waits == "for bytes":
            await exchange.gone()

    patient = Reconnect(first_wait=1000.0, max_wait=1000.0)
    async with raw_server(one_line) as server, aiohttp.ClientSession() as session:
        client = Client(server.url, token=CANARY, session=session, reconnect=patient)
        notes: Any = [client.canvas("c1").notes.subscribe() for _ in range(5)]
        following = [asyncio.create_task(anext(each)) for each in notes]
        async with asyncio.timeout(5):
            while {each.status for each in notes} != {status}:
                await asyncio.sleep(0.001)
        await client.aclose()
        done, left = await asyncio.wait(following, timeout=5)
        for task in left:
            task.cancel()
        assert not session.closed

    assert [type(task.exception()) for task in done] == [ClientClosed] * 5


@on_a_jumping_clock
async def test_subscription_outlives_the_timeout_of_a_given_session() -> None:
    short = aiohttp.ClientTimeout(total=0.05)

    async def late(exchange: Exchange) -> None:
        await exchange.request()
        await exchange.stream([])
        await asyncio.sleep(20)  # longer than the timeout of the session
        await exchange.line([])
        await exchange.gone()

    async with raw_server(late) as server, aiohttp.ClientSession(timeout=short) as session:
        async with Client(server.url, token=CANARY, session=session) as client:
            async with client.canvas("c1").live() as live:
                async with asyncio.timeout(30):
                    while live.counters.bytes < 6:
                        await asyncio.sleep(1)
                assert live.counters.connections == 1


async def test_session_and_ssl_together_are_refused() -> None:
    async with aiohttp.ClientSession() as session:
        with pytest.raises(ValueError, match="give either ssl= or session="):
            Client("https://canvus.example.com", session=session, ssl=tls.create_default_context())


async def test_token_is_sent_only_in_its_own_header(tmp_path: Path) -> None:
    async def refuses(exchange: Exchange) -> None:
        while True:
            await exchange.request()
            await exchange.answer({"msg": "no"}, 403)

    async with raw_server(refuses) as server, Client(server.url, token=CANARY) as client:
        for call in CALLS.values():
            with pytest.raises(Exception, match="403"):
                await call(client, tmp_path)

    assert len(server.requests) == len(CALLS)
    for request in server.requests:
        headers = dict(request.headers)
        assert headers.pop("private-token") == CANARY
        assert CANARY not in f"{request.target} {headers} {request.body!r}"
