"""Mipmaps, assets and downloads: both headers, statuses, caching, parts of files (seed 000)."""

import asyncio
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from canvus_async.server.http.file_responses import ByteRange, content_disposition, requested_range
from tests.server import samples
from tests.server.api import Api, eventually
from tests.server.conftest import Ask, AskIn

CACHE = "private, max-age=157680000, immutable"


@pytest.fixture
async def image(api: Api, canvas: str) -> Any:
    made = (await api.upload(f"{canvas}/images", samples.picture(1024, 768), "team photo.png")).json
    return await api.ready(f"{canvas}/images/{made['id']}")


@pytest.fixture
def here(canvas: str) -> str:
    """The value of the canvas-id header."""
    return canvas.partition("/")[2]


async def test_the_info_of_an_image_says_its_levels(api: Api, image: Any, here: str) -> None:
    reply = await api.get(f"mipmaps/{image['hash']}", canvas_id=here)

    assert reply.json == {"resolution": {"width": 1024, "height": 768}, "max_level": 3, "pages": 1}
    assert reply.headers["Cache-Control"] == CACHE


@pytest.mark.parametrize(("level", "size"), [(0, (1024, 768)), (1, (512, 384)), (3, (128, 96))])
async def test_a_level_is_webp_of_half_the_size_of_the_one_before(
    api: Api, image: Any, here: str, level: int, size: tuple[int, int]
) -> None:
    reply = await api.get(f"mipmaps/{image['hash']}/{level}", canvas_id=here)

    assert reply.headers["Content-Type"] == "image/webp"
    assert reply.headers["Cache-Control"] == CACHE
    assert f'filename="team photo-0-{level}.webp"' in reply.headers["Content-Disposition"]
    with Image.open(BytesIO(reply.body)) as picture:
        assert (picture.format, picture.size) == ("WEBP", size)


async def test_an_asset_is_the_uploaded_file_under_its_name(api: Api, canvas: str, image: Any, here: str) -> None:
    by_hash = await api.get(f"assets/{image['hash']}", canvas_id=here)
    by_id = await api.get(f"{canvas}/images/{image['id']}/download")

    for reply in (by_hash, by_id):
        assert reply.body == samples.picture(1024, 768)
        assert reply.headers["Content-Type"] == "image/png"
        assert reply.headers["Cache-Control"] == CACHE
        assert reply.headers["ETag"] == f'"{image["hash"]}"'
        assert reply.headers["Content-Disposition"] == (
            "attachment; filename=\"team photo.png\"; filename*=UTF-8''team%20photo.png"
        )


async def test_pages_of_a_document_are_asked_for_by_number(api: Api, canvas: str, here: str) -> None:
    made = (await api.upload(f"{canvas}/pdfs", samples.document(3))).json
    hash_ = (await api.ready(f"{canvas}/pdfs/{made['id']}"))["hash"]

    info = (await api.get(f"mipmaps/{hash_}?page=2", canvas_id=here)).json
    level = await api.get(f"mipmaps/{hash_}/{info['max_level']}?page=2", canvas_id=here)
    beyond = await api.get(f"mipmaps/{hash_}?page=3", canvas_id=here)

    assert info["pages"] == 3
    assert level.body[:4] == b"RIFF"
    assert (beyond.status, bool(beyond.msg)) == (400, True)


@pytest.mark.parametrize("level", ["4", "-1", "1.5", "one", "9" * 400, "%20", "٣", "0x1"])
async def test_a_level_that_does_not_exist_is_a_bad_request(api: Api, image: Any, here: str, level: str) -> None:
    reply = await api.get(f"mipmaps/{image['hash']}/{level}", canvas_id=here)

    assert (reply.status, bool(reply.msg)) == (400, True)


@pytest.mark.parametrize("page", ["1", "-1", "", "first", "9" * 400])
async def test_a_page_that_does_not_exist_is_a_bad_request(api: Api, image: Any, here: str, page: str) -> None:
    for path in (f"mipmaps/{image['hash']}?page={page}", f"mipmaps/{image['hash']}/0?page={page}"):
        assert (await api.get(path, canvas_id=here)).status == 400


