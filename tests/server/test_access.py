"""Access: tokens, cookies, roles, blocked users and link sharing."""

import aiohttp
import pytest

from canvus_async.server import CanvusServer
from tests.server import samples
from tests.server.api import Api, Response
from tests.server.conftest import ApiFor


async def every_write(api: Api, canvas: str, note_id: str) -> list[Response]:
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
async def test_a_request_without_a_known_token_is_unauthenticated(
    api_for: ApiFor, canvas: str, note: str, token: str | None
) -> None:
    stranger = api_for(token)

    responses = [
        await stranger.get("canvases"),
        await stranger.get(canvas),
        await stranger.get(f"{canvas}/widgets"),
        await stranger.get(f"{canvas}/notes/{note}"),
        await stranger.get("canvases/nowhere/widgets"),
        await stranger.post("canvases", {"name": "x"}),
        *await every_write(stranger, canvas, note),
    ]

    assert [response.status for response in responses] == [401] * len(responses)
    assert all(response.msg for response in responses)


async def test_the_session_cookie_replaces_the_token_header(server: CanvusServer, api_for: ApiFor, canvas: str) -> None:
    async with aiohttp.ClientSession(cookies={"CanvusSession": server.token}) as session:
        async with session.get(f"{server.url}/api/v1/{canvas}/widgets") as response:
            assert response.status == 200
        async with session.get(f"{server.url}/api/v1/{canvas}/widgets", headers={"Private-Token": "bad"}) as response:
            assert response.status == 401, "the header takes precedence over the cookie"
        async with session.get(f"{server.url}/api/v1/assets/00", headers={"canvas-id": canvas[9:]}) as response:
            assert response.status == 404


async def test_a_viewer_can_read_but_not_write(
    server: CanvusServer, api_for: ApiFor, api: Api, canvas: str, note: str
) -> None:
    viewer = api_for(server.add_user("view"))

    refused = [
        *await every_write(viewer, canvas, note),
        await viewer.delete(canvas),
        await viewer.post("canvases", {"name": "x"}),
    ]

    assert [(response.status, response.msg) for response in refused] == [(403, "Permission denied")] * len(refused)
    assert (await viewer.get(f"{canvas}/notes/{note}")).json["text"] == "hi"
    assert (await viewer.get(canvas)).json["access"] == "view"
    assert len((await api.get(f"{canvas}/widgets")).json) == 3


async def test_an_editor_cannot_delete_a_canvas(server: CanvusServer, api_for: ApiFor, canvas: str, note: str) -> None:
    editor = api_for(server.add_user("edit"))

    assert {response.status for response in await every_write(editor, canvas, note)} == {200}
    assert (await editor.get(canvas)).json["access"] == "edit"
    assert (await editor.delete(canvas)).status == 403
    assert (await api_for(server.add_user("owner")).delete(canvas)).status == 200


async def test_a_blocked_user_is_always_denied(server: CanvusServer, api_for: ApiFor, canvas: str, note: str) -> None:
    blocked = api_for(server.add_user("owner", blocked=True))
    server.share(canvas[9:], "edit")

    responses = [
        await blocked.get("canvases"),
        await blocked.get(f"{canvas}/widgets"),
        await blocked.get("canvases/nowhere"),
        await blocked.get("mipmaps/00", canvas_id=canvas[9:]),
        await blocked.get("assets/00", canvas_id=canvas[9:]),
        *await every_write(blocked, canvas, note),
    ]

    assert [(response.status, response.msg) for response in responses] == [(403, "User is blocked")] * len(responses)


async def test_a_canvas_shared_for_viewing_needs_no_token_to_read(
    server: CanvusServer, api_for: ApiFor, api: Api, canvas: str, note: str
) -> None:
    image = await api.ready(f"{canvas}/images/{(await api.upload(f'{canvas}/images', samples.picture())).json['id']}")
    server.share(canvas[9:], "view")
    guest = api_for(None)

    assert (await guest.get(f"{canvas}/notes/{note}")).json["text"] == "hi"
    assert (await guest.get(f"{canvas}/images/{image['id']}/download")).body == samples.picture()
    assert (await guest.get(canvas)).json["access"] == "view"
    assert {response.status for response in await every_write(guest, canvas, note)} == {403}, (
        "as for a user who may only view"
    )
    assert (await guest.get("canvases")).status == 401
    for path in (f"mipmaps/{image['hash']}", f"mipmaps/{image['hash']}/0", f"assets/{image['hash']}"):
        assert (await guest.get(path, canvas_id=canvas[9:])).status == 401, "these always need a token"


async def test_a_canvas_shared_for_editing_needs_no_token_until_sharing_ends(
    server: CanvusServer, api_for: ApiFor, canvas: str, note: str
) -> None:
    server.share(canvas[9:], "edit")
    viewer, guest = api_for(server.add_user("view")), api_for(None)

    assert {response.status for response in await every_write(guest, canvas, note)} == {200}
    assert (await viewer.post(f"{canvas}/notes")).status == 200, "the higher of the two rights applies"
    assert (await guest.delete(canvas)).status == 403

    server.share(canvas[9:], "none")
    assert (await guest.get(f"{canvas}/notes")).status == 401


async def test_tokens_are_alphanumeric(server: CanvusServer) -> None:
    """A token that began with a dash would be taken for an option on a command line."""
    assert all(token.isalnum() for token in [server.token, *(server.add_user("view") for _ in range(50))])


async def test_an_unknown_token_is_ignored_where_the_link_is_enough(
    server: CanvusServer, api_for: ApiFor, canvas: str
) -> None:
    server.share(canvas[9:], "view")
    reads, writes = await api_for("wrong").get(f"{canvas}/notes"), await api_for("wrong").post(f"{canvas}/notes")
    server.share(canvas[9:], "edit")
    shared = await api_for("wrong").post(f"{canvas}/notes")

    assert (reads.status, writes.status, shared.status) == (200, 401, 200)
    assert writes.msg == "Invalid access token"


async def test_a_canvas_that_the_user_may_not_see_is_not_found(
    server: CanvusServer, api_for: ApiFor, canvas: str
) -> None:
    own = await server.create_canvas("Own")
    limited = api_for(server.add_user("owner", canvases=[own]))

    hidden, missing = await limited.get(f"{canvas}/widgets"), await limited.get("canvases/nowhere/widgets")

    assert (hidden.status, missing.status) == (404, 404)
    assert (await limited.post(f"{canvas}/notes")).status == 404
    assert (await limited.get("assets/00", canvas_id=canvas[9:])).status == 404
    assert [each["id"] for each in (await limited.get("canvases")).json] == [own]
    created = (await limited.post("canvases", {"name": "Mine"})).json
    assert (await limited.get(f"canvases/{created['id']}")).json["access"] == "owner"


async def test_server_info_needs_no_token(api_for: ApiFor) -> None:
    info = (await api_for(None).get("server-info")).json

    assert info.keys() == {"api", "version", "server_id"}
    assert "v1.2" in info["api"]


async def test_unknown_roles_links_and_canvases_raise(server: CanvusServer, canvas: str) -> None:
    with pytest.raises(ValueError, match="role"):
        server.add_user("admin")  # type: ignore[arg-type]  # a typing mistake
    with pytest.raises(ValueError, match="link"):
        server.share(canvas[9:], "read")  # type: ignore[arg-type]
    with pytest.raises(KeyError):
        server.share("nowhere", "view")
