"""Seed 000, the page on mipmaps and assets."""

import json
from pathlib import Path

import pytest

from tests.seeds import bodies
from tests.seeds.sandbox import IMMUTABLE, Sandbox, assert_matches, pages, photo, webp
from tests.server import samples
from tests.server.conftest import ApiFor, ApiIn

PATHS = ("mipmaps/{}", "mipmaps/{}/0", "assets/{}")
"""The paths of the three endpoints for a hash."""


@pytest.fixture
async def large(sandbox: Sandbox) -> Sandbox:
    """The sandbox with the picture of the examples."""
    picture = await sandbox.upload("images", photo(4096, 3072), "original-photo.jpg")
    sandbox.ids["cbcb439a796b"] = picture["hash"]
    return sandbox


@pytest.fixture
async def small(sandbox: Sandbox) -> str:
    """The hash of a picture of 640 x 480 pixels."""
    return (await sandbox.upload("images", samples.picture(640, 480), "small.png"))["hash"]


@pytest.fixture
async def document(sandbox: Sandbox) -> str:
    """The hash of a PDF whose third page is larger than the others."""
    content = pages((100, 50), (50, 100), (300, 150))
    sandbox.ids["a1b2c3d4e5f6"] = (await sandbox.upload("pdfs", content, "report.pdf"))["hash"]
    return sandbox.ids["a1b2c3d4e5f6"]


# -- Key Concepts --


async def test_seed_000_each_level_halves_the_original(sandbox: Sandbox, small: str) -> None:
    sizes = [
        webp((await sandbox.api.call("GET", f"mipmaps/{small}/{level}", headers=sandbox.headers())).body).size
        for level in range(4)
    ]

    assert sizes == [(640, 480), (320, 240), (160, 120), (80, 60)]


@pytest.mark.parametrize(
    ("width", "height", "max_level"),
    [
        (4096, 3072, 5),
        (3840, 2160, 5),
        (1920, 1080, 4),
        (640, 480, 3),
        (129, 129, 1),
        (128, 128, 0),
        (1, 1, 0),
        (8192, 64, 5),
    ],
)
async def test_seed_000_the_highest_level_has_sides_of_2_to_128_pixels(
    sandbox: Sandbox, width: int, height: int, max_level: int
) -> None:
    created = await sandbox.upload("images", samples.picture(width, height), "a.png")

    info = (await sandbox.api.call("GET", f"mipmaps/{created['hash']}", headers=sandbox.headers())).json
    last = await sandbox.api.call("GET", f"mipmaps/{created['hash']}/{max_level}", headers=sandbox.headers())

    assert info == {"resolution": {"width": width, "height": height}, "max_level": max_level, "pages": 1}
    longest, shortest = max(webp(last.body).size), min(webp(last.body).size)
    assert longest <= 128 or shortest == 2, "halving stops at 2 pixels, however long the other side is"
    assert shortest >= min(2, width, height)


async def test_seed_000_levels_are_rendered_on_demand_and_cached(api_in: ApiIn, tmp_path: Path) -> None:
    def drawn() -> dict[str, int]:
        return {path.name: path.stat().st_mtime_ns for path in (tmp_path / "mipmaps").rglob("*") if path.is_file()}

    async with api_in(tmp_path) as api:
        sandbox = Sandbox(api.server, api.session, await api.server.create_canvas())
        picture = await sandbox.upload("images", samples.picture(640, 480), "a.png")
        assert drawn() == {}
        first = await api.call("GET", f"mipmaps/{picture['hash']}/1", headers=sandbox.headers())
        kept = drawn()
        second = await api.call("GET", f"mipmaps/{picture['hash']}/1", headers=sandbox.headers())

        assert kept
        assert drawn() == kept
        assert first.body == second.body


@pytest.mark.parametrize(
    ("endpoint", "content"),
    [
        ("images", samples.picture(40, 30, kind="JPEG")),
        ("images", samples.picture(40, 30)),
        ("images", samples.picture(40, 30, kind="GIF")),
        ("pdfs", samples.document(width=40, height=30)),
    ],
)
async def test_seed_000_levels_are_webp_for_all_formats(sandbox: Sandbox, endpoint: str, content: bytes) -> None:
    created = await sandbox.upload(endpoint, content, "original")

    level = await sandbox.api.call("GET", f"mipmaps/{created['hash']}/0", headers=sandbox.headers())

    assert level.headers["Content-Type"] == "image/webp"
    assert min(webp(level.body).size) >= 30


