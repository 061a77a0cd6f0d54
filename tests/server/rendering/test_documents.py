"""PDF pages: sizes, boxes, rotation, forms, many pages, passwords and damaged files."""

import asyncio
from pathlib import Path

import pytest
from PIL import Image

from canvus_async.server.rendering.levels import level_size
from canvus_async.server.rendering.renderer import BrokenAsset, PageOutOfRange, Renderer, probe
from tests.server.pictures_samples import (
    A4,
    BLUE,
    GREEN,
    RED,
    PdfPage,
    content_hash,
    difference,
    drawn,
    fill,
    near,
    opened,
    pdf,
    scene,
)

SQUARE = (0.0, 0.0, 200.0, 200.0)
CORNERS = fill(RED, 0, 100, 100, 100) + fill(GREEN, 100, 100, 100, 100) + fill(BLUE, 0, 0, 100, 100)
"""Top left red, top right green, bottom left blue, bottom right empty."""

PAPER = (255, 255, 255)


def corners(picture: Image.Image) -> list[object]:
    """The colours in the centres of the four quarters, row by row."""
    w, h = picture.size
    return [picture.getpixel((x, y)) for y in (h // 4, 3 * h // 4) for x in (w // 4, 3 * w // 4)]


def assert_corners(picture: Image.Image, *wanted: tuple[int, int, int]) -> None:
    for colour, expected in zip(corners(picture), wanted, strict=True):
        assert isinstance(colour, tuple)
        assert near(colour, expected), corners(picture)


async def test_a4_is_rendered_at_144_dpi(tmp_path: Path):
    path = tmp_path / "a4.pdf"
    path.write_bytes(pdf([PdfPage(A4)]))
    info = probe(path)
    assert (info.kind, info.content_type) == ("pdf", "application/pdf")
    assert (info.width, info.height, info.pages) == (595, 842, 1)
    picture = await drawn(path)
    assert picture.size == (1191, 1684)
    assert picture.getpixel((600, 800)) == PAPER


@pytest.mark.parametrize("level", [0, 1])
async def test_a_page_is_rendered_upright(level: int, tmp_path: Path):
    path = tmp_path / "corners.pdf"
    path.write_bytes(pdf([PdfPage(SQUARE, CORNERS)]))
    picture = await drawn(path, level)
    assert picture.size == level_size(400, 400, level)
    assert_corners(picture, RED, GREEN, BLUE, PAPER)


@pytest.mark.parametrize(
    ("rotation", "wanted"),
    [
        (90, (BLUE, RED, PAPER, GREEN)),
        (180, (PAPER, BLUE, GREEN, RED)),
        (270, (GREEN, PAPER, RED, BLUE)),
    ],
)
async def test_the_rotation_of_a_page_is_applied(
    rotation: int, wanted: tuple[tuple[int, int, int], ...], tmp_path: Path
):
    path = tmp_path / "turned.pdf"
    wide = (0.0, 0.0, 200.0, 201.0)
    path.write_bytes(pdf([PdfPage(wide, CORNERS, b"/Rotate %d" % rotation)]))
    info = probe(path)
    assert (info.width, info.height) == ((200, 201) if rotation == 180 else (201, 200))
    picture = await drawn(path)
    assert picture.size == (info.width * 2, info.height * 2)
    assert_corners(picture, *wanted)


async def test_only_the_crop_box_is_shown(tmp_path: Path):
    path = tmp_path / "cropped.pdf"
    path.write_bytes(pdf([PdfPage(SQUARE, CORNERS, b"/CropBox [0 100 100 200]")]))
    assert (probe(path).width, probe(path).height) == (100, 100)
    assert_corners(await drawn(path), RED, RED, RED, RED)


async def test_a_page_need_not_begin_at_the_origin(tmp_path: Path):
    path = tmp_path / "shifted.pdf"
    path.write_bytes(pdf([PdfPage((100, 100, 200, 200), CORNERS)]))
    assert_corners(await drawn(path), GREEN, GREEN, GREEN, GREEN)


async def test_pages_of_one_document_differ_in_size(tmp_path: Path):
    path = tmp_path / "mixed.pdf"
    boxes = [A4, SQUARE, (0, 0, 1190.55, 841.89), (0, 0, 14400, 7200), (0, 0, 3, 1)]
    path.write_bytes(pdf([PdfPage(box) for box in boxes]))
    renderer = Renderer(tmp_path / "cache")
    name = content_hash(path)
    infos = [await renderer.info(name, path, page) for page in range(5)]
    sizes = [(info.resolution.width, info.resolution.height) for info in infos]
    assert sizes == [(1191, 1684), (400, 400), (2382, 1684), (4096, 2048), (6, 2)]
    assert [info.max_level for info in infos] == [4, 2, 5, 5, 0]
    assert {info.pages for info in infos} == {5}
    for page, size in enumerate(sizes):
        assert opened(await renderer.level(name, path, page, 0)).size == size
    await renderer.aclose()


async def test_all_of_three_hundred_pages_are_rendered(tmp_path: Path):
    path = tmp_path / "book.pdf"
    shades = [(page % 256, 255 - page % 256, 90) for page in range(300)]
    path.write_bytes(pdf([PdfPage(SQUARE, fill(shade, 0, 0, 200, 200)) for shade in shades]))
    assert probe(path).pages == 300
    renderer = Renderer(tmp_path / "cache")
    name = content_hash(path)
    files = await asyncio.gather(*(renderer.level(name, path, page, 2) for page in range(300)))
    assert renderer.renders == 300
    for page, file in enumerate(files):
        colour = opened(file).getpixel((50, 50))
        assert isinstance(colour, tuple)
        assert near(colour, shades[page], 4)
    for outside in (300, -1):
        with pytest.raises(PageOutOfRange, match=f"Page {outside} does not exist: the PDF has 300 pages"):
            await renderer.level(name, path, outside, 0)
    await renderer.aclose()


async def test_a_pdf_of_a_picture_looks_like_the_picture(tmp_path: Path):
    path = tmp_path / "scan.pdf"
    scene(600, 400).save(path, "PDF", resolution=72)
    picture = await drawn(path, 1)
    assert difference(picture, scene(600, 400)) < 6


async def test_annotations_and_form_fields_are_rendered(tmp_path: Path):
    path = tmp_path / "form.pdf"
    look = b"<< /Type /XObject /Subtype /Form /BBox [0 0 100 100] /Length %d >>\nstream\n%s\nendstream"
    looks = [look % (len(content), content) for content in (fill(RED, 0, 0, 100, 100), fill(BLUE, 0, 0, 100, 100))]
    stamp = b"<< /Type /Annot /Subtype /Stamp /F 4 /Rect [0 100 100 200] /AP << /N 7 0 R >> >>"
    field = (
        b"<< /Type /Annot /Subtype /Widget /FT /Tx /T (name) /V (filled in) /F 4 /Rect [100 0 200 100] "
        b"/AP << /N 8 0 R >> >>"
    )
    page = PdfPage(SQUARE, b"", b"/Annots [5 0 R 6 0 R]")
    path.write_bytes(pdf([page], stamp, field, *looks, catalog=b"/AcroForm << /Fields [6 0 R] >>"))
    assert_corners(await drawn(path), RED, PAPER, PAPER, BLUE)


def test_a_pdf_that_needs_a_password_is_refused_when_probed(tmp_path: Path):
    path = tmp_path / "secret.pdf"
    path.write_bytes(pdf([PdfPage(SQUARE, CORNERS)], password=b"secret"))
    with pytest.raises(BrokenAsset, match="needs a password"):
        probe(path)


async def test_a_pdf_protected_only_against_changes_is_rendered(tmp_path: Path):
    path = tmp_path / "protected.pdf"
    path.write_bytes(pdf([PdfPage(SQUARE, CORNERS)], password=b""))
    assert probe(path).pages == 1
    assert_corners(await drawn(path), RED, GREEN, BLUE, PAPER)


@pytest.mark.parametrize("content", [b"%PDF-1.7\n", b"%PDF-1.7\nno objects here\n%%EOF", pdf([PdfPage(A4)])[:60]])
def test_a_damaged_pdf_is_refused_when_probed(content: bytes, tmp_path: Path):
    path = tmp_path / "broken.pdf"
    path.write_bytes(content)
    with pytest.raises(BrokenAsset, match=r"damaged|no pages"):
        probe(path)


async def test_a_pdf_may_begin_with_other_bytes(tmp_path: Path):
    path = tmp_path / "mailed.pdf"
    path.write_bytes(b"X-Header: from a mail gateway\r\n" + pdf([PdfPage(SQUARE, CORNERS)]))
    assert probe(path).kind == "pdf"
    assert_corners(await drawn(path), RED, GREEN, BLUE, PAPER)


async def test_pages_of_several_documents_are_rendered_concurrently(tmp_path: Path):
    renderer = Renderer(tmp_path / "cache", workers=4)
    paths = [tmp_path / f"{number}.pdf" for number in range(8)]
    for number, path in enumerate(paths):
        path.write_bytes(pdf([PdfPage(SQUARE, fill((number * 30, 90, 200), 0, 0, 200, 200))] * 5))
    asked = [(number, page) for number in range(8) for page in range(5)]
    names = [content_hash(path) for path in paths]
    files = await asyncio.gather(*(renderer.level(names[number], paths[number], page, 0) for number, page in asked))
    for (number, _), file in zip(asked, files, strict=True):
        colour = opened(file).getpixel((50, 50))
        assert isinstance(colour, tuple)
        assert near(colour, (number * 30, 90, 200), 4)
    await renderer.aclose()
