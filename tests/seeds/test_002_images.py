"""Seed 002, images, line by line."""

import json
from pathlib import Path

import aiohttp
import pytest

from canvus_async.server import CanvusServer
from tests.seeds import bodies, common
from tests.seeds.common import FileType
from tests.seeds.sandbox import UUID, Sandbox, assert_matches, photo
from tests.server import samples
from tests.server.conftest import ApiFor, ApiIn

IMAGES = FileType("images", "Image", photo(160, 90), "team-photo.jpg")
IMAGE = "40a30897-57ea-4c35-9bf8-64db7fc710e0"
GENERATED = ("id", "parent_id", "hash")
"""What every server has its own values for."""


@pytest.fixture
async def team_photo(sandbox: Sandbox) -> Sandbox:
    """The stage with the image of the examples on it."""
    created = await sandbox.upload(
        "images",
        photo(1280, 720),
        "team-photo.jpg",
        location={"x": 5130.68, "y": 2164.98},
        depth=2.0,
        title="Team Photo",
    )
    sandbox.ids[IMAGE] = created["id"]
    return sandbox


# -- Authentication --


async def test_seed_002_authentication_by_token_or_cookie(sandbox: Sandbox, api_for: ApiFor) -> None:
    await common.check_token_and_cookie(sandbox, api_for, IMAGES)


async def test_seed_002_authentication_by_link_sharing(sandbox: Sandbox, api_for: ApiFor) -> None:
    await common.check_link_sharing(sandbox, api_for, IMAGES)


async def test_seed_002_view_only_users_get_403_on_any_write(sandbox: Sandbox, api_for: ApiFor) -> None:
    await common.check_viewers_write_nothing(sandbox, api_for, IMAGES)


async def test_seed_002_writing_takes_edit_access(sandbox: Sandbox, api_for: ApiFor) -> None:
    await common.check_editors_write(sandbox, api_for, IMAGES)


# -- Common Widget Properties, Image-Specific Properties --


async def test_seed_002_read_only_properties_are_sent_in_vain(sandbox: Sandbox) -> None:
    await common.check_read_only(sandbox, IMAGES)


async def test_seed_002_patchable_properties_change_alone_and_read_back(sandbox: Sandbox) -> None:
    note = (await sandbox.api.post(f"{sandbox.path}/notes", {})).json
    await common.check_patchable(
        sandbox,
        IMAGES,
        location={"x": 12.5, "y": -3},
        size={"width": 320, "height": 180},
        depth=7.5,
        scale=0.25,
        pinned=True,
        parent_id=note["id"],
        title="Another title",
        original_filename="another-name.jpg",
    )


async def test_seed_002_defaults(sandbox: Sandbox) -> None:
    bare = await sandbox.api.form(f"{sandbox.path}/images", ("data", photo(160, 90), None))

    defaults = {"title": "", "original_filename": "", "scale": 1, "pinned": False, "state": "normal", "hash": ""}
    assert {name: bare.json[name] for name in defaults} == defaults
    assert shape_of_place(bare.json) == {"location": {"x", "y"}, "size": {"width", "height"}}
    assert bare.json["depth"] >= 1.0


def shape_of_place(widget: dict[str, dict[str, float]]) -> dict[str, set[str]]:
    return {name: set(widget[name]) for name in ("location", "size")}


async def test_seed_002_each_id_is_new_and_a_uuid(sandbox: Sandbox) -> None:
    ids = [(await IMAGES.created(sandbox))["id"] for _ in range(3)]

    assert len(set(ids)) == 3
    assert all(UUID.fullmatch(each) for each in ids)


async def test_seed_002_the_location_is_relative_to_the_parent(sandbox: Sandbox) -> None:
    await common.check_parent(sandbox, IMAGES)


async def test_seed_002_a_size_is_a_box_when_made_and_when_changed(sandbox: Sandbox) -> None:
    created = await IMAGES.created(sandbox, size={"width": 1000, "height": 90})
    wide = (await sandbox.api.patch(IMAGES.path(sandbox, created), size={"width": 160, "height": 9000})).json
    high = (await sandbox.api.patch(IMAGES.path(sandbox, created), size={"width": 9000, "height": 180})).json

    assert [each["size"] for each in (created, wide, high)] == [
        {"width": 160, "height": 90},
        {"width": 160, "height": 90},
        {"width": 320, "height": 180},
    ]


async def test_seed_002_a_higher_depth_is_kept_as_sent(sandbox: Sandbox) -> None:
    created = await IMAGES.created(sandbox, depth=3.5)

    assert created["depth"] == 3.5


async def test_seed_002_pinned_does_not_bind_the_api(sandbox: Sandbox) -> None:
    await common.check_pinned(sandbox, IMAGES)


async def test_seed_002_auto_raise_brings_to_the_front_once(sandbox: Sandbox) -> None:
    await common.check_auto_raise(sandbox, IMAGES)


# -- Streaming --


async def test_seed_002_streaming_of_the_list_and_of_one(session: aiohttp.ClientSession) -> None:
    async with CanvusServer(processing_delay=0.01, keepalive=0.05) as server:
        await common.check_streams(server, Sandbox(server, session, await server.create_canvas()), IMAGES)


# -- List Images, Get Single Image --


async def test_seed_002_list_images_example(team_photo: Sandbox) -> None:
    response = await team_photo.run("list images")

    (example,), (image,) = json.loads(bodies.IMAGE_LIST), response.json
    assert (response.status, response.headers["Content-Type"]) == (200, "application/json; charset=utf-8")
    assert_matches(image, example, ignoring=GENERATED)


