"""Seed 004, the page on generic widgets and cloning."""

import json
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from canvus_async.server import CanvusServer
from tests.seeds import bodies
from tests.seeds.facts import WIDGET_TYPES
from tests.seeds.sandbox import UUID, Sandbox, assert_matches, photo, shape
from tests.server import samples
from tests.server.api import Api, Response
from tests.server.conftest import ApiFor, ApiIn

DOG = "2a59b935-02b6-47dc-820c-caab1de64247"
UNKNOWN_ID = "00000000-0000-4000-8000-000000000000"
GENERATED = ("id", "parent_id", "hash")


JSON_KINDS: dict[str, dict[str, Any]] = {
    "notes": {"text": "Remember to review the Q3 numbers", "background_color": "#ffffff"},
    "browsers": {"url": "https://example.com"},
    "anchors": {"anchor_name": "Overview"},
    "tables": {"title": "Figures"},
    "video-inputs": {"source": "camera", "host-id": "client"},
    "ip-videos": {"source": "rtsp://example.com/1"},
    "rdp-connections": {"connection-name": "desk"},
}
"""The endpoints of widgets that are created from JSON, and a body for each."""

FILE_KINDS = {"images": photo(16, 9), "pdfs": samples.document(), "videos": samples.MP4}


@pytest.fixture
async def example(sandbox: Sandbox) -> Sandbox:
    """The sandbox with the three widgets of the examples."""
    await sandbox.api.form(f"{sandbox.path}/background", ("data", photo(9, 9), "wall.jpg"))
    dog = await sandbox.upload(
        "images",
        photo(100, 100),
        "photo.jpg",
        title="A dog",
        location={"x": 5291.9, "y": 2564.2},
    )
    note = {"location": {"x": 5997.6, "y": 3253.6}, **JSON_KINDS["notes"]}
    anchor = {"location": {"x": 4676.8, "y": 2432.8}, **JSON_KINDS["anchors"]}
    assert (await sandbox.api.post(f"{sandbox.path}/notes", note)).status == 200
    assert (await sandbox.api.post(f"{sandbox.path}/anchors", anchor)).status == 200
    sandbox.ids[DOG] = dog["id"]
    return sandbox


async def one_of_each(sandbox: Sandbox) -> dict[str, Any]:
    """Create a widget of each kind, by endpoint; the connector connects the note and the browser."""
    created = {name: (await sandbox.api.post(f"{sandbox.path}/{name}", body)).json for name, body in JSON_KINDS.items()}
    created |= {name: await sandbox.upload(name, content, name) for name, content in FILE_KINDS.items()}
    ends = {"src": {"id": created["notes"]["id"]}, "dst": {"id": created["browsers"]["id"]}}
    created["connectors"] = (await sandbox.api.post(f"{sandbox.path}/connectors", ends)).json
    return created


async def clone(api: Api, sandbox: Sandbox, endpoint: str, source: Any, **more: Any) -> Response:
    """Send a clone request with the fields of the example."""
    body = json.loads(bodies.CLONE_REQUEST)
    body |= {"source_canvas_id": sandbox.canvas_id, "source_widget_id": source["id"], **more}
    return await api.post(f"{sandbox.path}/{endpoint}", body)


# -- Overview, Widget Types, Common Widget Fields --


async def test_seed_004_the_list_contains_widgets_of_all_types(sandbox: Sandbox) -> None:
    created = await one_of_each(sandbox)

    listed = (await sandbox.api.get(f"{sandbox.path}/widgets")).json

    ids = {each.get("id") for each in listed}
    assert {each["id"] for each in created.values()} <= ids
    spelled = {each["widget_type"].replace("Pdf", "PDF") for each in listed}
    assert spelled == set(WIDGET_TYPES) - {"VideoOutputAnchor"}, "only a desktop client can create that type"


async def test_seed_004_the_type_of_a_pdf_is_spelled_as_in_seed_003(sandbox: Sandbox) -> None:
    """Seed 004 spells the type "PDF", but seed 003 says that it is always "Pdf"."""
    created = await sandbox.upload("pdfs", samples.document(), "a.pdf")

    assert (await sandbox.api.get(f"{sandbox.path}/widgets/{created['id']}")).json["widget_type"] == "Pdf"


