"""No request makes the server keep much more memory than it sends, and no number of requests makes it grow forever."""

import asyncio
import socket
import tracemalloc
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from canvus_async.server import CanvusServer, state
from canvus_async.server.streams import subscriptions
from tests.server import samples
from tests.server.api import Api, eventually
from tests.server.conftest import ApiIn

LARGE_TABLE = {"grid_size": {"columns": 100, "rows": 100}}


@pytest.fixture
def little_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state, "MAX_MEMORY", 100_000)


@pytest.fixture
def traced() -> Iterator[None]:
    tracemalloc.start()
    yield
    tracemalloc.stop()


async def fill(api: Api, canvas: str) -> int:
    """Create tables until the server has no room; the number of them."""
    for number in range(1000):
        response = await api.post(f"{canvas}/tables")
        if response.status != 200:
            assert (response.status, "no room" in response.msg) == (507, True)
            return number
    raise AssertionError("the server never refuses")


@pytest.mark.usefixtures("little_room")
async def test_a_full_server_refuses_everything_that_adds_objects_and_accepts_the_rest(api: Api, canvas: str) -> None:
    note = (await api.post(f"{canvas}/notes", {"text": "x" * 2000})).json
    table = (await api.post(f"{canvas}/tables")).json
    assert 0 < await fill(api, canvas) < 100
    before = (await api.get(f"{canvas}/widgets")).json
    clone = {"source_canvas_id": canvas[9:], "source_widget_id": table["id"]}

    for response in (
        await api.post(f"{canvas}/tables", LARGE_TABLE),
        await api.post(f"{canvas}/tables", clone),
        await api.post(f"{canvas}/notes", {"text": "x" * 20_000}),
        await api.patch(f"{canvas}/notes/{note['id']}", text="x" * 30_000),
        await api.upload(f"{canvas}/images", samples.picture(), title="x" * 20_000),
    ):
        assert response.status == 507
    assert (await api.get(f"{canvas}/widgets")).json == before
    await eventually(lambda: [*(api.server._running.state.assets.folder).glob("?" * 64)] == [])

    assert (await api.patch(f"{canvas}/notes/{note['id']}", text="short")).status == 200
    assert (await api.delete(f"{canvas}/tables/{table['id']}")).status == 200
    assert (await api.post(f"{canvas}/tables")).status == 200


@pytest.mark.usefixtures("little_room")
async def test_canvases_count_too_and_deleting_them_makes_room(api: Api) -> None:
    created = []
    while (response := await api.post("canvases")).status == 200:
        created.append(response.json["id"])
        assert len(created) < 1000
    assert response.status == 507

    assert (await api.delete(f"canvases/{created[0]}")).status == 200
    assert (await api.post("canvases")).status == 200


@pytest.mark.usefixtures("little_room")
async def test_there_is_always_room_to_publish_a_hash(api: Api, canvas: str) -> None:
    api.server._running.processing._delay = 0.5
    image = (await api.upload(f"{canvas}/images", samples.picture())).json
    await fill(api, canvas)
    while (await api.post(f"{canvas}/notes")).status == 200:
        pass

    assert (await api.ready(f"{canvas}/images/{image['id']}"))["hash"]


@pytest.mark.usefixtures("little_room")
async def test_objects_of_an_earlier_start_count(api_in: ApiIn, tmp_path: Path) -> None:
    async with api_in(tmp_path) as api:
        canvas = f"canvases/{await api.server.create_canvas()}"
        await fill(api, canvas)
    async with api_in(tmp_path) as api:
        assert await fill(api, canvas) == 0


@pytest.mark.usefixtures("traced")
async def test_the_estimate_of_memory_is_not_too_low(api: Api, canvas: str) -> None:
    await api.post(f"{canvas}/tables")
    counted, before = api.server._running.state._memory, tracemalloc.get_traced_memory()[0]
    await api.post(f"{canvas}/tables", LARGE_TABLE)
    for number in range(20):
        await api.post(f"{canvas}/notes", {"text": f"{number}" * 100_000})

    taken = tracemalloc.get_traced_memory()[0] - before
    assert taken < 1.3 * (api.server._running.state._memory - counted)


def stalled_reader(server: CanvusServer, path: str) -> socket.socket:
    reader = socket.socket()
    reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    reader.connect(("127.0.0.1", int(server.url.rpartition(":")[2])))
    head = f"GET /api/v1/{path}?subscribe HTTP/1.1\r\nHost: localhost\r\nPrivate-Token: {server.token}\r\n\r\n"
    reader.sendall(head.encode())
    return reader


async def large_canvas(api: Api, canvas: str) -> list[str]:
    """Notes of 20 MB, more than the buffers of a socket hold."""
    return [(await api.post(f"{canvas}/notes", {"text": "x" * 1_000_000})).json["id"] for _ in range(20)]


@pytest.mark.usefixtures("traced")
async def test_subscribers_who_do_not_read_share_what_they_wait_for(
    server: CanvusServer, api: Api, canvas: str
) -> None:
    notes = await large_canvas(api, canvas)
    before = tracemalloc.get_traced_memory()[0]
    with ExitStack() as stack:
        for _ in range(20):
            stack.enter_context(stalled_reader(server, f"{canvas}/notes"))
        await eventually(lambda: server.open_streams == 20)
        await asyncio.sleep(0.3)
        waiting = tracemalloc.get_traced_memory()[0] - before
        for turn in range(2):
            for note in notes:
                await api.patch(f"{canvas}/notes/{note}", title=str(turn))
        rewritten = tracemalloc.get_traced_memory()[0] - before

    assert waiting < 20 * 1_500_000, "a copy for each would be 400 MB"
    assert rewritten < 20 * 1_500_000 + 60_000_000, "the first lines and the last events, once for all"
    await eventually(lambda: server.open_streams == 0)


async def test_a_subscriber_who_does_not_read_is_disconnected(
    server: CanvusServer, api: Api, canvas: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscriptions, "STALLED_AFTER", 0.3)
    await large_canvas(api, canvas)
    async with api.stream(f"{canvas}/background?subscribe") as idle:
        await idle.next()
        with stalled_reader(server, f"{canvas}/notes"):
            await eventually(lambda: server.open_streams == 2)
            await eventually(lambda: server.open_streams == 1)
        await api.patch(f"{canvas}/background", type="haze")
        assert (await idle.next())["type"] == "haze", "nothing to read is no reason"


async def test_the_number_of_subscriptions_is_limited(
    server: CanvusServer, api: Api, canvas: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscriptions, "MAX_STREAMS", 2)
    async with api.stream(f"{canvas}/notes?subscribe"), api.stream("canvases?subscribe"):
        assert (await api.get(f"{canvas}/widgets?subscribe")).status == 503
        assert (await api.get(f"{canvas}/widgets")).status == 200
    await eventually(lambda: server.open_streams == 0)
    async with api.stream(f"{canvas}/widgets?subscribe") as stream:
        assert await stream.next()


@pytest.mark.parametrize("size", [0, 1, 10, subscriptions.CHUNK_SIZE, subscriptions.CHUNK_SIZE * 3 + 1])
def test_chunks_are_the_pieces_in_order(size: int) -> None:
    pieces = [b"a" * size, b"", b"b" * 7, b"c" * size, b"d"]

    chunks = list(subscriptions._chunks(list(pieces)))

    assert b"".join(chunks) == b"".join(pieces)
    assert all(0 < len(chunk) <= subscriptions.CHUNK_SIZE for chunk in chunks)
