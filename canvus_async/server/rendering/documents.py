"""Renders PDF pages with PDFium, as a PDF reader shows them.

That is the crop box, with the page's rotation, on white, with annotations and filled-in forms. PDFium is not
thread-safe, not even when it closes objects, so all of its objects are opened and closed under one lock.
"""

import math
import threading
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Protocol, cast

import pypdfium2  # type: ignore[import-untyped]  # pyright: ignore[reportMissingTypeStubs] - it ships no types
from PIL import Image

from canvus_async.server.rendering.formats import BrokenAsset, PageOutOfRange
from canvus_async.server.rendering.pictures import shrink

PIXELS_PER_POINT = 2.0
"""144 dots per inch; A4 has 1191 x 1684 pixels."""

PAGE_SIDE = 4096
"""Pixels. A page with a longer side is rendered at a smaller scale."""

UNREADABLE_PDF = "The PDF cannot be read: the file is damaged or incomplete."


class _Bitmap(Protocol):
    def to_pil(self) -> Image.Image: ...
    def close(self) -> None: ...


class _Page(Protocol):
    def render(self, *, scale: float) -> _Bitmap: ...
    def close(self) -> None: ...


class _Document(Protocol):
    def __len__(self) -> int: ...
    def init_forms(self) -> object: ...
    def get_page(self, index: int) -> _Page: ...
    def get_page_size(self, index: int) -> tuple[float, float]: ...
    def close(self) -> None: ...


_load = cast("Callable[[Path], _Document]", pypdfium2.PdfDocument)
_pdfium = threading.Lock()


def document_size(path: Path) -> tuple[float, float, int]:
    """Width and height of the first page in points (1/72 inch), and the number of pages.

    Raises BrokenAsset if the file is damaged, has no pages or needs a password.
    """
    with _open_document(path) as document:
        if len(document) < 1:
            raise BrokenAsset("The PDF has no pages.")
        return *document.get_page_size(0), len(document)


def page_size(path: Path, page: int) -> tuple[int, int, int]:
    """Width and height in pixels of a page at mipmap level 0, and the number of pages. Pages are counted from 0.

    Raises BrokenAsset and PageOutOfRange.
    """
    with _open_document(path) as document:
        _check_page(document, page)
        _, size = _scale(*document.get_page_size(page))
        return *size, len(document)


def page_picture(path: Path, page: int) -> Image.Image:
    """Render a page as RGB pixels of `page_size`. Raises BrokenAsset and PageOutOfRange."""
    with _open_document(path) as document:
        _check_page(document, page)
        scale, size = _scale(*document.get_page_size(page))
        document.init_forms()  # must precede get_page, or filled-in fields stay empty
        with (
            closing(document.get_page(page)) as loaded,
            closing(loaded.render(scale=scale)) as drawn,
        ):
            picture = drawn.to_pil()  # a copy, because PDFium's bytes have another order and are freed
    return shrink(picture, size)


@contextmanager
def _open_document(path: Path) -> Generator[_Document, None, None]:
    with _pdfium:
        try:
            with closing(_load(path)) as document:
                yield document
        except pypdfium2.PdfiumError as exc:
            if "password" in str(exc).lower():
                raise BrokenAsset("The PDF needs a password, so it cannot be shown.") from exc
            raise BrokenAsset(UNREADABLE_PDF) from exc


def _check_page(document: _Document, page: int) -> None:
    if not 0 <= page < len(document):
        raise PageOutOfRange(f"Page {page} does not exist: the PDF has {len(document)} pages, counted from 0.")


def _scale(width: float, height: float) -> tuple[float, tuple[int, int]]:
    """The scale in pixels per point for a page of this size in points, and its size in pixels.

    The size is rounded up, as pypdfium2 does when it renders.
    """
    longest = max(width, height)
    if not (min(width, height) > 0 and math.isfinite(longest)):
        raise BrokenAsset(UNREADABLE_PDF)
    scale = min(PIXELS_PER_POINT, (PAGE_SIDE - 0.5) / longest)
    return scale, (math.ceil(width * scale), math.ceil(height * scale))
