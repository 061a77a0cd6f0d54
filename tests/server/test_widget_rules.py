"""The rules for creating, changing and deleting widgets."""

from typing import Any

import pytest

from canvus_async.server.rules.measures import fit
from tests.server import samples
from tests.server.api import Api


async def note(api: Api, canvas: str, **fields: Any) -> Any:
    response = await api.post(f"{canvas}/notes", fields)
    assert response.status == 200, response.body
    return response.json


async def root(api: Api, canvas: str) -> Any:
    return (await api.get(f"{canvas}/widgets")).json[0]


async def test_an_empty_canvas_has_a_root_and_a_background_without_an_id(api: Api, canvas: str) -> None:
    shared, background = (await api.get(f"{canvas}/widgets")).json

    assert shared["widget_type"] == "SharedCanvas"
    assert (shared["parent_id"], shared["depth"]) == ("", 0)
    assert shared["size"] == {"width": 9600, "height": 5400}
    assert background["widget_type"] == "CanvasBackground"
    assert "id" not in background


async def test_a_note_has_all_fields_with_defaults(api: Api, canvas: str) -> None:
    created = await note(api, canvas)

    assert created.pop("id") != (parent := created.pop("parent_id"))
    assert parent == (await root(api, canvas))["id"]
    assert created == {
        "widget_type": "Note",
        "state": "normal",
        "location": {"x": 4650, "y": 2550},
        "size": {"width": 300, "height": 300},
        "depth": 1.0,
        "scale": 1,
        "pinned": False,
        "text": "",
        "title": "",
        "background_color": "#ffffffff",
        "text_color": "#000000ff",
        "auto_text_color": True,
    }


async def test_widgets_are_listed_in_the_order_of_creation(api: Api, canvas: str) -> None:
    created = [(await note(api, canvas, text=str(number)))["id"] for number in range(5)]
    await api.patch(f"{canvas}/notes/{created[0]}", text="changed")

    listed = (await api.get(f"{canvas}/notes")).json

    assert [each["id"] for each in listed] == created


async def test_a_new_widget_is_above_its_siblings(api: Api, canvas: str) -> None:
    await note(api, canvas, depth=7.5)

    assert (await note(api, canvas))["depth"] == 8.5
    parent = await note(api, canvas)
    assert (await note(api, canvas, parent_id=parent["id"]))["depth"] == 1.0


async def test_the_highest_depth_is_recalculated_after_a_deletion(api: Api, canvas: str) -> None:
    await note(api, canvas, depth=2)
    highest = await note(api, canvas, depth=40)
    lowered = await note(api, canvas, depth=30)
    await api.delete(f"{canvas}/notes/{highest['id']}")
    await api.patch(f"{canvas}/notes/{lowered['id']}", depth=3)

    assert (await note(api, canvas))["depth"] == 4


async def test_a_patch_changes_only_the_sent_fields_and_returns_all(api: Api, canvas: str) -> None:
    created = await note(api, canvas, text="before", title="kept", location={"x": 1, "y": 2})

    changed = await api.patch(f"{canvas}/notes/{created['id']}", text="after", pinned=True)

    assert changed.status == 200
    assert changed.json == created | {"text": "after", "pinned": True}
    assert (await api.get(f"{canvas}/notes/{created['id']}")).json == changed.json


async def test_read_only_and_unknown_fields_are_ignored(api: Api, canvas: str) -> None:
    created = await note(api, canvas, id="mine", widget_type="Image", state="deleted", hash="00", colour="red")
    ignored = {"id": "mine", "widget_type": "Image", "state": "x", "hash": "00", "nope": 1}

    changed = await api.patch(f"{canvas}/notes/{created['id']}", **ignored)

    assert changed.json == created
    assert created["widget_type"] == "Note"
    assert "hash" not in created


@pytest.mark.parametrize("depth", [0.5, 0, -3])
async def test_a_depth_below_one_is_refused_with_the_documented_message(api: Api, canvas: str, depth: float) -> None:
    created = await note(api, canvas)

    for response in (
        await api.post(f"{canvas}/notes", {"depth": depth}),
        await api.patch(f"{canvas}/notes/{created['id']}", depth=depth),
    ):
        assert (response.status, response.msg) == (400, f"Depth must be >= 1.0, got {depth}")
    assert (await api.get(f"{canvas}/notes/{created['id']}")).json == created


