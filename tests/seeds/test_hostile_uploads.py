"""Uploads that are invalid, damaged, huge or malicious get a JSON error and leave nothing behind."""

import asyncio
import json
import zlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from canvus_async import BadRequest, Client
from canvus_async.server import CanvusServer
from tests.seeds.sandbox import Sandbox, photo
from tests.seeds.wire import raw_request, send_raw
from tests.server import samples
from tests.server.api import Api, Part, form_body
from tests.server.pictures_samples import PdfPage, pdf

PICTURE = samples.picture(16, 9)
PICTURE_PART: Part = ("data", PICTURE, "a.png")
FORM = "multipart/form-data; boundary=limit"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The server's data folder."""
    return tmp_path / "data"


@pytest.fixture
async def server(folder: Path) -> AsyncIterator[CanvusServer]:
    async with CanvusServer(data=folder, processing_delay=0.01) as server:
        yield server


@pytest.fixture
async def empty(sandbox: Sandbox, folder: Path) -> AsyncIterator[Sandbox]:
    """A sandbox; after the test, its canvas and the server's folder must be as empty as before."""
    before = (await sandbox.api.get(f"{sandbox.path}/widgets")).json
    yield sandbox
    assert (await sandbox.api.get(f"{sandbox.path}/widgets")).json == before
    async with asyncio.timeout(5):  # a thread removes a refused file, possibly after the response
        while [path for path in (folder / "assets").rglob("*") if path.is_file()]:
            await asyncio.sleep(0.001)
    assert (await sandbox.api.upload(f"{sandbox.path}/images", PICTURE)).status == 200


