"""Subscriptions: the first line, later lines, and the end."""

import asyncio
import json
import socket
import tracemalloc
from contextlib import AsyncExitStack

import aiohttp
import pytest

from canvus_async.server import CanvusServer
from canvus_async.server.access import Right
from canvus_async.server.streams.broadcast import EXTRA_PENDING, Broadcast, Event, Subscriber
from tests.server import samples
from tests.server.api import Api, eventually
from tests.server.conftest import ApiFor


@pytest.mark.parametrize("query", ["subscribe=false", "subscribe=0", "x=subscribe"])
async def test_subscribe_can_be_turned_off_by_its_value(api: Api, canvas: str, query: str) -> None:
    assert (await api.get(f"{canvas}/notes?{query}")).json == []


@pytest.mark.parametrize("query", ["subscribe", "subscribe=1", "subscribe=true", "x=y&subscribe="])
async def test_any_other_value_of_subscribe_opens_a_stream(api: Api, canvas: str, query: str) -> None:
    async with api.stream(f"{canvas}/notes?{query}") as stream:
        assert await stream.line() == b"[]\n"
        assert stream.response.content_type == "application/json"
        assert stream.response.headers["Cache-Control"] == "no-store"


async def test_a_stream_sends_the_list_and_then_each_change_as_an_array(api: Api, canvas: str) -> None:
    first = (await api.post(f"{canvas}/notes", {"text": "one\ntwo"})).json
    async with api.stream(f"{canvas}/notes?subscribe") as stream:
        assert await stream.next() == [first]

        second = (await api.post(f"{canvas}/notes")).json
        assert await stream.next() == [second]
        changed = (await api.patch(f"{canvas}/notes/{first['id']}", text="new")).json
        assert await stream.next() == [changed]
        await api.delete(f"{canvas}/notes/{second['id']}")
        assert await stream.next() == [second | {"state": "deleted"}]


async def test_the_stream_of_all_widgets_starts_with_the_list(api: Api, canvas: str) -> None:
    await api.post(f"{canvas}/notes")
    await api.post(f"{canvas}/connectors", {"src": {"id": "x"}, "dst": {"id": "y"}})
    async with api.stream(f"{canvas}/widgets?subscribe") as stream:
        assert await stream.line() == (await api.get(f"{canvas}/widgets")).body + b"\n"
        table = (await api.post(f"{canvas}/tables", {"grid_size": {"columns": 1, "rows": 2}})).json
        lines = [await stream.next() for _ in range(3)]
        assert [line[0]["widget_type"] for line in lines] == ["Table", "TableCell", "TableCell"]
        assert lines[0] == [table]


async def test_the_stream_of_a_kind_sends_no_other_kinds(api: Api, canvas: str) -> None:
    async with api.stream(f"{canvas}/browsers?subscribe") as stream:
        assert await stream.next() == []
        await api.post(f"{canvas}/notes")
        browser = (await api.post(f"{canvas}/browsers")).json

        assert await stream.next() == [browser]


async def test_the_stream_of_a_widget_sends_objects_and_ends_with_its_deletion(api: Api, canvas: str) -> None:
    note = (await api.post(f"{canvas}/notes")).json
    other = (await api.post(f"{canvas}/notes")).json
    for path in (f"{canvas}/notes/{note['id']}", f"{canvas}/widgets/{note['id']}"):
        async with api.stream(f"{path}?subscribe") as stream:
            assert await stream.next() == note
            await api.patch(f"{canvas}/notes/{other['id']}", text="unheard")
            note = (await api.patch(f"{canvas}/notes/{note['id']}", text=path)).json
            assert await stream.next() == note
            if "widgets" in path:
                await api.delete(f"{canvas}/notes/{note['id']}")
                assert await stream.next() == note | {"state": "deleted"}
                assert await stream.rest() == b""


async def test_deleting_a_parent_sends_a_line_per_deleted_widget(api: Api, canvas: str) -> None:
    parent = (await api.post(f"{canvas}/notes")).json
    child = (await api.post(f"{canvas}/notes", {"parent_id": parent["id"]})).json
    async with api.stream(f"{canvas}/notes?subscribe") as stream:
        await stream.next()
        await api.delete(f"{canvas}/notes/{parent['id']}")

        gone = [(await stream.next())[0] for _ in range(2)]

    assert [(each["id"], each["state"]) for each in gone] == [(child["id"], "deleted"), (parent["id"], "deleted")]


