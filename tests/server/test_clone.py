"""Clones, by the typed endpoints (seed 004, "Clone Widget")."""

from pathlib import Path

import pytest

from canvus_async.server import CanvusServer
from tests.server import samples
from tests.server.api import Api
from tests.server.conftest import Ask, AskIn


def source(canvas: str, widget_id: str, **more: object) -> dict[str, object]:
    return {"source_canvas_id": canvas.partition("/")[2], "source_widget_id": widget_id, **more}


@pytest.fixture
async def other(server: CanvusServer) -> str:
    return f"canvases/{await server.create_canvas('Other')}"


async def test_a_clone_is_the_same_widget_at_the_top_level_with_a_new_id(api: Api, canvas: str, other: str) -> None:
    parent = (await api.post(f"{canvas}/notes")).json
    note = (await api.post(f"{canvas}/notes", {"text": "hi", "parent_id": parent["id"], "scale": 2})).json

    reply = await api.post(f"{other}/notes", source(canvas, note["id"]))

    root = (await api.get(f"{other}/widgets")).json[0]
    assert reply.status == 200
    assert reply.json == note | {"id": reply.json["id"], "parent_id": root["id"]}
    assert reply.json["id"] != note["id"]
    assert (await api.get(f"{other}/notes")).json == [reply.json]


async def test_a_clone_may_be_placed(api: Api, canvas: str) -> None:
    note = (await api.post(f"{canvas}/notes")).json

    placed = await api.post(f"{canvas}/notes", source(canvas, note["id"], location={"x": 100, "y": 200}))
    refused = await api.post(f"{canvas}/notes", source(canvas, note["id"], location={"x": "left", "y": 200}))

    assert placed.json["location"] == {"x": 100, "y": 200}
    assert (refused.status, refused.msg) == (400, "location.x must be a number")


async def test_a_cloned_image_shows_the_same_file_and_outlives_the_original(api: Api, canvas: str, other: str) -> None:
    content = samples.picture()
    image = (await api.upload(f"{canvas}/images", content, "a.png")).json

    clone = (await api.post(f"{other}/images", source(canvas, image["id"]))).json
    await api.delete(f"{canvas}/images/{image['id']}")

    ready = await api.ready(f"{other}/images/{clone['id']}")
    assert (await api.get(f"{other}/images/{clone['id']}/download")).body == content
    assert (await api.get(f"assets/{ready['hash']}", canvas_id=other.partition("/")[2])).body == content
    assert (await api.get(f"assets/{ready['hash']}", canvas_id=canvas.partition("/")[2])).status == 404


async def test_a_cloned_table_brings_its_own_cells(api: Api, canvas: str, other: str) -> None:
    table = (await api.post(f"{canvas}/tables", {"grid_size": {"columns": 2, "rows": 1}})).json

    clone = (await api.post(f"{other}/tables", source(canvas, table["id"]))).json

    cells = (await api.get(f"{other}/tables/{clone['id']}/cells")).json
    originals = (await api.get(f"{canvas}/tables/{table['id']}/cells")).json
    assert [cell["index"] for cell in cells] == [0, 1]
    assert {cell["parent_id"] for cell in cells} == {clone["id"]}
    assert {cell["id"] for cell in cells}.isdisjoint(cell["id"] for cell in originals)


async def test_the_endpoint_must_match_the_type(api: Api, canvas: str) -> None:
    note = (await api.post(f"{canvas}/notes")).json

    reply = await api.post(f"{canvas}/images", source(canvas, note["id"]))

    assert reply.status == 400
    assert "Note" in reply.msg


async def test_only_the_seven_kinds_can_be_cloned(api: Api, canvas: str) -> None:
    stream = (await api.post(f"{canvas}/ip-videos", {"source": "rtsp://x"})).json

    reply = await api.post(f"{canvas}/ip-videos", source(canvas, stream["id"]))

    assert (reply.status, reply.msg) == (400, "Widgets of type IpVideo cannot be cloned")


async def test_what_is_not_there_or_not_visible_cannot_be_cloned(
    server: CanvusServer, ask: Ask, api: Api, canvas: str, other: str
) -> None:
    note = (await api.post(f"{canvas}/notes")).json
    narrow = ask(server.add_user("edit", canvases=[other.partition("/")[2]]))

    assert (await api.post(f"{other}/notes", source(canvas, "nobody"))).status == 404
    assert (await api.post(f"{other}/notes", source("canvases/nowhere", note["id"]))).status == 404
    assert (await narrow.post(f"{other}/notes", source(canvas, note["id"]))).status == 404
    assert (await api.post(f"{other}/notes", {"source_widget_id": note["id"]})).msg == "source_canvas_id is missing"
    assert (await api.post(f"{other}/notes", source(canvas, note["id"]) | {"source_widget_id": 5})).status == 400


async def test_cloning_takes_a_token_even_where_editing_takes_none(
    server: CanvusServer, ask: Ask, api: Api, canvas: str
) -> None:
    note = (await api.post(f"{canvas}/notes")).json
    server.share(canvas.partition("/")[2], "edit")

    assert (await ask(None).post(f"{canvas}/notes", source(canvas, note["id"]))).status == 401


async def test_a_file_that_is_gone_from_the_disk_cannot_be_cloned(ask_in: AskIn, tmp_path: Path) -> None:
    async with ask_in(tmp_path) as api:
        canvas = f"canvases/{await api.server.create_canvas('Demo')}"
        image = await api.ready(
            f"{canvas}/images/{(await api.upload(f'{canvas}/images', samples.picture())).json['id']}"
        )
        (tmp_path / "assets" / image["hash"]).unlink()

        reply = await api.post(f"{canvas}/images", source(canvas, image["id"]))

    assert reply.status == 400
    assert "not on this server" in reply.msg
