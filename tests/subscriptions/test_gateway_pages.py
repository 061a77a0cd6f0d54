"""An error page of a proxy in between is not the word of the server: a subscription that has worked outlives it."""

import pytest

from canvus_async import ApiError, NotFound
from tests.raw_server import Exchange, Script
from tests.subscriptions.clock import on_a_jumping_clock
from tests.subscriptions.wire import ends, note, playing, refuses, stays, take

A, B = note("a"), note("b")
PAGES = {
    "traefik": (404, b"404 page not found\n"),
    "ingress": (404, b"default backend - 404"),
    "html": (403, b"<html><h1>403 Forbidden</h1></html>"),
    "empty": (404, b""),
    "text in JSON": (410, b'"gone"'),
    "list": (400, b"[]"),
    "not implemented": (501, b"no"),
    "login": (401, b"<html>Sign in</html>"),
}


@pytest.mark.parametrize(("status", "body"), PAGES.values(), ids=PAGES)
@on_a_jumping_clock
async def test_a_subscription_that_has_worked_outlives_an_error_page_of_a_proxy(status: int, body: bytes) -> None:
    page = refuses(status, body=body)
    async with playing(ends([A]), page, page, page, page, stays([A, B])) as (server, _client, canvas):
        async with canvas.notes.subscribe() as notes:
            assert [seen.id for seen in await take(notes, 2)] == ["a", "b"]
        assert server.connections == 6


@pytest.mark.parametrize(("status", "body"), PAGES.values(), ids=PAGES)
@on_a_jumping_clock
async def test_at_the_start_an_error_page_ends_a_subscription_at_once(status: int, body: bytes) -> None:
    async with playing(refuses(status, body=body)) as (server, _client, canvas):
        with pytest.raises(ApiError) as failed:
            async with canvas.notes.live():
                pass
        assert (failed.value.status, failed.value.from_api, server.connections) == (status, False, 1)


@on_a_jumping_clock
async def test_an_error_page_that_stays_for_half_a_minute_ends_a_subscription() -> None:
    async with playing(ends([A]), refuses(404, body=b"404 page not found")) as (server, _client, canvas):
        async with canvas.notes.subscribe() as notes:
            assert [seen.id for seen in await take(notes, 1)] == ["a"]
            with pytest.raises(NotFound, match="404 page not found"):
                await anext(notes)
        assert server.connections >= 6


@on_a_jumping_clock
async def test_a_refusal_of_the_api_ends_a_subscription_also_between_error_pages() -> None:
    scripts: tuple[Script, ...] = (ends([A]), refuses(404, body=b"404 page not found"), refuses(404))
    async with playing(*scripts) as (server, _client, canvas), canvas.notes.subscribe() as notes:
        assert [seen.id for seen in await take(notes, 1)] == ["a"]
        with pytest.raises(NotFound) as failed:
            await anext(notes)
        assert (failed.value.from_api, server.connections) == (True, 3)


@on_a_jumping_clock
async def test_error_pages_before_and_after_a_good_connection_are_counted_apart() -> None:
    async def page(exchange: Exchange) -> None:
        await refuses(404, body=b"404 page not found")(exchange)

    async with playing(ends([A]), *[page] * 4, ends([A, B]), *[page] * 4, stays([B])) as (server, _client, canvas):
        async with canvas.notes.subscribe() as notes:
            assert [seen.id for seen in await take(notes, 3)] == ["a", "b", "a"]
        assert server.connections == 11
