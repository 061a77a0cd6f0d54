"""Subscriptions without one or both of the time limits `Timeouts.silence` and `Timeouts.first_line`."""

import asyncio
from contextlib import aclosing

import pytest

from canvus_async import Reconnect, Stalled, Timeouts
from tests.raw_server import Exchange, Script
from tests.subscriptions.clock import on_a_jumping_clock
from tests.subscriptions.wire import keeps_alive, note, playing, stays

HOUR = 3600.0
FIRST, SECOND = note("a", text="first"), note("a", text="second")


def pausing(before: float, between: float, *, keepalives: bool = False) -> Script:
    """Sends a first line after `before` seconds, perhaps with keepalives until then, and a second `between` later."""

    async def script(exchange: Exchange) -> None:
        await exchange.request()
        await exchange.stream()
        if keepalives:
            blanks = asyncio.create_task(keeps_alive(exchange))
            await asyncio.sleep(before)
            blanks.cancel()
        else:
            await asyncio.sleep(before)
        await exchange.line([FIRST])
        await asyncio.sleep(between)
        await exchange.line(SECOND)
        await exchange.gone()

    return script


async def connections(script: Script, limits: Timeouts) -> int:
    """How many connections a subscription needs to read both lines."""
    async with playing(script, stays([SECOND]), timeouts=limits) as (server, _client, canvas):
        async with aclosing(canvas.notes.subscribe()) as notes:
            text = ""
            while text != "second":
                text = (await anext(notes)).text
        return server.connections


@on_a_jumping_clock
async def test_subscription_without_both_limits_waits_for_hours() -> None:
    assert await connections(pausing(HOUR, HOUR), Timeouts(silence=None, first_line=None)) == 1


@on_a_jumping_clock
async def test_subscription_without_a_silence_limit_waits_for_hours_after_the_first_line_only() -> None:
    assert await connections(pausing(1.0, HOUR), Timeouts(silence=None)) == 1
    assert await connections(pausing(HOUR, 1.0), Timeouts(silence=None)) == 2


@on_a_jumping_clock
async def test_subscription_without_a_first_line_limit_waits_for_hours_while_keepalives_arrive() -> None:
    assert await connections(pausing(HOUR, 1.0, keepalives=True), Timeouts(first_line=None)) == 1
    assert await connections(pausing(HOUR, 1.0), Timeouts(first_line=None)) == 2
    assert await connections(pausing(1.0, HOUR), Timeouts(first_line=None)) == 2


@on_a_jumping_clock
async def test_silence_before_the_first_line_is_stalled_where_only_silence_is_limited() -> None:
    limits = {"timeouts": Timeouts(first_line=None), "reconnect": Reconnect(open_attempts=1)}
    async with playing(pausing(HOUR, 1.0), **limits) as (_server, _client, canvas):
        with pytest.raises(Stalled, match=r"45\.0 s"):
            await anext(canvas.notes.subscribe())
