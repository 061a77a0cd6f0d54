"""Mipmaps, assets and downloads: required headers, statuses, caching and byte ranges."""

import asyncio
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from canvus_async.server.http.file_responses import ByteRange, content_disposition, requested_range
from tests.server import samples
from tests.server.api import Api, eventually
from tests.server.conftest import ApiFor, ApiIn

CACHE = "private, max-age=157680000, immutable"


@pytest.fixture
async def image(api: Api, canvas: str) -> Any:
    created = (await api.upload(f"{canvas}/images", samples.picture(1024, 768), "team photo.png")).json
    return await api.ready(f"{canvas}/images/{created['id']}")


@pytest.fixture
def here(canvas: str) -> str:
    """The value of the canvas-id header."""
    return canvas.partition("/")[2]


async def test_mipmap_info_describes_the_levels(api: Api, image: Any, here: str) -> None:
    response = await api.get(f"mipmaps/{image['hash']}", canvas_id=here)

    assert response.json == {"resolution": {"width": 1024, "height": 768}, "max_level": 3, "pages": 1}
    assert response.headers["Cache-Control"] == CACHE


@pytest.mark.parametrize(("level", "size"), [(0, (1024, 768)), (1, (512, 384)), (3, (128, 96))])
async def test_each_level_is_a_webp_of_half_the_size(
    api: Api, image: Any, here: str, level: int, size: tuple[int, int]
) -> None:
    response = await api.get(f"mipmaps/{image['hash']}/{level}", canvas_id=here)

    assert response.headers["Content-Type"] == "image/webp"
    assert response.headers["Cache-Control"] == CACHE
    assert f'filename="team photo-0-{level}.webp"' in response.headers["Content-Disposition"]
    with Image.open(BytesIO(response.body)) as picture:
        assert (picture.format, picture.size) == ("WEBP", size)


async def test_an_asset_is_the_uploaded_file_with_its_name(api: Api, canvas: str, image: Any, here: str) -> None:
    by_hash = await api.get(f"assets/{image['hash']}", canvas_id=here)
    by_id = await api.get(f"{canvas}/images/{image['id']}/download")

    for response in (by_hash, by_id):
        assert response.body == samples.picture(1024, 768)
        assert response.headers["Content-Type"] == "image/png"
        assert response.headers["Cache-Control"] == CACHE
        assert response.headers["ETag"] == f'"{image["hash"]}"'
        assert response.headers["Content-Disposition"] == (
            "attachment; filename=\"team photo.png\"; filename*=UTF-8''team%20photo.png"
        )


async def test_a_page_of_a_document_is_selected_by_number(api: Api, canvas: str, here: str) -> None:
    created = (await api.upload(f"{canvas}/pdfs", samples.document(3))).json
    hash_ = (await api.ready(f"{canvas}/pdfs/{created['id']}"))["hash"]

    info = (await api.get(f"mipmaps/{hash_}?page=2", canvas_id=here)).json
    level = await api.get(f"mipmaps/{hash_}/{info['max_level']}?page=2", canvas_id=here)
    beyond = await api.get(f"mipmaps/{hash_}?page=3", canvas_id=here)

    assert info["pages"] == 3
    assert level.body[:4] == b"RIFF"
    assert (beyond.status, bool(beyond.msg)) == (400, True)


@pytest.mark.parametrize("level", ["4", "-1", "1.5", "one", "9" * 400, "%20", "٣", "0x1"])
async def test_a_level_that_does_not_exist_is_a_bad_request(api: Api, image: Any, here: str, level: str) -> None:
    response = await api.get(f"mipmaps/{image['hash']}/{level}", canvas_id=here)

    assert (response.status, bool(response.msg)) == (400, True)


@pytest.mark.parametrize("page", ["1", "-1", "", "first", "9" * 400])
async def test_a_page_that_does_not_exist_is_a_bad_request(api: Api, image: Any, here: str, page: str) -> None:
    for path in (f"mipmaps/{image['hash']}?page={page}", f"mipmaps/{image['hash']}/0?page={page}"):
        assert (await api.get(path, canvas_id=here)).status == 400


