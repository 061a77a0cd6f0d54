"""Memory is bounded by the size of the canvas, not by the number of its changes."""

import asyncio
import gc
import tracemalloc
from collections.abc import Iterator
from contextlib import aclosing, contextmanager

import pytest

from canvus_async import Limits, LineTooLong
from canvus_async.models import Note
from tests.alone import alone
from tests.raw_server import Exchange
from tests.subscriptions.clock import on_a_jumping_clock
from tests.subscriptions.wire import KEEPALIVE, follows, line, note, playing, stays

MIB = 1 << 20


class Traced:
    """The bytes that Python has allocated since the start: now, and at most."""

    def __init__(self) -> None:
        gc.collect()
        tracemalloc.reset_peak()
        self._start = tracemalloc.get_traced_memory()[0]

    @property
    def peak(self) -> int:
        return tracemalloc.get_traced_memory()[1] - self._start

    @property
    def now(self) -> int:
        gc.collect()
        return tracemalloc.get_traced_memory()[0] - self._start


@contextmanager
def traced() -> Iterator[Traced]:
    tracemalloc.start()
    try:
        yield Traced()
    finally:
        tracemalloc.stop()


def updates(count: int, ids: int) -> list[bytes]:
    """A snapshot, then blocks of 1000 lines, `count` lines in all, that change texts."""
    template = line(note("%03d", text="%06d"))
    return [
        b"[" + b", ".join(template.rstrip() % (each, 0) for each in range(ids)) + b"]\n",
        *(
            b"".join(template % (number % ids, number) for number in range(start, start + 1000))
            for start in range(0, count, 1000)
        ),
    ]


@pytest.mark.row("S48")
@alone
@on_a_jumping_clock
async def test_unread_updates_of_50_ids_stay_under_5_mib() -> None:
    """A tenth of the million in the row, to save time; more updates would not use more memory."""
    count, ids = 100_000, 50
    blocks = updates(count, ids)

    async def script(exchange: Exchange) -> None:
        await exchange.request()
        await exchange.stream()
        for block in blocks:
            await exchange.chunk(block)
        await exchange.gone()

    async with playing(script) as (_, _client, canvas):
        with traced() as memory:
            async with canvas.notes.live() as live:
                changes = live.changes()
                last = f"{count - 1:06d}"
                await live.wait_for(lambda seen: seen.text == last)
                peak = memory.peak
                seen = [await anext(changes) for _ in range(ids)]
                assert {change.id for change in seen} == set(live.widgets)
                assert {change.new for change in seen} == set(live.widgets.values())
                assert all(change.initial for change in seen)

    assert peak < 5 * MIB


@pytest.mark.row("S48")
@alone
@on_a_jumping_clock
async def test_sleeping_reader_applies_backpressure() -> None:
    block = updates(1000, 50)[1]
    written = 0

    async def pours(exchange: Exchange) -> None:
        nonlocal written
        while written < 100 * MIB:
            await exchange.chunk(block)
            written += len(block)

    async with playing(follows([note("000", text="first")], pours)) as (_, _client, canvas):
        with traced() as memory:
            async with aclosing(canvas.notes.subscribe()) as notes:
                assert (await anext(notes)).text == "first"
                await asyncio.sleep(600)
                stopped = written
                await asyncio.sleep(600)
                assert stopped == written < 20 * MIB  # what both sockets and the buffer of aiohttp hold
                assert memory.peak < 5 * MIB
                for _ in range(200):
                    await anext(notes)
                await asyncio.sleep(1)
                assert memory.peak < 8 * MIB


@pytest.mark.row("S7")
@alone
@on_a_jumping_clock
async def test_keepalives_do_not_leak_memory() -> None:
    async def script(exchange: Exchange) -> None:
        for _ in range(5000):
            await asyncio.sleep(15)
            await exchange.chunk(KEEPALIVE)

    async with playing(follows([note("a")], script)) as (_, _client, canvas), canvas.notes.live() as live:
        await asyncio.sleep(500 * 15)
        with traced() as memory:
            await asyncio.sleep(1000 * 15)
            early = memory.now
            await asyncio.sleep(3000 * 15)
            assert memory.now - early < 20_000
        assert (live.counters.connections, live.status) == (1, "live")


@pytest.mark.row("S5")
@pytest.mark.parametrize(("array", "times"), [(True, 3.0), (False, 1.35)], ids=["an array", "no array"])
@alone
@on_a_jumping_clock
async def test_endless_line_uses_little_more_memory_than_the_limit(array: bool, times: float) -> None:
    """An array is decoded while it arrives, and records take about twice the memory of their text."""
    limit = 4 * MIB
    chunk = (line(note("000")).rstrip() + b", ") * 100 if array else b"x" * 50_000

    async def pours(exchange: Exchange) -> None:
        await exchange.request()
        await exchange.stream(b"[" if array else b'"')
        while True:
            await exchange.chunk(chunk)

    async with playing(pours, limits=Limits(line=limit)) as (server, _client, canvas):
        with traced() as memory:
            with pytest.raises(LineTooLong):
                await anext(canvas.notes.subscribe())
            peak = memory.peak
        assert server.connections == 5
    assert peak < times * limit


@alone
@on_a_jumping_clock
async def test_reconnects_do_not_leak_memory() -> None:
    async with playing(stays([note("a"), note("b")])) as (server, _client, canvas), canvas.notes.live() as live:
        await asyncio.sleep(3600)
        with traced() as memory:
            await asyncio.sleep(3600 * 2)
            server.requests.clear()
            early, before = memory.now, live.counters.connections
            await asyncio.sleep(3600 * 6)
            server.requests.clear()
            assert live.counters.connections - before > 200
            assert memory.now - early < 100_000  # an open connection takes up to 60 kB
        assert {type(record) for record in live.widgets.values()} == {Note}
