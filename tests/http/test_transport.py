"""A request gives a record or a typed error: against a server that writes literal bytes."""

import asyncio
import gc
import gzip
import json
import logging
import ssl
import tracemalloc
from pathlib import Path

import aiohttp
import pytest

from canvus_async import (
    Client,
    ClientClosed,
    ConnectFailed,
    ConnectionLost,
    Limits,
    NotFound,
    OutcomeUnknown,
    RateLimited,
    RedirectRefused,
    RequestTimeout,
    Retry,
    ServerError,
    Timeouts,
    Unauthorized,
    UnexpectedContent,
)
from tests.raw_server import Exchange, raw_server

CANARY = "canary-7f3a"
INFO = {"id": "c1", "name": "Demo", "surprise": [1, 2]}
QUICK = Retry(first_wait=0.001)


def client(url: str, **options) -> Client:
    return Client(url, **{"token": CANARY, "retry": QUICK, **options})


async def answers(exchange: Exchange) -> None:
    while True:
        await exchange.request()
        await exchange.answer(INFO)


async def drops(exchange: Exchange) -> None:
    await exchange.request()


def refuses(status: int, *headers: str, msg: str = "no"):
    async def script(exchange: Exchange) -> None:
        while True:
            await exchange.request()
            await exchange.answer({"msg": msg}, status, *headers)

    return script


async def test_request_has_the_token_and_the_response_becomes_a_record() -> None:
    async with raw_server(answers) as server, client(server.url) as canvus:
        info = await canvus.canvases.get("c1")

    (request,) = server.requests
    assert (request.method, request.target) == ("GET", "/api/v1/canvases/c1")
    assert request.headers["private-token"] == CANARY
    assert (info.id, info.name, info.access) == ("c1", "Demo", "")


async def test_connection_is_reused() -> None:
    async with raw_server(answers) as server, client(server.url) as canvus:
        for _ in range(5):
            await canvus.canvases.get("c1")

    assert (server.connections, len(server.requests), canvus.requests_sent) == (1, 5, 5)


async def test_silent_retry_of_aiohttp_is_disabled() -> None:
    """aiohttp sends GET, PUT and DELETE again after a lost connection; only the retry policy may."""
    once = Retry(attempts=1)
    async with raw_server(drops) as server, client(server.url, retry=once) as canvus:
        with pytest.raises(ConnectionLost, match="connection lost"):
            await canvus.canvases.get("c1")
        with pytest.raises(OutcomeUnknown):
            await canvus.canvases.delete("c1")

    assert [request.method for request in server.requests] == ["GET", "DELETE"]


async def test_given_session_has_no_silent_retry_and_stays_open() -> None:
    async with raw_server(drops, answers) as server, aiohttp.ClientSession() as session:
        async with client(server.url, retry=Retry(attempts=1), session=session) as canvus:
            with pytest.raises(ConnectionLost):
                await canvus.canvases.get("c1")
            await canvus.canvases.get("c1")
        assert not session.closed


async def test_read_is_retried_after_a_lost_connection() -> None:
    async with raw_server(drops, drops, answers) as server, client(server.url) as canvus:
        assert (await canvus.canvases.get("c1")).name == "Demo"

    assert len(server.requests) == 3


async def test_last_error_is_raised_after_all_attempts() -> None:
    async with raw_server(refuses(503)) as server, client(server.url) as canvus:
        with pytest.raises(ServerError) as failed:
            await canvus.canvases.get("c1")

    assert failed.value.status == 503
    assert len(server.requests) == 3


@pytest.mark.parametrize("status", [500, 502, 503, 504])
async def test_post_is_not_retried_after_a_server_error(status: int) -> None:
    async with raw_server(refuses(status)) as server, client(server.url) as canvus:
        with pytest.raises(ServerError):
            await canvus.canvases.create("Demo")

    assert len(server.requests) == 1


