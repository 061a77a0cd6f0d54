"""A session that the user passes to the client: what a call raises once the user has closed it."""

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import aiohttp
import pytest

from canvus_async import Client, ClientClosed, ConnectFailed, Retry
from tests.raw_server import Exchange, raw_server


async def lists_nothing(exchange: Exchange) -> None:
    while True:
        await exchange.request()
        await exchange.answer([])


async def half_a_body(exchange: Exchange) -> None:
    await exchange.request()
    await exchange.start(200, "Content-Length: 100")
    await exchange.send(b"[")
    await exchange.gone()


async def test_calls_and_subscriptions_raise_clientclosed_once_the_user_has_closed_the_session() -> None:
    async with raw_server(lists_nothing) as server, aiohttp.ClientSession() as session:
        client = Client(server.url, token="t", session=session)
        assert await client.canvases.list() == []
        await session.close()
        with pytest.raises(ClientClosed, match="session"):
            await client.canvases.list()
        with pytest.raises(ClientClosed, match="session"):
            await anext(client.canvases.subscribe())

    assert len(server.requests) == 1


async def test_waiting_call_raises_clientclosed_when_the_user_closes_the_session() -> None:
    async with raw_server(half_a_body) as server, aiohttp.ClientSession() as session:
        client = Client(server.url, token="t", session=session, retry=Retry(first_wait=0.001))
        call = asyncio.create_task(client.canvases.list())
        await server.until_requests(1)
        await session.close()
        with pytest.raises(ClientClosed, match="session"):
            await call
        await server.until_open(0)

    assert len(server.requests) == 1


async def test_session_that_cannot_be_told_to_send_once_is_refused_before_any_request() -> None:
    """Another version of aiohttp may have another name for the switch."""
    without_the_switch = cast("aiohttp.ClientSession", SimpleNamespace(closed=False))
    options: dict[str, Any] = {"session": without_the_switch, "retry": Retry(attempts=1)}
    async with Client("http://127.0.0.1:9", token="t", **options) as client:
        with pytest.raises(ConnectFailed, match="aiohttp") as failed:
            await client.canvases.list()

    assert not failed.value.sent


def test_session_of_a_closed_event_loop_is_refused_in_the_next_one() -> None:
    async def first() -> tuple[Client, aiohttp.ClientSession]:
        async with raw_server(lists_nothing) as server:
            session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True))
            client = Client(server.url, token="t", session=session)
            await client.canvases.list()
            return client, session

    async def next_one(client: Client, session: aiohttp.ClientSession) -> None:
        for _ in range(2):
            with pytest.raises(RuntimeError, match="session that was passed"):
                await client.canvases.list()
        await session.close()

    asyncio.run(next_one(*asyncio.run(first())))