async def test_seed_004_fields_vary_by_type(sandbox: Sandbox) -> None:
    created = await one_of_each(sandbox)

    assert {"hash", "original_filename"} <= created["images"].keys()
    assert {"text", "background_color"} <= created["notes"].keys()
    assert not {"text", "background_color"} & created["images"].keys()
    assert not {"hash", "original_filename"} & created["notes"].keys()


async def test_seed_004_all_types_share_the_base_fields(sandbox: Sandbox) -> None:
    await one_of_each(sandbox)
    base = {"id": "str", "widget_type": "str", "location": {"x": "number", "y": "number"}, "depth": "number"}
    base |= {"parent_id": "str", "state": "str"}

    for each in (await sandbox.api.get(f"{sandbox.path}/widgets")).json:
        if each["widget_type"] == "CanvasBackground":
            assert "id" not in each, "the background is the only widget without an id"
        else:
            assert {name: shape(each.get(name)) for name in base} == base, each["widget_type"]


async def test_seed_004_most_types_have_size_scale_and_pinned(sandbox: Sandbox) -> None:
    created = await one_of_each(sandbox)
    most = {"size": {"width": "number", "height": "number"}, "scale": "number", "pinned": "bool"}

    for endpoint, widget in created.items():
        if endpoint != "connectors":
            assert {name: shape(widget[name]) for name in most} == most


async def test_seed_004_asset_widgets_have_hash_filename_and_title(sandbox: Sandbox) -> None:
    for endpoint, content in FILE_KINDS.items():
        created = await sandbox.upload(endpoint, content, "file.bin", title="T")
        shown = (await sandbox.api.get(f"{sandbox.path}/widgets/{created['id']}")).json
        asset = await sandbox.api.call("GET", f"assets/{shown['hash']}", headers=sandbox.headers())

        assert (shown["original_filename"], shown["title"]) == ("file.bin", "T")
        assert asset.body == content


async def test_seed_004_the_generic_endpoint_is_read_only(example: Sandbox) -> None:
    one = f"{example.path}/widgets/{example.ids[DOG]}"
    responses = [
        await example.api.post(f"{example.path}/widgets", {"widget_type": "Note"}),
        await example.api.patch(one, title="x"),
        await example.api.delete(one),
        await example.api.call("PUT", one, json={}),
    ]

    assert [response.status for response in responses] == [405] * 4
    assert all(response.msg for response in responses)
    assert (await example.run("get widget")).json["title"] == "A dog"


async def test_seed_004_the_root_cannot_be_modified(sandbox: Sandbox) -> None:
    (root,) = [
        each
        for each in (await sandbox.api.get(f"{sandbox.path}/widgets")).json
        if each["widget_type"] == "SharedCanvas"
    ]

    for endpoint in ("widgets", "notes", "images", "shared-canvases"):
        path = f"{sandbox.path}/{endpoint}/{root['id']}"
        responses = [await sandbox.api.patch(path, size={"width": 1, "height": 1}), await sandbox.api.delete(path)]
        assert {response.status for response in responses} <= {404, 405}
    assert (await sandbox.api.get(f"{sandbox.path}/widgets/{root['id']}")).json == root


async def test_seed_004_a_higher_depth_is_above(sandbox: Sandbox) -> None:
    first, second = [(await sandbox.api.post(f"{sandbox.path}/notes", {})).json for _ in range(2)]

    assert second["depth"] > first["depth"], "a new widget is on top"


# -- Authentication --


async def test_seed_004_reading_needs_a_token_or_a_shared_canvas(example: Sandbox, api_for: ApiFor) -> None:
    paths = (f"{example.path}/widgets", f"{example.path}/widgets/{example.ids[DOG]}")
    statuses: dict[str, set[int]] = {}
    for link in ("none", "view", "edit"):
        example.server.share(example.canvas_id, link)
        statuses[link] = {(await api_for(token).get(path)).status for path in paths for token in (None, "invalid")}
        assert {(await example.api.get(path)).status for path in paths} == {200}

    assert statuses == {"none": {401}, "view": {200}, "edit": {200}}


# -- Streaming --


