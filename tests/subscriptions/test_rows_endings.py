"""The ways in which a subscription can end: none of them leaves anything behind."""

import asyncio
import gc
from collections.abc import Callable
from contextlib import aclosing

import pytest

from canvus_async import Canvas, ClientClosed
from canvus_async.http.request import Request
from canvus_async.models import Note
from tests.conftest import descriptors
from tests.raw_server import Exchange
from tests.subscriptions.clock import on_a_jumping_clock
from tests.subscriptions.wire import note, playing, refuses, stays

A = note("a")


def sockets() -> int:
    """How many sockets this process has open, including those of the server."""
    return sum("socket:" in entry for entry in descriptors())


@pytest.mark.row("S50")
@on_a_jumping_clock
async def test_error_in_the_body_propagates_and_closes_the_connection() -> None:
    async with playing(stays([A])) as (server, _client, canvas):
        before = sockets()
        for consume in (subscribing, mirroring):
            with pytest.raises(ZeroDivisionError):
                await consume(canvas, lambda: 1 // 0)
            await asyncio.sleep(0)
            assert sockets() <= before + 1  # the server's socket
            await server.until_open(0)


async def subscribing(canvas: Canvas, body: Callable[[], object]) -> None:
    async with aclosing(canvas.notes.subscribe()) as notes:
        async for _note in notes:
            body()


async def mirroring(canvas: Canvas, body: Callable[[], object]) -> None:
    async with canvas.notes.live() as live:
        async for _change in live.changes():
            body()


@pytest.mark.row("S51")
@on_a_jumping_clock
async def test_break_closes_the_connection_within_one_loop_iteration() -> None:
    """Unlike in the row, subscribe() may be used without a block; a dropped subscription closes and warns."""
    async with playing(stays([A])) as (server, _client, canvas):
        before = sockets()
        async with aclosing(canvas.notes.subscribe()) as notes:
            async for _note in notes:
                break
        await asyncio.sleep(0)
        assert sockets() <= before + 1
        await server.until_open(0)

        dropped = canvas.notes.subscribe()
        await anext(dropped)
        with pytest.warns(ResourceWarning, match="dropped without closing"):
            del dropped
            gc.collect()
        await asyncio.sleep(0)
        assert sockets() <= before + 1
        await server.until_open(0)

        never_begun = canvas.notes.subscribe()  # no warning: it has no connection
        del never_begun
        gc.collect()


@pytest.mark.row("S51")
@on_a_jumping_clock
async def test_closed_subscription_stays_closed() -> None:
    async with playing(stays([A])) as (server, _client, canvas):
        notes = canvas.notes.subscribe()
        await notes.aclose()
        assert [seen async for seen in notes] == []
        assert server.connections == 0

        notes = canvas.notes.subscribe()
        assert (await anext(notes)).id == "a"
        waiting = asyncio.create_task(anext(notes, "ended"))
        await asyncio.sleep(0)  # the task is reading now
        await notes.aclose()
        await notes.aclose()
        assert await waiting == "ended"
        with pytest.raises(StopAsyncIteration):
            await anext(notes)
        await server.until_open(0)


async def no_head(exchange: Exchange) -> None:
    await exchange.request()
    await exchange.gone()


async def no_line(exchange: Exchange) -> None:
    await exchange.request()
    await exchange.stream()
    await exchange.gone()


PLACES = {
    "waiting for a change": stays([A]),
    "waiting for the first line": no_line,
    "waiting for the response headers": no_head,
    "waiting to reconnect": refuses(503, "Retry-After: 50"),
}


@pytest.mark.row("S51")
@pytest.mark.parametrize("script", PLACES.values(), ids=PLACES.keys())
@on_a_jumping_clock
async def test_closing_from_another_task_leaves_nothing(script: object) -> None:
    async with playing(script) as (server, _client, canvas):  # type: ignore[arg-type]  # a script
        notes = canvas.notes.subscribe()
        ended = asyncio.create_task(collect(notes))
        await server.until_requests(1)
        await asyncio.sleep(10)
        assert not ended.done()
        await notes.aclose()
        for _ in range(3):
            await asyncio.sleep(0)
        assert ended.done()
        assert {seen.id for seen in await ended} <= {"a"}
        await server.until_open(0)
        await asyncio.sleep(120)
        assert (server.open, server.connections) == (0, 1)


async def collect(notes: object) -> list[Note]:
    return [seen async for seen in notes]  # type: ignore[attr-defined]  # a subscription


@pytest.mark.row("S51")
@pytest.mark.parametrize("end", ["subscription", "client"])
@on_a_jumping_clock
async def test_closing_as_the_response_arrives_leaves_nothing(end: str) -> None:
    async with playing(stays([A])) as (server, client, canvas):
        notes, transport = canvas.notes.subscribe(), client._transport
        opened = transport.open

        async def opens_too_late(request: Request) -> object:
            response = await opened(request)
            if end == "subscription":
                await notes.aclose()
            else:
                transport.deadlines.close()  # the first step of `client.aclose()`
            return response

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(transport, "open", opens_too_late)
            with pytest.raises(StopAsyncIteration if end == "subscription" else ClientClosed):
                await anext(notes)
        await server.until_open(0)


@pytest.mark.row("S52")
@pytest.mark.parametrize("script", PLACES.values(), ids=PLACES.keys())
@on_a_jumping_clock
async def test_closing_the_client_ends_100_waiting_consumers(script: object) -> None:
    def body() -> None:
        pass

    async with playing(script) as (server, client, canvas):  # type: ignore[arg-type]  # a script
        tasks = [asyncio.create_task(consume(canvas, body)) for consume in (subscribing, mirroring) * 50]
        await server.until_requests(100)
        await asyncio.sleep(10)
        began = asyncio.get_running_loop().time()
        await client.aclose()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [ClientClosed] * 100
        assert asyncio.get_running_loop().time() == began
        await server.until_open(0)
        with pytest.raises(ClientClosed):
            await anext(canvas.notes.subscribe())
        with pytest.raises(ClientClosed):
            async with canvas.live():
                pass


@pytest.mark.row("S52")
@on_a_jumping_clock
async def test_busy_consumer_gets_buffered_changes_before_client_closed() -> None:
    async with playing(stays([A, note("b")])) as (_, client, canvas):
        async with aclosing(canvas.notes.subscribe()) as notes, canvas.notes.live() as live:
            changes = live.changes()
            assert (await anext(notes)).id == (await anext(changes)).id == "a"
            await client.aclose()
            await asyncio.sleep(1)
            assert (await anext(notes)).id == (await anext(changes)).id == "b"
            for reading in (notes, changes):
                with pytest.raises(ClientClosed):
                    await anext(reading)
            assert (live.status, set(live.widgets)) == ("closed", {"a", "b"})