async def test_auto_raise_moves_above_the_siblings_and_is_not_stored(api: Api, canvas: str) -> None:
    first = await note(api, canvas)
    await note(api, canvas, depth=11.0)

    raised = (await api.patch(f"{canvas}/notes/{first['id']}", auto_raise=True)).json
    again = (await api.patch(f"{canvas}/notes/{first['id']}", auto_raise=True, depth=2)).json
    left = (await api.patch(f"{canvas}/notes/{first['id']}", auto_raise=False, text="x")).json

    assert (raised["depth"], again["depth"], left["depth"]) == (12.0, 12.0, 12.0)
    assert "auto_raise" not in left
    assert (await note(api, canvas, auto_raise=True))["depth"] == 13.0, "auto_raise works only in a PATCH"


async def test_reparenting_keeps_the_location(api: Api, canvas: str) -> None:
    parent = await note(api, canvas)
    child = await note(api, canvas, location={"x": 5000, "y": 60})

    moved = (await api.patch(f"{canvas}/notes/{child['id']}", parent_id=parent["id"])).json

    assert moved == child | {"parent_id": parent["id"]}


async def test_a_parent_must_be_on_the_canvas_and_not_a_descendant(api: Api, canvas: str) -> None:
    outer = await note(api, canvas)
    inner = await note(api, canvas, parent_id=outer["id"])
    innermost = await note(api, canvas, parent_id=inner["id"])
    connector = await api.post(f"{canvas}/connectors", {"src": {"id": outer["id"]}, "dst": {"id": inner["id"]}})

    unknown = await api.patch(f"{canvas}/notes/{outer['id']}", parent_id="11111111-2222-3333-4444-555555555555")
    itself = await api.patch(f"{canvas}/notes/{outer['id']}", parent_id=outer["id"])
    circle = await api.patch(f"{canvas}/notes/{outer['id']}", parent_id=innermost["id"])
    placeless = await api.patch(f"{canvas}/notes/{outer['id']}", parent_id=connector.json["id"])

    assert [each.status for each in (unknown, itself, circle, placeless)] == [400] * 4
    assert "parent_id" in unknown.msg
    assert "inside itself" in circle.msg
    assert (await api.get(f"{canvas}/notes/{outer['id']}")).json == outer


async def test_deleting_a_parent_deletes_descendants_and_connectors(api: Api, canvas: str) -> None:
    parent = await note(api, canvas)
    child = await note(api, canvas, parent_id=parent["id"])
    await note(api, canvas, parent_id=child["id"])
    other = await note(api, canvas)
    await api.post(f"{canvas}/connectors", {"src": {"id": child["id"]}, "dst": {"id": other["id"]}})

    gone = await api.delete(f"{canvas}/notes/{parent['id']}")

    assert (gone.status, gone.body) == (200, b"")
    left = (await api.get(f"{canvas}/widgets")).json[2:]
    assert [each["id"] for each in left] == [other["id"]]
    assert (await api.delete(f"{canvas}/notes/{parent['id']}")).status == 404


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("location", {"x": 1}),
        ("location", [1, 2]),
        ("location", None),
        ("location.x", {"x": "1", "y": 2}),
        ("location.y", {"x": 1, "y": True}),
        ("location.x", {"x": 1e300, "y": 2}),
        ("location.x", {"x": 10**40, "y": 2}),
        ("size.width", {"width": 0, "height": 5}),
        ("size.height", {"width": 5, "height": -5}),
        ("size", 300),
        ("depth", "2"),
        ("scale", 0),
        ("scale", [1]),
        ("pinned", "false"),
        ("parent_id", 7),
        ("parent_id", None),
        ("auto_raise", 1),
        ("text", 5),
        ("title", None),
        ("background_color", "red"),
        ("text_color", "#12345"),
        ("auto_text_color", 0),
    ],
)
async def test_an_invalid_value_is_refused_with_its_field_name(
    api: Api, canvas: str, field: str, value: object
) -> None:
    created = await note(api, canvas)

    response = await api.patch(f"{canvas}/notes/{created['id']}", **{field.partition(".")[0]: value})

    assert response.status == 400
    assert field in response.msg
    assert (await api.get(f"{canvas}/notes/{created['id']}")).json == created


@pytest.mark.parametrize(
    ("box", "natural", "fitted"),
    [
        ((800, 800), (1600, 900), (800, 450)),
        ((800, 800), (900, 1600), (450, 800)),
        ((100, 100), (64, 64), (100, 100)),
        ((1600, 90), (1600, 900), (160, 90)),
        ((50.5, 1000), (1, 1), (50.5, 50.5)),
    ],
)
def test_fit_keeps_the_aspect_ratio_inside_the_box(
    box: tuple[float, float], natural: tuple[float, float], fitted: tuple[float, float]
) -> None:
    assert fit(box, natural) == fitted