@pytest.mark.parametrize("path", PATHS)
async def test_seed_000_all_responses_are_immutable(sandbox: Sandbox, small: str, path: str) -> None:
    response = await sandbox.api.call("GET", path.format(small), headers=sandbox.headers())

    assert (response.status, response.headers["Cache-Control"]) == (200, IMMUTABLE)


async def test_seed_000_the_hash_changes_with_the_content(sandbox: Sandbox, small: str) -> None:
    same = await sandbox.upload("images", samples.picture(640, 480), "another-name.png")
    other = await sandbox.upload("images", samples.picture(640, 480, colour="#0000ff"), "small.png")

    assert same["hash"] == small != other["hash"]


async def test_seed_000_pages_are_counted_from_0_and_0_is_the_default(sandbox: Sandbox, document: str) -> None:
    async def resolution(query: str) -> object:
        response = await sandbox.api.call("GET", f"mipmaps/{document}{query}", headers=sandbox.headers())
        assert response.json["pages"] == 3
        return response.json["resolution"]

    assert await resolution("") == await resolution("?page=0") == {"width": 200, "height": 100}
    assert await resolution("?page=1") == {"width": 100, "height": 200}


async def test_seed_000_hashes_of_images_pdfs_and_backgrounds_give_access(sandbox: Sandbox) -> None:
    image = await sandbox.upload("images", samples.picture(10, 10), "a.png")
    pdf = await sandbox.upload("pdfs", samples.document(), "b.pdf")
    created = await sandbox.api.form(f"{sandbox.path}/background", ("data", samples.picture(20, 20), "c.png"))
    background = await sandbox.api.ready(f"{sandbox.path}/background")

    assert created.status == 200
    for found in (image["hash"], pdf["hash"], background["image"]["hash"]):
        for path in PATHS:
            response = await sandbox.api.call("GET", path.format(found), headers=sandbox.headers())
            assert response.status == 200, response.body


# -- Authentication --


@pytest.mark.parametrize("path", PATHS)
async def test_seed_000_both_headers_are_required(sandbox: Sandbox, small: str, path: str) -> None:
    address, headers = sandbox.api.url(path.format(small)), sandbox.headers()

    async def status(*names: str) -> tuple[int, list[str]]:
        chosen = {name: headers[name] for name in names}
        async with sandbox.session.get(address, headers=chosen) as response:
            body = await response.read()
            return response.status, list(json.loads(body)) if response.status != 200 else []

    assert await status("Private-Token", "canvas-id") == (200, [])
    assert await status("Private-Token") == (404, ["msg"])
    assert await status("canvas-id") == (401, ["msg"])
    assert await status() == (404, ["msg"])


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("name", ["canvasId", "canvas-id", "canvas_id"])
async def test_seed_000_a_canvas_id_in_the_query_does_not_count(
    sandbox: Sandbox, small: str, path: str, name: str
) -> None:
    response = await sandbox.api.get(f"{path.format(small)}?{name}={sandbox.canvas_id}")

    assert response.status == 404
    assert response.msg


async def test_seed_000_the_canvas_must_show_the_asset(sandbox: Sandbox, small: str) -> None:
    elsewhere = await sandbox.server.create_canvas("Elsewhere")

    for path in PATHS:
        response = await sandbox.api.get(path.format(small), canvas_id=elsewhere)
        assert response.status == 404
        assert response.msg


# -- Get Mipmap Info --


async def test_seed_000_get_mipmap_info_example(large: Sandbox) -> None:
    response = await large.run("mipmap info")

    assert response.status == 200
    assert response.headers["Content-Type"].startswith("application/json")
    assert_matches(response.json, json.loads(bodies.MIPMAP_INFO))


async def test_seed_000_get_mipmap_info_of_a_pdf_page_example(sandbox: Sandbox, document: str) -> None:
    response = await sandbox.run("mipmap info of a page")

    assert response.status == 200
    assert_matches(response.json, json.loads(bodies.MIPMAP_INFO) | {"pages": 3}, ignoring=("resolution", "max_level"))
    assert response.json["resolution"] == {"width": 600, "height": 300}, "the third page is the large one"


# -- Download a Mipmap Level --


async def test_seed_000_download_the_smallest_mipmap_example(large: Sandbox) -> None:
    response = await large.run("smallest mipmap")

    assert (response.status, webp(response.body).size) == (200, (128, 96))
    assert response.headers["Cache-Control"] == IMMUTABLE
    assert 'filename="original-photo-0-5.webp"' in response.headers["Content-Disposition"]