async def test_seed_002_get_single_image_example(team_photo: Sandbox) -> None:
    response = await team_photo.run("get image")

    assert response.status == 200
    assert_matches(response.json, json.loads(bodies.IMAGE), ignoring=GENERATED)
    assert response.json["id"] == team_photo.ids[IMAGE]


# -- Create Image --


async def test_seed_002_create_image_with_metadata_example(sandbox: Sandbox) -> None:
    response = await sandbox.run("create image", architecture_png=samples.picture(1600, 900))

    assert response.status == 200
    assert_matches(response.json, json.loads(bodies.IMAGE_CREATED), ignoring=("id", "parent_id", "location"))


async def test_seed_002_create_image_without_metadata_example(sandbox: Sandbox) -> None:
    response = await sandbox.run("create image without metadata", photo_jpg=photo(1600, 900))

    example = json.loads(bodies.IMAGE_CREATED) | {"title": "", "original_filename": "photo.jpg", "depth": 1.0}
    assert_matches(response.json, example, ignoring=("id", "parent_id", "location"))


async def test_seed_002_create_image_needs_a_file(sandbox: Sandbox) -> None:
    await common.check_file_is_needed(sandbox, IMAGES)


async def test_seed_002_create_image_takes_every_property(sandbox: Sandbox) -> None:
    note = (await sandbox.api.post(f"{sandbox.path}/notes", {})).json
    await common.check_create_fields(
        sandbox,
        IMAGES,
        title="T",
        original_filename="other.jpg",
        location={"x": 1.5, "y": 2},
        size={"width": 320, "height": 180},
        depth=9.5,
        scale=2,
        pinned=True,
        parent_id=note["id"],
    )


@pytest.mark.parametrize(
    "content", [photo(8, 8), samples.picture(8, 8), samples.SVG, samples.picture(8, 8, kind="WEBP")]
)
async def test_seed_002_create_image_takes_jpeg_png_svg_and_others(sandbox: Sandbox, content: bytes) -> None:
    assert (await sandbox.upload("images", content, "a"))["hash"]


async def test_seed_002_the_hash_is_empty_at_first_and_follows(sandbox: Sandbox) -> None:
    await common.check_hash_follows(sandbox, IMAGES)


async def test_seed_002_equal_files_are_kept_once(api_in: ApiIn, tmp_path: Path) -> None:
    async with api_in(tmp_path) as api:
        sandbox = Sandbox(api.server, api.session, await api.server.create_canvas())
        hashes = {(await sandbox.upload("images", photo(16, 9), name))["hash"] for name in ("a.jpg", "b.jpg")}
        hashes.add((await sandbox.upload("images", photo(9, 16), "c.jpg"))["hash"])

        assert len(hashes) == 2
        assert len([path for path in (tmp_path / "assets").rglob("*") if path.is_file()]) == 2


# -- Update Image --


async def test_seed_002_update_image_move_and_pin_example(team_photo: Sandbox) -> None:
    before = (await team_photo.run("get image")).json

    response = await team_photo.run("move and pin image")

    assert response.status == 200
    assert response.json == before | {"location": {"x": 2000, "y": 1500}, "pinned": True}


async def test_seed_002_update_image_resize_aspect_ratio_example(team_photo: Sandbox) -> None:
    await team_photo.run("move and pin image")

    response = await team_photo.run("resize image")

    assert response.status == 200
    assert {"size": response.json["size"]} == json.loads(bodies.IMAGE_RESIZED)
    assert_matches(response.json, json.loads(bodies.IMAGE_UPDATED), ignoring=GENERATED)
    assert (await team_photo.run("get image")).json == response.json


async def test_seed_002_a_depth_below_1_is_refused_in_these_words(sandbox: Sandbox) -> None:
    await common.check_depth(sandbox, IMAGES)


async def test_seed_002_a_size_without_area_is_refused(sandbox: Sandbox) -> None:
    await common.check_size(sandbox, IMAGES)


# -- Download Image, Delete Image --


async def test_seed_002_download_image_example(team_photo: Sandbox) -> None:
    response = await team_photo.run("download image")

    assert (response.status, response.body) == (200, photo(1280, 720))
    assert response.headers["Content-Type"] == "image/jpeg"


async def test_seed_002_download_image_is_an_attachment_for_ever(sandbox: Sandbox) -> None:
    await common.check_download(sandbox, IMAGES)


async def test_seed_002_delete_image_example(team_photo: Sandbox) -> None:
    response = await team_photo.run("delete image")

    assert (response.status, response.body) == (200, b"")
    assert (await team_photo.run("get image")).status == 404


async def test_seed_002_delete_image_removes_its_file_too(sandbox: Sandbox) -> None:
    await common.check_delete(sandbox, IMAGES)


# -- Error Responses --


async def test_seed_002_what_does_not_exist_is_a_404(sandbox: Sandbox, api_for: ApiFor) -> None:
    await common.check_not_found(sandbox, api_for, IMAGES)


async def test_seed_002_the_example_error_comes_letter_for_letter(sandbox: Sandbox) -> None:
    image = await IMAGES.created(sandbox)

    response = await sandbox.api.patch(IMAGES.path(sandbox, image), depth=0.5)

    assert (response.status, response.json) == (400, json.loads(bodies.IMAGE_ERROR))
