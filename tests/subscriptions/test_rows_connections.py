"""Connections that end, fall silent, start slowly, or send something unexpected."""

import asyncio
import gzip
import zlib
from contextlib import aclosing
from itertools import pairwise
from typing import cast

import pytest

from canvus_async import Reconnect, RequestTimeout
from canvus_async.models import Note
from canvus_async.protocol.retrying import delays
from tests.raw_server import Exchange
from tests.subscriptions.clock import on_a_jumping_clock
from tests.subscriptions.wire import ends, follows, keeps_alive, line, note, playing, quiet, refuses, stays, take

BEFORE, AFTER = note("a", text="before"), note("a", text="after")


def now() -> float:
    return asyncio.get_running_loop().time()


@pytest.mark.row("S8", "S9")
@pytest.mark.parametrize("closes", [False, True], ids=["server alive", "server gone"])
@on_a_jumping_clock
async def test_silence_is_detected_within_three_keepalives(closes: bool) -> None:
    """A server that vanished looks like a silent one: neither bytes nor a FIN nor an RST arrive."""
    began = 0.0

    async def falls_silent(exchange: Exchange) -> None:
        nonlocal began
        began = now()
        if closes:  # the server does not read either
            cast("asyncio.Transport", exchange.writer.transport).pause_reading()
            await asyncio.sleep(3600)
        await exchange.gone()

    async with playing(follows([BEFORE], falls_silent), stays([AFTER])) as (server, _client, canvas):
        async with canvas.notes.live() as live:
            changes = live.changes()
            assert (await anext(changes)).initial
            change = await anext(changes)
            assert (cast("Note", change.new).text, change.resync, server.connections) == ("after", True, 2)
            assert 40 < now() - began < 46


@pytest.mark.row("S8")
@on_a_jumping_clock
async def test_busy_consumer_causes_no_silence_timeout() -> None:
    """The silence timeout counts from when data arrives, not from when the consumer reads it."""

    async def speaks_once(exchange: Exchange) -> None:
        await exchange.line(note("b"))
        await exchange.gone()

    async with playing(follows([BEFORE], keeps_alive), follows([BEFORE], speaks_once)) as (server, _client, canvas):
        for connections in (1, 2):
            async with aclosing(canvas.notes.subscribe()) as notes:
                assert (await anext(notes)).text == "before"
                await asyncio.sleep(3600)
                if connections == 2:
                    assert (await anext(notes)).id == "b"
                assert await quiet(notes)
                assert server.connections == connections


@pytest.mark.row("S8")
@on_a_jumping_clock
async def test_silence_is_detected_across_short_polls() -> None:
    async with playing(stays([BEFORE]), stays([AFTER])) as (server, _client, canvas):
        async with aclosing(canvas.notes.subscribe()) as notes:
            assert (await anext(notes)).text == "before"
            polls = 0
            while await quiet(notes, 0.5):
                polls += 1
                await asyncio.sleep(0.5)
            assert 40 < polls < 46
        assert server.connections == 2


@pytest.mark.row("S10")
@pytest.mark.parametrize("drips", [False, True], ids=["never", "dripped"])
@on_a_jumping_clock
async def test_response_headers_time_out_after_30_s(drips: bool) -> None:
    async def script(exchange: Exchange) -> None:
        await exchange.request()
        for byte in b"HTTP/1.1 200 OK\r\nX-Padding: " + b"x" * 8000 if drips else b"":
            await exchange.send(bytes([byte]))
            await asyncio.sleep(0.02)
        await exchange.gone()

    async with playing(script) as (server, _client, canvas):
        async with aclosing(canvas.notes.subscribe()) as notes:
            began = now()
            with pytest.raises(RequestTimeout, match=r"no response within 30\.0 s"):
                await anext(notes)
            assert (server.connections, 150 < now() - began < 170) == (5, True)  # Reconnect.open_attempts

    async with playing(script, stays([AFTER])) as (server, _client, canvas):
        async with aclosing(canvas.notes.subscribe()) as notes:
            assert (await anext(notes)).text == "after"
        assert server.connections == 2


@pytest.mark.row("S11")
@pytest.mark.parametrize("blanks", [False, True], ids=["nothing", "keepalives only"])
@on_a_jumping_clock
async def test_first_line_times_out_after_60_s(blanks: bool) -> None:
    async def script(exchange: Exchange) -> None:
        await exchange.request()
        await exchange.stream()
        await (keeps_alive(exchange) if blanks else exchange.gone())

    async with playing(script) as (server, _client, canvas):
        async with aclosing(canvas.notes.subscribe()) as notes:
            began = now()
            with pytest.raises(RequestTimeout, match="no data within"):
                await anext(notes)
            assert (server.connections, 300 <= now() - began < 310) == (5, True)

    async with playing(script, stays([AFTER])) as (_, _client, canvas), aclosing(canvas.notes.subscribe()) as notes:
        assert (await anext(notes)).text == "after"


async def fin(exchange: Exchange) -> None:
    """End the connection with a FIN."""


async def rst(exchange: Exchange) -> None:
    exchange.reset()


