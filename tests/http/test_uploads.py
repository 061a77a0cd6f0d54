"""Uploads and writes with faults: what the server may do, and what the caller gets."""

import asyncio
import io
import json
import os
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from canvus_async import (
    ApiError,
    BadRequest,
    Client,
    Conflict,
    Forbidden,
    OutcomeUnknown,
    Retry,
    ServerError,
    SourceChanged,
    Timeouts,
    TooLarge,
    Unauthorized,
    UnexpectedContent,
)
from tests.raw_server import Exchange, Script, raw_server
from tests.subscriptions.clock import on_a_jumping_clock

BIG = bytes(20_000_000)
"""More than the buffers of two sockets hold."""

IMAGE = {
    "id": "i1",
    "widget_type": "Image",
    "state": "normal",
    "location": {"x": 0.0, "y": 0.0},
    "size": {"width": 10.0, "height": 10.0},
    "depth": 1.0,
    "parent_id": "root",
    "title": "as stored",
}


def client(url: str, **options: Any) -> Client:
    return Client(url, **{"token": "t", "retry": Retry(first_wait=0.001), **options})


async def accepts(exchange: Exchange) -> None:
    while True:
        await exchange.request()
        await exchange.answer(IMAGE)


def refuses(status: int, body: object, *headers: str) -> Script:
    async def script(exchange: Exchange) -> None:
        while True:
            await exchange.request()
            await exchange.answer(body, status, *headers)

    return script


# -- the connection --


@pytest.mark.row("U1")
@pytest.mark.parametrize("how", ["reset", "closed"])
async def test_upload_cut_midway_is_outcome_unknown_and_not_repeated(how: str) -> None:
    async def cut(exchange: Exchange) -> None:
        await exchange.head()
        await exchange.reader.readexactly(100_000)
        if how == "reset":
            exchange.reset()

    async with raw_server(cut, accepts) as server, client(server.url) as canvus:
        with pytest.raises(OutcomeUnknown, match="connection lost") as failed:
            await canvus.canvas("c1").images.upload(BIG)
        await server.until_open(0)

    assert failed.value.sent
    assert (failed.value.method, failed.value.path) == ("POST", "canvases/c1/images")
    assert len(server.requests) == 1


@pytest.mark.row("U2")
async def test_upload_without_a_response_is_outcome_unknown_and_not_repeated() -> None:
    async def silent(exchange: Exchange) -> None:
        await exchange.request()
        await exchange.gone()

    limits = Timeouts(response=0.1, stall=0.1)
    async with raw_server(silent) as server, client(server.url, timeouts=limits) as canvus:
        with pytest.raises(OutcomeUnknown, match=r"0\.1 s"):
            await canvus.canvas("c1").images.upload(b"small")
        with pytest.raises(OutcomeUnknown, match=r"no response within 0\.1 s"):
            await canvus.canvas("c1").notes.create(text="hi")
        await server.until_open(0)

    assert [request.target for request in server.requests] == [
        "/api/v1/canvases/c1/images",
        "/api/v1/canvases/c1/notes",
    ]


@pytest.mark.row("U2")
@partial(on_a_jumping_clock, grace=0.01)
async def test_response_to_an_upload_may_take_longer_than_a_stall() -> None:
    """Processing the file is not a stall: all bytes have been sent."""

    async def thinks(exchange: Exchange) -> None:
        await exchange.request()
        await asyncio.sleep(0.3)
        await exchange.answer(IMAGE)

    async def thinks_too_long(exchange: Exchange) -> None:
        await exchange.request()
        await exchange.gone()

    patient = Timeouts(stall=0.1, response=30.0)
    async with raw_server(thinks) as server, client(server.url, timeouts=patient) as canvus:
        assert (await canvus.canvas("c1").images.upload(bytes(3_000_000))).id == "i1"
    hasty = Timeouts(stall=30.0, response=0.1)
    async with raw_server(thinks_too_long) as server, client(server.url, timeouts=hasty) as canvus:
        with pytest.raises(OutcomeUnknown, match=r"no response within 0\.1 s"):
            await canvus.canvas("c1").images.upload(bytes(3_000_000))