async def test_seed_004_a_subscription_sends_changes_of_all_types(sandbox: Sandbox) -> None:
    async with sandbox.api.stream(f"{sandbox.path}/widgets?subscribe") as stream:
        listed = await stream.next()
        assert listed == (await sandbox.api.get(f"{sandbox.path}/widgets")).json
        for endpoint, body in JSON_KINDS.items():
            created = (await sandbox.api.post(f"{sandbox.path}/{endpoint}", body)).json
            (updates,) = await stream.next()
            assert updates == created
            if endpoint == "tables":
                assert [(await stream.next())[0]["widget_type"] for _ in range(4)] == ["TableCell"] * 4
        (note,) = (await sandbox.api.get(f"{sandbox.path}/notes")).json
        await sandbox.api.delete(f"{sandbox.path}/notes/{note['id']}")
        assert (await stream.next())[0]["state"] == "deleted"


async def test_seed_004_a_single_widget_of_any_type_can_be_subscribed_to(sandbox: Sandbox) -> None:
    note = (await sandbox.api.post(f"{sandbox.path}/notes", {})).json

    async with sandbox.api.stream(f"{sandbox.path}/widgets/{note['id']}?subscribe") as stream:
        assert await stream.next() == note
        await sandbox.api.post(f"{sandbox.path}/browsers", {})
        changed = (await sandbox.api.patch(f"{sandbox.path}/notes/{note['id']}", text="changed")).json
        assert await stream.next() == changed


async def test_seed_004_the_connection_stays_open(session: aiohttp.ClientSession) -> None:
    async with CanvusServer(keepalive=0.02) as server:
        sandbox = Sandbox(server, session, await server.create_canvas())
        async with sandbox.api.stream(f"{sandbox.path}/widgets?subscribe") as stream:
            await stream.next()
            assert [await stream.line() for _ in range(3)] == [b"\n"] * 3


# -- List All Widgets on a Canvas, Get a Single Widget --


async def test_seed_004_list_widgets_example(example: Sandbox) -> None:
    response = await example.run("list widgets")

    root, dog, note, anchor = json.loads(bodies.WIDGET_LIST)
    by_type = {each["widget_type"]: each for each in response.json}
    assert response.status == 200
    assert response.json[0]["widget_type"] == "SharedCanvas"
    assert_matches(by_type["SharedCanvas"], root, ignoring=("id",))
    assert_matches(by_type["Image"], dog, ignoring=(*GENERATED, "depth"))
    assert_matches(by_type["Anchor"], anchor, ignoring=(*GENERATED, "depth"))
    known = {name: by_type["Note"][name] for name in note}
    assert_matches(known, note, ignoring=(*GENERATED, "depth"))
    assert by_type["Note"].keys() - note.keys() == {"title", "text_color", "auto_text_color"}
    assert {by_type[kind]["parent_id"] for kind in ("Image", "Note", "Anchor")} == {by_type["SharedCanvas"]["id"]}


async def test_seed_004_get_a_single_widget_example(example: Sandbox) -> None:
    response = await example.run("get widget")

    assert response.status == 200
    assert_matches(response.json, json.loads(bodies.WIDGET), ignoring=(*GENERATED, "depth"))


# -- Clone Widget --


async def test_seed_004_clone_copies_all_properties_and_gives_a_new_id(sandbox: Sandbox) -> None:
    created = await one_of_each(sandbox)
    other = Sandbox(sandbox.server, sandbox.session, await sandbox.server.create_canvas("Other"))
    root = (await other.api.get(f"{other.path}/widgets")).json[0]["id"]

    for endpoint in ("notes", "images", "browsers", "videos", "pdfs", "anchors", "tables"):
        body = {"source_canvas_id": sandbox.canvas_id, "source_widget_id": created[endpoint]["id"]}
        response = await other.api.post(f"{other.path}/{endpoint}", body)
        copy = response.json
        assert response.status == 200
        assert copy == created[endpoint] | {"id": copy["id"], "parent_id": root}
        assert UUID.fullmatch(copy["id"])
        assert (await other.api.get(f"{other.path}/{endpoint}/{copy['id']}")).json == copy


async def test_seed_004_clone_accepts_a_location(sandbox: Sandbox) -> None:
    note = (await sandbox.api.post(f"{sandbox.path}/notes", {"text": "hi", "location": {"x": 1, "y": 2}})).json

    same = await clone(sandbox.api, sandbox, "notes", note)
    location = json.loads(bodies.CLONE_PLACED_REQUEST)["location"]
    moved = await clone(sandbox.api, sandbox, "notes", note, location=location)

    assert same.json["location"] == {"x": 1, "y": 2}
    assert moved.json == note | {"id": moved.json["id"], "location": {"x": 100, "y": 200}}


