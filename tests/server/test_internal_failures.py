"""Failures inside the server: what is logged, what the client receives, and that everything else goes on."""

import asyncio
import errno
import logging
import sqlite3
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

import aiohttp
import pytest
from aiohttp import web

from canvus_async.server import CanvusServer, gate
from canvus_async.server.endpoints.canvases import CanvasEndpoints
from canvus_async.server.hosts import parse_authority
from canvus_async.server.http.connection import HttpConnection
from canvus_async.server.http.file_responses import SMALL_FILE, FileBody
from canvus_async.server.http.listener import Listener
from canvus_async.server.refusals import Invalid
from canvus_async.server.rules.measures import width_and_height
from canvus_async.server.store.database import Storage, User
from canvus_async.server.streams import subscriptions
from tests.server.api import Api, eventually
from tests.server.conftest import ApiFor, ApiIn

FILM = bytes(range(256)) * (4 * SMALL_FILE // 256)


def errors(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    """What the server logged as an error. asyncio's debug mode logs slow steps as warnings."""
    return [record for record in caplog.records if record.levelno >= logging.ERROR]


# -- the disk --


async def test_change_of_a_canvas_that_the_disk_refuses_changes_nothing(
    api_in: ApiIn, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with api_in(tmp_path) as api:
        canvas = f"canvases/{await api.server.create_canvas('Demo')}"
        before = (await api.get(canvas)).json
        with sqlite3.connect(tmp_path / "canvus.sqlite3", isolation_level=None) as other:
            other.execute(
                "CREATE TRIGGER full BEFORE UPDATE ON canvases BEGIN SELECT RAISE(ABORT, 'disk is full'); END"
            )
            async with api.stream("canvases?subscribe") as stream:
                await stream.next()
                refused = await api.patch(canvas, name="lost", mode="demo")
                with pytest.raises(sqlite3.DatabaseError, match="disk is full"):
                    api.server.share(canvas.partition("/")[2], "edit")
                unchanged = (await api.get(canvas)).json
                other.execute("DROP TRIGGER full")
                changed = (await api.patch(canvas, name="New")).json

                assert await stream.next() == [changed]
        other.close()

    assert refused.status == 500
    assert "disk is full" in caplog.text
    assert unchanged == before
    assert (changed["name"], changed["mode"]) == ("New", before["mode"])


def test_transaction_that_the_database_has_rolled_back_raises_the_cause() -> None:
    storage = Storage(None)
    try:
        with pytest.raises(ZeroDivisionError), storage.transaction():
            storage._database.execute("ROLLBACK")  # SQLite does so itself when the disk is full
            raise ZeroDivisionError
        with storage.transaction():
            storage.set_meta("key", "value")
        assert storage.meta("key") == "value"
    finally:
        storage.close()


def test_user_does_not_show_the_token() -> None:
    assert repr(User("secret", "edit")) == "User(role='edit', blocked=False)"


# -- requests --


async def test_only_the_last_requests_are_recorded(
    server: CanvusServer, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate, "MAX_RECORDS", 4)
    for number in range(7):
        await api.get(f"canvases?{number}")

    assert [request.path.partition("?")[2] for request in server.requests] == ["4", "5", "6"]


async def test_event_for_a_stream_whose_connection_was_aborted_is_not_an_error(
    server: CanvusServer, api: Api, caplog: pytest.LogCaptureFixture
) -> None:
    async with api.stream("canvases?subscribe") as stream:
        await stream.next()
        await server.create_canvas()  # wakes the stream, which runs before it learns that it was aborted
        server.faults.drop_streams()
        with pytest.raises(aiohttp.ClientError):
            await stream.rest()
    await eventually(lambda: server.open_streams == 0)

    assert errors(caplog) == []


async def test_right_that_ends_while_the_snapshot_is_sent_aborts_the_connection(
    server: CanvusServer, api_for: ApiFor, api: Api, canvas: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An orderly end would look like the end of a line."""
    write = subscriptions._write

    async def withdraw(response: web.StreamResponse, chunk: bytes) -> None:
        await write(response, chunk)
        server.share(canvas[9:], "none")

    await api.post(f"{canvas}/notes", {"text": "a" * 500})
    server.share(canvas[9:], "view")
    monkeypatch.setattr(subscriptions, "CHUNK_SIZE", 100)
    monkeypatch.setattr(subscriptions, "_write", withdraw)
    async with api_for(None).stream(f"{canvas}/notes?subscribe") as stream:
        with pytest.raises(aiohttp.ClientError):
            await stream.rest()


class Held:
    """Takes the place of the handler that creates canvases: it has the request, waits for the test, and may fail."""

    def __init__(self, patch: pytest.MonkeyPatch, failure: Exception | None = None) -> None:
        self.entered, self.leave = asyncio.Event(), asyncio.Event()
        create = CanvasEndpoints.create

        async def held(endpoints: CanvasEndpoints, request: web.Request) -> web.StreamResponse:
            await request.read()
            self.entered.set()
            await self.leave.wait()
            await asyncio.sleep(0.1)
            if failure is not None:
                raise failure
            return await create(endpoints, request)

        patch.setattr(CanvasEndpoints, "create", held)


async def send_and_leave(api: Api, held: Held) -> None:
    """Begin a write, and close the connection before its response."""
    sending = asyncio.create_task(api.post("canvases"))
    await held.entered.wait()
    sending.cancel()
    await asyncio.wait([sending])
    await eventually(lambda: not api.server.connections)


async def test_server_that_is_closed_finishes_a_write_whose_client_has_left(
    session: aiohttp.ClientSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = Held(monkeypatch)
    drain = gate.Gate.drain

    async def after_leaving(waiting: gate.Gate) -> None:
        held.leave.set()
        await drain(waiting)

    monkeypatch.setattr(gate.Gate, "drain", after_leaving)
    async with CanvusServer(data=tmp_path) as server:
        await send_and_leave(Api(server, session, server.token), held)
    async with CanvusServer(data=tmp_path) as server:
        assert len(server.canvas_ids) == 1


@pytest.mark.parametrize(
    ("failure", "logged"), [(RuntimeError("broken"), 1), (Invalid("refused"), 0), (ConnectionResetError(), 0)]
)
async def test_unexpected_failure_of_a_write_whose_client_has_left_is_logged(
    session: aiohttp.ClientSession,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    failure: Exception,
    logged: int,
) -> None:
    held = Held(monkeypatch, failure)
    async with CanvusServer() as server:
        await send_and_leave(Api(server, session, server.token), held)
        held.leave.set()

    assert len(errors(caplog)) == logged


async def test_failure_outside_of_the_handlers_is_a_500_and_logged(
    api: Api, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> NoReturn:
        raise RuntimeError("broken")

    with monkeypatch.context() as patch:
        patch.setattr(gate, "RequestRecord", broken)
        response = await api.get("canvases")

    assert (response.status, response.headers["Connection"]) == (500, "close")
    assert "broken" not in response.msg
    assert "broken" in caplog.text
    assert (await api.get("canvases")).status == 200


def test_response_that_has_begun_is_not_replaced() -> None:
    class Begun:
        class writer:  # noqa: N801  # aiohttp's name
            output_size = 1

    begun: Any = Begun()
    connection: Any = object()
    with pytest.raises(ConnectionError):
        HttpConnection.handle_error(connection, begun, 400)


@pytest.mark.parametrize("value", ["800x600", {"width": "wide", "height": 1}, {"width": 1}])
def test_value_that_is_no_size_is_invalid(value: Any) -> None:
    with pytest.raises(Invalid, match="size"):
        width_and_height(value)


async def test_faults_can_be_set_before_the_server_is_started(session: aiohttp.ClientSession) -> None:
    server = CanvusServer(keepalive=0.01)
    server.faults.drop_streams()
    server.faults.silence()
    server.faults.fail_next(match="canvases")
    async with server:
        api = Api(server, session, server.token)
        assert (await api.get("canvases")).status == 503
        async with api.stream("canvases?subscribe") as stream:
            assert await stream.next() == []
            created = await server.create_canvas()
            server.faults.silence(False)
            assert [each["id"] for each in await stream.next()] == [created]


# -- large files --


@pytest.fixture
async def film(api: Api, canvas: str) -> str:
    """The path of a file that is too large for one response in memory."""
    created = (await api.upload(f"{canvas}/videos", FILM, "a.mp4")).json
    return f"{canvas}/videos/{(await api.ready(canvas + '/videos/' + created['id']))['id']}/download"


async def test_failure_while_a_file_is_sent_is_logged_and_ends_the_connection(
    api: Api, film: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(_body: FileBody, _request: web.BaseRequest, _file: BinaryIO) -> None:
        raise OSError(errno.EIO, "the disk is broken")

    with monkeypatch.context() as patch:
        patch.setattr(FileBody, "_send", broken)
        with pytest.raises(aiohttp.ClientError):
            await api.get(film)

    assert "the disk is broken" in caplog.text
    assert (await api.get(film)).body == FILM


@pytest.mark.parametrize("bytes_", [None, "bytes=1000-900000"])
async def test_large_file_is_copied_in_a_loop_without_sendfile(
    api: Api, film: str, monkeypatch: pytest.MonkeyPatch, bytes_: str | None
) -> None:
    async def none(*_: object) -> NoReturn:
        raise NotImplementedError

    monkeypatch.setattr(asyncio.BaseEventLoop, "sendfile", none)
    response = await api.get(film, **({} if bytes_ is None else {"Range": bytes_}))

    assert response.body == (FILM if bytes_ is None else FILM[1000:900_001])


async def test_file_that_has_become_shorter_ends_the_connection(
    server: CanvusServer, api: Api, film: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def cut(_loop: object, _transport: object, file: BinaryIO, *_: object) -> NoReturn:
        Path(file.name).write_bytes(FILM[:SMALL_FILE])
        raise NotImplementedError

    monkeypatch.setattr(asyncio.BaseEventLoop, "sendfile", cut)
    with pytest.raises(aiohttp.ClientError):
        await api.get(film)


# -- accepting connections --


class Once:
    """Takes the place of a method of the event loop, and fails at its first call."""

    def __init__(self, patch: pytest.MonkeyPatch, name: str, failure: OSError) -> None:
        self.failures = 0
        loop = asyncio.get_running_loop()
        call: Any = getattr(loop, name)

        async def once(*args: object) -> object:
            if not self.failures:
                self.failures += 1
                raise failure
            return await call(*args)

        patch.setattr(loop, name, once)


@pytest.mark.parametrize(
    ("call", "failure"),
    [("sock_accept", ConnectionAbortedError()), ("connect_accepted_socket", OSError(errno.EINVAL, "gone"))],
    ids=["before it was accepted", "after it was accepted"],
)
async def test_client_that_leaves_at_once_does_not_keep_others_from_connecting(
    session: aiohttp.ClientSession,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    call: str,
    failure: OSError,
) -> None:
    first = Once(monkeypatch, call, failure)
    async with CanvusServer() as server:
        api = Api(server, session, server.token)
        if call == "connect_accepted_socket":
            with pytest.raises(aiohttp.ClientError):
                await api.post("canvases")
        assert (await api.post("canvases")).status == 200

    assert first.failures == 1
    assert errors(caplog) == []


async def test_listener_that_was_never_opened_can_be_closed() -> None:
    await Listener(asyncio.Protocol).aclose()


# -- names --


def test_name_that_cannot_be_encoded_as_a_host_is_compared_as_it_is() -> None:
    for name in ("ü" * 70, "ü..de"):
        found = parse_authority(name)
        assert found is not None
        assert found.name == name