@pytest.mark.row("U3")
async def test_unread_upload_is_given_up_after_the_stall_timeout() -> None:
    blind = asyncio.Event()

    async def never_reads(exchange: Exchange) -> None:
        exchange.reader._transport.pause_reading()  # type: ignore[attr-defined]  # not even into our buffer
        await blind.wait()

    async with raw_server(never_reads) as server, client(server.url, timeouts=Timeouts(stall=0.2)) as canvus:
        moved: list[int] = []
        with pytest.raises(OutcomeUnknown, match=r"no byte moved for 0\.2 s"):
            await canvus.canvas("c1").images.upload(BIG, progress=lambda done, _total: moved.append(done))
        blind.set()

    assert server.connections == 1
    assert max(moved, default=0) < len(BIG)


@pytest.mark.row("U3")
@partial(on_a_jumping_clock, grace=0.01)
async def test_slow_upload_that_makes_progress_has_no_time_limit() -> None:
    """It takes longer than the timeouts of a response and of a stall."""

    async def sips(exchange: Exchange) -> None:
        received = await exchange.head()
        left = int(received.headers["content-length"])
        while left:
            left -= len(await exchange.reader.read(1 << 20))
            await asyncio.sleep(0.02)
        await exchange.answer(IMAGE)

    limits = Timeouts(response=0.3, stall=0.3)
    async with raw_server(sips) as server, client(server.url, timeouts=limits) as canvus:
        start = asyncio.get_running_loop().time()
        assert (await canvus.canvas("c1").images.upload(BIG)).id == "i1"
        assert asyncio.get_running_loop().time() - start > 0.3


# -- refusals --


@pytest.mark.row("U4")
@pytest.mark.parametrize("after", ["stays open", "closes", "resets"])
async def test_early_413_is_too_large(after: str) -> None:
    async def hasty(exchange: Exchange) -> None:
        await exchange.head()
        await exchange.answer({"msg": "File is over 10 MB"}, 413)
        if after == "stays open":
            await exchange.gone()
        elif after == "resets":
            await exchange.reader.readexactly(100_000)  # the response has been sent by now
            exchange.reset()

    async with raw_server(hasty) as server, client(server.url) as canvus:
        with pytest.raises((TooLarge, OutcomeUnknown)) as failed:
            await canvus.canvas("c1").images.upload(BIG)
        await server.until_open(0)

    if after != "resets":  # a reset may overtake the response that was written before it
        assert type(failed.value) is TooLarge
        assert "File is over 10 MB" in str(failed.value)
    assert len(server.requests) == 1


@pytest.mark.row("U5")
@pytest.mark.parametrize(
    ("status", "body", "kind", "words"),
    [
        (400, {"msg": "Depth must be >= 1.0"}, BadRequest, "Depth must be >= 1.0"),
        (401, {"msg": "Invalid access token"}, Unauthorized, "Invalid access token"),
        (403, {"msg": "Permission denied"}, Forbidden, "Permission denied"),
        (409, {"msg": "Edited meanwhile"}, Conflict, "Edited meanwhile"),
        (422, {"msg": "No such field"}, ApiError, "No such field"),
        (502, b"<html><title>502</title><h1>Bad Gateway</h1></html>", ServerError, "Bad Gateway"),
        (500, b"", ServerError, "no reason given"),
        (503, b"\x1b[31m" + b"x" * 100_000, ServerError, "xxx"),
        (200, b"<html>Please log in</html>", UnexpectedContent, "not a valid Image"),
        (200, b"", UnexpectedContent, "not a valid Image"),
    ],
)
async def test_refused_upload_has_a_one_line_message(
    status: int, body: object, kind: type[Exception], words: str
) -> None:
    async with raw_server(refuses(status, body)) as server, client(server.url) as canvus:
        with pytest.raises(kind, match=re.escape(words)) as failed:
            await canvus.canvas("c1").images.upload(b"picture")

    assert type(failed.value) is kind
    assert len(str(failed.value)) < 2048
    assert str(failed.value).isprintable()
    assert len(server.requests) == 1


