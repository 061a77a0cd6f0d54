"""Probing an upload: its type by its content, its size, and files that are refused."""

import struct
import warnings
from pathlib import Path

import pytest
from PIL import Image

from canvus_async.server.rendering.renderer import AssetInfo, BrokenAsset, probe
from tests.server.pictures_samples import A4, PdfPage, pdf, png, scene


def probed(tmp_path: Path, content: bytes) -> AssetInfo:
    path = tmp_path / "upload.txt"  # a misleading name
    path.write_bytes(content)
    return probe(path)


def save_or_skip(path: Path, format_: str) -> None:
    """Older versions of Pillow do not write every format."""
    Image.init()
    if format_ not in Image.SAVE:
        pytest.skip(f"this Pillow does not write {format_}")
    scene(64, 48).save(path, format_)


def svg(root: str) -> bytes:
    return f'<svg xmlns="http://www.w3.org/2000/svg" {root}><g/></svg>'.encode()


def ftyp(major: bytes, *others: bytes) -> bytes:
    brands = major + bytes(4) + b"".join(others)
    return (8 + len(brands)).to_bytes(4, "big") + b"ftyp" + brands + bytes(64)


@pytest.mark.parametrize(
    ("content", "kind", "content_type"),
    [
        (ftyp(b"isom", b"isom", b"mp41"), "video", "video/mp4"),
        (ftyp(b"qt  "), "video", "video/quicktime"),
        (b"\0\0\0\x08wide\0\0\0\0mdat" + bytes(64), "video", "video/quicktime"),
        (b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\x82\x84webm" + bytes(64), "video", "video/webm"),
        (b"\x1a\x45\xdf\xa3\x9f\x42\x82\x88matroska" + bytes(64), "video", "video/x-matroska"),
        (b"RIFF\0\0\0\0AVI LIST" + bytes(64), "video", "video/x-msvideo"),
        (ftyp(b"heic", b"mif1"), "other", "image/heic"),
        (ftyp(b"M4A "), "other", "audio/mp4"),
        (b"RIFF\0\0\0\0WAVEfmt " + bytes(64), "other", "application/octet-stream"),
        (b"BMW makes cars, and this is a text about them.", "other", "application/octet-stream"),
        (b"Get free things: not a video", "other", "application/octet-stream"),
        (b"just text", "other", "application/octet-stream"),
        (b"<html><body><svg/></body></html>", "other", "application/octet-stream"),
        (b"x" * 1100 + b"%PDF-1.7", "other", "application/octet-stream"),
        (b"\0", "other", "application/octet-stream"),
    ],
)
def test_videos_and_other_files_are_detected_by_content(content: bytes, kind: str, content_type: str, tmp_path: Path):
    assert probed(tmp_path, content) == AssetInfo(kind, content_type, 0, 0, 1)  # type: ignore[arg-type]


def test_a_picture_is_detected_by_content_not_by_name(tmp_path: Path):
    path = tmp_path / "report.pdf"
    scene(64, 48).save(path, "PNG")
    assert probe(path) == AssetInfo("image", "image/png", 64, 48, 1)


def test_avif_is_a_picture(tmp_path: Path):
    path = tmp_path / "photo"
    save_or_skip(path, "AVIF")
    assert probe(path) == AssetInfo("image", "image/avif", 64, 48, 1)


@pytest.mark.parametrize(
    ("root", "size"),
    [
        ('width="640" height="480"', (640, 480)),
        ('width="4in" height="25.4mm"', (384, 96)),
        ('viewBox="0 0 300 200"', (300, 200)),
        ('width="600" viewBox="0,0,300,200"', (600, 400)),
        ('height="100" viewBox="0 0 300 200"', (150, 100)),
        ('width="100%" height="100%" viewBox="0 0 24 24"', (24, 24)),
        ('width="abc" height="-5"', (300, 150)),
        ('width="1e300" height="40"', (300, 40)),
        ("", (300, 150)),
    ],
)
def test_the_size_of_an_svg_is_that_of_its_root_element(root: str, size: tuple[int, int], tmp_path: Path):
    assert probed(tmp_path, svg(root)) == AssetInfo("svg", "image/svg+xml", *size, 1)


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf" + svg(""),
        b'<?xml version="1.0" encoding="utf-8"?>\n<!-- made by hand -->\n' + svg(""),
        b'<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "x" [<!ENTITY ns "http://ns.example/">]>\n' + svg(""),
        b'<s:svg xmlns:s="http://www.w3.org/2000/svg"></s:svg>',
        svg("").decode().encode("utf-16"),
        svg("") + b"<broken <after",
        b"<svg>" + b"<g/>" * 40000,
    ],
)
def test_an_svg_is_detected_after_its_prolog(content: bytes, tmp_path: Path):
    assert probed(tmp_path, content).kind == "svg"


