"""A token is used in everything that the client does; afterwards it appears nowhere."""

import asyncio
import gc
import os
import warnings
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

import canvus_async
from canvus_async import (
    ApiError,
    BadRequest,
    CanvusError,
    Client,
    ClientClosed,
    Conflict,
    ConnectFailed,
    ConnectionLost,
    CorruptDownload,
    DiskCache,
    DownloadError,
    Forbidden,
    IncompleteDownload,
    Limits,
    LineTooLong,
    LocalWriteError,
    MemoryCache,
    NotFound,
    NotSupported,
    OutcomeUnknown,
    Point,
    ProtocolError,
    RateLimited,
    Reconnect,
    RedirectRefused,
    RequestTimeout,
    Retry,
    ServerError,
    SourceChanged,
    Stalled,
    Timeouts,
    TooLarge,
    TransportError,
    Unauthorized,
    UnexpectedContent,
)
from canvus_async.cli.app import run
from canvus_async.server import CanvusServer
from tests.files import document, picture
from tests.raw_server import Exchange, Script, raw_server
from tests.security.canary import CANARY, Watch, watch

__all__ = ["watch"]

HASH = "cbcb439a796b"
QUICK = Retry(first_wait=0.001)


@pytest.fixture
async def server(watch: Watch) -> Any:
    async with CanvusServer(token=CANARY) as running:
        yield running
        watch.objects(running, running.faults, *running.requests)


async def canary() -> str:
    return CANARY


WAYS: dict[str, dict[str, Any]] = {
    "token": {"token": CANARY},
    "token function": {"token": canary},
    "cookie": {"session_cookie": CANARY},
}
"""The ways to give a client its credentials."""


@pytest.mark.parametrize("way", WAYS)
async def test_normal_use_does_not_show_the_token(watch: Watch, server: CanvusServer, tmp_path: Path, way: str) -> None:
    cache = DiskCache(tmp_path / "cache") if way == "token function" else MemoryCache()
    async with Client(server.url, **WAYS[way], cache=cache) as client:
        canvas = client.canvas(await server.create_canvas("Demo"))
        note = await canvas.notes.create(text="hello", location=Point(1, 2))
        await canvas.notes.update(note.id, text="bye")
        path = tmp_path / "a.png"
        path.write_bytes(picture(form="PNG"))
        image = await canvas.images.upload(path, title="A", wait_ready=True)
        pdf = await canvas.pdfs.upload(document(), filename="a.pdf", wait_ready=True)
        await canvas.background.upload(picture())
        copied = await canvas.images.clone(image.id, from_canvas=canvas)
        await canvas.mipmaps.fetch_fit(pdf.hash, width=50, height=50)
        await canvas.mipmaps.download(image.hash, 0, to=tmp_path / "b.webp")
        await canvas.assets.fetch(image.hash)
        await canvas.assets.download(image.hash, to=tmp_path / "b.png")
        async with aclosing(canvas.widgets.subscribe()) as widgets, canvas.live() as live:
            await anext(widgets)
            server.faults.drop_streams()
            await canvas.images.delete(copied.id)
            async with asyncio.timeout(10):
                while copied.id in live.widgets:
                    await asyncio.sleep(0.01)
            feed = widgets._feed  # type: ignore[attr-defined]
            watch.objects(widgets, live, live.counters, live.widgets, feed, feed._request)
        await client.server_info()
        transport = client._transport
        watch.objects(client, canvas, canvas.images, canvas.mipmaps, note, image, client.canvases, cache, vars(cache))
        watch.objects(transport, transport.credentials, vars(transport.credentials), *transport.sessions._open.values())
    watch.look_in_files(tmp_path)


async def test_unauthorized_token_shows_on_neither_side(watch: Watch, server: CanvusServer) -> None:
    canvas_id = await server.create_canvas("Demo")
    async with Client(server.url, token=CANARY + "x") as client:
        with watch.raises(Unauthorized):
            await client.canvas(canvas_id).images.list()
        with watch.raises(Unauthorized):
            await anext(client.canvas(canvas_id).images.subscribe())


@pytest.mark.parametrize("asker", ["token", "session_cookie"])
async def test_failed_construction_does_not_show_the_token(watch: Watch, asker: str) -> None:
    for url, value in (
        ("https://b.example", f"{CANARY}\r\nX: y"),
        ("http://b.example", CANARY),
        ("no address", CANARY),
        ("https://b.example:0", CANARY),
    ):
        arguments: Any = {asker: value}
        with watch.raises(ValueError):
            Client(url, **arguments)