@pytest.mark.parametrize("path", ["mipmaps/{}", "mipmaps/{}/0", "assets/{}"])
async def test_token_and_canvas_id_are_required_and_must_match(
    api_for: ApiFor, api: Api, image: Any, here: str, path: str
) -> None:
    server, path = api.server, path.format(image["hash"])
    other = await server.create_canvas("Other")
    limited = api_for(server.add_user("owner", canvases=[other]))
    blocked = api_for(server.add_user("owner", blocked=True))

    assert (await api.get(path, canvas_id=here)).status == 200
    assert (await api_for(server.add_user("view")).get(path, canvas_id=here)).status == 200
    for stranger in (api, api_for(None), api_for("unknown"), blocked):
        assert (await stranger.get(f"{path}?canvasId={here}&canvas-id={here}")).status == 404
    assert (await api_for(None).get(path, canvas_id=here)).status == 401
    assert (await api_for("unknown").get(path, canvas_id=here)).status == 401
    assert (await blocked.get(path, canvas_id=here)).status == 403
    assert (await limited.get(path, canvas_id=here)).status == 404
    assert (await api.get(path, canvas_id=other)).status == 404, "the file is not on that canvas"
    assert (await api.get(path, canvas_id="nowhere")).status == 404


@pytest.mark.parametrize("hash_", ["00", "..%2f..%2fcanvus.sqlite3", "%2e%2e", "a" * 64, "%00", "%ff"])
async def test_an_unknown_hash_is_not_found(api: Api, here: str, hash_: str) -> None:
    for path in (f"mipmaps/{hash_}", f"mipmaps/{hash_}/0", f"assets/{hash_}"):
        response = await api.get(path, canvas_id=here)
        assert (response.status, bool(response.msg)) == (404, True)


async def test_an_asset_is_not_found_after_its_last_widget_is_deleted(
    api: Api, canvas: str, image: Any, here: str
) -> None:
    await api.delete(f"{canvas}/images/{image['id']}")

    assert (await api.get(f"assets/{image['hash']}", canvas_id=here)).status == 404
    assert (await api.get(f"mipmaps/{image['hash']}/3", canvas_id=here)).status == 404


async def test_the_levels_of_a_deleted_asset_are_removed_from_disk(api_in: ApiIn, tmp_path: Path) -> None:
    async with api_in(tmp_path) as api:
        here = await api.server.create_canvas("Demo")
        created = []
        for name in ("one", "same", "other"):
            content = samples.picture(64, 64, colour="#00ff00" if name == "other" else "#ff0000")
            image = (await api.upload(f"canvases/{here}/images", content, f"{name}.png")).json
            created.append(await api.ready(f"canvases/{here}/images/{image['id']}"))
            assert (await api.get(f"mipmaps/{created[-1]['hash']}/0", canvas_id=here)).status == 200
        one, same, other = created
        levels = tmp_path / "mipmaps" / one["hash"][:2] / one["hash"]

        await api.delete(f"canvases/{here}/images/{one['id']}")
        assert (await api.get(f"mipmaps/{same['hash']}/0", canvas_id=here)).status == 200
        assert levels.is_dir()
        await api.delete(f"canvases/{here}/images/{same['id']}")
        await eventually(lambda: not levels.exists())
    levels.mkdir(parents=True)  # as if the server had been killed in between
    async with api_in(tmp_path):
        assert [path.name for path in tmp_path.glob("mipmaps/*/*")] == [other["hash"]]


@pytest.mark.parametrize(("kind", "content"), [("images", samples.SVG), ("videos", samples.MP4)])
async def test_a_file_without_mipmaps_can_be_downloaded(
    api: Api, canvas: str, here: str, kind: str, content: bytes
) -> None:
    created = (await api.upload(f"{canvas}/{kind}", content)).json
    hash_ = (await api.ready(f"{canvas}/{kind}/{created['id']}"))["hash"]

    for path in (f"mipmaps/{hash_}", f"mipmaps/{hash_}/0"):
        response = await api.get(path, canvas_id=here)
        assert (response.status, bool(response.msg)) == (501, True)
    assert (await api.get(f"assets/{hash_}", canvas_id=here)).body == content


async def test_concurrent_requests_for_a_level_are_all_served(api: Api, image: Any, here: str) -> None:
    responses = await asyncio.gather(*(api.get(f"mipmaps/{image['hash']}/1", canvas_id=here) for _ in range(8)))

    assert {response.status for response in responses} == {200}
    assert len({response.body for response in responses}) == 1


# -- byte ranges --


@pytest.mark.parametrize(
    ("header", "part"),
    [
        (None, None),
        ("bytes=0-99", ByteRange(0, 100)),
        ("bytes=100-", ByteRange(100, 1000)),
        ("bytes=-100", ByteRange(900, 1000)),
        ("bytes=-5000", ByteRange(0, 1000)),
        ("bytes=990-5000", ByteRange(990, 1000)),
        ("bytes=1000-", ByteRange(1000, 1000)),
        ("bytes=-0", ByteRange(1000, 1000)),
        ("bytes=5-4", None),
        ("bytes=-", None),
        ("bytes=0-1,5-6", None),
        ("bytes=a-b", None),
        ("items=0-5", None),
        ("bytes=" + "9" * 30 + "-", None),
    ],
)
def test_a_range_header_is_parsed_or_ignored(header: str | None, part: ByteRange | None) -> None:
    assert requested_range(header, 1000) == part