@pytest.mark.row("U12")
@pytest.mark.parametrize("retry_after", ["7", "0"])
async def test_post_refused_with_503_is_not_repeated_and_has_retry_after(retry_after: str) -> None:
    busy = refuses(503, {"msg": "Starting"}, f"Retry-After: {retry_after}")
    async with raw_server(busy) as server, client(server.url) as canvus:
        with pytest.raises(ServerError, match="Starting") as failed:
            await canvus.canvas("c1").images.upload(b"picture")

    assert failed.value.retry_after == float(retry_after)
    assert len(server.requests) == 1


# -- the file --


def grown(path: Path) -> None:
    with path.open("ab") as file:
        file.write(bytes(4_000_000))


def shrunk(path: Path) -> None:
    os.truncate(path, 100_000)


def overwritten(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(b"\1" * len(BIG))


@pytest.mark.row("U6")
@pytest.mark.parametrize("change", [grown, shrunk, overwritten])
async def test_file_changed_while_sent_raises_source_changed(tmp_path: Path, change: Callable[[Path], None]) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(BIG)
    whole: list[bool] = []

    async def reads(exchange: Exchange) -> None:
        received = await exchange.head()
        whole.append(False)
        await exchange.reader.readexactly(int(received.headers["content-length"]))
        whole[-1] = True
        await exchange.answer(IMAGE)

    changed = iter([change])
    async with raw_server(reads) as server, client(server.url) as canvus:
        with pytest.raises(SourceChanged, match=r"a\.jpg: the file was changed while it was sent"):
            await canvus.canvas("c1").images.upload(
                path, progress=lambda done, _: [act(path) for act in changed] if done > 1_000_000 else None
            )
        await server.until_open(0)

    assert whole == [False]


@pytest.mark.row("U6")
async def test_file_deleted_while_sent_is_sent_whole(tmp_path: Path) -> None:
    """Only its name is removed; the open file can still be read, except on Windows."""
    path = tmp_path / "a.jpg"
    path.write_bytes(BIG)
    received: list[bytes] = []

    async def reads(exchange: Exchange) -> None:
        received.append((await exchange.request()).body)
        await exchange.answer(IMAGE)

    async with raw_server(reads) as server, client(server.url) as canvus:
        await canvus.canvas("c1").images.upload(path, progress=lambda _done, _total: path.unlink(missing_ok=True))

    assert BIG in received[0]


@pytest.mark.row("U7")
@pytest.mark.parametrize(
    "name",
    [
        "line\r\nX-Evil: 1.png",
        "nul\0.png",
        'say "hi".png',
        "back\\slash.png",
        "../../up.png",
        "日本語.png",
        "a\u2028b.png",
    ],
)
async def test_file_name_cannot_break_the_headers_of_its_part(name: str) -> None:
    async with raw_server(accepts) as server, client(server.url) as canvus:
        await canvus.canvas("c1").images.upload(b"picture", filename=name)

    (request,) = server.requests
    boundary = request.headers["content-type"].partition("boundary=")[2]
    *_, part = request.body.split(f"--{boundary}".encode())[1:-1]
    head, _, content = part.partition(b"\r\n\r\n")
    lines = head.strip().split(b"\r\n")
    assert sorted(line.partition(b":")[0] for line in lines) == [b"Content-Disposition", b"Content-Type"]
    assert all(32 <= byte < 127 for line in lines for byte in line)
    assert content == b"picture\r\n"


@pytest.mark.row("U7")
@pytest.mark.parametrize("name", ["photo 1.png", "a,b;c (2) 100%'s.png"])
async def test_plain_file_name_is_sent_unescaped(name: str) -> None:
    """As browsers do: not every server decodes a percent-encoded space."""
    async with raw_server(accepts) as server, client(server.url) as canvus:
        await canvus.canvas("c1").images.upload(b"picture", filename=name)

    assert f'; filename="{name}"\r\n'.encode() in server.requests[0].body


@pytest.mark.row("U7")
@pytest.mark.parametrize("name", ['say "hi".png', "日本語.png", "line\r\nend.png", "back\\slash.png"])
async def test_file_name_that_a_header_cannot_hold_is_sent_in_the_json_part(name: str) -> None:
    async with raw_server(accepts) as server, client(server.url) as canvus:
        await canvus.canvas("c1").images.upload(b"picture", filename=name, title="T")

    found = re.search(rb'name="json"\r\n\r\n(.*?)\r\n--', server.requests[0].body, re.DOTALL)
    assert found
    assert json.loads(found[1]) == {"title": "T", "original_filename": name}


@pytest.mark.row("U8")
@pytest.mark.parametrize("how", ["path", "bytes", "file", "file midway", "pipe"])
async def test_upload_sends_exactly_its_content_length(tmp_path: Path, how: str) -> None:
    content = os.urandom(300_000)
    path = tmp_path / "a.png"
    path.write_bytes(content)
    read, write = os.pipe()

    async with raw_server(accepts) as server, client(server.url) as canvus:
        images = canvus.canvas("c1").images
        with path.open("rb") as file, io.FileIO(read) as pipe:
            if how == "file midway":
                file.seek(100_000)
                content = content[100_000:]
            feeding = asyncio.create_task(asyncio.to_thread(_fill, write, content if how == "pipe" else b""))
            source: Any = {"path": path, "bytes": content, "pipe": pipe}.get(how, file)
            await images.upload(source, filename="a.png")
            await feeding

    (request,) = server.requests
    assert "transfer-encoding" not in request.headers
    assert len(request.body) == int(request.headers["content-length"])
    assert b"\r\n\r\n" + content + b"\r\n--" in request.body


def _fill(pipe: int, content: bytes) -> None:
    with os.fdopen(pipe, "wb") as file:
        file.write(content)


# -- other writes --


@pytest.mark.row("U9")
async def test_delete_with_a_lost_response_is_repeated_as_often_as_retry_says() -> None:
    async def drops(exchange: Exchange) -> None:
        await exchange.request()

    async with raw_server(drops) as server, client(server.url, retry=Retry(attempts=4, first_wait=0.001)) as canvus:
        with pytest.raises(OutcomeUnknown):
            await canvus.canvas("c1").images.delete("i1")

    assert [request.method for request in server.requests] == ["DELETE"] * 4


@pytest.mark.row("U11")
async def test_update_returns_the_servers_values() -> None:
    async with raw_server(accepts) as server, client(server.url) as canvus:
        image = await canvus.canvas("c1").images.update("i1", title="as sent", depth=5.0)

    assert json.loads(server.requests[0].body) == {"title": "as sent", "depth": 5.0}
    assert (image.title, image.depth) == ("as stored", 1.0)


@pytest.mark.row("U11")
@pytest.mark.parametrize("reply", [{"title": "as sent"}, {}, b""])
async def test_incomplete_reply_is_completed_by_a_get(reply: object) -> None:
    async def terse(exchange: Exchange) -> None:
        while True:
            received = await exchange.request()
            await exchange.answer(reply if received.method == "PATCH" else IMAGE)

    async with raw_server(terse) as server, client(server.url) as canvus:
        image = await canvus.canvas("c1").images.update("i1", title="as sent")

    assert image.title == "as stored"
    assert [request.method for request in server.requests] == ["PATCH", "GET"]
