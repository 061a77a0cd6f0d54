"""Pictures with much data besides their pixels: it is never read into memory."""

import io
import struct
import tracemalloc
import zlib
from pathlib import Path

import pytest
from PIL import Image

from canvus_async.server.rendering.bounded_files import HEADER
from canvus_async.server.rendering.formats import BrokenAsset
from canvus_async.server.rendering.pictures import picture_level
from canvus_async.server.rendering.probing import probe

LARGE = 120_000_000


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def saved(form: str, **options: object) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(file, form, **options)
    return file.getvalue()


def png(kind: bytes, size: int, *, late: bool = False) -> bytes:
    """A PNG with a large chunk before or after its pixels."""
    whole = saved("PNG")
    at = whole.index(b"IEND") - 4 if late else whole.index(b"IDAT") - 4
    return whole[:at] + chunk(kind, bytes(size)) + whole[at:]


def jpeg(segments: int) -> bytes:
    whole = saved("JPEG")
    return whole[:2] + (b"\xff\xe5\xff\xff" + bytes(65533)) * segments + whole[2:]


def webp(size: int) -> bytes:
    whole = saved("WEBP")
    return b"RIFF" + struct.pack("<I", len(whole) + size) + whole[8:] + b"JUNK" + struct.pack("<I", size) + bytes(size)


def gif(size: int) -> bytes:
    whole = saved("GIF")
    blocks = (b"\xff" + bytes(255)) * (size // 255)
    at = whole.index(b",", 13)
    return whole[:at] + b"\x21\xfe" + blocks + b"\0" + whole[at:]


def tiff(size: int) -> bytes:
    """A TIFF with a private tag of that size."""
    whole = bytearray(saved("TIFF"))
    at = struct.unpack_from("<I", whole, 4)[0]
    count = struct.unpack_from("<H", whole, at)[0]
    entries = whole[at + 2 : at + 2 + 12 * count]
    end = len(whole) + 2 + 12 * (count + 1) + 4
    entry = struct.pack("<HHII", 65000, 7, size, end)
    struct.pack_into("<I", whole, 4, len(whole))
    return bytes(whole + struct.pack("<H", count + 1) + entries + entry + bytes(4)) + bytes(size)


def look_at(path: Path) -> None:
    """What the server does with an upload."""
    found = probe(path)
    decoder = {"image/png": "PNG", "image/jpeg": "JPEG", "image/webp": "WEBP", "image/gif": "GIF"}
    picture_level(path, decoder.get(found.content_type, "TIFF"), 0)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(lambda: png(b"eXIf", LARGE), id="eXIf"),
        pytest.param(lambda: png(b"eXIf", LARGE, late=True), id="eXIf after the pixels"),
        pytest.param(lambda: png(b"tEXt", LARGE, late=True), id="tEXt after the pixels"),
        pytest.param(lambda: png(b"prVt", LARGE), id="private chunk"),
        pytest.param(lambda: jpeg(LARGE // 65535), id="JPEG segments"),
        pytest.param(lambda: webp(LARGE), id="WebP chunk"),
        pytest.param(lambda: gif(LARGE), id="GIF comment"),
        pytest.param(lambda: tiff(LARGE), id="TIFF tag"),
    ],
)
def test_large_data_besides_the_pixels_is_refused_without_being_read(tmp_path: Path, content) -> None:
    (tmp_path / "picture").write_bytes(content())
    tracemalloc.start()
    try:
        with pytest.raises(BrokenAsset, match=r"besides its pixels"):
            look_at(tmp_path / "picture")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert peak < 2.2 * HEADER


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(lambda: png(b"prVt", 1_000_000), id="private chunk"),
        pytest.param(lambda: jpeg(100), id="JPEG segments"),
        pytest.param(lambda: webp(1_000_000), id="WebP chunk"),
        pytest.param(lambda: gif(1_000_000), id="GIF comment"),
        pytest.param(lambda: tiff(1_000_000), id="TIFF tag"),
    ],
)
def test_megabytes_besides_the_pixels_are_allowed(tmp_path: Path, content) -> None:
    (tmp_path / "picture").write_bytes(content())

    look_at(tmp_path / "picture")


def test_a_png_of_endless_chunks_is_refused(tmp_path: Path) -> None:
    whole = saved("PNG")
    at = whole.index(b"IEND") - 4
    (tmp_path / "picture").write_bytes(whole[:at] + chunk(b"IDAT", b"") * 1_100_000)

    with pytest.raises(BrokenAsset, match="besides its pixels"):
        probe(tmp_path / "picture")
