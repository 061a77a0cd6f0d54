"""Uploads: the parts of the form, refused forms and files, and the hash that is published later."""

import asyncio
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path

import aiohttp
import pytest

from canvus_async.server import CanvusServer
from canvus_async.server.store.asset_files import AssetStore
from canvus_async.server.store.database import StoredAsset
from tests.server import samples
from tests.server.api import Api, Part, eventually
from tests.server.conftest import ApiIn


async def test_an_image_is_created_immediately_and_its_hash_later(api: Api, canvas: str) -> None:
    created = (await api.upload(f"{canvas}/images", samples.picture(160, 90), "photo.png", title="T", depth=3.0)).json
    ready = await api.ready(f"{canvas}/images/{created['id']}")

    assert created == {
        "id": created["id"],
        "widget_type": "Image",
        "state": "normal",
        "hash": "",
        "title": "T",
        "original_filename": "photo.png",
        "location": {"x": 4720, "y": 2655},
        "size": {"width": 160, "height": 90},
        "depth": 3.0,
        "scale": 1,
        "pinned": False,
        "parent_id": created["parent_id"],
    }
    assert len(ready["hash"]) == 64
    assert ready == created | {"hash": ready["hash"]}


async def test_the_hash_is_published_as_a_separate_event(api: Api, canvas: str) -> None:
    async with api.stream(f"{canvas}/images?subscribe") as stream:
        assert await stream.next() == []
        created = (await api.upload(f"{canvas}/images", samples.picture())).json

        assert await stream.next() == [created]
        (ready,) = await stream.next()
        assert ready == created | {"hash": ready["hash"]}
        assert ready["hash"]


async def test_equal_files_have_equal_hashes(api: Api, canvas: str) -> None:
    hashes: list[str] = []
    for colour in ("#ff0000", "#ff0000", "#0000ff"):
        created = (await api.upload(f"{canvas}/images", samples.picture(colour=colour))).json
        hashes.append((await api.ready(f"{canvas}/images/{created['id']}"))["hash"])

    assert hashes[0] == hashes[1] != hashes[2]


async def test_parts_may_be_in_any_order_and_unknown_parts_are_skipped(api: Api, canvas: str) -> None:
    picture = ("data", samples.picture(), "a.png")
    fields = ("json", b'{"title": "T", "original_filename": "given.png"}', None)
    other = ("more", b"...", None)

    for parts in ((picture, fields), (fields, picture), (other, fields, picture)):
        response = await api.form(f"{canvas}/images", *parts)
        assert (response.json["title"], response.json["original_filename"]) == ("T", "given.png")


async def test_the_json_part_is_optional(api: Api, canvas: str) -> None:
    for parts in ([("json", b"", None)], [("json", b"{}", None)], []):
        response = await api.form(f"{canvas}/images", *parts, ("data", samples.picture(), "a.png"))
        assert (response.status, response.json["title"]) == (200, "")


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ([("json", b"{}", None)], "data part"),
        ([("file", samples.picture(), "a.png")], "data part"),
        ([("data", b"", "a.png")], "empty"),
        ([("json", b"{", None), ("data", samples.picture(), "a.png")], "json part is not valid JSON"),
        ([("json", b"[1]", None), ("data", samples.picture(), "a.png")], "json part must be a JSON object"),
        ([("json", b'{"scale": NaN}', None), ("data", samples.picture(), "a.png")], "not valid JSON"),
        ([("json", b'"\xff"', None), ("data", samples.picture(), "a.png")], "not valid JSON"),
        ([("json", b'{"depth": 0.5}', None), ("data", samples.picture(), "a.png")], "Depth must be >= 1.0, got 0.5"),
        ([("json", b'{"parent_id": "x"}', None), ("data", samples.picture(), "a.png")], "parent_id"),
        ([("json", b'{"title": 5}', None), ("data", samples.picture(), "a.png")], "title"),
        ([("data", samples.picture(), "a.png"), ("data", samples.picture(), "b.png")], "more than one data part"),
        ([(f"more{number}", b"", None) for number in range(40)], "more than 32 parts"),
        ([("data", b"neither picture nor document", "a.png")], "cannot be shown as Image"),
        ([("data", samples.document(), "a.png")], "application/pdf"),
        ([("data", samples.picture()[:20], "a.png")], ""),
    ],
)
async def test_an_invalid_form_is_refused_and_creates_nothing(
    api: Api, canvas: str, parts: list[Part], words: str
) -> None:
    response = await api.form(f"{canvas}/images", *parts)

    assert response.status == 400, response.body
    assert words in response.msg
    assert (await api.get(f"{canvas}/images")).json == []


async def test_a_refused_upload_leaves_no_file(api_in: ApiIn, tmp_path: Path) -> None:
    async with api_in(tmp_path) as api:
        canvas = f"canvases/{await api.server.create_canvas('Demo')}"
        for content, fields in ((samples.picture(), {"parent_id": "x"}), (b"junk", {}), (samples.document(), {})):
            assert (await api.upload(f"{canvas}/images", content, **fields)).status == 400

        await eventually(lambda: not [path for path in (tmp_path / "assets").rglob("*") if path.is_file()])