async def test_an_image_keeps_its_aspect_ratio(api: Api, canvas: str) -> None:
    content = samples.picture(160, 90)
    created = (await api.upload(f"{canvas}/images", content, size={"width": 800, "height": 800})).json

    resized = (await api.patch(f"{canvas}/images/{created['id']}", size={"width": 1600, "height": 90})).json

    assert created["size"] == {"width": 800, "height": 450}
    assert resized["size"] == {"width": 160, "height": 90}


async def test_a_pdf_accepts_any_size_and_any_non_negative_page(api: Api, canvas: str) -> None:
    created = (await api.upload(f"{canvas}/pdfs", samples.document(3), index=1)).json
    path = f"{canvas}/pdfs/{created['id']}"

    assert (created["widget_type"], created["index"]) == ("Pdf", 1)
    assert created["size"] == {"width": 595, "height": 842}
    changed = (await api.patch(path, index=2, size={"width": 100, "height": 100})).json
    assert (changed["index"], changed["size"]) == (2, {"width": 100, "height": 100})
    refused = await api.patch(path, index=-1)
    assert (refused.status, refused.msg) == (400, "PDF index must be >= 0, got -1")
    assert (await api.patch(path, index=1.5)).status == 400
    refused = await api.upload(f"{canvas}/pdfs", samples.document(), index=-2)
    assert (refused.status, refused.msg) == (400, "PDF index must be >= 0, got -2")


async def test_playback_state_is_sent_in_lower_and_returned_in_upper_case(api: Api, canvas: str) -> None:
    created = (await api.upload(f"{canvas}/videos", samples.MP4, "film.mp4", playback_state="playing")).json
    path = f"{canvas}/videos/{created['id']}"

    assert (created["playback_state"], created["playback_position"], created["muted"]) == ("STOPPED", 0, False)
    changed = (await api.patch(path, playback_state="paused", playback_position=3.5, muted=True)).json
    assert (changed["playback_state"], changed["playback_position"], changed["muted"]) == ("PAUSED", 3.5, True)
    assert (await api.patch(path, playback_state="PAUSED")).status == 400


async def test_browsers_and_anchors_have_their_fields(api: Api, canvas: str) -> None:
    browser = (await api.post(f"{canvas}/browsers", {"url": "https://example.com"})).json
    anchors = [(await api.post(f"{canvas}/anchors", {"anchor_name": name})).json for name in ("one", "two")]

    assert (browser["url"], browser["transparent_mode"]) == ("https://example.com", False)
    assert browser["main_frame_scroll_offset"] == {"x": 0, "y": 0}
    assert browser["size"] == {"width": 1200, "height": 800}
    assert [(each["anchor_name"], each["anchor_index"]) for each in anchors] == [("one", 0), ("two", 1)]
    assert (await api.post(f"{canvas}/anchors")).json["anchor_name"] == "New anchor"


async def test_a_connector_connects_two_widgets_and_has_no_size(api: Api, canvas: str) -> None:
    one, two = await note(api, canvas), await note(api, canvas)

    created = (await api.post(f"{canvas}/connectors", {"src": {"id": one["id"]}, "dst": {"id": two["id"]}})).json
    changed = (await api.patch(f"{canvas}/connectors/{created['id']}", src={"id": two["id"], "tip": "none"})).json

    assert created["src"] == {
        "id": one["id"],
        "rel_location": {"x": 0.5, "y": 0.5},
        "auto_location": True,
        "tip": "none",
    }
    assert created["dst"]["tip"] == "solid-equilateral-triangle"
    assert (created["type"], created["line_color"], created["line_width"]) == ("curve", "#e7e7f2ff", 5)
    assert (created["location"], created["depth"], created["parent_id"]) == ({"x": 0, "y": 0}, 0, one["parent_id"])
    assert created.keys().isdisjoint({"size", "scale", "pinned"})
    assert changed == created | {"src": created["src"] | {"id": two["id"]}}


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"dst": {"id": "nobody"}}, "src"),
        ({"src": {}, "dst": {}}, "src.id"),
        ({"src": {"id": "nobody"}, "dst": {"id": "nobody"}}, "src.id"),
        ({"src": {"id": 5}, "dst": {"id": "nobody"}}, "src.id"),
        ({"src": {"id": "x", "tip": "round"}, "dst": {"id": "x"}}, "src.tip"),
    ],
)
async def test_a_connector_needs_two_existing_widgets(
    api: Api, canvas: str, body: dict[str, object], named: str
) -> None:
    response = await api.post(f"{canvas}/connectors", body)

    assert response.status == 400
    assert named in response.msg