async def test_a_patch_without_a_change_sends_nothing(api: Api, canvas: str) -> None:
    note = (await api.post(f"{canvas}/notes", {"text": "same"})).json
    async with api.stream(f"{canvas}/notes?subscribe") as stream:
        await stream.next()
        await api.patch(f"{canvas}/notes/{note['id']}", text="same")
        await api.patch(f"{canvas}/notes/{note['id']}", unknown=1)
        changed = (await api.patch(f"{canvas}/notes/{note['id']}", text="other")).json

        assert await stream.next() == [changed]


async def test_the_background_is_in_its_own_stream_and_in_that_of_all_widgets(api: Api, canvas: str) -> None:
    async with (
        api.stream(f"{canvas}/background?subscribe") as alone,
        api.stream(f"{canvas}/widgets?subscribe") as every,
    ):
        before = await alone.next()
        await every.next()
        changed = (await api.patch(f"{canvas}/background", type="haze")).json

        assert before["type"] == "solid_color"
        assert await alone.next() == changed
        assert await every.next() == [changed]
        assert "id" not in changed


async def test_the_cells_of_a_table_have_a_stream(api: Api, canvas: str) -> None:
    table = (await api.post(f"{canvas}/tables")).json
    async with api.stream(f"{canvas}/tables/{table['id']}/cells?subscribe") as stream:
        cells = await stream.next()
        await api.post(f"{canvas}/tables")
        await api.patch(f"{canvas}/tables/{table['id']}", size={"width": 10, "height": 10})

        changed = [(await stream.next())[0] for _ in range(4)]
        assert [each["id"] for each in changed] == [each["id"] for each in cells]
        assert changed[3]["location"] == {"x": 5, "y": 5}


async def test_the_stream_of_canvases_depends_on_the_rights_of_the_user(
    server: CanvusServer, api_for: ApiFor, api: Api, canvas: str
) -> None:
    viewer = api_for(server.add_user("view"))
    limited = api_for(server.add_user("owner", canvases=[]))
    async with (
        viewer.stream("canvases?subscribe") as stream,
        viewer.stream(f"{canvas}?subscribe") as single,
        limited.stream("canvases?subscribe") as nothing,
    ):
        assert [each["access"] for each in await stream.next()] == ["view"]
        assert (await single.next())["name"] == "Demo"
        assert await nothing.next() == []

        await api.patch(canvas, name="Renamed")
        assert [(each["name"], each["access"]) for each in await stream.next()] == [("Renamed", "view")]
        assert (await single.next())["name"] == "Renamed"
        created = (await api.post("canvases", {"name": "New"})).json
        assert [(each["id"], each["access"]) for each in await stream.next()] == [(created["id"], "view")]
        await api.delete(canvas)
        assert [(each["id"], each["state"]) for each in await stream.next()] == [(canvas[9:], "deleted")]
        assert (await single.next())["state"] == "deleted"
        assert await single.rest() == b""
        own = (await limited.post("canvases", {"name": "Own"})).json
        assert [each["id"] for each in await nothing.next()] == [own["id"]]


async def test_the_streams_of_a_canvas_end_when_it_is_deleted(api: Api, canvas: str) -> None:
    note = (await api.post(f"{canvas}/notes")).json
    async with (
        api.stream(f"{canvas}/widgets?subscribe") as every,
        api.stream(f"{canvas}/notes/{note['id']}?subscribe") as single,
    ):
        await every.next()
        await single.next()
        await api.delete(canvas)

        assert await every.rest() == b""
        assert await single.rest() == b""
    assert (await api.get(f"{canvas}/widgets?subscribe")).status == 404


async def test_keepalives_are_blank_lines(session: aiohttp.ClientSession) -> None:
    async with CanvusServer(keepalive=0.02) as server:
        api = Api(server, session, server.token)
        canvas = f"canvases/{await server.create_canvas('Demo')}"
        async with api.stream(f"{canvas}/notes?subscribe") as stream:
            assert [await stream.line() for _ in range(4)] == [b"[]\n", b"\n", b"\n", b"\n"]
            note = (await api.post(f"{canvas}/notes")).json
            assert await stream.next() == [note]
            assert await stream.line() == b"\n"


