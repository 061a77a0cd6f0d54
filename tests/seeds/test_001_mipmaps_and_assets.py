"""Seed 001, the older page on mipmaps and assets, where it adds to seed 000 or differs from it."""

import json
from io import BytesIO

import pytest
from PIL import Image

from canvus_async import (
    ApiError,
    BadRequest,
    Forbidden,
    NotFound,
    NotSupported,
    Size,
    Unauthorized,
)
from canvus_async.models import CanvasBackground, MipmapInfo
from tests.seeds import bodies
from tests.seeds.sandbox import IMMUTABLE, Sandbox, assert_matches, pages, photo, replay, webp
from tests.server import samples
from tests.server.conftest import ApiFor

PATHS = ("mipmaps/{}", "mipmaps/{}/0", "assets/{}")


@pytest.fixture
async def document(sandbox: Sandbox) -> Sandbox:
    """The sandbox with a PDF of two pages; the second has 512 x 384 points, or 1024 x 768 pixels."""
    content = pages((100, 50), (512, 384))
    sandbox.ids["abcdef123456"] = (await sandbox.upload("pdfs", content, "slides.pdf"))["hash"]
    return sandbox


# -- Key Concepts --


async def test_seed_001_levels_are_webp_with_or_without_alpha(sandbox: Sandbox) -> None:
    file = BytesIO()
    Image.new("RGBA", (40, 30), (255, 0, 0, 100)).save(file, "PNG")
    see_through = await sandbox.upload("images", file.getvalue(), "see-through.png")
    opaque = await sandbox.upload("images", photo(40, 30), "opaque.jpg")

    levels = [
        webp((await sandbox.api.call("GET", f"mipmaps/{each['hash']}/0", headers=sandbox.headers())).body)
        for each in (see_through, opaque)
    ]

    assert [level.mode for level in levels] == ["RGBA", "RGB"]
    assert levels[0].getpixel((20, 15))[3] == 100


async def test_seed_001_images_and_pdfs_have_mipmaps(sandbox: Sandbox) -> None:
    image = await sandbox.upload("images", samples.picture(), "a.png")
    pdf = await sandbox.upload("pdfs", samples.document(), "a.pdf")

    for found in (image["hash"], pdf["hash"]):
        assert (await sandbox.api.call("GET", f"mipmaps/{found}", headers=sandbox.headers())).status == 200


@pytest.mark.parametrize("path", PATHS)
async def test_seed_001_all_endpoints_allow_long_term_caching(document: Sandbox, path: str) -> None:
    response = await document.api.call("GET", path.format(document.ids["abcdef123456"]), headers=document.headers())

    assert (response.status, response.headers["Cache-control"]) == (200, IMMUTABLE)


async def test_seed_001_a_background_has_its_hash_in_image(sandbox: Sandbox) -> None:
    await sandbox.api.form(f"{sandbox.path}/background", ("data", samples.picture(20, 10), "wall.png"))
    background = await sandbox.api.ready(f"{sandbox.path}/background")
    (shown,) = [
        each
        for each in (await sandbox.api.get(f"{sandbox.path}/widgets")).json
        if each["widget_type"] == "CanvasBackground"
    ]

    info = await sandbox.api.call("GET", f"mipmaps/{shown['image']['hash']}", headers=sandbox.headers())

    assert shown == background
    assert info.json["resolution"] == {"width": 20, "height": 10}


async def test_seed_001_client_decodes_the_hash_of_a_background() -> None:
    body = {"widget_type": "CanvasBackground", "state": "normal", "type": "image", "image": {"hash": "abcdef123456"}}

    async with replay(json.dumps(body)) as replayed:
        background = await replayed.canvas.background.get()

    assert isinstance(background, CanvasBackground)
    assert background.image is not None
    assert background.image.hash == "abcdef123456"


@pytest.mark.parametrize("path", PATHS)
async def test_seed_001_only_a_header_names_the_canvas(document: Sandbox, path: str) -> None:
    found = path.format(document.ids["abcdef123456"])

    by_query = await document.api.get(f"{found}?canvas-id={document.canvas_id}")
    by_path = await document.api.call("GET", f"{document.path}/{found}", headers=document.headers())
    by_header = await document.api.get(found, canvas_id=document.canvas_id)

    assert (by_query.status, by_path.status, by_header.status) == (404, 404, 200)


async def test_seed_001_client_accepts_a_server_that_needs_no_token() -> None:
    async with replay(bodies.OLDER_MIPMAP_INFO) as replayed:
        assert (await replayed.canvas.mipmaps.info("abcdef123456")).pages == 1


# -- Endpoints --


async def test_seed_001_get_mipmap_info_example(document: Sandbox) -> None:
    response = await document.run("older mipmap info")

    assert response.status == 200
    assert_matches(response.json, json.loads(bodies.OLDER_MIPMAP_INFO), ignoring=("max_level", "pages"))
    assert response.json["pages"] == 2, "page 1 is the second page, so there must be two"


