"""Open subscriptions whose right is withdrawn end and send nothing more."""

import asyncio
import itertools
from collections.abc import Callable

import aiohttp
import pytest

from canvus_async.server import CanvusServer
from canvus_async.server.streams.broadcast import Event, Subscriber
from tests.server import samples
from tests.server.api import Api, eventually
from tests.server.conftest import ApiFor

PATHS = ["/widgets", "/notes", "/background", "/notes/{note}", "/tables/{table}/cells", ""]


@pytest.fixture
async def paths(api: Api, canvas: str) -> list[str]:
    """A path of each form of subscription to the canvas."""
    note = (await api.post(f"{canvas}/notes", {"text": "before"})).json["id"]
    table = (await api.post(f"{canvas}/tables")).json["id"]
    return [canvas + path.format(note=note, table=table) for path in PATHS]


_numbers = itertools.count(10)


async def write_everywhere(api: Api, paths: list[str]) -> None:
    number = next(_numbers)
    await api.patch(paths[2], haze={"scale": number})
    await api.patch(paths[3], text=f"secret {number}")
    await api.patch(paths[4].removesuffix("/cells"), size={"width": number, "height": number})
    await api.patch(paths[5], name=f"secret {number}")


async def end_silently(
    api: Api, follower: Api, paths: list[str], grant: Callable[[], None], withdraw: Callable[[], None]
) -> None:
    """Every stream of the follower ends when the right is withdrawn, and sends nothing that is written after it."""
    for path in paths:
        grant()
        async with follower.stream(f"{path}?subscribe") as stream, api.stream(f"{path}?subscribe") as owner:
            await stream.next()
            await owner.next()
            withdraw()
            await write_everywhere(api, paths)

            assert await stream.rest() == b"", path
            assert await owner.next(), "a stream with another right to the canvas continues"
        assert (await follower.get(path)).status in {401, 403, 404}


@pytest.mark.parametrize("who", ["anonymous", "unknown token", "user of other canvases"])
async def test_ending_a_link_ends_every_stream_that_depended_on_it(
    server: CanvusServer, api_for: ApiFor, api: Api, paths: list[str], who: str
) -> None:
    canvas = paths[-1]
    token = {"anonymous": None, "unknown token": "wrong"}.get(who, server.add_user("edit", canvases=[]))

    await end_silently(
        api,
        api_for(token),
        paths,
        lambda: server.share(canvas[9:], "view"),
        lambda: server.share(canvas[9:], "none"),
    )


async def test_ending_a_link_does_not_end_streams_with_a_right_of_their_own(
    server: CanvusServer, api_for: ApiFor, api: Api, canvas: str, paths: list[str]
) -> None:
    viewer = api_for(server.add_user("view", canvases=[canvas[9:]]))
    server.share(canvas[9:], "edit")
    async with viewer.stream(f"{paths[0]}?subscribe") as widgets, viewer.stream(f"{canvas}?subscribe") as single:
        await widgets.next()
        assert (await single.next())["access"] == "edit"
        server.share(canvas[9:], "none")
        assert (await single.next())["access"] == "view", "the reduced right is sent"
        await api.patch(paths[3], text="after")
        assert (await widgets.next())[0]["text"] == "after"


@pytest.mark.parametrize("change", ["blocked", "other canvases"])
async def test_changing_a_user_ends_the_streams_that_the_user_may_not_see(
    server: CanvusServer, api_for: ApiFor, api: Api, paths: list[str], change: str
) -> None:
    canvas = paths[-1]
    token = server.add_user("edit", canvases=[canvas[9:]])
    for path in paths:
        server.change_user(token, canvases=[canvas[9:]])
        async with api_for(token).stream(f"{path}?subscribe") as stream:
            await stream.next()
            if change == "blocked":
                server.change_user(token, blocked=True, canvases=[canvas[9:]])
            else:
                server.change_user(token, canvases=["another"])
            await write_everywhere(api, paths)
            assert await stream.rest() == b""


async def test_blocking_a_user_ends_the_stream_of_the_list_and_not_that_of_others(
    server: CanvusServer, api_for: ApiFor, api: Api, canvas: str
) -> None:
    token = server.add_user("view")
    async with api_for(token).stream("canvases?subscribe") as blocked, api.stream("canvases?subscribe") as owner:
        await blocked.next()
        await owner.next()
        server.change_user(token, "view", blocked=True)
        await api.patch(canvas, name="after")

        assert await blocked.rest() == b""
        assert (await owner.next())[0]["name"] == "after"


