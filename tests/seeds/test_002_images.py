"""Seed 002, images, line by line."""

import json
from pathlib import Path

import aiohttp
import pytest

from canvus_async.server import CanvusServer
from tests.seeds import bodies, common
from tests.seeds.common import FileKind
from tests.seeds.stage import UUID, Stage, assert_like, photo
from tests.server import samples
from tests.server.conftest import Ask, AskIn

IMAGES = FileKind("images", "Image", photo(160, 90), "team-photo.jpg")
IMAGE = "40a30897-57ea-4c35-9bf8-64db7fc710e0"
OURS = ("id", "parent_id", "hash")
"""What every server has its own values for."""


@pytest.fixture
async def team_photo(stage: Stage) -> Stage:
    """The stage with the image of the examples on it."""
    made = await stage.place(
        "images",
        photo(1280, 720),
        "team-photo.jpg",
        location={"x": 5130.68, "y": 2164.98},
        depth=2.0,
        title="Team Photo",
    )
    stage.ids[IMAGE] = made["id"]
    return stage


# -- Authentication --


async def test_seed_002_authentication_by_token_or_cookie(stage: Stage, ask: Ask) -> None:
    await common.check_token_and_cookie(stage, ask, IMAGES)


async def test_seed_002_authentication_by_link_sharing(stage: Stage, ask: Ask) -> None:
    await common.check_link_sharing(stage, ask, IMAGES)


async def test_seed_002_view_only_users_get_403_on_any_write(stage: Stage, ask: Ask) -> None:
    await common.check_viewers_write_nothing(stage, ask, IMAGES)


async def test_seed_002_writing_takes_edit_access(stage: Stage, ask: Ask) -> None:
    await common.check_editors_write(stage, ask, IMAGES)


# -- Common Widget Properties, Image-Specific Properties --


async def test_seed_002_read_only_properties_are_sent_in_vain(stage: Stage) -> None:
    await common.check_read_only(stage, IMAGES)


