"""The token is sent to one origin only: a server redirects to a second one, which counts what reaches it.

No connection may be made to it, for any status, any spelling of the address and any call.
"""

import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import aiohttp
import pytest

from canvus_async import Canvas, Client, RedirectRefused, Retry
from tests.raw_server import Exchange, RawServer, raw_server

CANARY = "canary-7f3a"
STATUSES = [301, 302, 303, 307, 308]
HASH = "cbcb439a796b"

ELSEWHERE: dict[str, Callable[[str, str], str]] = {
    "another port": lambda here, there: f"http://{there}/x",
    "scheme-relative": lambda here, there: f"//{there}/x",
    "three slashes": lambda here, there: f"///{there}/x",
    "another name": lambda here, there: f"http://localhost:{port(there)}/x",
    "another name, same port": lambda here, there: f"http://localhost:{port(here)}/x",
    "another scheme, same port": lambda here, there: f"https://{here}/x",
    "this server as the user": lambda here, there: f"http://{here}@{there}/x",
    "this server as user and password": lambda here, there: f"http://127.0.0.1:{port(here)}:@{there}/x",
    "this server in the fragment": lambda here, there: f"http://{there}#@{here}/x",
    "this server in the query": lambda here, there: f"http://{there}?@{here}/x",
    "a backslash before this server": lambda here, there: f"http://{there}\\@{here}/x",
    "a backslash after this server": lambda here, there: f"http://{here}\\@{there}/x",
    "backslashes for slashes": lambda here, there: f"http:\\\\{there}\\x",
    "a leading backslash": lambda here, there: f"/\\{there}/x",
    "leading backslashes": lambda here, there: f"\\\\{there}/x",
    "a tab between the slashes": lambda here, there: f"/\t/{there}/x",
    "no slash after the scheme": lambda here, there: f"http:{there}/x",
    "a number for the address": lambda here, there: f"http://2130706433:{port(there)}/x",
    "wide full stops": lambda here, there: f"http://127。0。0。1:{port(there)}/x",
    "capitals": lambda here, there: f"HTTP://{there}/x",
    "this server in the query value": lambda here, there: f"http://{there}/x?to=http://{here}",
    "a file": lambda here, there: "file:///etc/passwd",
    "an invalid address": lambda here, there: "http://[bad",
    "nothing": lambda here, there: "",
}
"""Spellings of a redirect from the server at `here` to the one at `there` (both "host:port")."""


def port(address: str) -> str:
    return address.rpartition(":")[2]


async def consumed(stream: Any) -> None:
    async with aclosing(stream):
        await anext(stream)


async def mirrored(canvas: Canvas) -> None:
    async with canvas.live():
        pass


CALLS: dict[str, Callable[[Client, Path], Awaitable[object]]] = {
    "a read": lambda client, folder: client.canvases.get("c1"),
    "a list": lambda client, folder: client.canvas("c1").widgets.list(),
    "server info": lambda client, folder: client.server_info(),
    "server time": lambda client, folder: client.server_time(),
    "a create": lambda client, folder: client.canvas("c1").notes.create(text="private"),
    "an update": lambda client, folder: client.canvas("c1").notes.update("n1", text="private"),
    "a delete": lambda client, folder: client.canvas("c1").notes.delete("n1"),
    "a clone": lambda client, folder: client.canvas("c1").images.clone("i1", from_canvas="c2"),
    "an upload": lambda client, folder: client.canvas("c1").images.upload(b"private"),
    "a background": lambda client, folder: client.canvas("c1").background.upload(b"private"),
    "a wait": lambda client, folder: client.canvas("c1").images.wait_ready("i1"),
    "a mipmap info": lambda client, folder: client.canvas("c1").mipmaps.info(HASH),
    "a mipmap": lambda client, folder: client.canvas("c1").mipmaps.fetch(HASH, 0),
    "a mipmap download": lambda client, folder: client.canvas("c1").mipmaps.download(HASH, 0, to=folder / "a"),
    "an asset": lambda client, folder: client.canvas("c1").assets.fetch(HASH),
    "an asset download": lambda client, folder: client.canvas("c1").assets.download(HASH, to=folder / "a"),
    "a file download": lambda client, folder: client.canvas("c1").images.download("i1", to=folder / "a"),
    "a subscription": lambda client, folder: consumed(client.canvas("c1").images.subscribe()),
    "a mirror": lambda client, folder: mirrored(client.canvas("c1")),
}


class Scene(NamedTuple):
    """A server that redirects every request to `location`, another server, and a client of the first."""

    here: RawServer
    there: RawServer
    client: Client
    location: list[tuple[int, str]]


async def answers(exchange: Exchange) -> None:
    while True:
        await exchange.request()
        await exchange.answer([])