@pytest.mark.row("U2")
async def test_post_with_a_lost_response_is_outcome_unknown_and_not_repeated() -> None:
    async with raw_server(drops) as server, client(server.url) as canvus:
        with pytest.raises(OutcomeUnknown, match="POST canvases: request sent but the response was lost") as failed:
            await canvus.canvases.create("Demo")

    assert (failed.value.method, failed.value.path) == ("POST", "canvases")
    assert len(server.requests) == 1


@pytest.mark.row("U9")
async def test_delete_with_404_after_a_lost_response_is_done() -> None:
    async with raw_server(drops, refuses(404)) as server, client(server.url) as canvus:
        await canvus.canvases.delete("c1")

    assert len(server.requests) == 2


async def test_delete_with_404_at_first_is_not_found() -> None:
    async with raw_server(refuses(404, msg="no such canvas")) as server, client(server.url) as canvus:
        with pytest.raises(NotFound, match="no such canvas"):
            await canvus.canvases.delete("c1")


async def test_post_is_retried_when_no_connection_was_made() -> None:
    async with raw_server(answers) as server:
        url = server.url
    async with client(url) as canvus:
        with pytest.raises(ConnectFailed, match="no connection") as failed:
            await canvus.canvases.create("Demo")

    assert failed.value.sent is False
    assert canvus.requests_sent == 3


@pytest.mark.row("S40")
async def test_retry_after_is_waited_for() -> None:
    async def busy_once(exchange: Exchange) -> None:
        await exchange.request()
        await exchange.answer({"msg": "slow down"}, 429, "Retry-After: 0.2")
        await answers(exchange)

    async with raw_server(busy_once) as server, client(server.url) as canvus:
        start = asyncio.get_running_loop().time()
        await canvus.canvases.create("Demo")
        waited = asyncio.get_running_loop().time() - start

    assert waited >= 0.2
    assert len(server.requests) == 2


async def test_retry_is_logged_in_one_line_that_names_the_call(caplog: pytest.LogCaptureFixture) -> None:
    async def busy_once(exchange: Exchange) -> None:
        await exchange.request()
        await exchange.answer({"msg": "slow down"}, 503, "Retry-After: 0.02")
        await answers(exchange)

    caplog.set_level(logging.DEBUG)
    async with raw_server(busy_once) as server, client(server.url) as canvus:
        await canvus.canvases.get("c1")

    said = [record for record in caplog.records if record.name != "asyncio"]
    assert [(record.name, record.levelname, record.getMessage()) for record in said] == [
        ("canvus_async.retries", "INFO", "GET canvases/c1: attempt 2 of 3 in 0.02 s (ServerError)")
    ]


@pytest.mark.row("S40")
async def test_retry_after_over_the_limit_is_raised_immediately() -> None:
    async with (
        raw_server(refuses(429, "Retry-After: 1e9", "Retry-After: 3600")) as server,
        client(server.url) as canvus,
    ):
        with pytest.raises(RateLimited):
            await canvus.canvases.get("c1")
    async with raw_server(refuses(429, "Retry-After: 3600")) as server, client(server.url) as canvus:
        with pytest.raises(RateLimited) as failed:
            await canvus.canvases.get("c1")

    assert failed.value.retry_after == 3600
    assert len(server.requests) == 1


async def test_spent_budget_stops_retries() -> None:
    async with (
        raw_server(refuses(503)) as server,
        client(server.url, retry=Retry(first_wait=0.001, budget=10, cost=5)) as canvus,
    ):
        for _ in range(5):
            with pytest.raises(ServerError):
                await canvus.canvases.get("c1")

    assert len(server.requests) == 5 + 2


@pytest.mark.row("D1")
async def test_truncated_body_is_an_error() -> None:
    async def cut(exchange: Exchange) -> None:
        await exchange.request()
        await exchange.start(200, "Content-Length: 500")
        await exchange.send(json.dumps(INFO))

    async with raw_server(cut) as server, client(server.url) as canvus:
        with pytest.raises(ConnectionLost, match="lost"):
            await canvus.canvases.get("c1")

    assert len(server.requests) == 3


