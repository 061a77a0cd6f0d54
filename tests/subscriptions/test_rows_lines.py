"""Bytes into lines: however they are cut or padded, the records are the same."""

import asyncio
from contextlib import aclosing
from typing import cast

import pytest

from canvus_async import Limits, LineTooLong
from canvus_async.models import Image, Note
from tests.raw_server import Exchange
from tests.subscriptions.clock import on_a_jumping_clock
from tests.subscriptions.wire import (
    KEEPALIVE,
    follows,
    image,
    keeps_alive,
    line,
    note,
    playing,
    quiet,
    stays,
    take,
    then,
)

WORDS = 'é日本🎉 "quoted" \\ , },{'


@pytest.mark.row("S1")
@on_a_jumping_clock
async def test_line_may_be_cut_at_every_byte() -> None:
    first, second = image("a", title=WORDS), image("b", title=WORDS)
    snapshot, cuts = line([first, second]), range(1, len(line(first)))

    async def script(exchange: Exchange) -> None:
        await exchange.request()
        head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        for byte in head.encode() + b"%x\r\n%b\r\n" % (len(snapshot), snapshot):
            await exchange.send(bytes([byte]))
            await asyncio.sleep(0.001)
        for cut in cuts:
            text = line({**first, "depth": cut + 0.5})
            await exchange.chunk(text[:cut])
            await asyncio.sleep(0.001)  # the clock advances only after the client has read that
            await exchange.chunk(text[cut:])
        await exchange.gone()

    async with playing(script) as (_, _client, canvas), aclosing(canvas.images.subscribe()) as images:
        assert [(seen.id, seen.title) for seen in await take(images, 2)] == [("a", WORDS), ("b", WORDS)]
        changed = await take(images, len(cuts))

    assert [seen.depth - 0.5 for seen in changed] == list(cuts)
    assert {seen.title for seen in changed} == {WORDS}


@pytest.mark.row("S2")
@on_a_jumping_clock
async def test_crlf_spaces_and_blank_lines_are_ignored() -> None:
    first = image("a")
    lines = (
        b"\r\n \r\n  \t" + line([first]).rstrip() + b" \r\n\r\n",
        b"\r" + line({**first, "depth": 2.0}).replace(b"\n", b"\r\r\n"),
        b"  " + line({**first, "depth": 3.0}).replace(b", ", b" ,\t").replace(b"\n", b"\t \n \n"),
    )
    async with playing(stays(*lines)) as (_, _client, canvas), aclosing(canvas.images.subscribe()) as images:
        assert [seen.depth for seen in await take(images, 3)] == [1, 2, 3]
        assert await quiet(images)


@pytest.mark.row("S3")
@on_a_jumping_clock
async def test_character_may_be_split_between_chunks() -> None:
    texts = ["é", "日", "🎉", "👩‍👩‍👧"]
    lines = [b"[]\n"]
    for text in texts:
        whole = line(note(text=text))
        middle = whole.index(text.encode()) + 1
        lines += [whole[:middle], whole[middle:]]

    async def slowly(exchange: Exchange) -> None:
        await exchange.request()
        await exchange.stream()
        for part in lines:
            await exchange.chunk(part)
            await asyncio.sleep(0.001)
        await exchange.gone()

    async with playing(slowly) as (_, _client, canvas), aclosing(canvas.notes.subscribe()) as notes:
        assert [seen.text for seen in await take(notes, len(texts))] == texts


@pytest.mark.row("S4")
async def test_first_line_of_12_mb_lets_other_tasks_run() -> None:
    """Benchmarks measure the time; this counts the bytes that are handled in one iteration of the loop."""
    pattern = line(image("%08d", title="x" * 20)).replace(b"\n", b"")
    number = 12 * 1024 * 1024 // len(pattern)
    snapshot = b"[" + b", ".join(pattern % n for n in range(number)) + b"]\n"
    most = before = 0

    async with playing(stays(snapshot)) as (_, _client, canvas):
        live = canvas.live()

        async def look() -> None:
            nonlocal most, before
            while live.status != "live":
                await asyncio.sleep(0)
                most, before = max(most, live.counters.bytes - before), live.counters.bytes

        looking = asyncio.create_task(look())
        async with live:
            assert len(live.widgets) == number
            assert live.widgets[f"{number - 1:08d}"].title == "x" * 20
            await looking

    assert most < len(snapshot) / 8


