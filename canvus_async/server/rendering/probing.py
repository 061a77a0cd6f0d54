"""Inspects an uploaded file: its format and its size."""

from pathlib import Path

import msgspec

from canvus_async.server.rendering.documents import document_size
from canvus_async.server.rendering.formats import OTHER, SNIFFED_BYTES, SVG, BrokenAsset, FileKind, Format, sniff
from canvus_async.server.rendering.pictures import picture_size
from canvus_async.server.rendering.vectors import svg_size


class AssetInfo(msgspec.Struct, frozen=True):
    """What is known about a file.

    `width` and `height` are pixels after the EXIF orientation for a picture, points of the first page for a PDF, CSS
    pixels for an SVG, and 0 for videos and other files. `pages` is 1 except for PDFs; an animation counts as one page.
    """

    kind: FileKind
    content_type: str
    width: int
    height: int
    pages: int


def identify(path: Path) -> Format:
    """The format of a file. Raises BrokenAsset if it is empty."""
    found, _ = _identify(path)
    return found


def probe(path: Path) -> AssetInfo:
    """Inspect a file. Blocking, but fast: only headers are read, no pixels are decoded.

    Raises BrokenAsset for an empty file, a truncated header, a picture of more than `PICTURE_PIXELS`, and a PDF that is
    damaged or needs a password.
    """
    found, head = _identify(path)
    width, height, pages = 0, 0, 1
    if found.kind == "image":
        width, height = picture_size(path, found.decoder)
    elif found.kind == "pdf":
        points_wide, points_high, pages = document_size(path)
        width, height = max(1, round(points_wide)), max(1, round(points_high))
    elif found.kind == "svg":
        width, height = svg_size(head) or (0, 0)
    return AssetInfo(found.kind, found.content_type, width, height, pages)


def _identify(path: Path) -> tuple[Format, bytes]:
    with path.open("rb") as file:
        head = file.read(SNIFFED_BYTES)
    if not head:
        raise BrokenAsset("The file is empty.")
    found = sniff(head)
    if found == OTHER and svg_size(head):
        found = SVG
    return found, head