async def test_a_subscription_is_refused_like_any_request(api_for: ApiFor, api: Api, canvas: str) -> None:
    assert (await api_for(None).get(f"{canvas}/widgets?subscribe")).status == 401
    assert (await api.get("canvases/nowhere/widgets?subscribe")).status == 404
    assert (await api.get(f"{canvas}/notes/nobody?subscribe")).status == 404
    assert (await api.call("HEAD", f"{canvas}/notes?subscribe")).status == 200


async def test_ending_a_link_ends_the_streams_without_a_token(
    server: CanvusServer, api_for: ApiFor, api: Api, canvas: str
) -> None:
    server.share(canvas[9:], "view")
    async with (
        api_for(None).stream(f"{canvas}/notes?subscribe") as guest,
        api.stream(f"{canvas}/notes?subscribe") as owner,
    ):
        await guest.next()
        await owner.next()
        server.share(canvas[9:], "none")

        assert await guest.rest() == b""
        note = (await api.post(f"{canvas}/notes")).json
        assert await owner.next() == [note]


async def test_disconnected_subscribers_are_removed(server: CanvusServer, api: Api, canvas: str) -> None:
    async with AsyncExitStack() as stack:
        streams = [await stack.enter_async_context(api.stream(f"{canvas}/widgets?subscribe")) for _ in range(20)]
        for stream in streams:
            await stream.next()
        assert (server.open_streams, server.connections) == (20, 20)

    await eventually(lambda: server.open_streams == server.connections == 0)


async def test_closing_the_server_ends_all_streams(api: Api, canvas: str) -> None:
    async with AsyncExitStack() as stack:
        streams = [await stack.enter_async_context(api.stream(f"{canvas}/widgets?subscribe")) for _ in range(20)]
        for stream in streams:
            await stream.next()
        async with asyncio.timeout(5):
            await api.server.close()

        assert [await stream.rest() for stream in streams] == [b""] * 20


async def test_closing_the_server_does_not_wait_for_a_stalled_reader(
    server: CanvusServer, api: Api, canvas: str
) -> None:
    for number in range(30):
        await api.post(f"{canvas}/notes", {"text": str(number) * 400_000})
    with socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2])), timeout=20) as reader:
        request = (
            f"GET /api/v1/{canvas}/notes?subscribe HTTP/1.1\r\nHost: localhost\r\nPrivate-Token: {server.token}\r\n\r\n"
        )
        reader.sendall(request.encode())
        await eventually(lambda: server.open_streams == 1)

        async with asyncio.timeout(10):
            await server.close()
        assert server.open_streams == 0


async def test_all_subscribers_get_the_changes_in_the_same_order(api: Api, canvas: str) -> None:
    async with AsyncExitStack() as stack:
        streams = [await stack.enter_async_context(api.stream(f"{canvas}/notes?subscribe")) for _ in range(50)]
        for stream in streams:
            assert await stream.next() == []
        created = [(await api.post(f"{canvas}/notes", {"text": str(number)})).json for number in range(5)]

        for stream in streams:
            assert [(await stream.next())[0] for _ in range(5)] == created


async def test_a_slow_reader_gets_the_final_states_and_few_in_between(
    server: CanvusServer, api: Api, canvas: str
) -> None:
    notes = [(await api.post(f"{canvas}/notes", {"text": "x" * 100_000})).json["id"] for _ in range(20)]
    reader = socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2])), timeout=20)
    reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 18)
    request = (
        f"GET /api/v1/{canvas}/notes?subscribe HTTP/1.1\r\nHost: localhost\r\nPrivate-Token: {server.token}\r\n\r\n"
    )
    reader.sendall(request.encode())
    await eventually(lambda: server.open_streams == 1)

    for turn in range(12):
        for note in notes:
            await api.patch(f"{canvas}/notes/{note}", title=str(turn))
    await api.delete(f"{canvas}/notes/{notes[0]}")
    last = (await api.get(f"{canvas}/notes")).json
    await api.post(f"{canvas}/notes", {"title": "the end"})

    received = await asyncio.to_thread(_read_until, reader, b'"the end"')
    lines = [line for line in received.split(b"\n") if line.startswith(b"[")]
    states = {each["id"]: each for line in lines for each in json.loads(line)}
    assert [states[each["id"]] for each in last] == last
    assert states[notes[0]]["state"] == "deleted"
    assert len(lines) < 200, "there were 242 changes, and the socket buffers hold a few megabytes"


