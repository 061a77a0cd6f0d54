"""Who may do what: tokens, cookies, roles, blocked users, link sharing."""

import aiohttp
import pytest

from canvus_async.server import CanvusServer
from tests.server import samples
from tests.server.api import Api, Reply
from tests.server.conftest import Ask


async def every_write(api: Api, canvas: str, note_id: str) -> list[Reply]:
    return [
        await api.post(f"{canvas}/notes"),
        await api.patch(f"{canvas}/notes/{note_id}", text="x"),
        await api.delete(f"{canvas}/notes/{note_id}"),
        await api.upload(f"{canvas}/images", samples.picture()),
        await api.patch(f"{canvas}/background", type="haze"),
        await api.upload(f"{canvas}/background", samples.picture()),
        await api.patch(canvas, name="x"),
    ]


@pytest.fixture
async def note(api: Api, canvas: str) -> str:
    return (await api.post(f"{canvas}/notes", {"text": "hi"})).json["id"]


@pytest.mark.parametrize("token", [None, "", "unknown"])
async def test_without_a_known_token_there_is_nothing(ask: Ask, canvas: str, note: str, token: str | None) -> None:
    stranger = ask(token)

    replies = [
        await stranger.get("canvases"),
        await stranger.get(canvas),
        await stranger.get(f"{canvas}/widgets"),
        await stranger.get(f"{canvas}/notes/{note}"),
        await stranger.get("canvases/nowhere/widgets"),
        await stranger.post("canvases", {"name": "x"}),
        *await every_write(stranger, canvas, note),
    ]

    assert [reply.status for reply in replies] == [401] * len(replies)
    assert all(reply.msg for reply in replies)


async def test_the_session_cookie_is_as_good_as_the_header(server: CanvusServer, ask: Ask, canvas: str) -> None:
    async with aiohttp.ClientSession(cookies={"CanvusSession": server.token}) as session:
        async with session.get(f"{server.url}/api/v1/{canvas}/widgets") as reply:
            assert reply.status == 200
        async with session.get(f"{server.url}/api/v1/{canvas}/widgets", headers={"Private-Token": "bad"}) as reply:
            assert reply.status == 401, "the header counts where both are sent"
        async with session.get(f"{server.url}/api/v1/assets/00", headers={"canvas-id": canvas[9:]}) as reply:
            assert reply.status == 404


async def test_who_may_only_view_reads_everything_and_writes_nothing(
    server: CanvusServer, ask: Ask, api: Api, canvas: str, note: str
) -> None:
    viewer = ask(server.add_user("view"))

    refused = [
        *await every_write(viewer, canvas, note),
        await viewer.delete(canvas),
        await viewer.post("canvases", {"name": "x"}),
    ]

    assert [(reply.status, reply.msg) for reply in refused] == [(403, "Permission denied")] * len(refused)
    assert (await viewer.get(f"{canvas}/notes/{note}")).json["text"] == "hi"
    assert (await viewer.get(canvas)).json["access"] == "view"
    assert len((await api.get(f"{canvas}/widgets")).json) == 3


async def test_an_editor_edits_and_does_not_delete_the_canvas(
    server: CanvusServer, ask: Ask, canvas: str, note: str
) -> None:
    editor = ask(server.add_user("edit"))

    assert {reply.status for reply in await every_write(editor, canvas, note)} == {200}
    assert (await editor.get(canvas)).json["access"] == "edit"
    assert (await editor.delete(canvas)).status == 403
    assert (await ask(server.add_user("owner")).delete(canvas)).status == 200


async def test_a_blocked_user_is_refused_everywhere(server: CanvusServer, ask: Ask, canvas: str, note: str) -> None:
    blocked = ask(server.add_user("owner", blocked=True))
    server.share(canvas[9:], "edit")

    replies = [
        await blocked.get("canvases"),
        await blocked.get(f"{canvas}/widgets"),
        await blocked.get("canvases/nowhere"),
        await blocked.get("mipmaps/00", canvas_id=canvas[9:]),
        await blocked.get("assets/00", canvas_id=canvas[9:]),
        *await every_write(blocked, canvas, note),
    ]

    assert [(reply.status, reply.msg) for reply in replies] == [(403, "User is blocked")] * len(replies)


