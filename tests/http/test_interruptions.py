"""Calls that are interrupted: by the end of a body, by the end of the client, or from outside of any task."""

import asyncio
from typing import NoReturn

import aiohttp
import pytest

from canvus_async import Client, ClientClosed, ConnectionLost, Forbidden, RequestTimeout, Retry
from canvus_async.http.deadlines import Deadlines
from tests.raw_server import Exchange, raw_server


def half_a_body(status: int) -> object:
    async def script(exchange: Exchange) -> None:
        await exchange.request()
        await exchange.start(status, "Content-Length: 100")
        await exchange.send(b'{"msg": "half')

    return script


async def test_call_whose_body_is_truncated_raises_connectionlost_after_its_retries() -> None:
    async with raw_server(half_a_body(200)) as server:
        async with Client(server.url, token="t", retry=Retry(first_wait=0.001)) as client:
            with pytest.raises(ConnectionLost) as failed:
                await client.canvases.list()

    assert failed.value.sent
    assert len(server.requests) == 3


async def test_status_of_an_error_counts_although_its_body_is_truncated() -> None:
    async with raw_server(half_a_body(403)) as server, Client(server.url, token="t") as client:
        with pytest.raises(Forbidden) as refused:
            await client.canvases.list()

    assert (refused.value.status, "half" in str(refused.value)) == (403, False)


class StubbornConnector(aiohttp.BaseConnector):
    """A connector that answers a cancellation with an error of its own, as a broken proxy library might."""

    def __init__(self) -> None:
        super().__init__()
        self.entered = asyncio.Event()

    async def connect(self, *args: object, **options: object) -> NoReturn:
        self.entered.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise OSError("interrupted") from None
        raise AssertionError("nothing sets that event")


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_closing_the_client_ends_a_call_whose_connector_turns_cancellation_into_an_error(method: str) -> None:
    connector = StubbornConnector()
    async with aiohttp.ClientSession(connector=connector) as session:
        client = Client("http://127.0.0.1:9", token="t", session=session)
        canvases = client.canvases
        call = asyncio.create_task(canvases.list() if method == "GET" else canvases.create("Demo"))
        await connector.entered.wait()
        await client.aclose()
        with pytest.raises(ClientClosed):
            await call


async def test_closing_the_client_sends_nothing_for_a_token_function_that_swallows_cancellation() -> None:
    asked = asyncio.Event()

    async def stubborn() -> str:
        asked.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return "token"
        raise AssertionError("nothing sets that event")

    async def nobody(exchange: Exchange) -> None:
        await exchange.request()
        await exchange.answer([])

    async with raw_server(nobody) as server:
        client = Client(server.url, token=stubborn)
        call = asyncio.create_task(client.canvases.list())
        await asked.wait()
        await client.aclose()
        with pytest.raises(ClientClosed):
            await call
        assert server.connections == 0


async def test_deadline_that_has_passed_raises_its_own_error_although_the_client_is_closed_then() -> None:
    deadlines = Deadlines()
    late = RequestTimeout("late", method="GET", path="x")
    task = asyncio.current_task()
    assert task is not None

    with pytest.raises(RequestTimeout, match="late"):
        async with deadlines.within(60.0, late) as deadline:
            deadline.expire()
            deadlines.close()
            await asyncio.Event().wait()

    assert task.cancelling() == 0


async def test_call_made_from_a_callback_says_that_it_needs_a_task() -> None:
    failed: asyncio.Future[BaseException] = asyncio.get_running_loop().create_future()
    async with Client("http://127.0.0.1:9", token="t") as client:
        call = client.canvases.list()

        def callback() -> None:
            try:
                call.send(None)
            except BaseException as error:
                failed.set_result(error)

        asyncio.get_running_loop().call_soon(callback)
        error = await failed

    assert isinstance(error, RuntimeError)
    assert "task" in str(error)