@pytest.mark.parametrize("answer", [f"{CANARY}\r\nX: y", RuntimeError, None])
async def test_failing_token_function_does_not_show_the_token(watch: Watch, tmp_path: Path, answer: Any) -> None:
    async def ask() -> str:
        if isinstance(answer, type):
            raise answer("no token today")
        return answer

    async with Client("https://b.example", token=ask, retry=QUICK) as client:
        with watch.raises(ConnectFailed):
            await get(client, tmp_path)


async def test_failing_server_does_not_log_the_token(
    watch: Watch, server: CanvusServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: object) -> None:
        raise RuntimeError("a fault of the server's own")

    async with Client(server.url, token=CANARY, retry=QUICK) as client:
        canvas_id = await server.create_canvas("Demo")
        monkeypatch.setattr(type(server._running), "respond", fail)
        with watch.raises(ServerError):
            await client.canvas(canvas_id).images.list()


# -- errors of every class --


def answering(status: int, body: object = b"", *headers: str) -> Script:
    async def script(exchange: Exchange) -> None:
        while True:
            await exchange.request()
            await exchange.answer(body, status, *headers)

    return script


def sending(*parts: bytes | str, stay: bool = False) -> Script:
    async def script(exchange: Exchange) -> None:
        await exchange.request()
        await exchange.send(*parts)
        if stay:
            await exchange.gone()

    return script


async def resetting(exchange: Exchange) -> None:
    await exchange.head()
    exchange.reset()


def head(*headers: str) -> str:
    return "\r\n".join(["HTTP/1.1 200 OK", *headers, "", ""])


CHUNKED = head("Transfer-Encoding: chunked")


def get(client: Client, _folder: Path) -> Awaitable[object]:
    return client.canvases.get("c1")


def post(client: Client, _folder: Path) -> Awaitable[object]:
    return client.canvas("c1").notes.create(text="hello")


def upload(client: Client, _folder: Path) -> Awaitable[object]:
    return client.canvas("c1").images.upload(bytes(300_000))


def mipmap(client: Client, _folder: Path) -> Awaitable[object]:
    return client.canvas("c1").mipmaps.fetch(HASH, 0)


def save(client: Client, folder: Path) -> Awaitable[object]:
    return client.canvas("c1").assets.download(HASH, to=folder / "a")


def save_nowhere(client: Client, folder: Path) -> Awaitable[object]:
    return client.canvas("c1").assets.download(HASH, to=folder / "nowhere" / "a")


def follow(client: Client, _folder: Path) -> Awaitable[object]:
    return anext(client.canvas("c1").images.subscribe())


async def shrink(client: Client, folder: Path) -> None:
    path = folder / "shrinking"
    path.write_bytes(bytes(3_000_000))
    try:
        await client.canvas("c1").images.upload(path, progress=lambda *_: os.truncate(path, 10))
    finally:
        path.unlink()


async def closed(client: Client, _folder: Path) -> None:
    await client.aclose()
    await client.canvases.list()


Case = tuple[type[CanvusError], Script, Callable[[Client, Path], Awaitable[object]]]

CASES: list[Case] = [
    *(
        (kind, answering(status, {"msg": "no"}), call)
        for status, kind in [
            *((400, BadRequest), (401, Unauthorized), (403, Forbidden), (404, NotFound), (409, Conflict)),
            *((413, TooLarge), (422, ApiError), (501, NotSupported), (500, ServerError)),
        ]
        for call in ((get, post, save, follow) if status == 401 else (get,))
    ),
    (Forbidden, answering(403, {"msg": "no"}), upload),
    (NotFound, answering(404, {"msg": "no"}), follow),
    (BadRequest, answering(400, {"msg": "no"}), mipmap),
    (RateLimited, answering(429, b"", "Retry-After: 999"), get),
    (ServerError, answering(503, b"<html>no</html>", "Retry-After: 0"), mipmap),
    (RedirectRefused, answering(302, b"", "Location: http://127.0.0.2/x?y=1"), get),
    (RedirectRefused, answering(307, b"", "Location: http://127.0.0.2/x"), upload),
    (ConnectionLost, resetting, get),
    (ConnectionLost, sending(head("Content-Length: 99"), "half"), get),
    (OutcomeUnknown, resetting, post),
    (OutcomeUnknown, resetting, upload),
    (RequestTimeout, sending(stay=True), get),
    (Stalled, sending(head("Content-Length: 99"), "half", stay=True), save),
    (UnexpectedContent, sending("220 smtp.example.com ESMTP\r\n\r\n"), get),
    (UnexpectedContent, sending(head("Content-Length: 2", "Content-Length: 3"), "{}"), get),
    (UnexpectedContent, answering(200, b"<html>Log in</html>"), mipmap),
    (UnexpectedContent, sending(CHUNKED, "7\r\n<html>\n\r\n", stay=True), follow),
    (LineTooLong, sending(CHUNKED, "800\r\n" + "x" * 2048, stay=True), follow),
    (IncompleteDownload, sending(head("Content-Length: 99"), "half"), save),
    (IncompleteDownload, sending(head(), "half"), save),
    (CorruptDownload, answering(200, b"x", "Content-Encoding: gzip"), save),
    (LocalWriteError, answering(200, b"x"), save_nowhere),
    (SourceChanged, sending(stay=True), shrink),
    (ClientClosed, answering(200), closed),
]
"""An error class, a server that provokes it, and the call that raises it."""