def bomb(side: int) -> bytes:
    """A valid PNG of `side` x `side` black pixels, which is small until it is decoded."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return len(content).to_bytes(4, "big") + kind + content + zlib.crc32(kind + content).to_bytes(4, "big")

    def packed() -> Iterator[bytes]:
        packer, row = zlib.compressobj(9), bytes(1 + (side + 7) // 8)
        for _ in range(side // 100):
            yield packer.compress(row * 100)
        yield packer.flush()

    head = side.to_bytes(4, "big") * 2 + bytes([1, 0, 0, 0, 0])
    pixels = b"".join(packed())
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


SECRET = pdf([PdfPage((0, 0, 90, 90), b"")], password=b"secret")
REPORT = samples.document(3)

BROKEN_FILES = [
    ("images", b"", "empty image"),
    ("pdfs", b"", "empty pdf"),
    ("videos", b"", "empty video"),
    ("images", b"\0" * 1000, "zeros"),
    ("images", b"\x89PNG\r\n\x1a\n", "png of a signature"),
    ("images", PICTURE[:30], "png cut short in its head"),
    ("images", b"GIF89a", "gif of a signature"),
    ("images", b"<svg", "svg cut short"),
    ("images", b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>', "xml entity"),
    ("images", REPORT, "pdf as image"),
    ("images", b"#!/bin/sh\nrm -rf /\n", "script"),
    ("pdfs", PICTURE, "image as pdf"),
    ("pdfs", SECRET, "pdf with a password"),
    ("pdfs", b"%PDF-1.7\n", "pdf of a signature"),
    ("pdfs", REPORT[:200], "pdf cut short"),
    ("pdfs", b"%PDF-1.7\n" + b"1 0 obj << /Kids [1 0 R] /Type /Pages /Count 9 >> endobj\n" * 9, "pdf in a circle"),
]


@pytest.mark.parametrize(
    ("endpoint", "content"), [row[:2] for row in BROKEN_FILES], ids=[row[2] for row in BROKEN_FILES]
)
async def test_a_file_that_cannot_be_shown_is_refused(empty: Sandbox, endpoint: str, content: bytes) -> None:
    response = await empty.api.upload(f"{empty.path}/{endpoint}", content, "file")

    assert response.status == 400, response.body
    assert response.msg
    async with Client(empty.server.url, token=empty.server.token) as client:
        canvas = client.canvas(empty.canvas_id)
        collection = {"images": canvas.images, "pdfs": canvas.pdfs, "videos": canvas.videos}[endpoint]
        with pytest.raises(BadRequest) as caught:
            await collection.upload(content)
    assert caught.value.msg == response.msg


async def test_a_decompression_bomb_is_refused_without_decoding(empty: Sandbox) -> None:
    content = bomb(30_000)
    assert len(content) < 200_000

    responses = [await empty.api.upload(f"{empty.path}/{path}", content) for path in ("images", "background")]

    assert [response.status for response in responses] == [400, 400]
    assert all(response.msg for response in responses)


async def test_a_picture_with_truncated_pixels_is_stored_but_has_no_levels(sandbox: Sandbox) -> None:
    """Its header is complete, so it can be created and downloaded. The damage is found when a level is rendered."""
    torn = photo(640, 480)[:-2000]
    created = await sandbox.upload("images", torn, "torn.jpg")

    responses = [
        await sandbox.api.call("GET", f"{path}", headers=sandbox.headers())
        for path in (f"mipmaps/{created['hash']}/0", f"assets/{created['hash']}")
    ]

    assert (responses[0].status, bool(responses[0].msg)) == (501, True)
    assert (responses[1].status, responses[1].body) == (200, torn)


# -- pages, levels, ids --


@pytest.mark.parametrize(
    "page", ["-1", "3", "999", "abc", "", "1.5", "0x1", "1e1", " 1", "%2b1", "%D9%A3", "9" * 50, "null", "0;1"]
)
async def test_a_page_out_of_range_gives_400(sandbox: Sandbox, page: str) -> None:
    created = await sandbox.upload("pdfs", REPORT, "a.pdf")

    for tail in ("", "/0"):
        response = await sandbox.api.call(
            "GET", f"mipmaps/{created['hash']}{tail}?page={page}", headers=sandbox.headers()
        )
        assert response.status == 400
        assert response.msg


@pytest.mark.parametrize("level", ["-1", "5", "abc", "1.0", "0x1", "1e1", "%201", "%2b1", "%D9%A3", "9" * 50, "null"])
async def test_a_level_out_of_range_gives_400(sandbox: Sandbox, level: str) -> None:
    created = await sandbox.upload("pdfs", REPORT, "a.pdf")

    response = await sandbox.api.call("GET", f"mipmaps/{created['hash']}/{level}", headers=sandbox.headers())

    assert response.status == 400
    assert response.msg


@pytest.mark.parametrize(
    "id_",
    [
        *("..%2f..%2f..%2fetc%2fpasswd", "..%5c..%5cwindows", "%2e%2e", "%00", "a%00.png", "canvus.db", "incoming"),
        *("%252e%252e%252fx", "~", "C:%5c", "%ff", "'%20OR%201=1--", "*", "%25", "x" * 3000),
    ],
)
async def test_a_hostile_id_is_not_found_and_changes_no_file(sandbox: Sandbox, folder: Path, id_: str) -> None:
    await sandbox.upload("images", PICTURE, "a.png")
    before = sorted(folder.rglob("*"))

    for target in (
        f"canvases/{id_}",
        f"canvases/{id_}/widgets",
        f"{sandbox.path}/{id_}",
        f"{sandbox.path}/images/{id_}",
        f"{sandbox.path}/images/{id_}/download",
        f"mipmaps/{id_}",
        f"mipmaps/{id_}/0",
        f"assets/{id_}",
    ):
        headers = [f"{name}: {value}" for name, value in sandbox.headers().items()]
        response = await send_raw(sandbox.server, raw_request("GET", f"/api/v1/{target}", *headers))
        assert response.status == 404
        assert response.msg
    header = await sandbox.api.get("assets/00", canvas_id=id_)
    assert header.status == 404
    assert sorted(folder.rglob("*")) == before


# -- file names --


@pytest.mark.parametrize(
    "name",
    [
        *("../../etc/passwd", "/etc/passwd", "a\\..\\b", "C:x", "CON.txt", "x" * 300 + ".png", "日" * 100 + ".png"),
        *("a\u202egnp.exe", ".", "..", " ", "trailing.", "-rf", "e\u0301.png", '"quoted".png', "a;b=c.png", "a\tb.png"),
    ],
)
async def test_a_file_name_is_stored_but_never_used_as_a_path(sandbox: Sandbox, tmp_path: Path, name: str) -> None:
    async def placed(filename: str) -> tuple[Any, list[Path]]:
        image = await sandbox.upload("images", PICTURE, "a.png", original_filename=filename)
        for path in (f"mipmaps/{image['hash']}/0", f"assets/{image['hash']}"):
            response = await sandbox.api.call("GET", path, headers=sandbox.headers())
            names.append(response.headers["Content-Disposition"])
        response = await sandbox.api.get(f"{sandbox.path}/images/{image['id']}/download")
        names.append(response.headers["Content-Disposition"])
        return image["original_filename"], sorted(tmp_path.rglob("*"))

    names: list[str] = []
    _, harmless = await placed("harmless.png")
    kept, written = await placed(name)

    assert kept == name
    assert written == harmless, "names on disk come from the content"
    for disposition in names:
        plain = disposition.partition('filename="')[2].partition('"')[0]
        assert disposition.isprintable()
        assert plain not in {"", ".", ".."}
        assert not {"/", "\\", ":"} & set(plain)


# -- forms --


def form(*parts: Part) -> bytes:
    return form_body(*parts)


def with_json(value: bytes) -> bytes:
    return form(("json", value, None), PICTURE_PART)


REFUSED_FORMS: dict[str, tuple[str, bytes]] = {
    "no data": (FORM, form(("json", b"{}", None))),
    "data under another name": (FORM, form(("file", PICTURE, "a.png"))),
    "two data parts": (FORM, form(PICTURE_PART, PICTURE_PART)),
    "two json parts": (FORM, form(("json", b"{}", None), ("json", b"{}", None), PICTURE_PART)),
    "malformed json": (FORM, with_json(b"{title: 'x'}")),
    "json that is an array": (FORM, with_json(b'[{"title": "x"}]')),
    "json that is null": (FORM, with_json(b"null")),
    "json that is text": (FORM, with_json(b'"{}"')),
    "json with NaN": (FORM, with_json(b'{"depth": NaN}')),
    "json with Infinity": (FORM, with_json(b'{"scale": Infinity}')),
    "json with 1e999": (FORM, with_json(b'{"depth": 1e999}')),
    "json with a huge integer": (FORM, with_json(b'{"depth": 1' + b"0" * 5000 + b"}")),
    "json with a huge location": (FORM, with_json(b'{"location": {"x": 1e300, "y": 0}}')),
    "json with bad utf-8": (FORM, with_json(b'{"title": "\xff\xfe"}')),
    "json after a byte order mark": (FORM, with_json(b'\xef\xbb\xbf{"title": "x"}')),
    "json a hundred thousand deep": (FORM, with_json(b'{"a":' * 100_000)),
    "json of two megabytes": (FORM, with_json(b'{"title": "' + b"x" * (2 << 20) + b'"}')),
    "malformed json after the data": (FORM, form(PICTURE_PART, ("json", b"{", None))),
    "ten thousand parts": (FORM, form(*((f"p{number}", b"", None) for number in range(10_000)), PICTURE_PART)),
    "ten thousand nameless parts": (FORM, b"--limit\r\n\r\n\r\n" * 10_000 + b"--limit--\r\n"),
    "no boundary": ("multipart/form-data", form(PICTURE_PART)),
    "another boundary": ("multipart/form-data; boundary=other", form(PICTURE_PART)),
    "an empty boundary": ("multipart/form-data; boundary=", form(PICTURE_PART)),
    "a boundary of 200 letters": (f"multipart/form-data; boundary={'x' * 200}", form(PICTURE_PART)),
    "no final boundary": (FORM, form(PICTURE_PART)[:-12]),
    "an empty body": (FORM, b""),
    "mixed": ("multipart/mixed; boundary=limit", form(PICTURE_PART)),
    "urlencoded": ("application/x-www-form-urlencoded", b"data=%89PNG&json=%7B%7D"),
    "the file itself": ("image/png", PICTURE),
    "a form said to be json": ("application/json", form(PICTURE_PART)),
    "text": ("text/plain", form(PICTURE_PART)),
    "no content type": ("", form(PICTURE_PART)),
    "a malformed content type": ("multipart/form-data;;;=;boundary", form(PICTURE_PART)),
}


@pytest.mark.parametrize("name", REFUSED_FORMS)
async def test_an_invalid_form_is_refused_as_a_whole(empty: Sandbox, name: str) -> None:
    content_type, body = REFUSED_FORMS[name]
    headers = [f"Content-Type: {content_type}"] if content_type else []

    response = await send_raw(
        empty.server,
        raw_request("POST", f"/api/v1/{empty.path}/images", *headers, token=empty.server.token, body=body),
    )

    assert response.status == (413 if "megabytes" in name else 400), response
    assert response.msg


WRONG_FIELDS: list[dict[str, Any]] = [
    {"title": 5},
    {"title": None},
    {"original_filename": ["a"]},
    {"location": [1, 2]},
    {"location": {"x": 1}},
    {"location": {"x": "1", "y": 2}},
    {"location": {"x": None, "y": 2}},
    {"size": {"width": 0, "height": 1}},
    {"size": {"width": True, "height": 1}},
    {"size": "100x100"},
    {"depth": "3.0"},
    {"depth": True},
    {"depth": 1e300},
    {"scale": 0},
    {"scale": -1},
    {"scale": "big"},
    {"pinned": "true"},
    {"pinned": 1},
    {"parent_id": 7},
    {"parent_id": "00000000-0000-4000-8000-000000000000"},
    {"index": 1.5},
    {"index": "0"},
    {"index": -1},
]


@pytest.mark.parametrize("fields", WRONG_FIELDS, ids=str)
async def test_an_invalid_field_is_refused_with_its_name(empty: Sandbox, fields: dict[str, Any]) -> None:
    (name,) = fields

    response = await empty.api.upload(f"{empty.path}/pdfs", REPORT, **fields)

    assert response.status == 400
    assert name in response.msg.lower()


async def test_unknown_fields_are_ignored(sandbox: Sandbox) -> None:
    fields = {"unknown": 1, "__proto__": {"x": 1}, "": None, "Title": "x", "auto_raise": 7, "asset": "00" * 32}

    created = await sandbox.api.upload(f"{sandbox.path}/images", PICTURE, "a.png", **fields)

    assert created.status == 200
    assert not fields.keys() & created.json.keys()
    assert created.json["title"] == ""


async def test_the_json_part_may_follow_the_data(sandbox: Sandbox) -> None:
    response = await sandbox.api.form(f"{sandbox.path}/images", PICTURE_PART, ("json", b'{"title": "after"}', None))

    assert (response.status, response.json["title"]) == (200, "after")


async def test_the_json_part_may_be_sent_as_a_file(sandbox: Sandbox) -> None:
    """As with `curl -F json=@fields.json`."""
    fields: Part = ("json", json.dumps({"title": "from a file"}).encode(), "fields.json")

    response = await sandbox.api.form(f"{sandbox.path}/images", fields, PICTURE_PART)

    assert response.json["title"] == "from a file"


async def test_a_file_over_the_limit_is_refused(session: aiohttp.ClientSession) -> None:
    async with CanvusServer(max_upload=len(PICTURE)) as server:
        api = Api(server, session, server.token)
        canvas = f"canvases/{await server.create_canvas()}"
        just_right = await api.upload(f"{canvas}/images", PICTURE)
        one_more = await api.upload(f"{canvas}/images", PICTURE + b"\0")

    assert (just_right.status, one_more.status) == (200, 413)
    assert one_more.msg