@asynccontextmanager
async def scene(
    *, here: ssl.SSLContext | None = None, there: ssl.SSLContext | None = None, **options: Any
) -> AsyncIterator[Scene]:
    location = [(302, "")]

    async def redirects(exchange: Exchange) -> None:
        while True:
            await exchange.request()
            await exchange.answer(b"", location[0][0], f"Location: {location[0][1]}")

    async with raw_server(answers, tls=there) as other, raw_server(redirects, tls=here) as server:
        client = Client(server.url, token=CANARY, retry=Retry(first_wait=0.001), **options)
        async with client:
            yield Scene(server, other, client, location)


def addresses(scene: Scene) -> tuple[str, str]:
    return urlsplit(scene.here.url).netloc, urlsplit(scene.there.url).netloc


def assert_nothing_reached(scene: Scene) -> None:
    here, _ = addresses(scene)
    assert scene.there.connections == 0
    assert {request.headers["host"] for request in scene.here.requests} == {here}


@pytest.mark.row("S43", "U10")
@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("form", ELSEWHERE)
async def test_cross_origin_redirect_is_refused_in_every_spelling(form: str, status: int, tmp_path: Path) -> None:
    async with scene() as at:
        at.location[0] = (status, ELSEWHERE[form](*addresses(at)))
        for call in ("a read", "an upload", "a subscription"):
            with pytest.raises(RedirectRefused):
                await CALLS[call](at.client, tmp_path)
        assert_nothing_reached(at)


@pytest.mark.row("S43", "U10")
@pytest.mark.parametrize("call", CALLS)
async def test_no_call_follows_a_cross_origin_redirect(call: str, tmp_path: Path) -> None:
    async with scene() as at:
        for status in STATUSES:
            for form in ("another port", "scheme-relative"):
                at.location[0] = (status, ELSEWHERE[form](*addresses(at)))
                with pytest.raises(RedirectRefused, match="another origin") as refused:
                    await CALLS[call](at.client, tmp_path)
                assert CANARY not in f"{refused.value} {refused.value.target}"
        assert_nothing_reached(at)

    assert len(at.here.requests) == 2 * len(STATUSES)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.row("S43", "U10")
@pytest.mark.parametrize("call", CALLS)
async def test_redirect_from_https_to_http_is_refused(
    call: str, tmp_path: Path, serving: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    async with scene(here=serving, ssl=trusting) as at:
        for status in STATUSES:
            at.location[0] = (status, f"{at.there.url}/x")
            with pytest.raises(RedirectRefused, match="another origin"):
                await CALLS[call](at.client, tmp_path)
        assert_nothing_reached(at)


@pytest.mark.row("S43", "U10")
@pytest.mark.parametrize("status", STATUSES)
async def test_redirect_from_http_to_https_is_refused(
    status: int, tmp_path: Path, serving: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    async with scene(there=serving, ssl=trusting) as at:
        at.location[0] = (status, f"{at.there.url}/x")
        for call in ("a read", "an upload", "a subscription"):
            with pytest.raises(RedirectRefused, match="another origin"):
                await CALLS[call](at.client, tmp_path)
        assert_nothing_reached(at)


@pytest.mark.row("S43")
@pytest.mark.parametrize("status", STATUSES)
async def test_same_origin_redirect_cannot_lead_to_another_origin(status: int) -> None:
    async with raw_server(answers) as there:

        async def detour(exchange: Exchange) -> None:
            while True:
                received = await exchange.request()
                step = there.url if received.target.endswith("/step") else "/api/v1/step"
                await exchange.answer(b"", status, f"Location: {step}")

        async with raw_server(detour) as here, Client(here.url, token=CANARY) as client:
            with pytest.raises(RedirectRefused, match="another origin"):
                await client.canvases.get("c1")

    assert there.connections == 0
    assert len(here.requests) == 2


@pytest.mark.row("S43", "U10")
@pytest.mark.parametrize("call", ["a read", "an upload", "a subscription"])
async def test_given_session_follows_no_cross_origin_redirect(call: str, tmp_path: Path) -> None:
    async with aiohttp.ClientSession() as session, scene(session=session) as at:
        at.location[0] = (307, f"{at.there.url}/x?secret=1")
        with pytest.raises(RedirectRefused, match="another origin") as refused:
            await CALLS[call](at.client, tmp_path)
        assert refused.value.target == f"{at.there.url}/x"  # without the query
        assert_nothing_reached(at)


@pytest.mark.parametrize("form", ["another port", "scheme-relative", "another name", "capitals"])
async def test_other_server_counts_requests_of_a_plain_session(form: str) -> None:
    """A plain aiohttp session follows the redirect and sends the token."""
    async with scene() as at, aiohttp.ClientSession() as session:
        at.location[0] = (307, ELSEWHERE[form](*addresses(at)))
        async with session.get(at.here.url, headers={"Private-Token": CANARY}) as response:
            await response.read()

    assert at.there.connections == 1
    assert at.there.requests[0].headers["private-token"] == CANARY
