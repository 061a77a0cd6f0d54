"""Cloning widgets through the typed endpoints."""

from pathlib import Path

import pytest

from canvus_async.server import CanvusServer
from tests.server import samples
from tests.server.api import Api
from tests.server.conftest import ApiFor, ApiIn


def source(canvas: str, widget_id: str, **more: object) -> dict[str, object]:
    return {"source_canvas_id": canvas.partition("/")[2], "source_widget_id": widget_id, **more}


@pytest.fixture
async def other(server: CanvusServer) -> str:
    return f"canvases/{await server.create_canvas('Other')}"


async def test_a_clone_has_a_new_id_and_is_at_the_top_level(api: Api, canvas: str, other: str) -> None:
    parent = (await api.post(f"{canvas}/notes")).json
    note = (await api.post(f"{canvas}/notes", {"text": "hi", "parent_id": parent["id"], "scale": 2})).json

    response = await api.post(f"{other}/notes", source(canvas, note["id"]))

    root = (await api.get(f"{other}/widgets")).json[0]
    assert response.status == 200
    assert response.json == note | {"id": response.json["id"], "parent_id": root["id"]}
    assert response.json["id"] != note["id"]
    assert (await api.get(f"{other}/notes")).json == [response.json]


async def test_a_clone_may_get_another_location(api: Api, canvas: str) -> None:
    note = (await api.post(f"{canvas}/notes")).json

    placed = await api.post(f"{canvas}/notes", source(canvas, note["id"], location={"x": 100, "y": 200}))
    refused = await api.post(f"{canvas}/notes", source(canvas, note["id"], location={"x": "left", "y": 200}))

    assert placed.json["location"] == {"x": 100, "y": 200}
    assert (refused.status, refused.msg) == (400, "location.x must be a number")


async def test_a_cloned_image_keeps_the_file_when_the_original_is_deleted(api: Api, canvas: str, other: str) -> None:
    content = samples.picture()
    image = (await api.upload(f"{canvas}/images", content, "a.png")).json

    clone = (await api.post(f"{other}/images", source(canvas, image["id"]))).json
    await api.delete(f"{canvas}/images/{image['id']}")

    ready = await api.ready(f"{other}/images/{clone['id']}")
    assert (await api.get(f"{other}/images/{clone['id']}/download")).body == content
    assert (await api.get(f"assets/{ready['hash']}", canvas_id=other.partition("/")[2])).body == content
    assert (await api.get(f"assets/{ready['hash']}", canvas_id=canvas.partition("/")[2])).status == 404


async def test_the_clone_of_a_table_has_its_own_cells(api: Api, canvas: str, other: str) -> None:
    table = (await api.post(f"{canvas}/tables", {"grid_size": {"columns": 2, "rows": 1}})).json

    clone = (await api.post(f"{other}/tables", source(canvas, table["id"]))).json

    cells = (await api.get(f"{other}/tables/{clone['id']}/cells")).json
    originals = (await api.get(f"{canvas}/tables/{table['id']}/cells")).json
    assert [cell["index"] for cell in cells] == [0, 1]
    assert {cell["parent_id"] for cell in cells} == {clone["id"]}
    assert {cell["id"] for cell in cells}.isdisjoint(cell["id"] for cell in originals)


async def test_the_endpoint_must_match_the_type(api: Api, canvas: str) -> None:
    note = (await api.post(f"{canvas}/notes")).json

    response = await api.post(f"{canvas}/images", source(canvas, note["id"]))

    assert response.status == 400
    assert "Note" in response.msg


async def test_widgets_of_other_kinds_cannot_be_cloned(api: Api, canvas: str) -> None:
    stream = (await api.post(f"{canvas}/ip-videos", {"source": "rtsp://x"})).json

    response = await api.post(f"{canvas}/ip-videos", source(canvas, stream["id"]))

    assert (response.status, response.msg) == (400, "Widgets of type IpVideo cannot be cloned")


async def test_a_missing_or_hidden_widget_cannot_be_cloned(
    server: CanvusServer, api_for: ApiFor, api: Api, canvas: str, other: str
) -> None:
    note = (await api.post(f"{canvas}/notes")).json
    limited = api_for(server.add_user("edit", canvases=[other.partition("/")[2]]))

    assert (await api.post(f"{other}/notes", source(canvas, "nobody"))).status == 404
    assert (await api.post(f"{other}/notes", source("canvases/nowhere", note["id"]))).status == 404
    assert (await limited.post(f"{other}/notes", source(canvas, note["id"]))).status == 404
    assert (await api.post(f"{other}/notes", {"source_widget_id": note["id"]})).msg == "source_canvas_id is missing"
    assert (await api.post(f"{other}/notes", source(canvas, note["id"]) | {"source_widget_id": 5})).status == 400


async def test_cloning_needs_a_token_even_on_a_shared_canvas(
    server: CanvusServer, api_for: ApiFor, api: Api, canvas: str
) -> None:
    note = (await api.post(f"{canvas}/notes")).json
    server.share(canvas.partition("/")[2], "edit")

    assert (await api_for(None).post(f"{canvas}/notes", source(canvas, note["id"]))).status == 401


async def test_a_widget_whose_file_is_missing_cannot_be_cloned(api_in: ApiIn, tmp_path: Path) -> None:
    async with api_in(tmp_path) as api:
        canvas = f"canvases/{await api.server.create_canvas('Demo')}"
        image = await api.ready(
            f"{canvas}/images/{(await api.upload(f'{canvas}/images', samples.picture())).json['id']}"
        )
        (tmp_path / "assets" / image["hash"]).unlink()

        response = await api.post(f"{canvas}/images", source(canvas, image["id"]))

    assert response.status == 400
    assert "not on this server" in response.msg
