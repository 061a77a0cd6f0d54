"""Seed 002, the page on images; see test_002_003_files for what it has in common with the page on PDFs."""

import json
from pathlib import Path

import pytest

from tests.seeds import bodies
from tests.seeds.file_types import IMAGES
from tests.seeds.sandbox import GENERATED, Sandbox, assert_matches, photo
from tests.server import samples
from tests.server.conftest import ApiIn


@pytest.fixture
async def example(sandbox: Sandbox) -> Sandbox:
    """The sandbox with the image of the examples."""
    await IMAGES.create_example(sandbox)
    return sandbox


# -- Common Widget Properties --


async def test_seed_002_the_size_is_a_bounding_box(sandbox: Sandbox) -> None:
    created = await IMAGES.create(sandbox, size={"width": 1000, "height": 90})
    wide = (await sandbox.api.patch(IMAGES.path(sandbox, created), size={"width": 160, "height": 9000})).json
    high = (await sandbox.api.patch(IMAGES.path(sandbox, created), size={"width": 9000, "height": 180})).json

    assert [each["size"] for each in (created, wide, high)] == [
        {"width": 160, "height": 90},
        {"width": 160, "height": 90},
        {"width": 320, "height": 180},
    ]


async def test_seed_002_the_depth_is_stored_as_sent(sandbox: Sandbox) -> None:
    created = await IMAGES.create(sandbox, depth=3.5)

    assert created["depth"] == 3.5


# -- Create Image --


async def test_seed_002_create_image_with_metadata_example(sandbox: Sandbox) -> None:
    response = await sandbox.run("create image", architecture_png=samples.picture(1600, 900))

    assert response.status == 200
    assert_matches(response.json, json.loads(bodies.IMAGE_CREATED), ignoring=("id", "parent_id", "location"))


async def test_seed_002_create_image_without_metadata_example(sandbox: Sandbox) -> None:
    response = await sandbox.run("create image without metadata", photo_jpg=photo(1600, 900))

    example = json.loads(bodies.IMAGE_CREATED) | {"title": "", "original_filename": "photo.jpg", "depth": 1.0}
    assert_matches(response.json, example, ignoring=("id", "parent_id", "location"))


@pytest.mark.parametrize(
    "content", [photo(8, 8), samples.picture(8, 8), samples.SVG, samples.picture(8, 8, kind="WEBP")]
)
async def test_seed_002_create_image_accepts_jpeg_png_svg_and_others(sandbox: Sandbox, content: bytes) -> None:
    assert (await sandbox.upload("images", content, "a"))["hash"]


async def test_seed_002_equal_files_are_stored_once(api_in: ApiIn, tmp_path: Path) -> None:
    async with api_in(tmp_path) as api:
        sandbox = Sandbox(api.server, api.session, await api.server.create_canvas())
        hashes = {(await sandbox.upload("images", photo(16, 9), name))["hash"] for name in ("a.jpg", "b.jpg")}
        hashes.add((await sandbox.upload("images", photo(9, 16), "c.jpg"))["hash"])

        assert len(hashes) == 2
        assert len([path for path in (tmp_path / "assets").rglob("*") if path.is_file()]) == 2


# -- Update Image --


async def test_seed_002_update_image_move_and_pin_example(example: Sandbox) -> None:
    before = (await example.run("get image")).json

    response = await example.run("move and pin image")

    assert response.status == 200
    assert response.json == before | {"location": {"x": 2000, "y": 1500}, "pinned": True}


async def test_seed_002_update_image_resize_aspect_ratio_example(example: Sandbox) -> None:
    await example.run("move and pin image")

    response = await example.run("resize image")

    assert response.status == 200
    assert {"size": response.json["size"]} == json.loads(bodies.IMAGE_RESIZED)
    assert_matches(response.json, json.loads(bodies.IMAGE_UPDATED), ignoring=GENERATED)
    assert (await example.run("get image")).json == response.json