async def test_a_canvas_shared_for_viewing_is_read_without_a_token(
    server: CanvusServer, ask: Ask, api: Api, canvas: str, note: str
) -> None:
    image = await api.ready(f"{canvas}/images/{(await api.upload(f'{canvas}/images', samples.picture())).json['id']}")
    server.share(canvas[9:], "view")
    guest = ask(None)

    assert (await guest.get(f"{canvas}/notes/{note}")).json["text"] == "hi"
    assert (await guest.get(f"{canvas}/images/{image['id']}/download")).body == samples.picture()
    assert (await guest.get(canvas)).json["access"] == "view"
    assert {reply.status for reply in await every_write(guest, canvas, note)} == {403}, "like any who may only view"
    assert (await guest.get("canvases")).status == 401
    for path in (f"mipmaps/{image['hash']}", f"mipmaps/{image['hash']}/0", f"assets/{image['hash']}"):
        assert (await guest.get(path, canvas_id=canvas[9:])).status == 401, "these always take a token"


async def test_a_canvas_shared_for_editing_is_edited_without_a_token_until_it_is_not(
    server: CanvusServer, ask: Ask, canvas: str, note: str
) -> None:
    server.share(canvas[9:], "edit")
    viewer, guest = ask(server.add_user("view")), ask(None)

    assert {reply.status for reply in await every_write(guest, canvas, note)} == {200}
    assert (await viewer.post(f"{canvas}/notes")).status == 200, "the higher of the two rights counts"
    assert (await guest.delete(canvas)).status == 403

    server.share(canvas[9:], "none")
    assert (await guest.get(f"{canvas}/notes")).status == 401


async def test_a_new_token_can_be_an_argument_of_a_command(server: CanvusServer) -> None:
    """One that began with a dash would be taken for an option."""
    assert all(token.isalnum() for token in [server.token, *(server.add_user("view") for _ in range(50))])


async def test_a_wrong_token_counts_as_none_where_none_is_needed(server: CanvusServer, ask: Ask, canvas: str) -> None:
    server.share(canvas[9:], "view")
    reads, writes = await ask("wrong").get(f"{canvas}/notes"), await ask("wrong").post(f"{canvas}/notes")
    server.share(canvas[9:], "edit")
    shared = await ask("wrong").post(f"{canvas}/notes")

    assert (reads.status, writes.status, shared.status) == (200, 401, 200)
    assert writes.msg == "Invalid access token"


async def test_a_canvas_that_one_may_not_see_does_not_exist(server: CanvusServer, ask: Ask, canvas: str) -> None:
    own = await server.create_canvas("Own")
    narrow = ask(server.add_user("owner", canvases=[own]))

    hidden, missing = await narrow.get(f"{canvas}/widgets"), await narrow.get("canvases/nowhere/widgets")

    assert (hidden.status, missing.status) == (404, 404)
    assert (await narrow.post(f"{canvas}/notes")).status == 404
    assert (await narrow.get("assets/00", canvas_id=canvas[9:])).status == 404
    assert [each["id"] for each in (await narrow.get("canvases")).json] == [own]
    made = (await narrow.post("canvases", {"name": "Mine"})).json
    assert (await narrow.get(f"canvases/{made['id']}")).json["access"] == "owner"


async def test_the_server_itself_is_described_to_anyone(ask: Ask) -> None:
    info = (await ask(None).get("server-info")).json

    assert info.keys() == {"api", "version", "server_id"}
    assert "v1.2" in info["api"]


async def test_roles_and_links_that_do_not_exist_are_refused(server: CanvusServer, canvas: str) -> None:
    with pytest.raises(ValueError, match="role"):
        server.add_user("admin")  # type: ignore[arg-type]  # what a typing mistake would be
    with pytest.raises(ValueError, match="link"):
        server.share(canvas[9:], "read")  # type: ignore[arg-type]
    with pytest.raises(KeyError):
        server.share("nowhere", "view")
