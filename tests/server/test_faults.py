"""Faults: each applies to the matching requests, and ends when it is cleared."""

import asyncio
import time

import aiohttp
import pytest

from canvus_async.server import CanvusServer
from tests.server import samples
from tests.server.api import Api, Stream, eventually


async def test_drop_streams_aborts_open_streams_only(server: CanvusServer, api: Api, canvas: str) -> None:
    async with api.stream(f"{canvas}/notes?subscribe") as stream:
        await stream.next()
        server.faults.drop_streams()

        with pytest.raises(aiohttp.ClientError):
            await stream.rest()
    await eventually(lambda: server.open_streams == 0)
    async with api.stream(f"{canvas}/notes?subscribe") as stream:
        assert await stream.next() == []


async def test_silenced_streams_send_nothing_until_silence_ends(session: aiohttp.ClientSession) -> None:
    async with CanvusServer(keepalive=0.02) as server:
        api = Api(server, session, server.token)
        canvas = f"canvases/{await server.create_canvas('Demo')}"
        async with api.stream(f"{canvas}/notes?subscribe") as old:
            await old.next()
            server.faults.silence()
            async with api.stream(f"{canvas}/notes?subscribe") as new:
                await new.next()
                note = (await api.post(f"{canvas}/notes", {"text": "first"})).json
                note = (await api.patch(f"{canvas}/notes/{note['id']}", text="last")).json

                assert await heard_within(0.2, old) in {b"", b"\n"}, "at most a keepalive that was already being sent"
                assert await heard_within(0.2, new) == b""
                server.faults.silence(False)
                for stream in (old, new):
                    assert await stream.next() == [note]
                    assert await stream.line() == b"\n"


async def heard_within(seconds: float, stream: Stream) -> bytes:
    """Everything that a stream sends within that time."""
    heard = bytearray()
    try:
        async with asyncio.timeout(seconds):
            while True:
                heard += await stream.response.content.readany()
    except TimeoutError:
        return bytes(heard)


async def test_fail_next_fails_matching_requests_without_carrying_them_out(
    server: CanvusServer, api: Api, canvas: str
) -> None:
    server.faults.fail_next(2, 429, retry_after=7, match="/notes", method="POST")

    assert (await api.get(f"{canvas}/notes")).status == 200
    for _ in range(2):
        response = await api.post(f"{canvas}/notes")
        assert (response.status, response.headers["Retry-After"], bool(response.msg)) == (429, "7", True)
    assert (await api.post(f"{canvas}/notes")).status == 200
    assert len((await api.get(f"{canvas}/notes")).json) == 1


async def test_fail_next_precedes_authentication(server: CanvusServer, api: Api) -> None:
    server.faults.fail_next(status=500)

    response = await api.get("canvases")
    assert (response.status, "Retry-After" in response.headers) == (500, False)


async def test_delay_applies_to_matching_requests_only(server: CanvusServer, api: Api, canvas: str) -> None:
    server.faults.delay(0.2, match="/notes")

    begin = time.monotonic()
    slow = asyncio.create_task(api.get(f"{canvas}/notes"))
    await api.get(f"{canvas}/browsers")
    assert not slow.done()
    await slow
    assert time.monotonic() - begin >= 0.2


@pytest.mark.parametrize("size", [64, 600])
async def test_a_truncated_response_has_the_full_content_length(
    server: CanvusServer, api: Api, canvas: str, size: int
) -> None:
    """Small files are sent from memory, large ones with sendfile: both are truncated."""
    content = samples.noise(size, size)
    created = (await api.upload(f"{canvas}/images", content)).json
    path = f"{canvas}/images/{created['id']}/download"
    server.faults.truncate_next(1, match="/download")

    received = bytearray()
    with pytest.raises(aiohttp.ClientPayloadError):
        async with api.session.get(api.url(path), headers=api.headers) as response:
            assert response.content_length == len(content)
            async for chunk in response.content.iter_any():
                received += chunk

    assert 0 < len(received) < len(content)
    assert content.startswith(received)
    assert (await api.get(path)).body == content


async def test_lose_next_carries_the_request_out(server: CanvusServer, api: Api, canvas: str) -> None:
    server.faults.lose_next(match="/notes", method="POST")

    with pytest.raises(aiohttp.ClientError):
        await api.post(f"{canvas}/notes")
    assert len((await api.get(f"{canvas}/notes")).json) == 1


async def test_refuse_aborts_connections_without_carrying_requests_out(
    server: CanvusServer, api: Api, canvas: str
) -> None:
    server.faults.refuse()

    with pytest.raises(aiohttp.ClientError):
        await api.post(f"{canvas}/notes")
    server.faults.refuse(False)
    assert (await api.get(f"{canvas}/notes")).json == []
    assert [record.status for record in server.requests] == [0, 200]


async def test_clear_ends_all_faults(server: CanvusServer, api: Api, canvas: str) -> None:
    server.faults.fail_next(100)
    server.faults.delay(60)
    server.faults.truncate_next(100)
    server.faults.lose_next(100)
    server.faults.refuse()
    server.faults.silence()
    server.faults.clear()

    assert (await api.post(f"{canvas}/notes")).status == 200
    async with api.stream(f"{canvas}/notes?subscribe") as stream:
        await stream.next()
        note = (await api.post(f"{canvas}/notes")).json
        assert await stream.next() == [note]


async def test_requests_are_recorded_with_query_and_status(server: CanvusServer, api: Api, canvas: str) -> None:
    await api.post(f"{canvas}/notes")
    await api.get(f"{canvas}/notes/nobody")
    async with api.stream(f"{canvas}/notes?subscribe") as stream:
        await stream.next()
        seen = [(record.method, record.path, record.status) for record in server.requests]

    assert seen == [
        ("POST", f"/api/v1/{canvas}/notes", 200),
        ("GET", f"/api/v1/{canvas}/notes/nobody", 404),
        ("GET", f"/api/v1/{canvas}/notes?subscribe", 200),
    ]
    server.requests.clear()
    assert server.requests == []