async def test_chunked_body_without_its_end_is_an_error() -> None:
    async def cut(exchange: Exchange) -> None:
        await exchange.request()
        await exchange.stream(INFO)

    async with raw_server(cut, answers) as server, client(server.url) as canvus:
        assert (await canvus.canvases.get("c1")).name == "Demo"

    assert len(server.requests) == 2


@pytest.mark.row("S34")
@pytest.mark.parametrize(
    "body", [b"<html>Please log in</html>", b"", b"[]", b"nonsense", b'{"msg": "odd"}', b"\xff", b"[" * 100_000]
)
async def test_unexpected_body_raises_unexpected_content(body: bytes) -> None:
    async def odd(exchange: Exchange) -> None:
        await exchange.request()
        await exchange.answer(body)

    async with raw_server(odd) as server, client(server.url) as canvus:
        with pytest.raises(UnexpectedContent, match="GET canvases/c1: not a valid CanvasInfo"):
            await canvus.canvases.get("c1")

    assert len(server.requests) == 1


async def test_body_over_the_limit_is_refused() -> None:
    async def endless(exchange: Exchange) -> None:
        await exchange.request()
        await exchange.start(200, "Transfer-Encoding: chunked")
        while True:
            await exchange.chunk(b" " * 65536)

    async with raw_server(endless) as server, client(server.url, limits=Limits(body=1_000_000)) as canvus:
        with pytest.raises(UnexpectedContent, match="larger than 1000000 bytes"):
            await canvus.canvases.get("c1")
        await server.until_open(0)


@pytest.mark.row("D5")
async def test_gzip_bomb_is_bounded_by_the_body_limit() -> None:
    packed = gzip.compress(bytes(100_000_000), compresslevel=1)

    async def bomb(exchange: Exchange) -> None:
        await exchange.request()
        await exchange.answer(packed, 200, "Content-Encoding: gzip")

    async with raw_server(bomb) as server, client(server.url, limits=Limits(body=1_000_000)) as canvus:
        tracemalloc.start()
        try:
            with pytest.raises(UnexpectedContent, match="larger than 1000000 bytes"):
                await canvus.canvases.get("c1")
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert peak < 8_000_000


async def test_non_http_response_raises_unexpected_content() -> None:
    async def garbage(exchange: Exchange) -> None:
        await exchange.request()
        await exchange.send(b"220 smtp.example.com ESMTP\r\n\r\n")

    async with raw_server(garbage) as server, client(server.url, retry=Retry(attempts=1)) as canvus:
        with pytest.raises(UnexpectedContent, match="not valid HTTP"):
            await canvus.canvases.get("c1")


# -- redirects --


@pytest.mark.row("S44")
async def test_same_origin_redirect_is_followed_for_reads() -> None:
    async def both(exchange: Exchange) -> None:
        while True:
            received = await exchange.request()
            if received.target.endswith("/"):
                await exchange.answer(INFO)
            else:
                await exchange.answer(b"", 301, "Location: /api/v1/canvases/c1/")

    async with raw_server(both) as server, client(server.url) as canvus:
        assert (await canvus.canvases.get("c1")).name == "Demo"

    assert [request.target for request in server.requests] == ["/api/v1/canvases/c1", "/api/v1/canvases/c1/"]
    assert all(request.headers["private-token"] == CANARY for request in server.requests)


@pytest.mark.parametrize("location", ["/api/v1/canvases", "http://[bad", ""])
async def test_other_redirects_are_refused(location: str) -> None:
    async with raw_server(refuses(307, f"Location: {location}")) as server, client(server.url) as canvus:
        with pytest.raises(RedirectRefused):
            await canvus.canvases.create("Demo")
        with pytest.raises(RedirectRefused, match=r"more than 3 redirects|another origin"):
            await canvus.canvases.get("c1")