@pytest.mark.parametrize(
    ("path", "content", "status"),
    [
        ("images", samples.SVG, 200),
        ("images", samples.picture(kind="JPEG"), 200),
        ("images", samples.picture(kind="WEBP"), 200),
        ("images", samples.MP4, 400),
        ("pdfs", samples.document(), 200),
        ("pdfs", samples.picture(), 400),
        ("pdfs", b"%PDF-1.4 and nothing else", 400),
        ("videos", samples.MP4, 200),
        ("videos", samples.picture(), 400),
    ],
)
async def test_each_endpoint_accepts_its_own_file_types(
    api: Api, canvas: str, path: str, content: bytes, status: int
) -> None:
    response = await api.upload(f"{canvas}/{path}", content)

    assert response.status == status, response.body


async def test_the_default_size_is_that_of_the_file(api: Api, canvas: str) -> None:
    sizes = [
        (await api.upload(f"{canvas}/{path}", content)).json["size"]
        for path, content in (
            ("images", samples.picture(37, 21)),
            ("images", samples.SVG),
            ("pdfs", samples.document(width=200, height=100)),
        )
    ]

    assert sizes == [{"width": 37, "height": 21}, {"width": 40, "height": 20}, {"width": 200, "height": 100}]


async def test_a_decompression_bomb_is_refused_without_decoding(api: Api, canvas: str) -> None:
    header = samples.picture(1, 1)
    bomb = header[:16] + (60_000).to_bytes(4, "big") * 2 + header[24:]

    response = await api.upload(f"{canvas}/images", bomb)

    assert response.status == 400
    assert response.msg


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("photo.png", "photo.png"),
        ("日本 語.png", "日本 語.png"),
        ("%E6%97%A5%20x.png", "日 x.png"),
        ("100% sure.png", "100% sure.png"),
        ("%zz.png", "%zz.png"),
        ("%ff.png", "%ff.png"),
        ("../../etc/passwd", "../../etc/passwd"),
    ],
)
async def test_a_percent_encoded_file_name_is_decoded(api: Api, canvas: str, sent: str, kept: str) -> None:
    created = (await api.upload(f"{canvas}/images", samples.picture(), sent)).json

    assert created["original_filename"] == kept
    assert "/" not in (await api.get(f"{canvas}/images/{created['id']}/download")).headers["Content-Disposition"]


async def test_the_file_name_sent_by_aiohttp_is_decoded(api: Api, canvas: str) -> None:
    form = aiohttp.FormData()
    form.add_field("data", samples.picture(), filename="日本 語.png")

    created = (await api.call("POST", f"{canvas}/images", data=form)).json

    assert created["original_filename"] == "日本 語.png"


async def test_a_file_over_the_limit_is_refused_with_and_without_a_content_length(
    session: aiohttp.ClientSession,
) -> None:
    async with CanvusServer(max_upload=100_000) as server:
        api = Api(server, session, server.token)
        canvas = f"canvases/{await server.create_canvas('Demo')}"

        async def chunks() -> AsyncIterator[bytes]:
            yield b'--x\r\nContent-Disposition: form-data; name="data"; filename="a"\r\n\r\n'
            for _ in range(200):
                yield bytes(1000)
            yield b"\r\n--x--\r\n"

        announced = await api.upload(f"{canvas}/images", bytes(3_000_000))
        unannounced = await api.call(
            "POST", f"{canvas}/images", data=chunks(), headers={"Content-Type": "multipart/form-data; boundary=x"}
        )
        within = await api.upload(f"{canvas}/images", samples.picture())

    assert (announced.status, unannounced.status, within.status) == (413, 413, 200)
    assert "100000" in announced.msg
    assert "100000" in unannounced.msg


@pytest.mark.parametrize(
    ("before", "repeated"),
    [
        pytest.param(b"", b"preamble" * 100 + b"\r\n", id="before the first part"),
        pytest.param(b"", b"\n" * 1000, id="empty lines before the first part"),
        pytest.param(
            b"--x\r\n", b'Content-Disposition: form-data; name="a"\r\n\r\n' + bytes(60_000) + b"\r\n--x\r\n", id="parts"
        ),
    ],
)
async def test_everything_in_a_form_counts(session: aiohttp.ClientSession, before: bytes, repeated: bytes) -> None:
    """Without a Content-Length, all that is sent beyond the limits ends the upload."""
    sent = 0

    async def chunks() -> AsyncIterator[bytes]:
        nonlocal sent
        yield before
        for number in range(40_000):
            yield repeated.replace(b'"a"', b'"%d"' % number)
            sent += len(repeated)
            await asyncio.sleep(0)

    async with CanvusServer(max_upload=100_000) as server:
        api = Api(server, session, server.token)
        canvas = f"canvases/{await server.create_canvas('Demo')}"
        headers = {"Content-Type": "multipart/form-data; boundary=x"}
        response = await api.call("POST", f"{canvas}/images", data=chunks(), headers=headers)

    assert (response.status, "larger than 1148576 bytes" in response.msg) == (413, True)
    assert sent < 15_000_000, "the rest of 30 MB and more was not waited for"


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data", b"--x--\r\n"),
        ("multipart/form-data; boundary=x", b""),
        ("multipart/form-data; boundary=x", b"junk"),
        ("multipart/form-data; boundary=x", b"--x\r\n"),
        ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="data"\r\n\r\nunfinished'),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: \xff\xfe\r\n\r\n1\r\n--x--\r\n"),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="data"\r\nContent-Transfer-Encoding: rot13\r\n\r\n1\r\n--x--',
        ),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Type: multipart/mixed; boundary=y\r\n\r\n--y--\r\n--x--"),
        ("multipart/form-data; boundary=" + "x" * 200, b"--x--"),
        ("multipart/mixed; boundary=x", b"--x--\r\n"),
        ("application/json", b"{}"),
        ("application/json", b"[]"),
        ("text/plain", b"\x89PNG"),
    ],
)
async def test_a_malformed_form_is_refused(api: Api, canvas: str, content_type: str, body: bytes) -> None:
    response = await api.call("POST", f"{canvas}/images", data=body, headers={"Content-Type": content_type})

    assert response.status == 400, response.body
    assert response.msg


