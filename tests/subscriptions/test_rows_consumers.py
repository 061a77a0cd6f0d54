"""Consumers that are cancelled, that join late, and that are many."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, suppress
from typing import cast

import anyio
import pytest

from canvus_async import Change
from canvus_async.models import Note
from tests.raw_server import Exchange
from tests.subscriptions.clock import on_a_jumping_clock
from tests.subscriptions.model import Fold
from tests.subscriptions.wire import Setting, follows, line, note, playing, take

A = note("a")


async def counts(exchange: Exchange) -> None:
    """Send a new text in every line, a few milliseconds apart, some lines in two parts."""
    for number in range(300):
        text = line(note("a", text=str(number)))
        cut = number * 7 % len(text)
        await exchange.chunk(text[:cut] or b"\n")
        await asyncio.sleep(0.003)
        await exchange.chunk(text[cut:])
        await asyncio.sleep(0.001 * (number % 5))
    await exchange.gone()


async def anyio_scope(step: Callable[[], Awaitable[object]], seconds: float) -> None:
    with anyio.move_on_after(seconds):
        await step()


async def asyncio_timeout(step: Callable[[], Awaitable[object]], seconds: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await step()


async def task_cancel(step: Callable[[], Awaitable[object]], seconds: float) -> None:
    async def run() -> None:
        await step()

    task = asyncio.create_task(run())
    await asyncio.wait([task], timeout=seconds)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


@pytest.mark.row("S49")
@pytest.mark.parametrize("limited", [anyio_scope, asyncio_timeout, task_cancel])
@on_a_jumping_clock
async def test_read_cancelled_hundreds_of_times_loses_nothing(
    limited: Callable[[Callable[[], Awaitable[object]], float], Awaitable[None]],
) -> None:
    expected = [str(number) for number in range(300)]
    async with playing(follows([A], counts)) as (server, _client, canvas):
        streamed: list[str] = []
        changed: list[tuple[str, str]] = []
        cancelled = 0
        async with canvas.notes.live() as live, aclosing(canvas.notes.subscribe()) as notes:
            changes = live.changes(initial=False)

            async def stream() -> None:
                streamed.append((await anext(notes)).text)

            async def change() -> None:
                seen = await anext(changes)
                changed.append((cast("Note", seen.old).text, cast("Note", seen.new).text))

            while len(streamed) < 301 or len(changed) < 300:
                before = len(streamed)
                await limited(stream, 0.0007)
                await limited(change, 0.0007)
                cancelled += len(streamed) == before
        assert server.connections == 2

    assert cancelled > 200
    assert streamed == ["", *expected]
    assert changed == list(zip(["", *expected], expected, strict=False))


@pytest.mark.row("S48")
async def test_slow_reader_applies_backpressure_and_loses_nothing() -> None:
    stuck, moved = asyncio.Event(), asyncio.Event()
    sent = 0

    async def pours(exchange: Exchange) -> None:
        nonlocal sent
        await exchange.request()
        await exchange.stream([])
        while not moved.is_set():
            writing = asyncio.ensure_future(exchange.line(note("a", text=f"{sent} ".ljust(1_000_000))))
            done, _ = await asyncio.wait([writing], timeout=1)
            if not done:
                stuck.set()
                await writing
                moved.set()
            sent += 1
        await exchange.gone()

    async with playing(pours) as (_, _client, canvas):
        async with aclosing(canvas.notes.subscribe()) as notes:
            assert (await anext(notes)).text.strip() == "0"
            await stuck.wait()
            before = sent
            seen = [int((await anext(notes)).text) for _ in range(before)]
            assert moved.is_set()
    assert before < 50  # what two sockets and a chunk hold
    assert seen == list(range(1, before + 1))


@pytest.mark.row("S49")
@on_a_jumping_clock
async def test_repeated_cancellation_does_not_hammer_a_slow_server() -> None:
    async def thinks(exchange: Exchange) -> None:
        await exchange.request()
        await exchange.gone()

    async with playing(thinks) as (server, _client, canvas), aclosing(canvas.notes.subscribe()) as notes:
        for _ in range(5000):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.001):
                    await anext(notes)
        assert 2 <= server.connections <= 50  # in five seconds, at a quarter of a second on average


@pytest.mark.row("S49")
@on_a_jumping_clock
async def test_read_cancelled_at_any_loop_iteration_loses_nothing() -> None:
    expected = [str(number) for number in range(500)]

    async def pours(exchange: Exchange) -> None:
        for text in expected:
            await exchange.line(note("a", text=text))
            await asyncio.sleep(0)
        await exchange.gone()

    async with playing(follows([A], pours)) as (_, _client, canvas), aclosing(canvas.notes.subscribe()) as notes:
        await anext(notes)
        await asyncio.sleep(1)
        seen: list[str] = []

        async def step() -> None:
            seen.append((await anext(notes)).text)

        for number in range(20_000):
            reading = asyncio.create_task(step())
            for _ in range(number % 6):
                await asyncio.sleep(0)
            reading.cancel()
            await asyncio.wait([reading])
            if len(seen) == len(expected):
                break
    assert seen == expected


@on_a_jumping_clock
async def test_late_consumer_sees_each_change_once() -> None:
    async def pours(exchange: Exchange) -> None:
        for number in range(300):
            await exchange.line(
                note(f"{number % 3}", text=str(number)) | ({"state": "deleted"} if number % 7 == 0 else {})
            )
            await asyncio.sleep(0)
        await exchange.line(note("end"))
        await exchange.gone()

    async with playing(follows([A], pours)) as (_, _client, canvas), canvas.notes.live() as live:
        joined: list[tuple[Fold, AsyncIterator[Change[Note]]]] = []
        await asyncio.sleep(1)  # the server is sending now, and time does not advance until it is done
        for _ in range(5000):
            joined += [(Fold(), live.changes()), (Fold(dict(live.widgets)), live.changes(initial=False))]
            for _ in live.widgets:
                joined[-2][0].change(await anext(joined[-2][1]))
            if "end" in live.widgets:
                break
            await asyncio.sleep(0)
        for fold, changes in joined:
            while fold.known != dict(live.widgets):
                fold.change(await anext(changes))
    assert len(joined) > 500  # one or two iterations of the loop apart


@pytest.mark.row("S53")
@on_a_jumping_clock
async def test_150_subscriptions_do_not_block_a_call() -> None:
    async def either(exchange: Exchange) -> None:
        request = await exchange.request()
        if request.target.endswith("?subscribe"):
            await exchange.stream([A])
        else:
            await exchange.answer([{"id": "c"}])
        await exchange.gone()

    async with playing(either) as (server, client, canvas):
        subscriptions = [canvas.notes.subscribe() for _ in range(150)]
        await asyncio.gather(*(anext(subscription) for subscription in subscriptions))
        assert [info.id for info in await client.canvases.list()] == ["c"]
        assert server.open == 151
        for subscription in subscriptions:
            await subscription.aclose()
        await server.until_open(1)


@pytest.mark.row("S54")
@on_a_jumping_clock
async def test_second_task_cannot_read_a_subscription() -> None:
    """There is no `clone()`: call `subscribe()` again. A mirror has an iterator for each consumer."""
    async with playing(follows([A], lambda exchange: exchange.line(note("b")))) as setting:
        await two_readers(setting)


async def two_readers(setting: Setting) -> None:
    async with aclosing(setting.canvas.notes.subscribe()) as notes:
        assert (await anext(notes)).id == "a"
        first = asyncio.create_task(anext(notes))
        await asyncio.sleep(0)
        with pytest.raises(RuntimeError, match="another task"):
            await anext(notes)
        assert (await first).id == "b"

    async with setting.canvas.notes.live() as live:
        seen = await asyncio.gather(*(take(live.changes(), 2) for _ in range(5)))
        assert [[change.id for change in each] for each in seen] == [["a", "b"]] * 5


@pytest.mark.parametrize("mirrored", [False, True])
async def test_reading_buffered_records_lets_other_tasks_run(mirrored: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("canvus_async.subscriptions.fairness.LONGEST", 0.0)  # however fast the machine is
    async with playing(follows([note(str(number)) for number in range(1000)], Exchange.gone)) as (
        _server,
        _client,
        canvas,
    ):
        turns = 0

        async def others() -> None:
            nonlocal turns
            while True:
                await asyncio.sleep(0)
                turns += 1

        async with canvas.notes.live() as live, aclosing(canvas.notes.subscribe()) as notes:
            source: AsyncIterator[object] = live.changes() if mirrored else notes
            await anext(source)
            other = asyncio.create_task(others())
            for _ in range(999):
                await anext(source)
            other.cancel()
    assert turns >= 5


@on_a_jumping_clock
async def test_awaited_change_needs_no_extra_loop_iteration(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses = 0

    async def pause(self: object) -> None:
        nonlocal pauses
        pauses += 1

    monkeypatch.setattr("canvus_async.subscriptions.fairness.Fairness.pause", pause)

    async def changes(exchange: Exchange) -> None:
        for number in range(20):
            await exchange.chunk(line(note("a", text=str(number))))
            await asyncio.sleep(1)
        await exchange.gone()

    async with playing(follows([A], changes)) as (_server, _client, canvas):
        async with aclosing(canvas.notes.subscribe()) as notes:
            seen = [(await anext(notes)).text for _ in range(21)]
    assert seen[1:] == [str(number) for number in range(20)]
    assert pauses <= 1  # the first line may have arrived with the headers