async def test_a_table_has_cells_that_follow_its_size(api: Api, canvas: str) -> None:
    table = (await api.post(f"{canvas}/tables", {"title": "T", "grid_size": {"columns": 3, "rows": 2}})).json
    cells = (await api.get(f"{canvas}/tables/{table['id']}/cells")).json

    assert table["size"] == {"width": 900, "height": 200}
    assert [cell["index"] for cell in cells] == [0, 1, 2, 3, 4, 5]
    assert {cell["parent_id"] for cell in cells} == {table["id"]}
    assert cells[4]["location"] == {"x": 300, "y": 100}
    assert [each["id"] for each in (await api.get(f"{canvas}/widgets")).json[3:]] == [cell["id"] for cell in cells]

    wide = {"size": {"width": 1800, "height": 200}, "grid_size": {"columns": 9, "rows": 9}}
    changed = (await api.patch(f"{canvas}/tables/{table['id']}", **wide)).json
    cells = (await api.get(f"{canvas}/tables/{table['id']}/cells")).json
    assert changed["grid_size"] == {"columns": 3, "rows": 2}, "ignored in a PATCH"
    assert cells[4]["location"] == {"x": 600, "y": 100}

    await api.delete(f"{canvas}/tables/{table['id']}")
    assert len((await api.get(f"{canvas}/widgets")).json) == 2


@pytest.mark.parametrize("grid", [{"columns": 0, "rows": 1}, {"columns": 2}, {"columns": 101, "rows": 1}, "2x2"])
async def test_an_invalid_grid_size_is_refused(api: Api, canvas: str, grid: object) -> None:
    response = await api.post(f"{canvas}/tables", {"grid_size": grid})

    assert response.status == 400
    assert "grid_size" in response.msg


async def test_hyphenated_fields_may_be_sent_with_underscores(api: Api, canvas: str) -> None:
    capture = (await api.post(f"{canvas}/video-inputs", {"source": "HDMI", "host_id": "h1"})).json
    stream = (await api.post(f"{canvas}/ip-videos", {"source": "rtsp://x", "host-id": "h2"})).json
    desktop = (await api.post(f"{canvas}/rdp-connections", {"connection_name": "pc", "content-id": "no"})).json

    assert (capture["widget_type"], capture["host-id"], capture["source"]) == ("VideoInput", "h1", "HDMI")
    assert (stream["widget_type"], stream["host-id"], stream["source"]) == ("IpVideo", "h2", "rtsp://x")
    assert (desktop["widget_type"], desktop["connection-name"], desktop["content-id"]) == ("RdpConnection", "pc", "")
    missing = await api.post(f"{canvas}/video-inputs", {"source": "HDMI"})
    assert (missing.status, missing.msg) == (400, "host-id is missing")
    renamed = (await api.patch(f"{canvas}/rdp-connections/{desktop['id']}", **{"connection-name": "mac"})).json
    assert renamed["connection-name"] == "mac"
    assert (await api.delete(f"{canvas}/ip-videos/{stream['id']}")).status == 200


async def test_the_generic_endpoint_is_read_only(api: Api, canvas: str) -> None:
    created = await note(api, canvas)

    assert (await api.get(f"{canvas}/widgets/{created['id']}")).json == created
    shared = await root(api, canvas)
    assert (await api.get(f"{canvas}/widgets/{shared['id']}")).json == shared
    for response in (
        await api.post(f"{canvas}/widgets"),
        await api.patch(f"{canvas}/widgets/{created['id']}", text="x"),
        await api.delete(f"{canvas}/widgets/{created['id']}"),
    ):
        assert (response.status, response.headers["Allow"]) == (405, "GET")
        assert "GET" in response.msg
    assert (await api.get(f"{canvas}/notes/{created['id']}")).json == created


async def test_a_widget_is_not_found_under_another_kind_or_canvas(api: Api, canvas: str) -> None:
    created = await note(api, canvas)
    elsewhere = await api.server.create_canvas("Other")

    for path in (
        f"{canvas}/images/{created['id']}",
        f"canvases/{elsewhere}/notes/{created['id']}",
        f"{canvas}/notes/{created['id'].upper()}",
        f"{canvas}/notes/..%2f..%2fetc%2fpasswd",
        f"{canvas}/notes/{created['id']}/cells",
        f"{canvas}/notes/{created['id']}/download",
        f"{canvas}/colorpresets",
    ):
        response = await api.get(path)
        assert (response.status, bool(response.msg)) == (404, True), path


async def test_a_path_may_end_with_a_slash(api: Api, canvas: str) -> None:
    assert (await api.get(f"{canvas}/widgets/")).json == (await api.get(f"{canvas}/widgets")).json