async def test_a_client_that_disconnects_during_an_upload_leaves_nothing(api_in: ApiIn, tmp_path: Path) -> None:
    async with api_in(tmp_path) as api:
        canvas = await api.server.create_canvas("Demo")
        _, writer = await asyncio.open_connection("127.0.0.1", int(api.server.url.rpartition(":")[2]))
        writer.write(
            f"POST /api/v1/canvases/{canvas}/images HTTP/1.1\r\nPrivate-Token: {api.server.token}\r\n"
            "Host: localhost\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Length: 900000\r\n\r\n"
            '--x\r\nContent-Disposition: form-data; name="data"; filename="a.png"\r\n\r\n'.encode()
            + samples.picture()
        )
        await writer.drain()
        incoming = tmp_path / "assets" / "incoming"
        await eventually(lambda: list(incoming.iterdir()))
        writer.close()

        await eventually(lambda: not list(incoming.iterdir()))
        assert (await api.get(f"canvases/{canvas}/images")).json == []


async def test_a_file_is_removed_with_the_last_widget_that_uses_it(api_in: ApiIn, tmp_path: Path) -> None:
    async with api_in(tmp_path) as api:
        canvas = f"canvases/{await api.server.create_canvas('Demo')}"
        one, two = [(await api.upload(f"{canvas}/images", samples.picture())).json["id"] for _ in range(2)]
        stored = tmp_path / "assets" / (await api.ready(f"{canvas}/images/{one}"))["hash"]

        await api.delete(f"{canvas}/images/{one}")
        assert stored.read_bytes() == samples.picture()
        await api.delete(f"{canvas}/images/{two}")
        await eventually(lambda: not stored.exists())
        assert (await api.upload(f"{canvas}/images", samples.picture())).status == 200
        assert stored.exists()


async def test_concurrent_uploads_and_deletes_of_equal_files_keep_the_file(api: Api, canvas: str) -> None:
    async def up_and_down() -> None:
        created = (await api.upload(f"{canvas}/images", samples.picture())).json
        await api.delete(f"{canvas}/images/{created['id']}")

    kept, *_ = await asyncio.gather(
        api.upload(f"{canvas}/images", samples.picture()), *(up_and_down() for _ in range(12))
    )

    assert (await api.get(f"{canvas}/images/{kept.json['id']}/download")).body == samples.picture()


async def test_a_large_file_is_stored_unchanged(api: Api, canvas: str) -> None:
    content = samples.noise(1400, 1000)
    assert len(content) > 4_000_000

    created = (await api.upload(f"{canvas}/images", content)).json

    assert created["size"] == {"width": 1400, "height": 1000}
    received = (await api.get(f"{canvas}/images/{created['id']}/download")).body
    assert (len(received), sha256(received).hexdigest()) == (len(content), sha256(content).hexdigest())


async def test_a_file_that_is_added_again_while_it_is_removed_is_kept(tmp_path: Path) -> None:
    store = AssetStore(tmp_path, [], durable=True)
    asset = StoredAsset("ab" * 32, "image/png", 3)
    for turn in range(2):
        upload = store.incoming / str(turn)
        upload.write_bytes(b"one")
        async with store.adding(upload, asset):
            if turn:
                store.discard(asset)  # at this moment the last widget that uses it is deleted
            store.register(asset)
    store.close()

    assert store.path(asset).read_bytes() == b"one"
    assert store.exists(asset.hash)


async def test_a_file_that_is_not_registered_is_removed(tmp_path: Path) -> None:
    store = AssetStore(tmp_path, [], durable=True)
    asset = StoredAsset("ab" * 32, "image/png", 3)
    upload = store.incoming / "1"
    upload.write_bytes(b"one")
    with pytest.raises(ZeroDivisionError):
        async with store.adding(upload, asset):
            raise ZeroDivisionError
    store.close()

    assert not store.path(asset).exists()
    assert not store.exists(asset.hash)
