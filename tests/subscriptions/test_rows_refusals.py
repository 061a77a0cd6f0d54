"""Error responses: which of them end a subscription, and how long it waits after the others."""

import asyncio
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from canvus_async import (
    ApiError,
    BadRequest,
    CanvusError,
    Client,
    ConnectFailed,
    Forbidden,
    NotFound,
    NotSupported,
    RateLimited,
    RedirectRefused,
    Unauthorized,
    UnexpectedContent,
)
from tests.raw_server import Exchange, raw_server
from tests.subscriptions.clock import on_a_jumping_clock
from tests.subscriptions.wire import CANVAS, ends, note, playing, quiet, refuses, stays, take

A, B = note("a"), note("b")
PAGE = b"<!DOCTYPE html>\n<html><title>Log in</title><form action=/login></form></html>"


def page(body: bytes = PAGE, *, chunked: bool = False):
    """A login page instead of a stream."""

    async def script(exchange: Exchange) -> None:
        await exchange.request()
        length = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {len(body)}"
        await exchange.start(200, "Content-Type: text/html", length)
        await exchange.send(b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body) if chunked else body)

    return script


@pytest.mark.row("S34")
@pytest.mark.parametrize("body", [PAGE, PAGE.replace(b"\n", b"") + b"\n", PAGE.replace(b"\n", b"")])
@pytest.mark.parametrize("chunked", [True, False], ids=["chunked", "with its length"])
@on_a_jumping_clock
async def test_login_page_ends_the_subscription_at_the_start(body: bytes, chunked: bool) -> None:
    async with playing(page(body, chunked=chunked)) as (server, _client, canvas):
        with pytest.raises(UnexpectedContent, match="Log in"):
            await anext(canvas.notes.subscribe())
        assert server.connections == 1


@pytest.mark.row("S34")
@on_a_jumping_clock
async def test_later_login_page_is_retried_four_times() -> None:
    async with playing(stays([A]), page(), page(), page(), page(), stays([B])) as (server, _client, canvas):
        async with aclosing(canvas.notes.subscribe()) as notes:
            assert [seen.id for seen in await take(notes, 3)] == ["a", "a", "b"]
        assert server.connections == 6

    async with playing(stays([A]), page()) as (server, _client, canvas), aclosing(canvas.notes.subscribe()) as notes:
        assert (await anext(notes)).id == "a"
        with pytest.raises(UnexpectedContent):
            await anext(notes)
        assert server.connections == 6


FATAL = {
    "401": (401, Unauthorized),
    "403": (403, Forbidden),
    "404": (404, NotFound),
    "400": (400, BadRequest),
    "405": (405, ApiError),
    "410": (410, ApiError),
    "501": (501, NotSupported),
}


@pytest.mark.row("S35", "S38", "S39", "S42")
@pytest.mark.parametrize(("status", "kind"), FATAL.values(), ids=FATAL.keys())
@on_a_jumping_clock
async def test_error_status_ends_the_subscription_at_the_start(status: int, kind: type[ApiError]) -> None:
    async with playing(refuses(status, body={"msg": "Nothing for you"})) as (server, client, canvas):
        for stream in (canvas.notes.subscribe(), canvas.images.subscribe("some-id"), client.canvases.subscribe()):
            with pytest.raises(kind, match="Nothing for you") as refused:
                await anext(stream)
            assert (type(refused.value), refused.value.status) == (kind, status)
        with pytest.raises(kind):
            async with canvas.live():
                pass
        assert server.connections == 4


@pytest.mark.row("S36", "S38", "S39")
@pytest.mark.parametrize(("status", "kind"), FATAL.values(), ids=FATAL.keys())
@on_a_jumping_clock
async def test_error_status_after_a_reconnect_comes_after_buffered_records(status: int, kind: type[ApiError]) -> None:
    """A deleted canvas gives no deletes of its widgets, and the mirror keeps its last state."""
    async with playing(ends([A], B), refuses(status)) as (server, _client, canvas):
        async with aclosing(canvas.notes.subscribe()) as notes:
            seen = []
            with pytest.raises(kind):
                seen += [note async for note in notes]
            with pytest.raises(kind):  # and again on every further read
                await anext(notes)
        assert server.connections == 2

    async with playing(ends([A], B), refuses(status)) as (_, _client, canvas), canvas.notes.live() as live:
        changes = live.changes()
        assert {change.id for change in await take(changes, 2)} == {"a", "b"}
        with pytest.raises(kind):
            await anext(changes)
        assert (set(live.widgets), live.status) == ({"a", "b"}, "closed")


@pytest.mark.row("S36")
@on_a_jumping_clock
async def test_revoked_token_is_renewed_once() -> None:
    asked = 0

    async def token() -> str:
        nonlocal asked
        asked += 1
        return f"token-{asked}"

    async def for_the_second_token(exchange: Exchange) -> None:
        if (await exchange.request()).headers["private-token"] == "token-2":
            await exchange.stream([A, B])
            await exchange.gone()
        else:
            await exchange.answer({"msg": "revoked"}, 401, "Connection: close")

    for last, outcome in ((for_the_second_token, "b"), (refuses(401), Unauthorized)):
        asked = 0
        async with raw_server(ends([A]), last) as server, Client(server.url, token=token) as client:
            async with aclosing(client.canvas(CANVAS).notes.subscribe()) as notes:
                assert (await anext(notes)).id == "a"
                if isinstance(outcome, str):
                    assert (await anext(notes)).id == outcome
                else:
                    with pytest.raises(outcome):
                        await anext(notes)
            assert asked == 2


