"""Networks that fail: certificates, restarts, names, unreachable addresses, unsolicited responses."""

import asyncio
import socket
import ssl
import subprocess
from collections.abc import Callable
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from canvus_async import Client, ConnectFailed
from tests.raw_server import Exchange, raw_server
from tests.subscriptions.clock import on_a_jumping_clock
from tests.subscriptions.wire import CANVAS, ends, note, playing, quiet, stays, take

A, B = note("a"), note("b")
AUTHORITY = """
[ca]
default_ca = here
[here]
database = index.txt
serial = serial
new_certs_dir = .
default_md = sha256
policy = any
[any]
commonName = supplied
"""


def certificate(folder: Path, name: str, *, host: str = "IP:127.0.0.1", year: int = 2026) -> Path:
    """A self-signed certificate that is valid for the fifty years up to `year`, with its key in the same file."""
    run = lambda command: subprocess.run(command.split(), check=True, capture_output=True, cwd=folder)  # noqa: E731
    (folder / "ca.cnf").write_text(AUTHORITY)
    (folder / "index.txt").write_text("")
    (folder / "serial").write_text("01\n")
    (folder / "host.cnf").write_text(f"subjectAltName={host}\nbasicConstraints=CA:TRUE\n")
    run("openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=test -keyout key.pem -out csr.pem")
    run(
        "openssl ca -batch -config ca.cnf -selfsign -keyfile key.pem -in csr.pem -out cert.pem -extfile host.cnf "
        f"-startdate {year - 50}0101000000Z -enddate {year}1231000000Z"
    )
    both = folder / f"{name}.pem"
    both.write_bytes((folder / "key.pem").read_bytes() + (folder / "cert.pem").read_bytes())
    return both


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("tls")
    return {
        "good": certificate(folder, "good", year=2070),
        "expired": certificate(folder, "expired", year=2020),
        "wrong host": certificate(folder, "wrong", host="DNS:canvus.example.com", year=2070),
    }


def serving(path: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(path)
    return context


@pytest.mark.row("S45")
@pytest.mark.parametrize("flaw", ["self-signed", "expired", "wrong host"])
def test_bad_certificate_ends_the_subscription_at_the_start(certificates: dict[str, Path], flaw: str) -> None:
    path = certificates["good" if flaw == "self-signed" else flaw]
    trusting = None if flaw == "self-signed" else ssl.create_default_context(cafile=path)

    @on_a_jumping_clock
    async def test() -> None:
        async with raw_server(stays([A]), tls=serving(path)) as server:
            async with Client(server.url, token="secret", ssl=trusting) as client:
                with pytest.raises(ConnectFailed, match="pass ssl= with a context that trusts") as failed:
                    await anext(client.canvas(CANVAS).notes.subscribe())
                assert (failed.value.permanent, client.requests_sent) == (True, 1)

    test()


@pytest.mark.row("S45")
def test_certificate_that_becomes_bad_is_tried_five_times(certificates: dict[str, Path]) -> None:
    @on_a_jumping_clock
    async def test() -> None:
        context = serving(certificates["good"])

        async def renews_badly(exchange: Exchange) -> None:
            await exchange.request()
            await exchange.stream([A])
            context.load_cert_chain(certificates["expired"])

        async with raw_server(renews_badly, tls=context) as server:
            trusting = ssl.create_default_context(cafile=certificates["good"])
            async with Client(server.url, token="secret", ssl=trusting) as client:
                async with aclosing(client.canvas(CANVAS).notes.subscribe()) as notes:
                    assert (await anext(notes)).id == "a"
                    with pytest.raises(ConnectFailed):
                        await anext(notes)
                assert client.requests_sent == 1 + 5

    test()


@pytest.mark.row("S46")
@on_a_jumping_clock
async def test_server_restart_is_recovered_within_one_backoff_step() -> None:
    loop = asyncio.get_running_loop()
    async with raw_server(ends([A])) as first:
        client = Client(first.url, token="secret")
        notes = client.canvas(CANVAS).notes.subscribe()
        assert (await anext(notes)).id == "a"
    back = asyncio.create_task(anext(notes))
    await asyncio.sleep(20)
    assert not back.done()

    async def again(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await stays([A, B])(Exchange(first, reader, writer))
        writer.close()

    async with await asyncio.start_server(again, "127.0.0.1", int(first.url.rpartition(":")[2])):
        up = loop.time()
        assert (await back).id == "b"
        assert loop.time() - up <= 30
        await notes.aclose()
        await client.aclose()


def resolving(*answers: Callable[[int], list[tuple[Any, ...]]]) -> Callable[..., Any]:
    """A resolver that gives these answers in turn, and then repeats the last."""
    left = list(answers)

    async def getaddrinfo(host: str, port: int, **_: object) -> list[tuple[Any, ...]]:
        return (left.pop(0) if len(left) > 1 else left[0])(port)

    return getaddrinfo


def unknown(port: int) -> list[tuple[Any, ...]]:
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


def ipv4(port: int) -> list[tuple[Any, ...]]:
    return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]


def both(port: int) -> list[tuple[Any, ...]]:
    return [(socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("::1", port, 0, 0)), *ipv4(port)]


@pytest.mark.row("S47")
@on_a_jumping_clock
async def test_unresolved_name_is_looked_up_again() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asyncio.get_running_loop(), "getaddrinfo", resolving(unknown, unknown, ipv4), raising=False)
        async with raw_server(stays([A])) as server:
            url = server.url.replace("127.0.0.1", "canvus.example.com")
            async with Client(url, token="secret", allow_insecure=True) as client:
                async with aclosing(client.canvas(CANVAS).notes.subscribe()) as notes:
                    assert (await anext(notes)).id == "a"
                assert client.requests_sent == 3