def _read_until(reader: socket.socket, end: bytes) -> bytes:
    """Read the body of a chunked response up to the chunk that contains `end`."""
    with reader, reader.makefile("rb") as stream:
        while stream.readline() != b"\r\n":
            pass
        body = bytearray()
        while end not in (chunk := stream.read(int(stream.readline(), 16))):
            body += chunk
            stream.readline()
        return bytes(body + chunk)


async def test_an_open_stream_does_not_keep_its_first_line_in_memory(api: Api, canvas: str) -> None:
    for number in range(20):
        await api.post(f"{canvas}/notes", {"text": str(number) * 100_000})
    whole = len((await api.get(f"{canvas}/notes")).body)
    async with AsyncExitStack() as stack:
        tracemalloc.start()
        stack.callback(tracemalloc.stop)
        streams = [await stack.enter_async_context(api.stream(f"{canvas}/notes?subscribe")) for _ in range(5)]
        for stream in streams:
            received = 0
            while received < whole:
                received += len(await stream.response.content.readany())

        await eventually(lambda: tracemalloc.get_traced_memory()[0] < whole / 2)


async def test_the_hash_of_an_upload_is_sent_to_subscribers_of_the_image(api: Api, canvas: str) -> None:
    image = (await api.upload(f"{canvas}/images", samples.picture())).json
    async with api.stream(f"{canvas}/images/{image['id']}?subscribe") as stream:
        while not (seen := await stream.next())["hash"]:
            pass

    assert seen == image | {"hash": seen["hash"]}


# -- subscribers without a server --


def make_subscriber(*, single: bool = False, size: int = 0) -> tuple[Subscriber, list[str]]:
    aborts: list[str] = []
    subscriber = Subscriber(
        lambda _: True, single=single, size=size, abort=lambda: aborts.append("cut"), allowed=lambda: True
    )
    return subscriber, aborts


async def test_a_newer_state_replaces_the_pending_line_in_its_place() -> None:
    subscriber, _ = make_subscriber()
    for key, raw in (("a", b"1"), ("b", b"2"), ("a", b"3")):
        subscriber.offer(Event(key=key, raw=raw))

    assert await subscriber.wait(0)
    assert b"".join(subscriber.take(100)) == b"[3]\n[2]\n"
    assert not await subscriber.wait(0)


async def test_a_single_subscriber_ends_after_the_deletion() -> None:
    subscriber, _ = make_subscriber(single=True)
    subscriber.offer(Event(key="a", raw=b"1"))
    subscriber.offer(Event(key="a", raw=b"gone", deleted=True))

    assert b"".join(subscriber.take(100)) == b"gone\n"
    assert subscriber.ended
    subscriber.offer(Event(key="a", raw=b"2"))
    assert b"".join(subscriber.take(100)) == b""


async def test_too_many_pending_lines_abort_the_connection() -> None:
    subscriber, aborts = make_subscriber(size=10)
    for number in range(EXTRA_PENDING + 10):
        subscriber.offer(Event(key=str(number), raw=b"{}"))
    assert aborts == []

    subscriber.offer(Event(key="one more", raw=b"{}"))
    assert aborts == ["cut"]


def test_an_event_is_encoded_once_for_all_subscribers() -> None:
    event = Event(key="a", raw=b"{}", right=Right.VIEW)

    assert event.list_line is event.list_line
    assert event.single_line is event.single_line


async def test_a_detached_subscriber_gets_no_events() -> None:
    broadcast = Broadcast()
    subscriber, _ = make_subscriber()
    broadcast.attach(subscriber)
    broadcast.detach(subscriber)
    broadcast.publish(Event(key="a", raw=b"1"))

    assert b"".join(subscriber.take(100)) == b""