CLOSED_PORT = 1


@pytest.mark.parametrize("case", [pytest.param(case, id=f"{case[0].__name__} {case[2].__name__}") for case in CASES])
@pytest.mark.parametrize("way", WAYS)
async def test_no_error_shows_the_token(watch: Watch, tmp_path: Path, case: Case, way: str) -> None:
    kind, script, call = case
    async with raw_server(script) as server, hurried(server.url, way, kind) as client:
        with watch.raises(kind):
            await call(client, tmp_path)
    assert watch.kinds == {kind}


def hurried(url: str, way: str, kind: type[CanvusError]) -> Client:
    """A client with few attempts, and with short timeouts where these are what is expected."""
    timeouts = Timeouts(response=0.1, stall=0.1) if kind in {RequestTimeout, Stalled} else Timeouts()
    return Client(
        url,
        **WAYS[way],
        retry=Retry(first_wait=0.001, attempts=2),
        timeouts=timeouts,
        limits=Limits(line=1000),
        reconnect=Reconnect(first_wait=0.001, bad_lines=1, open_attempts=2),
    )


async def test_failed_connection_does_not_show_the_token(watch: Watch, tmp_path: Path) -> None:
    for way in WAYS:
        async with hurried(f"http://127.0.0.1:{CLOSED_PORT}", way, ConnectFailed) as client:
            with watch.raises(ConnectFailed):
                await get(client, tmp_path)


def test_every_error_class_has_a_case() -> None:
    public = {
        value for value in vars(canvus_async).values() if isinstance(value, type) and issubclass(value, CanvusError)
    }

    families = {CanvusError, TransportError, ProtocolError, DownloadError}
    assert public - families == {kind for kind, _, _ in CASES} | {ConnectFailed}


# -- servers that repeat the token --


def repeating(head: str, body: str = "") -> Script:
    """A server that sends this response, with the received token in place of ECHO."""

    async def script(exchange: Exchange) -> None:
        while True:
            sent = (await exchange.request()).headers
            echo = sent.get("private-token") or sent["cookie"].partition("=")[2]
            said = body.replace("ECHO", echo)
            await exchange.send(head.replace("LENGTH", str(len(said))).replace("ECHO", echo), said)
            if "LENGTH" not in head:
                return

    return script


def answer(body: str, status: str = "200 OK", *headers: str) -> Script:
    return repeating("\r\n".join([f"HTTP/1.1 {status}", "Content-Length: LENGTH", *headers, "", ""]), body)


def info(client: Client, _folder: Path) -> Awaitable[object]:
    return client.canvas("c1").mipmaps.info(HASH)


def save_mipmap(client: Client, folder: Path) -> Awaitable[object]:
    return client.canvas("c1").mipmaps.download(HASH, 0, to=folder / "a")


def listing(client: Client, _folder: Path) -> Awaitable[object]:
    return client.canvas("c1").images.list()


PAGE = "<html>Log in again, ECHO</html>"
COOKIE = "Set-Cookie: CanvusSession=ECHO"