@pytest.mark.row("S47")
@on_a_jumping_clock
async def test_unreachable_address_is_overtaken_by_a_reachable_one() -> None:
    loop = asyncio.get_running_loop()
    connect = loop.sock_connect

    async def black_hole(sock: socket.socket, address: Any) -> None:
        if sock.family == socket.AF_INET6:
            await asyncio.sleep(3600)
        await connect(sock, address)

    with pytest.MonkeyPatch.context() as patch:
        async with raw_server(stays([A])) as server:
            patch.setattr(loop, "getaddrinfo", resolving(both), raising=False)
            patch.setattr(loop, "sock_connect", black_hole, raising=False)
            url = server.url.replace("127.0.0.1", "canvus.example.com")
            async with Client(url, token="secret", allow_insecure=True) as client:
                began = loop.time()
                async with aclosing(client.canvas(CANVAS).notes.subscribe()) as notes:
                    assert (await anext(notes)).id == "a"
                assert loop.time() - began < 1


@pytest.mark.row("S55")
@on_a_jumping_clock
async def test_hour_of_sleep_is_detected_on_waking() -> None:
    """The clock is the monotonic one, which may or may not advance while a machine sleeps; here it does."""
    loop = asyncio.get_running_loop()
    async with playing(stays([A]), stays([A, B])) as (server, _client, canvas), canvas.notes.live() as live:
        changes = live.changes()
        assert (await anext(changes)).id == "a"
        waking = loop.time() + 3600
        loop._jumping.now = waking  # type: ignore[attr-defined]  # a JumpingLoop
        change = await anext(changes)
        assert (change.id, change.resync, server.connections) == ("b", True, 2)
        assert loop.time() - waking < 46


@pytest.mark.row("S56")
@on_a_jumping_clock
async def test_unsolicited_response_is_ignored() -> None:
    async def says_more(exchange: Exchange) -> None:
        await exchange.request()
        await exchange.stream([A])
        await exchange.send(b"0\r\n\r\n")
        await exchange.answer([{"id": "x", "name": "poison"}])
        await exchange.gone()

    async def lists(exchange: Exchange) -> None:
        await exchange.request()
        await exchange.answer([{"id": "c", "name": "mine"}])

    async with playing(says_more, stays([A, B]), lists) as (server, client, canvas):
        async with aclosing(canvas.notes.subscribe()) as notes:
            assert [seen.id for seen in await take(notes, 2)] == ["a", "b"]
            assert [info.name for info in await client.canvases.list()] == ["mine"]
            assert await quiet(notes)
        assert server.connections == 3


@pytest.mark.row("S56")
@on_a_jumping_clock
async def test_connection_of_an_ended_stream_is_not_reused() -> None:
    async def ends_and_stays(exchange: Exchange) -> None:
        for answer in ([A], [note("x")]):
            await exchange.request()
            await exchange.stream(answer)
            await exchange.send(b"0\r\n\r\n")

    async with playing(ends_and_stays, stays([A, B])) as (server, _client, canvas):
        async with aclosing(canvas.notes.subscribe()) as notes:
            assert [seen.id for seen in await take(notes, 2)] == ["a", "b"]
        assert (server.connections, len(server.requests)) == (2, 2)


@pytest.mark.row("S56")
@on_a_jumping_clock
async def test_connection_of_a_closed_subscription_is_not_reused() -> None:
    async with playing(*[stays([A])] * 3) as (server, _client, canvas):
        for number in range(1, 4):
            async with aclosing(canvas.notes.subscribe()) as notes:
                assert (await anext(notes)).id == "a"
            await server.until_open(0)
            assert server.connections == number == len(server.requests)