@pytest.mark.row("S37")
@on_a_jumping_clock
async def test_failing_or_hanging_token_function_is_a_failed_connection() -> None:
    loop = asyncio.get_running_loop()
    asked: list[float] = []

    async def token() -> str:
        asked.append(loop.time())
        if len(asked) == 1:
            raise OSError("no such vault")
        if len(asked) == 2:
            await asyncio.sleep(3600)
        return "token"

    async with raw_server(stays([A])) as server, Client(server.url, token=token) as client:
        async with aclosing(client.canvas(CANVAS).notes.subscribe()) as notes:
            assert (await anext(notes)).id == "a"
    assert 30 <= asked[2] - asked[1] < 31.1  # Timeouts.token, and the wait after it

    async def broken() -> str:
        raise OSError("no such vault")

    async with Client(server.url, token=broken) as client:
        with pytest.raises(ConnectFailed, match="token function raised OSError"):
            await anext(client.canvas(CANVAS).notes.subscribe())


NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
DATE = f"Date: {format_datetime(NOON, usegmt=True)}"
WAITS = {
    "seconds": (["5"], 5.0),
    "date": ([format_datetime(NOON + timedelta(seconds=20), usegmt=True), DATE], 20.0),
    "date without Date": ([format_datetime(NOON + timedelta(seconds=20), usegmt=True)], 0.0),
    "negative": (["-5"], 0.0),
    "nan": (["nan"], 0.0),
    "too much": (["1e9"], 0.0),
    "plain and too much": (["1000000000"], 60.0),
    "year 9999": (["Fri, 31 Dec 9999 23:59:59 GMT", DATE], 60.0),
    "garbage": (["soon"], 0.0),
}


@pytest.mark.row("S40")
@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(("headers", "wait"), WAITS.values(), ids=WAITS.keys())
@on_a_jumping_clock
async def test_retry_after_is_obeyed_up_to_60_s(status: int, headers: list[str], wait: float) -> None:
    """A subscription waits for at most `Retry.max_retry_after`, and ignores an invalid value."""
    loop = asyncio.get_running_loop()
    refusal = refuses(status, f"Retry-After: {headers[0]}", *headers[1:])
    async with playing(refusal, stays([A])) as (server, _client, canvas), aclosing(canvas.notes.subscribe()) as notes:
        began = loop.time()
        assert (await anext(notes)).id == "a"
        assert wait <= loop.time() - began < wait + 0.6
        assert server.connections == 2


@pytest.mark.row("S40")
@on_a_jumping_clock
async def test_five_429_at_the_start_end_the_subscription() -> None:
    async with playing(refuses(429, "Retry-After: 5")) as (server, _client, canvas):
        with pytest.raises(RateLimited) as refused:
            await anext(canvas.notes.subscribe())
        assert (refused.value.retry_after, server.connections) == (5.0, 5)


@pytest.mark.row("S41")
@on_a_jumping_clock
async def test_burst_of_server_errors_is_retried() -> None:
    burst = [refuses(status) for status in (500, 502, 503, 504, 408, 425) * 5]
    async with playing(stays([A]), *burst, stays([A, B])) as (server, _client, canvas):
        async with aclosing(canvas.notes.subscribe()) as notes:
            assert [seen.id for seen in await take(notes, 2)] == ["a", "b"]
            assert await quiet(notes)
        assert server.connections == 32


@pytest.mark.row("S43")
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@on_a_jumping_clock
async def test_cross_origin_redirect_is_refused(status: int) -> None:
    async with raw_server(stays([B])) as other:
        for first in ((), (stays([A]),)):
            target = refuses(status, f"Location: {other.url}/api/v1/canvases")
            async with playing(*first, target) as (_, _client, canvas), aclosing(canvas.notes.subscribe()) as notes:
                with pytest.raises(RedirectRefused) as refused:
                    await take(notes, 2)
                assert refused.value.target.startswith(other.url)
        assert not other.requests


@pytest.mark.row("S44")
@on_a_jumping_clock
async def test_three_same_origin_redirects_are_followed() -> None:
    async def serve(exchange: Exchange) -> None:
        target = (await exchange.request()).target
        hops = target.count("/hop")
        if hops < wanted:
            await exchange.answer(b"", 307, f"Location: /hop{target}", "Connection: close")
        else:
            await exchange.stream([A])
            await exchange.gone()

    for wanted in (1, 3):
        async with playing(serve) as (server, _client, canvas), aclosing(canvas.notes.subscribe()) as notes:
            assert (await anext(notes)).id == "a"
            assert [request.headers["private-token"] for request in server.requests] == ["secret"] * (wanted + 1)
            assert all(request.target.endswith("/notes?subscribe") for request in server.requests)
    wanted = 4
    async with playing(serve) as (_, _client, canvas), aclosing(canvas.notes.subscribe()) as notes:
        with pytest.raises(CanvusError, match="more than 3 redirects"):
            await anext(notes)
