"""Seeds 002 and 003: what the pages on images and PDFs have in common."""

import asyncio
import json
from typing import Any

import aiohttp
import pytest

from canvus_async.server import CanvusServer
from tests.seeds.file_types import IMAGES, PDFS, FileType
from tests.seeds.sandbox import GENERATED, IMMUTABLE, UUID, Sandbox, assert_matches
from tests.server.api import Api, Response
from tests.server.conftest import ApiFor

READ_ONLY = {"id": "00000000-0000-4000-8000-000000000000", "widget_type": "Note", "state": "deleted", "hash": "ff" * 6}
"""The read-only fields, with values that the server would not choose."""


@pytest.fixture(params=[IMAGES, PDFS], ids=lambda files: files.endpoint)
def files(request: pytest.FixtureRequest) -> FileType:
    return request.param


# -- Authentication --


async def test_files_need_a_token_or_a_cookie(sandbox: Sandbox, api_for: ApiFor, files: FileType) -> None:
    """Without either, or with an unknown token, the status is 401."""
    widget = await files.create(sandbox)

    async with aiohttp.ClientSession(cookies={"CanvusSession": sandbox.server.token}) as session:
        by_cookie = Api(sandbox.server, session, None)
        assert {response.status for response in await files.read(by_cookie, sandbox, widget)} == {200}
        assert (await by_cookie.patch(files.path(sandbox, widget), title="by cookie")).json["title"] == "by cookie"
    assert {response.status for response in await files.read(sandbox.api, sandbox, widget)} == {200}
    for token in (None, "invalid"):
        responses = [
            *await files.read(api_for(token), sandbox, widget),
            *await files.write(api_for(token), sandbox, widget),
        ]
        assert {response.status for response in responses} == {401}
        assert all(response.msg for response in responses)


async def test_files_on_a_shared_canvas_need_no_token(sandbox: Sandbox, api_for: ApiFor, files: FileType) -> None:
    widget, guest = await files.create(sandbox), api_for(None)
    seen: dict[str, tuple[set[int], int]] = {}
    for link in ("none", "view", "edit"):
        sandbox.server.share(sandbox.canvas_id, link)
        reads = {response.status for response in await files.read(guest, sandbox, widget)}
        seen[link] = reads, (await guest.patch(files.path(sandbox, widget), title=link)).status
    sandbox.server.share(sandbox.canvas_id, "none")
    seen["none again"] = {response.status for response in await files.read(guest, sandbox, widget)}, 0

    assert seen == {"none": ({401}, 401), "view": ({200}, 403), "edit": ({200}, 200), "none again": ({401}, 0)}
    assert (await sandbox.api.get(files.path(sandbox, widget))).json["title"] == "edit"


async def test_viewers_get_403_on_every_write_of_files(sandbox: Sandbox, api_for: ApiFor, files: FileType) -> None:
    """They get 403 even if the request is invalid, and nothing is changed."""
    widget = await files.create(sandbox)
    viewer = api_for(sandbox.server.add_user("view"))

    assert {response.status for response in await files.read(viewer, sandbox, widget)} == {200}
    responses = await files.write(viewer, sandbox, widget)

    assert [response.status for response in responses] == [403] * len(responses)
    assert all(response.msg for response in responses)
    assert (await sandbox.api.get(f"{sandbox.path}/{files.endpoint}")).json == [widget]


async def test_editors_can_write_files(sandbox: Sandbox, api_for: ApiFor, files: FileType) -> None:
    widget = await files.create(sandbox)

    responses = (await files.write(api_for(sandbox.server.add_user("edit")), sandbox, widget))[:4]

    assert [response.status for response in responses] == [200] * 4


# -- Common and Specific Properties --


async def test_read_only_fields_of_files_are_ignored(sandbox: Sandbox, files: FileType) -> None:
    created = await files.create(sandbox, **READ_ONLY)
    patched = (await sandbox.api.patch(files.path(sandbox, created), **READ_ONLY)).json

    assert UUID.fullmatch(created["id"])
    assert created["id"] != READ_ONLY["id"]
    assert (created["widget_type"], created["state"]) == (files.widget_type, "normal")
    assert created["hash"] not in {"", READ_ONLY["hash"]}
    assert patched == created