@pytest.mark.parametrize("path", ["mipmaps/{}", "mipmaps/{}/0", "assets/{}"])
async def test_both_headers_are_needed_and_both_must_fit(ask: Ask, api: Api, image: Any, here: str, path: str) -> None:
    server, path = api.server, path.format(image["hash"])
    other = await server.create_canvas("Other")
    narrow = ask(server.add_user("owner", canvases=[other]))
    blocked = ask(server.add_user("owner", blocked=True))

    assert (await api.get(path, canvas_id=here)).status == 200
    assert (await ask(server.add_user("view")).get(path, canvas_id=here)).status == 200
    for stranger in (api, ask(None), ask("unknown"), blocked):
        assert (await stranger.get(f"{path}?canvasId={here}&canvas-id={here}")).status == 404
    assert (await ask(None).get(path, canvas_id=here)).status == 401
    assert (await ask("unknown").get(path, canvas_id=here)).status == 401
    assert (await blocked.get(path, canvas_id=here)).status == 403
    assert (await narrow.get(path, canvas_id=here)).status == 404
    assert (await api.get(path, canvas_id=other)).status == 404, "it is not on that canvas"
    assert (await api.get(path, canvas_id="nowhere")).status == 404


@pytest.mark.parametrize("hash_", ["00", "..%2f..%2fcanvus.sqlite3", "%2e%2e", "a" * 64, "%00", "%ff"])
async def test_an_unknown_hash_is_not_found_and_leads_nowhere(api: Api, here: str, hash_: str) -> None:
    for path in (f"mipmaps/{hash_}", f"mipmaps/{hash_}/0", f"assets/{hash_}"):
        reply = await api.get(path, canvas_id=here)
        assert (reply.status, bool(reply.msg)) == (404, True)


async def test_an_asset_is_gone_from_the_canvas_with_its_last_widget(
    api: Api, canvas: str, image: Any, here: str
) -> None:
    await api.delete(f"{canvas}/images/{image['id']}")

    assert (await api.get(f"assets/{image['hash']}", canvas_id=here)).status == 404
    assert (await api.get(f"mipmaps/{image['hash']}/3", canvas_id=here)).status == 404


async def test_the_levels_of_an_asset_go_from_the_disk_with_it_and_with_a_restart_at_last(
    ask_in: AskIn, tmp_path: Path
) -> None:
    async with ask_in(tmp_path) as api:
        here = await api.server.create_canvas("Demo")
        made = []
        for name in ("one", "same", "other"):
            content = samples.picture(64, 64, colour="#00ff00" if name == "other" else "#ff0000")
            image = (await api.upload(f"canvases/{here}/images", content, f"{name}.png")).json
            made.append(await api.ready(f"canvases/{here}/images/{image['id']}"))
            assert (await api.get(f"mipmaps/{made[-1]['hash']}/0", canvas_id=here)).status == 200
        one, same, other = made
        levels = tmp_path / "mipmaps" / one["hash"][:2] / one["hash"]

        await api.delete(f"canvases/{here}/images/{one['id']}")
        assert (await api.get(f"mipmaps/{same['hash']}/0", canvas_id=here)).status == 200
        assert levels.is_dir()
        await api.delete(f"canvases/{here}/images/{same['id']}")
        await eventually(lambda: not levels.exists())
    levels.mkdir(parents=True)  # what a kill at the wrong moment leaves
    async with ask_in(tmp_path):
        assert [path.name for path in tmp_path.glob("mipmaps/*/*")] == [other["hash"]]


@pytest.mark.parametrize(("kind", "content"), [("images", samples.SVG), ("videos", samples.MP4)])
async def test_what_has_no_mipmaps_says_so_and_is_an_asset_all_the_same(
    api: Api, canvas: str, here: str, kind: str, content: bytes
) -> None:
    made = (await api.upload(f"{canvas}/{kind}", content)).json
    hash_ = (await api.ready(f"{canvas}/{kind}/{made['id']}"))["hash"]

    for path in (f"mipmaps/{hash_}", f"mipmaps/{hash_}/0"):
        reply = await api.get(path, canvas_id=here)
        assert (reply.status, bool(reply.msg)) == (501, True)
    assert (await api.get(f"assets/{hash_}", canvas_id=here)).body == content


