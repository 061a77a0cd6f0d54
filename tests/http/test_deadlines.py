"""The deadlines of one client share a timer; none is lost or fires for another."""

import asyncio
import gc

import pytest

from canvus_async import Client, ClientClosed, RequestTimeout, Retry, Timeouts
from tests.raw_server import Exchange, raw_server

INFO = {"id": "quick", "name": "A"}


async def quick_or_never(exchange: Exchange) -> None:
    while True:
        request = await exchange.request()
        if request.target.endswith("never"):
            await exchange.gone()
            return
        await exchange.answer(INFO)


async def test_a_call_still_times_out_after_others_have_finished() -> None:
    options = {"timeouts": Timeouts(response=0.3), "retry": Retry(attempts=1)}
    async with raw_server(quick_or_never) as server, Client(server.url, token="a-token", **options) as client:
        hanging = [asyncio.create_task(client.canvases.get("never")) for _ in range(3)]
        await server.until_requests(3)
        for _ in range(5):
            await client.canvases.get("quick")
        async with asyncio.timeout(10):
            results = await asyncio.gather(*hanging, return_exceptions=True)

    assert [type(result) for result in results] == [RequestTimeout] * 3


async def test_without_calls_in_flight_no_timer_is_left_in_the_loop() -> None:
    async with raw_server(quick_or_never) as server, Client(server.url, token="a-token") as client:
        await asyncio.gather(*(client.canvases.get("quick") for _ in range(5)))
        gc.collect()

        loop = asyncio.get_running_loop()
        timers = [handle for handle in loop._scheduled if not handle.cancelled()]  # type: ignore[attr-defined]
        assert [timer for timer in timers if "deadlines" in repr(timer)] == []


async def test_a_client_closes_its_sessions_once_and_stays_closed() -> None:
    async with raw_server(quick_or_never) as server:
        client = Client(server.url, token="a-token")
        await client.canvases.get("quick")
        await client.aclose()
        await client.aclose()

        with pytest.raises(ClientClosed):
            await client.canvases.get("quick")
        with pytest.raises(ClientClosed):
            client._transport.sessions.session(streaming=False)