async def test_seed_001_the_example_contradicts_the_rule_for_max_level(document: Sandbox) -> None:
    """Level 3 of 1024 x 768 has 128 x 96, so by the rule of both pages `max_level` is 3; the example has 4."""
    response = await document.run("older mipmap info")

    assert response.json["max_level"] == 3
    assert json.loads(bodies.OLDER_MIPMAP_INFO)["max_level"] == 4


async def test_seed_001_client_uses_the_max_level_of_the_server() -> None:
    async with replay(bodies.OLDER_MIPMAP_INFO, canvas_id="123") as replayed:
        info = await replayed.canvas.mipmaps.info("abcdef123456", page=1)

    assert info == MipmapInfo(resolution=Size(1024, 768), max_level=4, pages=1)
    assert info.level_for(60, 40) == 4
    assert replayed.sent == [("GET", "/api/v1/mipmaps/abcdef123456?page=1")]
    assert replayed.server.requests[0].headers["canvas-id"] == "123"


async def test_seed_001_get_mipmap_level_example(document: Sandbox) -> None:
    response = await document.run("older mipmap level")

    assert (response.status, webp(response.body).size) == (200, (256, 192))


async def test_seed_001_client_fetches_a_mipmap_level() -> None:
    content = samples.picture(256, 192, kind="WEBP")

    async with replay(content, 200, "Content-Type: image/webp", canvas_id="123") as replayed:
        assert await replayed.canvas.mipmaps.fetch("abcdef123456", 2, page=1) == content

    assert replayed.sent == [("GET", "/api/v1/mipmaps/abcdef123456/2?page=1")]


async def test_seed_001_get_asset_by_hash_example(document: Sandbox) -> None:
    response = await document.run("older asset")

    assert response.status == 200
    assert response.body.startswith(b"%PDF-")


async def test_seed_001_client_fetches_an_asset() -> None:
    content = samples.document()

    async with replay(content, 200, "Content-Type: application/pdf", canvas_id="123") as replayed:
        assert await replayed.canvas.assets.fetch("abcdef123456") == content

    assert replayed.sent == [("GET", "/api/v1/assets/abcdef123456")]


# -- Error Codes --


async def test_seed_001_a_level_out_of_range_gives_400(document: Sandbox) -> None:
    for level in ("-1", "4"):
        path = f"mipmaps/{document.ids['abcdef123456']}/{level}?page=1"
        assert (await document.api.call("GET", path, headers=document.headers())).status == 400


@pytest.mark.parametrize("path", PATHS)
async def test_seed_001_statuses_without_access(document: Sandbox, api_for: ApiFor, path: str) -> None:
    found = path.format(document.ids["abcdef123456"])
    elsewhere = await document.server.create_canvas()

    statuses = [
        (await api_for(token).get(found, canvas_id=document.canvas_id)).status
        for token in (
            None,
            document.server.add_user("edit", blocked=True),
            document.server.add_user("edit", canvases=[elsewhere]),
        )
    ]

    assert statuses == [401, 403, 404]


async def test_seed_001_an_unsupported_type_gives_501(sandbox: Sandbox) -> None:
    film = await sandbox.upload("videos", samples.MP4, "film.mp4")

    assert (await sandbox.api.call("GET", f"mipmaps/{film['hash']}", headers=sandbox.headers())).status == 501


@pytest.mark.parametrize(
    ("status", "error"),
    [(400, BadRequest), (401, Unauthorized), (403, Forbidden), (404, NotFound), (501, NotSupported)],
)
async def test_seed_001_client_raises_the_class_of_each_error(status: int, error: type[ApiError]) -> None:
    async with replay(b"", status) as replayed:
        with pytest.raises(error):
            await replayed.canvas.mipmaps.info("abcdef123456")


# -- Notes --


async def test_seed_001_no_endpoint_lists_levels(document: Sandbox) -> None:
    for path in ("mipmaps", "mipmaps/", f"mipmaps/{document.ids['abcdef123456']}/levels/all"):
        assert (await document.api.call("GET", path, headers=document.headers())).status == 404


async def test_seed_001_the_original_can_always_be_downloaded(sandbox: Sandbox) -> None:
    for endpoint, content in (
        ("images", samples.picture()),
        ("images", samples.SVG),
        ("pdfs", samples.document()),
        ("videos", samples.MP4),
    ):
        created = await sandbox.upload(endpoint, content, "original")
        response = await sandbox.api.call("GET", f"assets/{created['hash']}", headers=sandbox.headers())
        assert (response.status, response.body) == (200, content)


@pytest.mark.parametrize("path", PATHS)
async def test_seed_001_the_paths_are_not_below_a_canvas(document: Sandbox, path: str) -> None:
    found = path.format(document.ids["abcdef123456"])

    assert (await document.api.call("GET", found, headers=document.headers())).status == 200
    assert (await document.api.call("GET", f"{document.path}/{found}", headers=document.headers())).status == 404