@pytest.mark.row("S12")
@pytest.mark.parametrize("end", [fin, rst])
@pytest.mark.parametrize("chunked", [True, False], ids=["chunked", "delimited by close"])
@on_a_jumping_clock
async def test_truncated_line_is_ignored(end: object, chunked: bool) -> None:
    cut = line(note("a", text="cut off"))[:-30]

    async def script(exchange: Exchange) -> None:
        await exchange.request()
        await exchange.start(200, *(["Transfer-Encoding: chunked"] if chunked else []))
        await (exchange.chunk if chunked else exchange.send)(line([BEFORE]))
        await asyncio.sleep(1)
        await (exchange.chunk if chunked else exchange.send)(cut)
        await asyncio.sleep(1)
        await end(exchange)  # type: ignore[operator]  # one of the two functions above

    async with playing(script, stays([AFTER])) as (_, _client, canvas), canvas.notes.live() as live:
        seen = await take(live.changes(), 2)
        assert live.counters.bad_lines == 0

    assert [cast("Note", change.new).text for change in seen] == ["before", "after"]


@pytest.mark.row("S12")
@on_a_jumping_clock
async def test_lines_lost_in_a_reset_arrive_with_the_next_snapshot() -> None:
    async def five_lines_and_a_reset(exchange: Exchange) -> None:
        for number in range(5):
            await exchange.line(note(str(number)))
        exchange.reset()

    last = [BEFORE, *(note(str(number)) for number in range(5))]
    async with playing(follows([BEFORE], five_lines_and_a_reset), stays(last)) as (_, _client, canvas):
        async with aclosing(canvas.notes.subscribe()) as notes:
            assert (await anext(notes)).id == "a"
            await asyncio.sleep(60)  # the consumer is busy
            assert [seen.id for seen in await take(notes, 5)] == ["0", "1", "2", "3", "4"]
            assert await quiet(notes)


@pytest.mark.row("S12")
@on_a_jumping_clock
async def test_last_line_without_lf_counts_in_a_complete_response() -> None:
    scripts = ends([BEFORE], line(AFTER).rstrip()), refuses(404)
    async with playing(*scripts) as (_, _client, canvas), aclosing(canvas.notes.subscribe()) as notes:
        assert [seen.text for seen in await take(notes, 2)] == ["before", "after"]


@pytest.mark.row("S13")
@on_a_jumping_clock
async def test_streams_that_end_immediately_are_reconnected_with_backoff() -> None:
    connected: list[float] = []

    async def script(exchange: Exchange) -> None:
        connected.append(now())
        await exchange.request()
        await exchange.stream([BEFORE])
        await exchange.send(b"0\r\n\r\n")

    async with playing(script) as (_, _client, canvas), aclosing(canvas.notes.subscribe()) as notes:
        assert (await anext(notes)).text == "before"
        assert await quiet(notes, 15_000)

    assert 700 < len(connected) < 1300  # 0 to 30 s apart, 15 on average
    assert max(b - a for a, b in pairwise(connected)) <= 30.1


@pytest.mark.row("S13")
def test_at_most_ten_connects_in_30_s() -> None:
    """With the average jitter; full jitter may make it more or fewer."""
    options = Reconnect()
    waits = delays(first=options.first_wait, longest=options.max_wait, random=lambda: 0.5)
    connects, clock = 1, 0.0
    while (clock := clock + next(waits)) <= 30:
        connects += 1

    assert connects <= 10


@pytest.mark.row("S13")
@on_a_jumping_clock
async def test_healthy_connection_resets_the_backoff() -> None:
    connected: list[float] = []

    async def script(exchange: Exchange) -> None:
        connected.append(now())
        await exchange.request()
        await exchange.stream([BEFORE])
        if len(connected) == 20:
            for _ in range(5):
                await asyncio.sleep(15)
                await exchange.chunk(b"\n")
        if len(connected) == 21:
            await exchange.gone()

    async with playing(script) as (_, _client, canvas), aclosing(canvas.notes.subscribe()) as notes:
        assert (await anext(notes)).text == "before"
        assert await quiet(notes, 1000)

    assert connected[20] - connected[19] < 75.6  # five keepalives and at most half a second


@pytest.mark.row("S33")
@on_a_jumping_clock
async def test_unrequested_gzip_stream_is_decoded() -> None:
    packer = zlib.compressobj(wbits=31)

    async def script(exchange: Exchange) -> None:
        request = await exchange.request()
        assert request.headers["accept-encoding"] == "identity"
        await exchange.start(200, "Transfer-Encoding: chunked", "Content-Encoding: gzip")
        for text in (line([BEFORE]), line(AFTER)):
            await exchange.chunk(packer.compress(text) + packer.flush(zlib.Z_SYNC_FLUSH))
        await exchange.gone()

    async with playing(script) as (_, _client, canvas), aclosing(canvas.notes.subscribe()) as notes:
        assert [seen.text for seen in await take(notes, 2)] == ["before", "after"]


@pytest.mark.row("S33")
@on_a_jumping_clock
async def test_unflushed_gzip_stream_counts_as_silent() -> None:
    async def script(exchange: Exchange) -> None:
        await exchange.request()
        await exchange.start(200, "Transfer-Encoding: chunked", "Content-Encoding: gzip")
        await exchange.chunk(gzip.compress(line([BEFORE]))[:12])
        await exchange.gone()

    async with playing(script, stays([AFTER])) as (_, _client, canvas), aclosing(canvas.notes.subscribe()) as notes:
        assert (await anext(notes)).text == "after"