@pytest.mark.parametrize(
    ("format_", "length"),
    [
        ("JPEG", 4),
        ("JPEG", 60),
        ("PNG", 8),
        ("PNG", 30),
        ("GIF", 8),
        ("TIFF", 20),
        ("BMP", 30),
        ("WEBP", 20),
        ("JPEG2000", 40),
        ("AVIF", 40),
        ("QOI", 8),
        ("PPM", 4),
    ],
)
def test_a_truncated_header_is_refused(format_: str, length: int, tmp_path: Path):
    path = tmp_path / "cut"
    save_or_skip(path, format_)
    with pytest.raises(BrokenAsset, match="damaged or incomplete"):
        probed(tmp_path, path.read_bytes()[:length])


def test_an_empty_file_is_refused(tmp_path: Path):
    with pytest.raises(BrokenAsset, match=r"^The file is empty\.$"):
        probed(tmp_path, b"")


def test_a_decompression_bomb_is_refused_without_decoding(tmp_path: Path):
    bomb = png(30000, 30000, 1, 0, (bytes(3750) for _ in range(30000)))
    assert len(bomb) < 120_000
    with pytest.raises(BrokenAsset, match="too large: 30000 x 30000 pixels, more than 200 megapixels"):
        probed(tmp_path, bomb)


@pytest.mark.parametrize(
    ("format_", "at", "sides"),
    [
        ("GIF", 6, struct.pack("<HH", 65535, 65535)),
        ("JPEG", 163, struct.pack(">HH", 65000, 65000)),
        ("WEBP", 26, struct.pack("<HH", 16383, 16383)),
    ],
)
def test_a_forged_size_is_refused_in_every_format(format_: str, at: int, sides: bytes, tmp_path: Path):
    path = tmp_path / "vast"
    scene(64, 48).save(path, format_)
    content = bytearray(path.read_bytes())
    content[at : at + 4] = sides
    with pytest.raises(BrokenAsset, match="too large"):
        probed(tmp_path, bytes(content))


def test_a_hundred_megapixels_are_accepted_without_a_warning(tmp_path: Path):
    panorama = png(12000, 9000, 1, 0, (bytes(1500) for _ in range(9000)))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert probed(tmp_path, panorama) == AssetInfo("image", "image/png", 12000, 9000, 1)
    assert caught == []


def test_a_missing_file_raises_file_not_found(tmp_path: Path):
    with pytest.raises(FileNotFoundError):
        probe(tmp_path / "nowhere")


def test_a_pdf_counts_its_pages(tmp_path: Path):
    assert probed(tmp_path, pdf([PdfPage(A4)] * 7)) == AssetInfo("pdf", "application/pdf", 595, 842, 7)


def test_pillows_process_wide_limit_is_not_changed(tmp_path: Path):
    before = Image.MAX_IMAGE_PIXELS
    probed(tmp_path, png(8, 8, 1, 0, [b"\0"] * 8))
    assert before == Image.MAX_IMAGE_PIXELS