async def test_the_list_of_canvases_follows_the_present_right(
    server: CanvusServer, api_for: ApiFor, api: Api, canvas: str
) -> None:
    token = server.add_user("view", canvases=[canvas[9:]])
    shared = await server.create_canvas("Shared")
    server.share(shared, "view")
    async with api_for(token).stream("canvases?subscribe") as stream:
        assert len(await stream.next()) == 2
        server.share(shared, "none")
        await api.patch(f"canvases/{shared}", name="secret")
        server.change_user(token, "edit", canvases=[canvas[9:]])
        await api.patch(canvas, name="after")

        assert [(each["name"], each["access"]) for each in await stream.next()] == [("after", "edit")]


async def test_pending_lines_of_a_muted_stream_are_not_sent_after_the_right_ends(
    server: CanvusServer, api_for: ApiFor, api: Api, canvas: str, paths: list[str]
) -> None:
    server.share(canvas[9:], "view")
    async with api_for(None).stream(f"{paths[0]}?subscribe") as stream:
        await stream.next()
        server.faults.silence()
        await write_everywhere(api, paths)
        server.share(canvas[9:], "none")
        server.faults.silence(False)

        assert await stream.rest() == b""


async def test_a_right_is_judged_at_each_event_even_if_nobody_announces_its_end() -> None:
    right = [True]
    subscriber = Subscriber(lambda _: True, single=False, size=0, abort=lambda: None, allowed=lambda: right[0])
    subscriber.offer(Event(key="a", raw=b"1"))
    right[0] = False
    subscriber.offer(Event(key="b", raw=b"2"))
    right[0] = True
    subscriber.offer(Event(key="c", raw=b"3"))

    assert subscriber.ended
    assert subscriber.take(100) == []


async def test_a_level_whose_right_ends_while_it_is_rendered_is_not_sent(
    server: CanvusServer, api_for: ApiFor, api: Api, canvas: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = await api.ready(f"{canvas}/images/{(await api.upload(f'{canvas}/images', samples.picture())).json['id']}")
    token = server.add_user("view", canvases=[canvas[9:]])
    renderer = server._running.renderer
    render, measure = renderer.level, renderer.info

    async def level(*args: object) -> object:
        try:
            return await render(*args)  # type: ignore[arg-type]
        finally:
            server.change_user(token, "view", canvases=[])

    async def info(*args: object) -> object:
        found = await measure(*args)  # type: ignore[arg-type]
        server.change_user(token, "view", canvases=[])
        return found

    monkeypatch.setattr(renderer, "level", level)
    assert (await api_for(token).get(f"mipmaps/{image['hash']}/0", canvas_id=canvas[9:])).status == 404
    monkeypatch.setattr(renderer, "info", info)
    server.change_user(token, "view", canvases=[canvas[9:]])
    assert (await api_for(token).get(f"mipmaps/{image['hash']}", canvas_id=canvas[9:])).status == 404


async def test_a_user_who_creates_two_canvases_at_the_same_time_sees_both(
    server: CanvusServer, api_for: ApiFor
) -> None:
    limited = api_for(server.add_user("edit", canvases=[]))

    created = await asyncio.gather(*(limited.post("canvases", {"name": str(n)}) for n in range(5)))

    assert {each.json["id"] for each in created} == {each["id"] for each in (await limited.get("canvases")).json}


async def test_a_user_who_is_blocked_while_the_body_arrives_creates_nothing(
    server: CanvusServer, session: aiohttp.ClientSession
) -> None:
    token = server.add_user("edit", canvases=[])
    reader, writer = await asyncio.open_connection("127.0.0.1", int(server.url.rpartition(":")[2]))
    head = f"POST /api/v1/canvases HTTP/1.1\r\nHost: 127.0.0.1\r\nPrivate-Token: {token}\r\nContent-Length: 2\r\n\r\n"
    writer.write(head.encode())
    await eventually(lambda: server.requests)
    server.change_user(token, blocked=True)
    writer.write(b"{}")

    assert b"403" in await reader.readline()
    assert server.canvas_ids == []
    assert (await Api(server, session, token).get("canvases")).status == 403, "the stale right was not stored again"
    writer.close()
    await writer.wait_closed()


async def test_changing_an_unknown_user_or_role_raises(server: CanvusServer) -> None:
    with pytest.raises(KeyError):
        server.change_user("unknown")
    with pytest.raises(ValueError, match="role"):
        server.change_user(server.add_user("view"), "admin")  # type: ignore[arg-type]  # a typing mistake