async def test_each_field_of_files_can_be_patched_alone(sandbox: Sandbox, files: FileType) -> None:
    note = (await sandbox.api.post(f"{sandbox.path}/notes", {})).json
    changes: dict[str, Any] = {
        "location": {"x": 12.5, "y": -3},
        "size": {"width": 320, "height": 180},
        "depth": 7.5,
        "scale": 0.25,
        "pinned": True,
        "parent_id": note["id"],
        "title": "Another title",
        "original_filename": "another-name",
        **{name: value for name, (_, value) in files.fields.items()},
    }
    widget = await files.create(sandbox)
    path = files.path(sandbox, widget)

    for name, value in changes.items():
        assert widget[name] != value, f"a change of {name} would not be seen"
        widget = {**widget, name: value}
        patched = await sandbox.api.patch(path, **{name: value})
        assert (patched.status, patched.json) == (200, widget)
        assert (await sandbox.api.get(path)).json == widget


async def test_fields_of_files_have_defaults(sandbox: Sandbox, files: FileType) -> None:
    created = (await sandbox.api.form(f"{sandbox.path}/{files.endpoint}", ("data", files.content, None))).json

    defaults = {"title": "", "original_filename": "", "scale": 1, "pinned": False, "state": "normal", "hash": ""}
    defaults |= dict.fromkeys(files.fields, 0)
    assert {name: created[name] for name in defaults} == defaults
    assert (set(created["location"]), set(created["size"])) == ({"x", "y"}, {"width", "height"})
    assert created["depth"] >= 1.0


async def test_each_file_gets_a_new_uuid(sandbox: Sandbox, files: FileType) -> None:
    ids = [(await files.create(sandbox))["id"] for _ in range(3)]

    assert len(set(ids)) == 3
    assert all(UUID.fullmatch(each) for each in ids)


async def test_files_keep_their_location_under_another_parent(sandbox: Sandbox, files: FileType) -> None:
    widget = await files.create(sandbox, location={"x": 11.5, "y": 22})
    note = (await sandbox.api.post(f"{sandbox.path}/notes", {"location": {"x": 500, "y": 500}})).json

    moved = (await sandbox.api.patch(files.path(sandbox, widget), parent_id=note["id"])).json

    assert moved == widget | {"parent_id": note["id"]}
    assert widget["parent_id"] == note["parent_id"] != ""


async def test_pinned_files_can_be_changed_through_the_api(sandbox: Sandbox, files: FileType) -> None:
    widget = await files.create(sandbox, pinned=True)
    changes = {"location": {"x": 7, "y": 8}, "size": widget["size"], "scale": 2}

    changed = (await sandbox.api.patch(files.path(sandbox, widget), **changes)).json

    assert (changed["location"], changed["scale"], changed["pinned"]) == ({"x": 7, "y": 8}, 2, True)


async def test_auto_raise_moves_files_above_their_siblings_once(sandbox: Sandbox, files: FileType) -> None:
    low = await files.create(sandbox, depth=2.0, auto_raise=True)
    assert low["depth"] == 2.0, "a POST ignores auto_raise"
    for depth in (5.0, 11.0, 3.0):
        await files.create(sandbox, depth=depth)
    child = await files.create(sandbox, depth=99.0, parent_id=low["id"])
    path = files.path(sandbox, low)

    left = (await sandbox.api.patch(path, auto_raise=False)).json
    raised = (await sandbox.api.patch(path, auto_raise=True)).json
    later = (await sandbox.api.patch(path, title="later")).json

    assert (left["depth"], raised["depth"], later["depth"]) == (2.0, 12.0, 12.0)
    assert child["depth"] == 99.0, "a child is not a sibling"
    assert "auto_raise" not in raised


# -- Streaming --


async def test_files_can_be_subscribed_to(session: aiohttp.ClientSession, files: FileType) -> None:
    """The list and a single widget: both send keepalives and each change on a line."""
    async with CanvusServer(processing_delay=0.01, keepalive=0.05) as server:
        sandbox = Sandbox(server, session, await server.create_canvas())
        widget = await files.create(sandbox)
        every, one = f"{sandbox.path}/{files.endpoint}", files.path(sandbox, widget)
        async with sandbox.api.stream(f"{every}?subscribe") as many, sandbox.api.stream(f"{one}?subscribe") as single:
            assert (await many.next(), await single.next()) == ([widget], widget)
            assert await many.line() == await single.line() == b"\n", "a keepalive"
            changed = (await sandbox.api.patch(one, title="changed")).json
            assert (await many.next(), await single.next()) == ([changed], changed)
            await sandbox.api.delete(one)
            assert (await many.next())[0]["state"] == (await single.next())["state"] == "deleted"
        async with asyncio.timeout(10):
            while server.open_streams:
                await asyncio.sleep(0.005)