async def test_seed_004_clone_is_top_level_for_any_parent_of_the_source(sandbox: Sandbox) -> None:
    board = (await sandbox.api.post(f"{sandbox.path}/notes", {})).json
    inner = (await sandbox.api.post(f"{sandbox.path}/notes", {"parent_id": board["id"]})).json

    copy = (await clone(sandbox.api, sandbox, "notes", inner)).json

    assert (inner["parent_id"], copy["parent_id"]) == (board["id"], board["parent_id"])


async def test_seed_004_clone_needs_the_endpoint_of_the_source_type(sandbox: Sandbox) -> None:
    note = (await sandbox.api.post(f"{sandbox.path}/notes", {})).json

    responses = [await clone(sandbox.api, sandbox, endpoint, note) for endpoint in ("browsers", "images", "pdfs")]

    assert [response.status for response in responses] == [400] * 3
    assert all(response.msg for response in responses)


async def test_seed_004_clone_of_other_types_is_refused(sandbox: Sandbox) -> None:
    created = await one_of_each(sandbox)

    for endpoint in ("video-inputs", "ip-videos", "rdp-connections", "connectors"):
        response = await clone(sandbox.api, sandbox, endpoint, created[endpoint])
        assert response.status == 400
        assert response.msg


async def test_seed_004_clone_works_only_from_visible_canvases(sandbox: Sandbox, api_for: ApiFor) -> None:
    note = (await sandbox.api.post(f"{sandbox.path}/notes", {"text": "hi"})).json
    mine = Sandbox(sandbox.server, sandbox.session, await sandbox.server.create_canvas("Mine"))
    body = {"source_canvas_id": sandbox.canvas_id, "source_widget_id": note["id"]}
    limited = api_for(sandbox.server.add_user("edit", canvases=[mine.canvas_id]))
    wide = api_for(sandbox.server.add_user("edit"))

    assert (await wide.post(f"{mine.path}/notes", body)).json["text"] == "hi"
    assert (await limited.post(f"{mine.path}/notes", body)).status == 404
    sandbox.server.share(sandbox.canvas_id, "view")
    assert (await limited.post(f"{mine.path}/notes", body)).json["text"] == "hi"


async def test_seed_004_clone_requires_a_token(sandbox: Sandbox, api_for: ApiFor) -> None:
    note = (await sandbox.api.post(f"{sandbox.path}/notes", {})).json
    sandbox.server.share(sandbox.canvas_id, "edit")

    assert (await api_for(None).post(f"{sandbox.path}/notes", {})).status == 200
    assert (await clone(api_for(None), sandbox, "notes", note)).status == 401


async def test_seed_004_clone_without_the_source_file_gives_400(api_in: ApiIn, tmp_path: Path) -> None:
    async with api_in(tmp_path) as api:
        sandbox = Sandbox(api.server, api.session, await api.server.create_canvas())
        for endpoint, content in FILE_KINDS.items():
            created = await sandbox.upload(endpoint, content, "file")
            (tmp_path / "assets" / created["hash"]).unlink()
            response = await clone(api, sandbox, endpoint, created)
            assert response.status == 400
            assert response.msg


async def test_seed_004_clone_of_a_missing_widget_gives_404(sandbox: Sandbox) -> None:
    note = (await sandbox.api.post(f"{sandbox.path}/notes", {})).json

    responses = [
        await clone(sandbox.api, sandbox, "notes", {"id": UNKNOWN_ID}),
        await clone(sandbox.api, sandbox, "notes", note, source_canvas_id=UNKNOWN_ID),
    ]

    assert [response.status for response in responses] == [404, 404]


# -- Error Responses --


async def test_seed_004_a_missing_or_invalid_token_gives_401(example: Sandbox, api_for: ApiFor) -> None:
    for token in (None, "invalid"):
        for path in (f"{example.path}/widgets", f"{example.path}/widgets/{example.ids[DOG]}"):
            response = await api_for(token).get(path)
            assert response.status == 401
            assert response.msg


async def test_seed_004_a_missing_canvas_or_widget_gives_404(example: Sandbox) -> None:
    for path in (
        f"canvases/{UNKNOWN_ID}/widgets",
        f"canvases/{UNKNOWN_ID}/widgets/{DOG}",
        f"{example.path}/widgets/{UNKNOWN_ID}",
    ):
        response = await example.api.get(path)
        assert response.status == 404
        assert response.msg
