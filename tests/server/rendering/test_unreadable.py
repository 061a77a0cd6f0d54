"""Files that a decoder opens, but that say something impossible; and what it cannot decode at all."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image

from canvus_async.server.rendering import documents, pictures
from canvus_async.server.rendering.documents import document_size, page_size
from canvus_async.server.rendering.formats import BrokenAsset
from canvus_async.server.rendering.pictures import picture_size
from canvus_async.server.rendering.vectors import svg_size
from tests.server.pictures_samples import png, scene


class Document:
    """What another version of PDFium may make of a damaged file."""

    def __init__(self, pages: int, size: tuple[float, float]) -> None:
        self.pages = pages
        self.size = size
        self.closed = False

    def __len__(self) -> int:
        return self.pages

    def get_page_size(self, _page: int) -> tuple[float, float]:
        return self.size

    def close(self) -> None:
        self.closed = True


def loaded(patch: pytest.MonkeyPatch, document: Document) -> Document:
    patch.setattr(documents, "_load", lambda _path: document)
    return document


def test_pdf_without_pages_is_broken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    document = loaded(monkeypatch, Document(0, (595, 842)))
    with pytest.raises(BrokenAsset, match="no pages"):
        document_size(tmp_path / "a.pdf")

    assert document.closed


@pytest.mark.parametrize("size", [(0, 842), (595, -1), (595, float("inf")), (float("nan"), 842)])
def test_pdf_page_without_an_area_is_broken(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, size: tuple[float, float]
) -> None:
    document = loaded(monkeypatch, Document(1, size))
    with pytest.raises(BrokenAsset):
        page_size(tmp_path / "a.pdf", 0)

    assert document.closed


def decoding(patch: pytest.MonkeyPatch, factory: Any) -> None:
    Image.init()
    patch.setitem(Image.OPEN, "ODD", (factory, None))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "picture"
    path.write_bytes(b"anything")
    return path


def test_format_that_this_pillow_has_no_decoder_for_is_broken(file: Path) -> None:
    with pytest.raises(BrokenAsset, match="cannot read AVIF9"):
        picture_size(file, "AVIF9")


@pytest.mark.parametrize("size", [(0, 5), (5, 0)])
def test_picture_without_an_area_is_broken(file: Path, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]) -> None:
    decoding(monkeypatch, lambda *_: SimpleNamespace(size=size))
    with pytest.raises(BrokenAsset):
        picture_size(file, "ODD")


def test_lack_of_memory_is_no_damage_of_a_picture(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise MemoryError

    decoding(monkeypatch, full)
    with pytest.raises(MemoryError):
        picture_size(file, "ODD")


@pytest.mark.parametrize("exif", [b"MM", b"II*\0"], ids=["no TIFF", "cut short"])
def test_picture_whose_exif_cannot_be_read_has_its_stored_orientation(tmp_path: Path, exif: bytes) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(odd_png((b"eXIf", exif)))

    assert picture_size(path, "PNG") == (12, 8)


def test_orientation_far_behind_the_pixels_is_not_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    turned = Image.Exif()
    turned[0x0112] = 6
    path = tmp_path / "a.png"
    chunk = (b"eXIf", turned.tobytes().removeprefix(b"Exif\0\0"))
    path.write_bytes(odd_png(chunk))
    assert picture_size(path, "PNG") == (8, 12)

    monkeypatch.setattr(pictures, "_PNG_CHUNKS", 2)
    assert picture_size(path, "PNG") == (12, 8)
    assert pictures.picture_level(path, "PNG", 0).size == (12, 8)


def odd_png(chunk: tuple[bytes, bytes]) -> bytes:
    """A PNG of 12 x 8 pixels with a chunk after them."""
    stored = scene(12, 8).tobytes()
    return png(12, 8, 8, 2, [stored[start : start + 36] for start in range(0, 36 * 8, 36)], chunk)


def test_width_and_height_of_an_svg_count_before_its_view_box() -> None:
    assert svg_size(b'<svg width="30" height="40" viewBox="0 0 500 500"/>') == (30, 40)
    assert svg_size(b'<svg width="30" viewBox="0 0 500 250"/>') == (30, 15)