# -- List, Get --


async def test_the_examples_of_listing_files(sandbox: Sandbox, files: FileType) -> None:
    await files.create_example(sandbox)

    response = await sandbox.run(f"list {files.endpoint}")

    (example,), (widget,) = json.loads(files.example_list), response.json
    assert (response.status, response.headers["Content-Type"]) == (200, "application/json; charset=utf-8")
    assert_matches(widget, example, ignoring=GENERATED)


async def test_the_examples_of_getting_a_file(sandbox: Sandbox, files: FileType) -> None:
    await files.create_example(sandbox)

    response = await sandbox.run(f"get {files.name}")

    assert response.status == 200
    assert_matches(response.json, json.loads(files.example), ignoring=GENERATED)
    assert response.json["id"] == sandbox.ids[files.example_id]


# -- Create --


async def test_an_upload_without_a_file_is_refused(sandbox: Sandbox, files: FileType) -> None:
    """As a form without a `data` part, and as JSON."""
    every = f"{sandbox.path}/{files.endpoint}"
    responses = [
        await sandbox.api.form(every, ("json", b'{"title": "x"}', None)),
        await sandbox.api.form(every, ("file", files.content, files.filename)),
        await sandbox.api.post(every, {"title": "x"}),
        await sandbox.api.call("POST", every),
    ]

    assert [response.status for response in responses] == [400] * 4
    assert all("data" in response.msg for response in responses)
    assert (await sandbox.api.get(every)).json == []


async def test_an_upload_accepts_every_field(sandbox: Sandbox, files: FileType) -> None:
    """Each field alone, and all of them."""
    note = (await sandbox.api.post(f"{sandbox.path}/notes", {})).json
    fields: dict[str, Any] = {
        "title": "T",
        "original_filename": "other",
        "location": {"x": 1.5, "y": 2},
        "size": {"width": 320, "height": 180},
        "depth": 9.5,
        "scale": 2,
        "pinned": True,
        "parent_id": note["id"],
        **{name: value for name, (value, _) in files.fields.items()},
    }
    every = f"{sandbox.path}/{files.endpoint}"

    for sent in [*({name: value} for name, value in fields.items()), fields]:
        created = await sandbox.api.upload(every, files.content, files.filename, **sent)
        assert created.status == 200, created.body
        assert {name: created.json[name] for name in sent} == sent
        assert (await sandbox.api.get(f"{every}/{created.json['id']}")).json | {"hash": ""} == created.json


async def test_the_hash_of_an_upload_is_published_later(sandbox: Sandbox, files: FileType) -> None:
    """It is empty in the response to the POST; a subscription and a later GET have it."""
    every = f"{sandbox.path}/{files.endpoint}"
    async with sandbox.api.stream(f"{every}?subscribe") as stream:
        assert await stream.next() == []
        created = (await sandbox.api.upload(every, files.content, files.filename)).json
        seen = [(await stream.next())[0]["hash"] for _ in range(2)]

    assert created["hash"] == ""
    assert seen[0] == ""
    assert seen[1] == (await sandbox.api.get(f"{every}/{created['id']}")).json["hash"] != ""


# -- Update --


async def test_a_depth_of_files_below_1_is_refused(sandbox: Sandbox, files: FileType) -> None:
    widget = await files.create(sandbox)

    for depth in (0.5, 0, -3, 0.999):
        error = {"msg": f"Depth must be >= 1.0, got {depth}"}
        posted = await sandbox.api.upload(f"{sandbox.path}/{files.endpoint}", files.content, depth=depth)
        patched = await sandbox.api.patch(files.path(sandbox, widget), depth=depth)
        assert [(response.status, response.json) for response in (posted, patched)] == [(400, error)] * 2
    assert (await sandbox.api.patch(files.path(sandbox, widget), depth=1.0)).json["depth"] == 1.0
    assert len((await sandbox.api.get(f"{sandbox.path}/{files.endpoint}")).json) == 1