# -- tokens --


async def test_token_is_renewed_once_after_a_401() -> None:
    tokens = iter(["old", "new"])

    async def fetch() -> str:
        return next(tokens)

    async def strict(exchange: Exchange) -> None:
        while True:
            received = await exchange.request()
            fresh = received.headers["private-token"] == "new"
            await exchange.answer(INFO if fresh else {"msg": "expired"}, 200 if fresh else 401)

    async with raw_server(strict) as server, Client(server.url, token=fetch) as canvus:
        assert (await canvus.canvases.create("Demo")).name == "Demo"
        assert (await canvus.canvases.get("c1")).name == "Demo"

    assert [request.headers["private-token"] for request in server.requests] == ["old", "new", "new"]


@pytest.mark.row("S35")
async def test_repeated_401_is_raised_after_one_renewal() -> None:
    asked = 0

    async def fetch() -> str:
        nonlocal asked
        asked += 1
        return f"t{asked}"

    async with raw_server(refuses(401, msg="bad token")) as server, Client(server.url, token=fetch) as canvus:
        with pytest.raises(Unauthorized, match="bad token"):
            async with asyncio.timeout(10):  # an endless loop would use up the memory
                await canvus.canvases.get("c1")

    assert (asked, len(server.requests)) == (2, 2)


async def test_fixed_token_is_not_renewed() -> None:
    async with raw_server(refuses(401)) as server, client(server.url) as canvus:
        with pytest.raises(Unauthorized):
            await canvus.canvases.get("c1")

    assert len(server.requests) == 1


@pytest.mark.row("S37")
async def test_hanging_token_function_times_out() -> None:
    async def hang() -> str:
        await asyncio.Event().wait()
        return ""

    async with raw_server(answers) as server, Client(server.url, token=hang, timeouts=Timeouts(token=0.05)) as canvus:
        with pytest.raises(RequestTimeout):
            await canvus.canvases.create("Demo")

    assert server.requests == []


def test_token_over_plain_http_needs_allow_insecure() -> None:
    with pytest.raises(ValueError, match="allow_insecure=True") as refused:
        Client("http://canvus.example.com", token=CANARY)
    assert CANARY not in str(refused.value)
    assert Client("http://canvus.example.com", token=CANARY, allow_insecure=True).url.startswith("http://")
    assert Client("http://canvus.example.com").url.startswith("http://")


async def test_error_has_no_context_with_the_request_headers() -> None:
    async with raw_server(drops) as server, client(server.url, retry=Retry(attempts=1)) as canvus:
        with pytest.raises(ConnectionLost) as failed:
            await canvus.canvases.get("c1")
    assert failed.value.__context__ is None


# -- time --


@pytest.mark.row("S10")
async def test_missing_response_is_a_request_timeout() -> None:
    async def hang(exchange: Exchange) -> None:
        await exchange.request()
        await exchange.gone()

    once = Retry(attempts=1)
    async with raw_server(hang) as server, client(server.url, timeouts=Timeouts(response=0.05), retry=once) as canvus:
        with pytest.raises(RequestTimeout, match=r"no response within 0\.05 s"):
            await canvus.canvases.get("c1")
        with pytest.raises(OutcomeUnknown):
            await canvus.canvases.create("Demo")
        await server.until_open(0)


async def test_drip_does_not_extend_the_timeout() -> None:
    async def drip(exchange: Exchange) -> None:
        await exchange.request()
        await exchange.start(200, "Content-Length: 100000")
        while True:
            await exchange.send(b" ")
            await asyncio.sleep(0.01)

    once = Retry(attempts=1)
    async with raw_server(drip) as server, client(server.url, timeouts=Timeouts(response=0.2), retry=once) as canvus:
        with pytest.raises(RequestTimeout):
            await canvus.canvases.get("c1")