async def test_all_who_ask_for_a_level_at_once_get_it(api: Api, image: Any, here: str) -> None:
    replies = await asyncio.gather(*(api.get(f"mipmaps/{image['hash']}/1", canvas_id=here) for _ in range(8)))

    assert {reply.status for reply in replies} == {200}
    assert len({reply.body for reply in replies}) == 1


# Parts of files


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
def test_a_range_is_one_part_of_the_file_or_ignored(header: str | None, part: ByteRange | None) -> None:
    assert requested_range(header, 1000) == part


@pytest.fixture(params=["small", "large"])
async def file(request: pytest.FixtureRequest, api: Api, canvas: str) -> tuple[str, bytes]:
    """The path of a download and its content: one that is answered at once, and one that the kernel sends."""
    content = samples.picture() if request.param == "small" else samples.noise(400, 400)
    made = (await api.upload(f"{canvas}/images", content)).json
    await api.ready(f"{canvas}/images/{made['id']}")
    return f"{canvas}/images/{made['id']}/download", content


async def test_a_part_of_a_file_says_which_it_is(api: Api, file: tuple[str, bytes]) -> None:
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


async def test_a_part_beyond_the_end_is_refused_with_the_length(api: Api, file: tuple[str, bytes]) -> None:
    path, content = file

    reply = await api.get(path, Range=f"bytes={len(content)}-")

    assert (reply.status, reply.headers["Content-Range"]) == (416, f"bytes */{len(content)}")
    assert reply.msg


async def test_a_part_is_given_only_of_the_file_that_is_meant(api: Api, file: tuple[str, bytes]) -> None:
    path, content = file
    tag = (await api.get(path)).headers["ETag"]

    same = await api.get(path, Range="bytes=5-", If_Range=tag)
    others = [
        await api.get(path, Range="bytes=5-", If_Range=value)
        for value in ('"other"', f"W/{tag}", "Fri, 20 Nov 2099 00:00:00 GMT")
    ]

    assert (same.status, same.body == content[5:]) == (206, True)
    assert [(reply.status, reply.body == content) for reply in others] == [(200, True)] * 3


async def test_what_is_known_already_is_not_sent_again(api: Api, file: tuple[str, bytes]) -> None:
    path, _ = file
    tag = (await api.get(path)).headers["ETag"]

    for value in (tag, f'"x", {tag}', "*", f"W/{tag}"):
        reply = await api.get(path, If_None_Match=value)
        assert (reply.status, reply.body, reply.headers["ETag"]) == (304, b"", tag)
        assert reply.headers["Cache-Control"] == CACHE
    assert (await api.get(path, If_None_Match='"other"')).status == 200


async def test_a_head_has_the_length_and_no_body(api: Api, file: tuple[str, bytes]) -> None:
    path, content = file

    reply = await api.call("HEAD", path)

    assert (reply.status, reply.body, reply.headers["Content-Length"]) == (200, b"", str(len(content)))
    assert (await api.get(path)).body == content, "the connection is still good"


async def test_a_file_that_is_gone_from_the_disk_is_not_found(ask_in: AskIn, tmp_path: Any) -> None:
    async with ask_in(tmp_path) as api:
        canvas = f"canvases/{await api.server.create_canvas('Demo')}"
        made = (await api.upload(f"{canvas}/images", samples.picture())).json
        (tmp_path / "assets" / (await api.ready(f"{canvas}/images/{made['id']}"))["hash"]).unlink()

        assert (await api.get(f"{canvas}/images/{made['id']}/download")).status == 404


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
def test_a_file_name_cannot_leave_its_header(name: str, header: str) -> None:
    assert content_disposition("attachment", name) == header