async def test_a_size_of_files_without_area_is_refused(sandbox: Sandbox, files: FileType) -> None:
    widget = await files.create(sandbox)

    for width, height in ((0, 100), (100, 0), (-1, 100), (100, -0.5), (0, 0)):
        size = {"width": width, "height": height}
        posted = await sandbox.api.upload(f"{sandbox.path}/{files.endpoint}", files.content, size=size)
        patched = await sandbox.api.patch(files.path(sandbox, widget), size=size)
        assert (posted.status, patched.status) == (400, 400)
        assert posted.msg
        assert patched.msg
    assert (await sandbox.api.get(f"{sandbox.path}/{files.endpoint}")).json == [widget]


# -- Download, Delete --


async def test_the_examples_of_downloading_a_file(sandbox: Sandbox, files: FileType) -> None:
    await files.create_example(sandbox)

    response = await sandbox.run(f"download {files.name}")

    assert (response.status, response.body) == (200, files.example_content)
    assert response.headers["Content-Type"] == files.content_type


async def test_a_download_is_an_immutable_attachment_with_the_file_name(sandbox: Sandbox, files: FileType) -> None:
    widget = await files.create(sandbox)

    response = await sandbox.api.get(f"{files.path(sandbox, widget)}/download")

    assert (response.status, response.body) == (200, files.content)
    assert response.headers["Content-Disposition"].startswith("attachment;")
    assert f'filename="{files.filename}"' in response.headers["Content-Disposition"]
    assert response.headers["Cache-Control"] == IMMUTABLE


async def test_the_examples_of_deleting_a_file(sandbox: Sandbox, files: FileType) -> None:
    await files.create_example(sandbox)

    response = await sandbox.run(f"delete {files.name}")

    assert (response.status, response.body) == (200, b"")
    assert (await sandbox.run(f"get {files.name}")).status == 404


async def test_deleting_a_file_widget_removes_the_file(sandbox: Sandbox, files: FileType) -> None:
    widget = await files.create(sandbox)
    path = files.path(sandbox, widget)

    response = await sandbox.api.delete(path)

    assert (response.status, response.body) == (200, b"")
    later = [
        await sandbox.api.get(path),
        await sandbox.api.get(f"{path}/download"),
        await sandbox.api.patch(path, title="x"),
        await sandbox.api.delete(path),
        await sandbox.api.get(f"mipmaps/{widget['hash']}", canvas_id=sandbox.canvas_id),
        await sandbox.api.get(f"assets/{widget['hash']}", canvas_id=sandbox.canvas_id),
    ]
    assert [each.status for each in later] == [404] * len(later)
    assert (await sandbox.api.get(f"{sandbox.path}/{files.endpoint}")).json == []


# -- Error Responses --


async def test_missing_canvases_and_files_give_404(sandbox: Sandbox, api_for: ApiFor, files: FileType) -> None:
    """So does a canvas that the user may not see, for all methods."""
    widget = await files.create(sandbox)
    other = await sandbox.server.create_canvas()
    stranger = api_for(sandbox.server.add_user("owner", canvases=[other]))
    unknown = "00000000-0000-4000-8000-000000000000"
    one = f"{files.endpoint}/{widget['id']}"
    responses: list[Response] = []
    for api, path in (
        (sandbox.api, f"canvases/{unknown}/{one}"),
        (sandbox.api, f"{sandbox.path}/{files.endpoint}/{unknown}"),
        (sandbox.api, f"canvases/{other}/{one}"),
        (stranger, f"{sandbox.path}/{one}"),
    ):
        responses += [
            await api.get(path),
            await api.get(f"{path}/download"),
            await api.patch(path, title="x"),
            await api.delete(path),
        ]
    responses += [
        await sandbox.api.get(f"canvases/{unknown}/{files.endpoint}"),
        await sandbox.api.upload(f"canvases/{unknown}/{files.endpoint}", files.content),
    ]

    assert [response.status for response in responses] == [404] * len(responses)
    assert all(response.msg for response in responses)


async def test_the_example_errors_of_files(sandbox: Sandbox, files: FileType) -> None:
    path = files.path(sandbox, await files.create(sandbox))

    for body, changes in files.errors:
        response = await sandbox.api.patch(path, **changes)
        assert (response.status, response.json) == (400, json.loads(body))