REPEATED: list[tuple[Case, str]] = [
    *(((UnexpectedContent, answer(PAGE), call), "***") for call in (get, listing, post, upload, mipmap, save_mipmap)),
    *(((UnexpectedContent, answer(PAGE), call), "***") for call in (info, follow)),
    ((UnexpectedContent, answer(" " * 3000 + PAGE), get), "not a valid CanvasInfo"),
    ((UnexpectedContent, answer('{"id": "i", "state": "n", "widget_type": "ECHO"}'), info), "***"),
    ((UnexpectedContent, repeating("220 ECHO ESMTP\r\n\r\n"), get), "not valid HTTP"),
    ((Unauthorized, answer('{"msg": "not you, ECHO"}', "401 No", COOKIE), get), "***"),
    ((ServerError, answer(PAGE, "500 No", COOKIE), post), "***"),
    ((RedirectRefused, answer("", "302 Found", "Location: http://127.0.0.2/ECHO/x"), get), "***"),
    ((RedirectRefused, answer("", "307 Found", "Location: /login/ECHO", COOKIE), post), "***"),
    ((ConnectionLost, repeating("HTTP/1.1 200 OK\r\nX-You: ECHO\r\n"), get), "closed"),
    ((UnexpectedContent, repeating("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nECHO\r\n"), get), "***"),
]
"""An error class, a server whose response repeats the token, the call, and what the error says."""


@pytest.mark.parametrize(
    ("case", "words"),
    [
        pytest.param(case, words, id=f"{case[0].__name__} {case[2].__name__} {at}")
        for at, (case, words) in enumerate(REPEATED)
    ],
)
@pytest.mark.parametrize("way", WAYS)
async def test_no_error_shows_a_token_that_the_server_repeats(
    watch: Watch, tmp_path: Path, case: Case, words: str, way: str
) -> None:
    kind, script, call = case
    async with raw_server(script) as server, hurried(server.url, way, kind) as client:
        with watch.raises(kind) as raised:
            await call(client, tmp_path)
    assert words in str(raised.value)


async def test_no_log_shows_a_token_that_the_server_repeats(watch: Watch) -> None:
    record = '{"id": "ECHO", "state": "normal", "widget_type": "ECHO"}'
    stream = repeating("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", f"1000\r\n[{record}]\n")
    async with raw_server(answer(f"[{record}]")) as server, Client(server.url, token=CANARY) as client:
        assert await client.canvas("c1").images.list() == []
    async with raw_server(stream) as server, Client(server.url, token=CANARY) as client:
        async with client.canvas("c1").images.live() as images:
            assert not images.widgets
    said = [record.getMessage() for record in watch.records if "skipped" in record.getMessage()]
    assert len(said) == 2
    assert all("***" in text for text in said)


async def test_renewed_token_is_redacted_too(watch: Watch) -> None:
    tokens = iter([CANARY, "another-token"])

    async def fetch() -> str:
        return next(tokens)

    async def refuses(exchange: Exchange) -> None:
        while True:
            await exchange.request()
            await exchange.answer({"msg": f"{CANARY} was not renewed to another-token"}, 401)

    async with raw_server(refuses) as server, Client(server.url, token=fetch) as client:
        with watch.raises(Unauthorized) as raised:
            await client.canvases.list()
    assert raised.value.msg == "*** was not renewed to ***"


# -- errors without an owner, warnings, the command line --


async def test_unretrieved_error_is_logged_without_the_token(watch: Watch) -> None:
    gc.collect()  # logs the errors that tests before this one have left
    watch.records.clear()
    async with raw_server(resetting) as server, Client(server.url, token=CANARY, retry=Retry(attempts=1)) as client:
        for call in (get, post):
            await asyncio.wait([asyncio.ensure_future(call(client, Path()))])
        gc.collect()


async def test_unclosed_client_warns_without_the_token(watch: Watch) -> None:
    async with raw_server(answering(200, {"id": "c1"})) as server:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            client = Client(server.url, token=CANARY)
            await get(client, Path())
            transport = client._transport
            del client
            await asyncio.sleep(0)
        await transport.aclose()

    assert any("was never closed" in str(warning.message) for warning in caught)
    for warning in caught:
        watch.text("a warning", f"{warning.message} {warning.message!r}")


def test_errors_of_the_command_line_do_not_show_the_token(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with Watch() as watch:
        monkeypatch.setenv("CANVUS_TOKEN", CANARY)
        ways = [["--url", "http://127.0.0.1:1"], ["--url", "http://b.example"], ["--url", "http://127.0.0.1:1", "-x"]]
        for options in ways:
            assert run(["demo", *options])
        assert run(["demo", "--url", "http://127.0.0.1:1", "--token", f"{CANARY}\r\nX: y"])
        watch.look_in_logs()
        out, err = capfd.readouterr()
        watch.text("stdout", out)
        watch.text("stderr", err)

    assert "canvus:" in err
    assert watch.places == []