async def test_seed_002_patchable_properties_change_alone_and_read_back(stage: Stage) -> None:
    note = (await stage.api.post(f"{stage.path}/notes", {})).json
    await common.check_patchable(
        stage,
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


async def test_seed_002_defaults(stage: Stage) -> None:
    bare = await stage.api.form(f"{stage.path}/images", ("data", photo(160, 90), None))

    defaults = {"title": "", "original_filename": "", "scale": 1, "pinned": False, "state": "normal", "hash": ""}
    assert {name: bare.json[name] for name in defaults} == defaults
    assert shape_of_place(bare.json) == {"location": {"x", "y"}, "size": {"width", "height"}}
    assert bare.json["depth"] >= 1.0


def shape_of_place(widget: dict[str, dict[str, float]]) -> dict[str, set[str]]:
    return {name: set(widget[name]) for name in ("location", "size")}


async def test_seed_002_each_id_is_new_and_a_uuid(stage: Stage) -> None:
    ids = [(await IMAGES.made(stage))["id"] for _ in range(3)]

    assert len(set(ids)) == 3
    assert all(UUID.fullmatch(each) for each in ids)


async def test_seed_002_the_location_is_relative_to_the_parent(stage: Stage) -> None:
    await common.check_parent(stage, IMAGES)


async def test_seed_002_a_size_is_a_box_when_made_and_when_changed(stage: Stage) -> None:
    made = await IMAGES.made(stage, size={"width": 1000, "height": 90})
    wide = (await stage.api.patch(IMAGES.path(stage, made), size={"width": 160, "height": 9000})).json
    high = (await stage.api.patch(IMAGES.path(stage, made), size={"width": 9000, "height": 180})).json

    assert [each["size"] for each in (made, wide, high)] == [
        {"width": 160, "height": 90},
        {"width": 160, "height": 90},
        {"width": 320, "height": 180},
    ]


async def test_seed_002_a_higher_depth_is_kept_as_sent(stage: Stage) -> None:
    made = await IMAGES.made(stage, depth=3.5)

    assert made["depth"] == 3.5


async def test_seed_002_pinned_does_not_bind_the_api(stage: Stage) -> None:
    await common.check_pinned(stage, IMAGES)


async def test_seed_002_auto_raise_brings_to_the_front_once(stage: Stage) -> None:
    await common.check_auto_raise(stage, IMAGES)


# -- Streaming --


async def test_seed_002_streaming_of_the_list_and_of_one(session: aiohttp.ClientSession) -> None:
    async with CanvusServer(processing_delay=0.01, keepalive=0.05) as server:
        await common.check_streams(server, Stage(server, session, await server.create_canvas()), IMAGES)


# -- List Images, Get Single Image --


async def test_seed_002_list_images_example(team_photo: Stage) -> None:
    reply = await team_photo.play("list images")

    (example,), (image,) = json.loads(bodies.IMAGE_LIST), reply.json
    assert (reply.status, reply.headers["Content-Type"]) == (200, "application/json; charset=utf-8")
    assert_like(image, example, but=OURS)


async def test_seed_002_get_single_image_example(team_photo: Stage) -> None:
    reply = await team_photo.play("get image")

    assert reply.status == 200
    assert_like(reply.json, json.loads(bodies.IMAGE), but=OURS)
    assert reply.json["id"] == team_photo.ids[IMAGE]


# -- Create Image --


async def test_seed_002_create_image_with_metadata_example(stage: Stage) -> None:
    reply = await stage.play("create image", architecture_png=samples.picture(1600, 900))

    assert reply.status == 200
    assert_like(reply.json, json.loads(bodies.IMAGE_CREATED), but=("id", "parent_id", "location"))


async def test_seed_002_create_image_without_metadata_example(stage: Stage) -> None:
    reply = await stage.play("create image without metadata", photo_jpg=photo(1600, 900))

    example = json.loads(bodies.IMAGE_CREATED) | {"title": "", "original_filename": "photo.jpg", "depth": 1.0}
    assert_like(reply.json, example, but=("id", "parent_id", "location"))


async def test_seed_002_create_image_needs_a_file(stage: Stage) -> None:
    await common.check_file_is_needed(stage, IMAGES)


async def test_seed_002_create_image_takes_every_property(stage: Stage) -> None:
    note = (await stage.api.post(f"{stage.path}/notes", {})).json
    await common.check_create_fields(
        stage,
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
async def test_seed_002_create_image_takes_jpeg_png_svg_and_others(stage: Stage, content: bytes) -> None:
    assert (await stage.place("images", content, "a"))["hash"]


async def test_seed_002_the_hash_is_empty_at_first_and_follows(stage: Stage) -> None:
    await common.check_hash_follows(stage, IMAGES)


async def test_seed_002_equal_files_are_kept_once(ask_in: AskIn, tmp_path: Path) -> None:
    async with ask_in(tmp_path) as api:
        stage = Stage(api.server, api.session, await api.server.create_canvas())
        hashes = {(await stage.place("images", photo(16, 9), name))["hash"] for name in ("a.jpg", "b.jpg")}
        hashes.add((await stage.place("images", photo(9, 16), "c.jpg"))["hash"])

        assert len(hashes) == 2
        assert len([path for path in (tmp_path / "assets").rglob("*") if path.is_file()]) == 2


# -- Update Image --


async def test_seed_002_update_image_move_and_pin_example(team_photo: Stage) -> None:
    before = (await team_photo.play("get image")).json

    reply = await team_photo.play("move and pin image")

    assert reply.status == 200
    assert reply.json == before | {"location": {"x": 2000, "y": 1500}, "pinned": True}


async def test_seed_002_update_image_resize_aspect_ratio_example(team_photo: Stage) -> None:
    await team_photo.play("move and pin image")

    reply = await team_photo.play("resize image")

    assert reply.status == 200
    assert {"size": reply.json["size"]} == json.loads(bodies.IMAGE_RESIZED)
    assert_like(reply.json, json.loads(bodies.IMAGE_UPDATED), but=OURS)
    assert (await team_photo.play("get image")).json == reply.json


async def test_seed_002_a_depth_below_1_is_refused_in_these_words(stage: Stage) -> None:
    await common.check_depth(stage, IMAGES)


async def test_seed_002_a_size_without_area_is_refused(stage: Stage) -> None:
    await common.check_size(stage, IMAGES)


# -- Download Image, Delete Image --


async def test_seed_002_download_image_example(team_photo: Stage) -> None:
    reply = await team_photo.play("download image")

    assert (reply.status, reply.body) == (200, photo(1280, 720))
    assert reply.headers["Content-Type"] == "image/jpeg"


async def test_seed_002_download_image_is_an_attachment_for_ever(stage: Stage) -> None:
    await common.check_download(stage, IMAGES)


async def test_seed_002_delete_image_example(team_photo: Stage) -> None:
    reply = await team_photo.play("delete image")

    assert (reply.status, reply.body) == (200, b"")
    assert (await team_photo.play("get image")).status == 404


async def test_seed_002_delete_image_removes_its_file_too(stage: Stage) -> None:
    await common.check_delete(stage, IMAGES)


# -- Error Responses --


async def test_seed_002_what_does_not_exist_is_a_404(stage: Stage, ask: Ask) -> None:
    await common.check_not_found(stage, ask, IMAGES)


async def test_seed_002_the_example_error_comes_letter_for_letter(stage: Stage) -> None:
    image = await IMAGES.made(stage)

    reply = await stage.api.patch(IMAGES.path(stage, image), depth=0.5)

    assert (reply.status, reply.json) == (400, json.loads(bodies.IMAGE_ERROR))
