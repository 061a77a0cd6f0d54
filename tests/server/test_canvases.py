"""Canvases and their backgrounds."""

import re
from typing import Any

import pytest

from canvus_async.server import CanvusServer
from tests.server import samples
from tests.server.api import Api


async def test_a_new_canvas_has_all_fields(api: Api) -> None:
    created = (await api.post("canvases", {"name": "Demo", "folder_id": "1000"})).json

    times = created.pop("created_at"), created.pop("modified_at")
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", time) for time in times)
    assert created == {
        "id": created["id"],
        "name": "Demo",
        "folder_id": "",
        "access": "owner",
        "mode": "normal",
        "state": "normal",
        "in_trash": False,
        "asset_size": 0,
        "preview_hash": "",
    }


async def test_canvases_are_created_listed_renamed_and_deleted(api: Api) -> None:
    one = (await api.call("POST", "canvases")).json
    two = (await api.post("canvases", {"name": "two"})).json

    renamed = (await api.patch(f"canvases/{one['id']}", name="one", mode="demo", access="none")).json

    assert (renamed["name"], renamed["mode"], renamed["access"]) == ("one", "demo", "owner")
    assert renamed["created_at"] == one["created_at"]
    assert [each["name"] for each in (await api.get("canvases")).json] == ["one", "two"]
    assert (await api.get(f"canvases/{two['id']}")).json == two
    gone = await api.delete(f"canvases/{one['id']}")
    assert (gone.status, gone.body) == (200, b"")
    assert [each["name"] for each in (await api.get("canvases")).json] == ["two"]
    for path in (f"canvases/{one['id']}", f"canvases/{one['id']}/widgets", f"canvases/{one['id']}/notes"):
        assert (await api.get(path)).status == 404


@pytest.mark.parametrize(("field", "value"), [("name", 5), ("name", None), ("mode", "x"), ("mode", 1)])
async def test_invalid_canvas_fields_are_refused(api: Api, canvas: str, field: str, value: object) -> None:
    response = await api.patch(canvas, **{field: value})

    assert response.status == 400
    assert field in response.msg
    assert (await api.get(canvas)).json["name"] == "Demo"


async def test_a_canvas_has_its_asset_size_and_modification_time(api: Api, canvas: str) -> None:
    before = (await api.get(canvas)).json
    content = samples.picture()
    for _ in range(2):
        created = (await api.upload(f"{canvas}/images", content)).json
        await api.ready(f"{canvas}/images/{created['id']}")

    after = (await api.get(canvas)).json

    assert after["asset_size"] == len(content)
    assert after["modified_at"] > before["modified_at"]


async def test_the_default_background_is_a_colour(api: Api, canvas: str) -> None:
    background = (await api.get(f"{canvas}/background")).json

    assert background["widget_type"] == "CanvasBackground"
    assert background["type"] == "solid_color"
    assert background["image"] == {"fit": "cover", "hash": ""}
    assert background["grid"].keys() == {"color", "visible"}
    assert background["haze"].keys() == {"color1", "color2", "scale", "speed"}
    assert "id" not in background


async def test_a_background_patch_is_merged(api: Api, canvas: str) -> None:
    before = (await api.get(f"{canvas}/background")).json
    sent: dict[str, Any] = {"type": "haze", "background_color": "#102030", "grid": {"visible": True}, "state": "gone"}

    changed = (await api.patch(f"{canvas}/background", **sent)).json

    assert changed == before | {
        "type": "haze",
        "background_color": "#102030",
        "grid": before["grid"] | {"visible": True},
    }
    assert (await api.get(f"{canvas}/widgets")).json[1] == changed


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"type": "color"}, "Unsupported type: color"),
        ({"background_color": "blue"}, "background_color"),
        ({"grid": {"visible": "yes"}}, "grid.visible"),
        ({"haze": {"speed": "fast"}}, "haze.speed"),
        ({"image": "x"}, "image"),
    ],
)
async def test_invalid_background_fields_are_refused(api: Api, canvas: str, sent: dict[str, Any], words: str) -> None:
    response = await api.patch(f"{canvas}/background", **sent)

    assert response.status == 400
    assert words in response.msg


async def test_a_background_image_has_mipmaps_and_is_replaced_by_the_next(
    server: CanvusServer, api: Api, canvas: str
) -> None:
    hashes: list[str] = []
    for colour in ("#ff0000", "#0000ff"):
        content = samples.picture(256, 256, colour=colour)
        created = (await api.upload(f"{canvas}/background", content, "b.png", type="image", fit="fill")).json
        assert (created["type"], created["image"]) == ("image", {"fit": "fill", "hash": ""})
        hashes.append((await api.ready(f"{canvas}/background"))["image"]["hash"])

        here = canvas.partition("/")[2]
        assert (await api.get(f"mipmaps/{hashes[-1]}", canvas_id=here)).json["max_level"] == 1
        assert (await api.get(f"assets/{hashes[-1]}", canvas_id=here)).body == content

    assert (await api.get(f"assets/{hashes[0]}", canvas_id=here)).status == 404
    kept = (await api.patch(f"{canvas}/background", image={"fit": "fit", "hash": "mine"})).json
    assert kept["image"] == {"fit": "fit", "hash": hashes[1]}


async def test_a_background_file_must_be_a_picture(api: Api, canvas: str) -> None:
    assert (await api.upload(f"{canvas}/background", samples.document())).status == 400
    assert (await api.upload(f"{canvas}/background", samples.picture(), "b.png", type="haze")).status == 400
    assert (await api.post(f"{canvas}/background", {"type": "image"})).status == 400
    assert (await api.delete(f"{canvas}/background")).status == 405
    assert (await api.get(f"{canvas}/background")).json["type"] == "solid_color"
