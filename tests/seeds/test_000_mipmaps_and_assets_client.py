"""Seed 000, the page on mipmaps and assets, through the client."""

from pathlib import Path

import pytest

from canvus_async import (
    ApiError,
    BadRequest,
    Client,
    Forbidden,
    NotFound,
    NotSupported,
    Size,
    Unauthorized,
)
from canvus_async.models import MipmapInfo
from tests.seeds import bodies
from tests.seeds.sandbox import IMMUTABLE, Sandbox, photo, replay, webp
from tests.server import samples


async def test_seed_000_client_decodes_mipmap_info() -> None:
    async with replay(bodies.MIPMAP_INFO, 200, f"Cache-Control: {IMMUTABLE}") as replayed:
        info = await replayed.canvas.mipmaps.info("cbcb439a796b")

    assert info == MipmapInfo(resolution=Size(4096, 3072), max_level=5, pages=1)
    (request,) = replayed.server.requests
    assert (request.method, request.target) == ("GET", "/api/v1/mipmaps/cbcb439a796b")
    assert request.headers["private-token"] == "YOUR_TOKEN"
    assert request.headers["canvas-id"] == "3ad9ece4-28be-4e19-9f9a-1a01a4dbae28"


async def test_seed_000_client_sends_the_page() -> None:
    async with replay(bodies.MIPMAP_INFO) as replayed:
        await replayed.canvas.mipmaps.info("a1b2c3d4e5f6", page=2)

    assert replayed.sent == [("GET", "/api/v1/mipmaps/a1b2c3d4e5f6?page=2")]


async def test_seed_000_client_fetches_and_downloads_a_mipmap(tmp_path: Path) -> None:
    content = samples.picture(128, 96, kind="WEBP")
    headers = ("Content-Type: image/webp", f"Cache-Control: {IMMUTABLE}", 'Content-Disposition: inline; filename="a"')

    async with replay(content, 200, *headers) as replayed:
        fetched = await replayed.canvas.mipmaps.fetch("cbcb439a796b", 5)
        saved = await replayed.canvas.mipmaps.download("cbcb439a796b", 1, to=tmp_path / "half-res.webp")

    assert fetched == saved.read_bytes() == content
    assert replayed.sent == [("GET", f"/api/v1/mipmaps/cbcb439a796b/{level}") for level in (5, 1)]


async def test_seed_000_client_fetches_and_downloads_an_asset(tmp_path: Path) -> None:
    content = samples.picture(kind="JPEG")
    async with replay(content, 200, "Content-Type: image/jpeg", f"Cache-Control: {IMMUTABLE}") as replayed:
        fetched = await replayed.canvas.assets.fetch("cbcb439a796b")
        saved = await replayed.canvas.assets.download("cbcb439a796b", to=tmp_path / "original-photo.jpg")

    assert fetched == saved.read_bytes() == content
    assert replayed.sent == [("GET", "/api/v1/assets/cbcb439a796b")] * 2
    assert replayed.server.requests[0].headers["canvas-id"] == "3ad9ece4-28be-4e19-9f9a-1a01a4dbae28"


@pytest.mark.parametrize(
    ("status", "error"),
    [(400, BadRequest), (401, Unauthorized), (403, Forbidden), (404, NotFound), (501, NotSupported)],
)
async def test_seed_000_client_raises_the_class_of_each_error_with_its_msg(
    status: int, error: type[ApiError], tmp_path: Path
) -> None:
    async with replay(bodies.MIPMAP_ERROR, status) as replayed:
        calls = (
            replayed.canvas.mipmaps.info("cbcb439a796b"),
            replayed.canvas.mipmaps.fetch("cbcb439a796b", 9),
            replayed.canvas.mipmaps.download("cbcb439a796b", 9, to=tmp_path / "a.webp"),
            replayed.canvas.assets.fetch("cbcb439a796b"),
            replayed.canvas.assets.download("cbcb439a796b", to=tmp_path / "a.jpg"),
        )
        for call in calls:
            with pytest.raises(error) as caught:
                await call
            assert (caught.value.status, caught.value.msg) == (status, "error description")

    assert list(tmp_path.iterdir()) == []


async def test_seed_000_typical_workflow(sandbox: Sandbox) -> None:
    content = photo(1000, 500)
    created = await sandbox.upload("images", content, "photo.jpg")

    async with Client(sandbox.server.url, token=sandbox.server.token) as client:
        canvas = client.canvas(sandbox.canvas_id)
        (image,) = [widget for widget in await canvas.widgets.list() if widget.id == created["id"]]
        found = (await canvas.images.get(image.id)).hash
        info = await canvas.mipmaps.info(found)
        level = info.level_for(200, 100)
        small = webp(await canvas.mipmaps.fetch(found, level))
        original = await canvas.assets.fetch(found)

    assert (info.resolution, info.max_level, info.pages, level) == (Size(1000, 500), 3, 1, 2)
    assert small.size == (250, 125)
    assert original == content
