"""Live objects that are used before their block, after it, twice, or while it ends."""

import asyncio
from contextlib import aclosing

import pytest

from canvus_async import Canvas, Client, ClientClosed, NotFound, Reconnect
from canvus_async.models import Note
from canvus_async.server import CanvusServer
from tests.raw_server import Exchange, raw_server


def never(_note: Note) -> bool:
    return False


async def test_live_object_cannot_be_entered_twice(canvas: Canvas) -> None:
    live = canvas.notes.live()
    async with live:
        with pytest.raises(RuntimeError, match=r"live\(\)"):
            async with live:
                pass
    with pytest.raises(RuntimeError, match=r"live\(\)"):
        async with live:
            pass


async def test_iterators_and_wait_for_need_an_entered_block(canvas: Canvas) -> None:
    live = canvas.notes.live()

    assert live.last_activity is None
    with pytest.raises(RuntimeError, match="async with"):
        live.changes()
    with pytest.raises(RuntimeError, match="async with"):
        live.batches()
    with pytest.raises(RuntimeError, match="async with"):
        await live.wait_for(never)


async def test_wait_for_raises_clientclosed_when_the_block_ends_meanwhile(canvas: Canvas) -> None:
    await canvas.notes.create(text="other")
    live = await canvas.notes.live().__aenter__()
    waiting = asyncio.create_task(live.wait_for(never))
    await asyncio.sleep(0)
    await live.aclose()

    with pytest.raises(ClientClosed):
        await waiting


async def test_wait_for_raises_the_error_that_ends_the_subscription_meanwhile(client: Client, canvas: Canvas) -> None:
    async with canvas.notes.live() as live:
        waiting = asyncio.create_task(live.wait_for(never))
        await asyncio.sleep(0)
        await client.canvases.delete(canvas.id)
        with pytest.raises(NotFound):
            await waiting


async def test_timeouterror_of_a_predicate_is_raised_unchanged(canvas: Canvas) -> None:
    class MyTimeout(TimeoutError):
        pass

    def fails(_note: Note) -> bool:
        raise MyTimeout

    await canvas.notes.create()
    async with canvas.notes.live() as live:
        with pytest.raises(MyTimeout):
            await live.wait_for(fails, timeout=60)
        with pytest.raises(MyTimeout):
            await live.wait_for(fails)


async def test_iterator_made_after_the_end_returns_the_last_state_and_ends(canvas: Canvas) -> None:
    note = await canvas.notes.create()
    async with canvas.notes.live() as live:
        pass

    assert [change.new for change in [change async for change in live.changes()]] == [note]
    assert [change async for change in live.changes(initial=False)] == []
    assert [batch async for batch in live.batches()] == [[change async for change in live.changes()]]
    assert [batch async for batch in live.batches(initial=False)] == []
    assert await live.wait_for(lambda each: each.id == note.id) == note
    with pytest.raises(ClientClosed):
        await live.wait_for(never)


async def test_iterator_made_after_a_fatal_error_raises_it(client: Client, canvas: Canvas) -> None:
    async with canvas.notes.live() as live:
        await client.canvases.delete(canvas.id)
        with pytest.raises(NotFound):
            await live.wait_for(never)
        with pytest.raises(NotFound):
            await anext(live.changes(initial=False))


async def test_closing_a_live_object_twice_does_nothing_more(server: CanvusServer, canvas: Canvas) -> None:
    async with canvas.notes.live() as live:
        await live.aclose()
        assert live.status == "closed"
        await live.aclose()


async def test_live_object_closed_by_another_task_before_the_snapshot_cancels_its_entering() -> None:
    async def no_snapshot(exchange: Exchange) -> None:
        await exchange.request()
        await exchange.stream()
        await exchange.gone()

    async with raw_server(no_snapshot) as server, Client(server.url, token="t") as client:
        live = client.canvas("c1").notes.live()
        entering = asyncio.create_task(live.__aenter__())
        await server.until_requests(1)
        await live.aclose()
        with pytest.raises(asyncio.CancelledError):
            await entering
        await server.until_open(0)


async def test_cancelling_aclose_does_not_leave_the_task_running() -> None:
    """Closing waits for the task, which may need time to stop; the cancellation is passed on afterwards."""
    asked_again, stopped = asyncio.Event(), asyncio.Event()
    tokens = iter(["first"])

    async def token() -> str:
        if (first := next(tokens, None)) is not None:
            return first
        asked_again.set()
        try:
            await asyncio.Event().wait()
        finally:
            for _ in range(10):
                await asyncio.sleep(0)
            stopped.set()
        raise AssertionError("nothing sets that event")

    async def snapshot(exchange: Exchange) -> None:
        await exchange.request()
        await exchange.answer(b"[]\n")

    async def refuses(exchange: Exchange) -> None:
        await exchange.request()
        await exchange.answer({"msg": "expired"}, 401)

    quick = Reconnect(first_wait=0.001)
    async with raw_server(snapshot, refuses) as server, Client(server.url, token=token, reconnect=quick) as client:
        live = await client.canvas("c1").notes.live().__aenter__()
        await asked_again.wait()
        closing = asyncio.create_task(live.aclose())
        await asyncio.sleep(0)
        closing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await closing
        assert stopped.is_set()


async def test_status_of_a_subscription_is_closed_after_its_end(canvas: Canvas) -> None:
    async with aclosing(canvas.notes.subscribe()) as notes:
        assert notes.status == "connecting"
    assert notes.status == "closed"


@pytest.mark.parametrize("kind", ["changes", "batches"])
async def test_closed_iterator_forgets_what_is_pending_and_receives_nothing_more(canvas: Canvas, kind: str) -> None:
    await canvas.notes.create(text="before")
    async with canvas.notes.live() as live:
        closed, other = getattr(live, kind)(), live.changes(initial=False)
        await closed.aclose()
        await canvas.notes.create(text="after")
        await anext(other)
        assert [item async for item in closed] == []