async def test_seed_000_download_the_half_resolution_example(large: Sandbox) -> None:
    response = await large.run("half-resolution mipmap")

    assert (response.status, webp(response.body).size) == (200, (2048, 1536))
    assert "filename=" in response.headers["Content-Disposition"]


async def test_seed_000_download_a_mipmap_of_a_pdf_page(sandbox: Sandbox, document: str) -> None:
    sizes = [
        webp((await sandbox.api.call("GET", f"mipmaps/{document}/0{query}", headers=sandbox.headers())).body).size
        for query in ("", "?page=2")
    ]

    assert sizes == [(200, 100), (600, 300)]


# -- Download an Asset by Hash --


async def test_seed_000_download_an_asset_example(large: Sandbox) -> None:
    response = await large.run("asset")

    assert (response.status, response.body) == (200, photo(4096, 3072))
    assert response.headers["Cache-Control"] == IMMUTABLE
    assert 'filename="original-photo.jpg"' in response.headers["Content-Disposition"]


@pytest.mark.parametrize(
    ("endpoint", "content", "content_type"),
    [
        ("images", samples.picture(kind="JPEG"), "image/jpeg"),
        ("images", samples.picture(kind="PNG"), "image/png"),
        ("pdfs", samples.document(), "application/pdf"),
        ("videos", samples.MP4, "video/mp4"),
    ],
)
async def test_seed_000_an_asset_is_in_its_original_format(
    sandbox: Sandbox, endpoint: str, content: bytes, content_type: str
) -> None:
    created = await sandbox.upload(endpoint, content, "original")

    response = await sandbox.api.call("GET", f"assets/{created['hash']}", headers=sandbox.headers())

    assert (response.body, response.headers["Content-Type"]) == (content, content_type)


@pytest.mark.parametrize("path", PATHS)
async def test_seed_000_streaming_is_not_supported(sandbox: Sandbox, small: str, path: str) -> None:
    response = await sandbox.api.call("GET", f"{path.format(small)}?subscribe", headers=sandbox.headers())

    assert response.status == 200
    assert int(response.headers["Content-Length"]) == len(response.body) > 0


# -- Error Responses --


@pytest.mark.parametrize("level", ["-1", "4", "99", "999999999999"])
async def test_seed_000_a_level_out_of_range_gives_400(sandbox: Sandbox, small: str, level: str) -> None:
    response = await sandbox.api.call("GET", f"mipmaps/{small}/{level}", headers=sandbox.headers())

    assert response.status == 400
    assert response.msg


@pytest.mark.parametrize("path", PATHS)
async def test_seed_000_a_missing_or_invalid_token_gives_401(
    sandbox: Sandbox, api_for: ApiFor, small: str, path: str
) -> None:
    responses = [
        await api_for(token).get(path.format(small), canvas_id=sandbox.canvas_id) for token in (None, "invalid")
    ]

    assert [response.status for response in responses] == [401, 401]
    assert all(response.msg for response in responses)


@pytest.mark.parametrize("path", PATHS)
async def test_seed_000_a_blocked_user_gets_403(sandbox: Sandbox, api_for: ApiFor, small: str, path: str) -> None:
    blocked = api_for(sandbox.server.add_user("owner", blocked=True))

    response = await blocked.get(path.format(small), canvas_id=sandbox.canvas_id)

    assert response.status == 403
    assert response.msg


@pytest.mark.parametrize("path", PATHS)
async def test_seed_000_an_unknown_hash_and_no_access_give_404(
    sandbox: Sandbox, api_for: ApiFor, small: str, path: str
) -> None:
    elsewhere = await sandbox.server.create_canvas("Elsewhere")
    stranger = api_for(sandbox.server.add_user("owner", canvases=[elsewhere]))

    unknown = await sandbox.api.get(path.format("0123456789ab"), canvas_id=sandbox.canvas_id)
    hidden = await stranger.get(path.format(small), canvas_id=sandbox.canvas_id)

    assert (unknown.status, hidden.status) == (404, 404)
    assert unknown.msg
    assert hidden.msg


@pytest.mark.parametrize(
    ("endpoint", "content"), [("videos", samples.MP4), ("images", samples.SVG)], ids=["video", "svg"]
)
async def test_seed_000_an_asset_type_without_mipmaps_gives_501(
    sandbox: Sandbox, endpoint: str, content: bytes
) -> None:
    created = await sandbox.upload(endpoint, content, "original")

    responses = [
        await sandbox.api.call("GET", f"mipmaps/{created['hash']}{tail}", headers=sandbox.headers())
        for tail in ("", "/0")
    ]

    assert [response.status for response in responses] == [501, 501]
    assert all(response.msg for response in responses)
