"""The embedded server in uvloop, which does not implement `loop.sendfile`."""

import asyncio
import os
import re
import threading
from collections.abc import Iterator
from concurrent.futures import Future

import aiohttp
import pytest

from canvus_async.server import CanvusServer
from tests.server.api import Api, eventually
from tests.server.conftest import ApiFor

uvloop = pytest.importorskip("uvloop")
uvloop.new_event_loop().close()  # opens a pipe that libuv keeps for the process

VIDEO = os.urandom(5_000_000)


@pytest.fixture
def server() -> Iterator[CanvusServer]:
    """A server in a thread with an event loop of uvloop."""
    started: Future[tuple[CanvusServer, asyncio.AbstractEventLoop, asyncio.Event]] = Future()

    async def serve() -> None:
        stop = asyncio.Event()
        async with CanvusServer(processing_delay=0.01, host="localhost") as server:
            started.set_result((server, asyncio.get_running_loop(), stop))
            await stop.wait()

    thread = threading.Thread(target=lambda: uvloop.run(serve()))
    thread.start()
    running, loop, stop = started.result(30)
    assert isinstance(loop, uvloop.Loop)
    yield running
    loop.call_soon_threadsafe(stop.set)
    thread.join(30)
    assert not thread.is_alive()


@pytest.fixture
async def canvas(api: Api) -> str:
    return f"canvases/{(await api.post('canvases')).json['id']}"


async def test_large_files_are_sent_whole_in_ranges_and_truncated_on_demand(
    server: CanvusServer, api: Api, canvas: str
) -> None:
    created = (await api.upload(f"{canvas}/videos", VIDEO, "a.mp4")).json
    video = await api.ready(f"{canvas}/videos/{created['id']}")
    path, headers = f"assets/{video['hash']}", {"canvas-id": canvas[9:]}

    whole = await api.call("GET", path, headers=headers)
    assert (whole.status, whole.body == VIDEO) == (200, True)
    for sent, start, stop in [("0-999999", 0, 1_000_000), ("1000001-", 1_000_001, None), ("-600000", -600_000, None)]:
        part = await api.call("GET", path, headers=headers | {"Range": f"bytes={sent}"})
        assert (part.status, part.body == VIDEO[start:stop]) == (206, True), sent
    assert (await api.call("HEAD", path, headers=headers)).headers["Content-Length"] == "5000000"

    server.faults.truncate_next()
    with pytest.raises(aiohttp.ClientPayloadError):
        await api.call("GET", path, headers=headers)
    assert (await api.call("GET", path, headers=headers)).body == VIDEO


async def test_a_file_that_is_cut_while_it_is_sent_ends_the_connection(
    server: CanvusServer, api: Api, canvas: str
) -> None:
    created = (await api.upload(f"{canvas}/videos", VIDEO * 8, "a.mp4")).json  # more than sockets buffer
    video = await api.ready(f"{canvas}/videos/{created['id']}")
    stored = server._started.state.assets.folder / video["hash"]
    async with api.session.get(
        api.url(f"assets/{video['hash']}"), headers=api.headers | {"canvas-id": canvas[9:]}
    ) as response:
        await asyncio.sleep(0.2)
        os.truncate(stored, 1000)
        with pytest.raises(aiohttp.ClientPayloadError):
            await response.read()


async def test_streams_and_their_end_work_too(server: CanvusServer, api: Api, api_for: ApiFor, canvas: str) -> None:
    async with api.stream(f"{canvas}/notes?subscribe") as stream:
        assert await stream.next() == []
        note = (await api.post(f"{canvas}/notes")).json
        assert await stream.next() == [note]
    await eventually(lambda: server.open_streams == 0)
    assert (await api_for(None).get(canvas)).status == 401
    assert re.fullmatch(r"http://(127\.0\.0\.1|\[::1\]):\d+", server.url)