async def test_timeout_of_the_caller_propagates() -> None:
    async def hang(exchange: Exchange) -> None:
        await exchange.request()
        await exchange.gone()

    async with raw_server(hang) as server, client(server.url) as canvus:
        with pytest.raises(TimeoutError) as late:
            async with asyncio.timeout(0.05):
                await canvus.canvases.get("c1")
        assert type(late.value) is TimeoutError
        await server.until_open(0)


# -- concurrency and closing --


async def test_concurrent_requests_are_bounded() -> None:
    most = 0
    running = 0
    free = asyncio.Event()

    async def slow(exchange: Exchange) -> None:
        nonlocal most, running
        while True:
            await exchange.request()
            running += 1
            most = max(most, running)
            if running == 3:
                free.set()
            await free.wait()
            running -= 1
            await exchange.answer(INFO)

    async with raw_server(slow) as server, client(server.url, limits=Limits(requests=3)) as canvus:
        await asyncio.gather(*(canvus.canvases.get("c1") for _ in range(12)))

    assert most == 3
    assert len(server.requests) == 12


@pytest.mark.row("S52")
async def test_closing_ends_waiting_calls() -> None:
    async def hang(exchange: Exchange) -> None:
        await exchange.request()
        await exchange.gone()

    async with raw_server(hang) as server:
        canvus = client(server.url, limits=Limits(requests=5))
        calls = [asyncio.create_task(canvus.canvases.get("c1")) for _ in range(20)]
        await server.until_requests(5)
        await canvus.aclose()
        outcomes = await asyncio.gather(*calls, return_exceptions=True)
        await server.until_open(0)

        assert [type(outcome) for outcome in outcomes] == [ClientClosed] * 20
        with pytest.raises(ClientClosed):
            await canvus.canvases.get("c1")
        await canvus.aclose()


async def test_closing_ends_a_call_that_waits_to_retry() -> None:
    async with raw_server(refuses(503, "Retry-After: 50")) as server:
        canvus = client(server.url)
        call = asyncio.create_task(canvus.canvases.get("c1"))
        await server.until_requests(1)
        await canvus.aclose()
        with pytest.raises(ClientClosed):
            await call


async def test_cancelled_call_closes_its_connection() -> None:
    async def hang(exchange: Exchange) -> None:
        await exchange.request()
        await exchange.gone()

    async with raw_server(hang) as server, client(server.url) as canvus:
        call = asyncio.create_task(canvus.canvases.get("c1"))
        await server.until_requests(1)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        await server.until_open(0)


async def test_unclosed_client_warns() -> None:
    async with raw_server(answers) as server:
        canvus = client(server.url)
        await canvus.canvases.get("c1")
        transport = canvus._transport
        with pytest.warns(ResourceWarning, match="was never closed"):
            del canvus
            gc.collect()
        await transport.aclose()


def test_unused_client_needs_no_closing() -> None:
    Client("https://canvus.example.com", token=CANARY)
    gc.collect()


# -- TLS --


@pytest.mark.row("S45")
async def test_untrusted_certificate_is_refused_with_a_hint(certificate: Path) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    async with raw_server(answers, tls=context) as server:
        async with client(server.url) as canvus:
            with pytest.raises(ConnectFailed, match="pass ssl= with a context") as failed:
                await canvus.canvases.get("c1")
        assert failed.value.permanent
        assert canvus.requests_sent == 1

        trusting = ssl.create_default_context(cafile=certificate)
        async with client(server.url, ssl=trusting) as canvus:
            assert (await canvus.canvases.get("c1")).name == "Demo"


async def test_only_the_pinned_certificate_is_accepted(certificate: Path) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    async with raw_server(answers, tls=context) as server:
        async with client(server.url, ssl=aiohttp.Fingerprint(b"\0" * 32)) as canvus:
            with pytest.raises(ConnectFailed, match="does not match the pinned"):
                await canvus.canvases.get("c1")