@pytest.fixture(params=["small", "large"])
async def file(request: pytest.FixtureRequest, api: Api, canvas: str) -> tuple[str, bytes]:
    """The path and the content of a download: a small one from memory, and a large one sent with sendfile."""
    content = samples.picture() if request.param == "small" else samples.noise(400, 400)
    created = (await api.upload(f"{canvas}/images", content)).json
    await api.ready(f"{canvas}/images/{created['id']}")
    return f"{canvas}/images/{created['id']}/download", content


async def test_a_range_is_sent_with_its_position(api: Api, file: tuple[str, bytes]) -> None:
    path, content = file
    size = len(content)

    middle = await api.get(path, Range="bytes=10-19")
    rest = await api.get(path, Range=f"bytes={size - 5}-")
    whole = await api.get(path, Range="bytes=0-")
    most = await api.get(path, Range="bytes=1-")

    assert (middle.status, middle.body, middle.headers["Content-Range"]) == (206, content[10:20], f"bytes 10-19/{size}")
    assert (rest.status, rest.body == content[-5:]) == (206, True)
    assert (whole.status, whole.body == content) == (206, True)
    assert (most.status, most.body == content[1:]) == (206, True)


async def test_a_range_beyond_the_end_gives_416_with_the_length(api: Api, file: tuple[str, bytes]) -> None:
    path, content = file

    response = await api.get(path, Range=f"bytes={len(content)}-")

    assert (response.status, response.headers["Content-Range"]) == (416, f"bytes */{len(content)}")
    assert response.msg


async def test_if_range_must_match_the_etag(api: Api, file: tuple[str, bytes]) -> None:
    path, content = file
    tag = (await api.get(path)).headers["ETag"]

    same = await api.get(path, Range="bytes=5-", If_Range=tag)
    others = [
        await api.get(path, Range="bytes=5-", If_Range=value)
        for value in ('"other"', f"W/{tag}", "Fri, 20 Nov 2099 00:00:00 GMT")
    ]

    assert (same.status, same.body == content[5:]) == (206, True)
    assert [(response.status, response.body == content) for response in others] == [(200, True)] * 3


async def test_if_none_match_gives_304(api: Api, file: tuple[str, bytes]) -> None:
    path, _ = file
    tag = (await api.get(path)).headers["ETag"]

    for value in (tag, f'"x", {tag}', "*", f"W/{tag}"):
        response = await api.get(path, If_None_Match=value)
        assert (response.status, response.body, response.headers["ETag"]) == (304, b"", tag)
        assert response.headers["Cache-Control"] == CACHE
    assert (await api.get(path, If_None_Match='"other"')).status == 200


async def test_head_gives_the_length_without_a_body(api: Api, file: tuple[str, bytes]) -> None:
    path, content = file

    response = await api.call("HEAD", path)

    assert (response.status, response.body, response.headers["Content-Length"]) == (200, b"", str(len(content)))
    assert (await api.get(path)).body == content, "the connection can still be used"


async def test_a_file_missing_on_disk_is_not_found(api_in: ApiIn, tmp_path: Any) -> None:
    async with api_in(tmp_path) as api:
        canvas = f"canvases/{await api.server.create_canvas('Demo')}"
        created = (await api.upload(f"{canvas}/images", samples.picture())).json
        (tmp_path / "assets" / (await api.ready(f"{canvas}/images/{created['id']}"))["hash"]).unlink()

        assert (await api.get(f"{canvas}/images/{created['id']}/download")).status == 404


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("a b.png", "attachment; filename=\"a b.png\"; filename*=UTF-8''a%20b.png"),
        ("日本.png", "attachment; filename=\"__.png\"; filename*=UTF-8''%E6%97%A5%E6%9C%AC.png"),
        ('x"y\r\nSet-Cookie: z', "attachment; filename=\"xySet-Cookie z\"; filename*=UTF-8''xySet-Cookie%20z"),
        ("../../etc/passwd", "attachment; filename=\"passwd\"; filename*=UTF-8''passwd"),
        ("", "attachment; filename=\"file\"; filename*=UTF-8''file"),
    ],
)
def test_a_file_name_cannot_inject_a_header(name: str, header: str) -> None:
    assert content_disposition("attachment", name) == header
