"""Nothing goes along with a request but what was made for it: no cookie, no proxy, no stored password, no default."""

import asyncio
import ssl as tls
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from canvus_async import Client, ClientClosed, Reconnect
from tests.http.test_redirects import CALLS, CANARY
from tests.raw_server import Exchange, raw_server

CANVAS = {"id": "c1", "name": "Demo"}


async def sets_cookies(exchange: Exchange) -> None:
    while True:
        await exchange.request()
        await exchange.answer(CANVAS, 200, "Set-Cookie: CanvusSession=theirs; Path=/", "Set-Cookie: tracked=1")


async def test_a_servers_cookies_are_neither_kept_nor_sent() -> None:
    async with raw_server(sets_cookies) as server:
        async with Client(server.url, token=CANARY) as client:
            for _ in range(2):
                await client.canvases.get("c1")
        async with Client(server.url, session_cookie="ours") as client:
            for _ in range(2):
                await client.canvases.get("c1")

    sent = [request.headers.get("cookie") for request in server.requests]
    assert sent == [None, None, "CanvusSession=ours", "CanvusSession=ours"]


async def test_a_proxy_of_the_environment_gets_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    async with raw_server(sets_cookies) as proxy, raw_server(sets_cookies) as server:
        for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        for name in ("no_proxy", "NO_PROXY"):
            monkeypatch.delenv(name, raising=False)
        async with Client(server.url, token=CANARY) as client:
            await client.canvases.get("c1")
        reached = proxy.connections
        async with aiohttp.ClientSession(trust_env=True) as session:  # one that trusts the environment goes there
            await session.get(server.url)

    assert (reached, proxy.connections) == (0, 1)
    assert len(server.requests) == 1


async def test_a_stored_password_is_not_sent(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
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


async def test_no_session_has_the_token_among_its_defaults(tmp_path: Path) -> None:
    """Defaults go wherever a session goes; the headers of a request go with that request."""

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


@pytest.mark.parametrize(("waits", "status"), [("for bytes", "live"), ("to try again", "stale")])
async def test_s52_closing_the_client_ends_what_waits_although_the_session_is_the_users(
    waits: str, status: str
) -> None:
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


async def test_a_subscription_outlives_the_time_limit_of_a_session_that_is_the_users() -> None:
    short = aiohttp.ClientTimeout(total=0.05)

    async def late(exchange: Exchange) -> None:
        await exchange.request()
        await exchange.stream([])
        await asyncio.sleep(0.2)  # longer than the session would wait
        await exchange.line([])
        await exchange.gone()

    async with raw_server(late) as server, aiohttp.ClientSession(timeout=short) as session:
        async with Client(server.url, token=CANARY, session=session) as client:
            async with client.canvas("c1").live() as live:
                async with asyncio.timeout(5):
                    while live.counters.bytes < 6:
                        await asyncio.sleep(0.001)
                assert live.counters.connections == 1


async def test_a_session_and_trust_cannot_both_be_given() -> None:
    async with aiohttp.ClientSession() as session:
        with pytest.raises(ValueError, match="give either ssl= or session="):
            Client("https://canvus.example.com", session=session, ssl=tls.create_default_context())


async def test_the_token_is_in_no_address_and_no_header_but_its_own(tmp_path: Path) -> None:
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