@pytest.mark.row("S5")
@pytest.mark.parametrize("tail", [b"\n", b""], ids=["a line", "no LF at all"])
@on_a_jumping_clock
async def test_line_over_the_limit_triggers_resync_and_is_counted(tail: bytes) -> None:
    before, after = image("a"), image("a", title="after")

    async def floods(exchange: Exchange) -> None:
        for _ in range(40):
            await exchange.chunk(b"x" * 1000)
        await exchange.chunk(tail or b"x")
        await exchange.gone()

    scripts = (follows([before], floods), stays([after]))
    async with playing(*scripts, limits=Limits(line=20_000)) as (_, _client, canvas), canvas.images.live() as live:
        changes = live.changes()
        created, updated = await take(changes, 2)
        assert live.counters.bad_lines == 1

    assert (created.initial, updated.kind, updated.resync) == (True, "updated", True)
    assert (updated.old, cast("Image", updated.new).title) == (created.new, "after")


@pytest.mark.row("S5")
@on_a_jumping_clock
async def test_lines_before_an_oversized_line_are_delivered() -> None:
    after = image("a", title="told")
    scripts = (then([image("a")], after, b"x" * 30_000), stays([after]))
    async with playing(*scripts, limits=Limits(line=20_000)) as (_, _client, canvas), canvas.images.live() as live:
        changes = live.changes()
        created, updated = await take(changes, 2)
        assert (created.initial, updated.kind, updated.resync) == (True, "updated", False)
        assert await quiet(changes)
        assert live.counters.bad_lines == 1


@pytest.mark.row("S5")
@on_a_jumping_clock
async def test_five_oversized_lines_in_a_row_end_the_subscription() -> None:
    script = then([image("a")], b"x" * 30_000)
    async with playing(script, limits=Limits(line=20_000)) as (server, _client, canvas):
        async with aclosing(canvas.images.subscribe()) as images:
            assert (await anext(images)).id == "a"
            with pytest.raises(LineTooLong, match="longer than 20000 bytes"):
                async with asyncio.timeout(600):
                    await anext(images)
        assert server.connections == 5


@pytest.mark.row("S6")
async def test_five_million_blank_lines_let_other_tasks_run() -> None:
    count, size = 20, 256 * 1024
    most = before = 0

    async def storm(exchange: Exchange) -> None:
        for _ in range(count):
            await exchange.chunk(KEEPALIVE * size)
        await exchange.line(note("b"))
        await exchange.gone()

    async with playing(follows([note("a")], storm)) as (_, _client, canvas), canvas.notes.live() as live:

        async def look() -> None:
            nonlocal most, before
            while "b" not in live.widgets:
                await asyncio.sleep(0)
                most, before = max(most, live.counters.bytes - before), live.counters.bytes

        looking = asyncio.create_task(look())
        changes = live.changes(initial=False)
        first = await anext(changes)
        await looking
        assert (first.kind, first.id, live.counters.connections) == ("created", "b", 1)
        assert live.counters.bytes > count * size

    assert most <= 4 * size


@pytest.mark.row("S7")
@on_a_jumping_clock
async def test_hour_of_keepalives_uses_one_connection() -> None:
    script = follows([note("a")], keeps_alive)
    async with playing(script) as (server, _client, canvas), canvas.notes.live() as live:
        changes = live.changes()
        assert (await anext(changes)).id == "a"
        assert await quiet(changes, 3600)
        assert (live.status, live.counters.connections) == ("live", 1)
        assert live.counters.bytes == len(line([note("a")])) + 239
        assert live.last_activity is not None
        assert server.connections == 1


@pytest.mark.row("S17")
@on_a_jumping_clock
async def test_byte_order_mark_is_dropped_before_the_first_line_only() -> None:
    marked = [b"\xef\xbb", b"\xbf" + line([note("a")]), line(note("b"))]
    async with playing(stays(*marked)) as (_, _client, canvas), aclosing(canvas.notes.subscribe()) as notes:
        assert [seen.id for seen in await take(notes, 2)] == ["a", "b"]

    scripts = stays([note("a")], b"\xef\xbb\xbf" + line(note("a", text="lost"))), stays([note("a", text="kept")])
    async with playing(*scripts) as (_, _client, canvas), canvas.notes.live() as live:
        _, changed = await take(live.changes(), 2)
        assert (cast("Note", changed.new).text, changed.resync, live.counters.bad_lines) == ("kept", True, 1)


@pytest.mark.row("S17")
@on_a_jumping_clock
async def test_stream_that_ends_within_the_byte_order_mark_is_truncated() -> None:
    async def script(exchange: Exchange) -> None:
        await exchange.request()
        await exchange.start(200)
        await exchange.send(b"\xef\xbb")

    async with playing(script, stays([note("a")])) as (_, _client, canvas), canvas.notes.live() as live:
        assert (set(live.widgets), live.counters.bad_lines) == ({"a"}, 0)
