"""Looking at a file once, when it is uploaded: what it is and how large it is shown."""

from pathlib import Path

import msgspec

from canvus_async.server.rendering.documents import document_size
from canvus_async.server.rendering.formats import OTHER, SNIFFED_BYTES, SVG, BrokenAsset, FileKind, Format, sniff
from canvus_async.server.rendering.pictures import picture_size
from canvus_async.server.rendering.vectors import svg_size


class AssetInfo(msgspec.Struct, frozen=True):
    """What a file is.

    `width` and `height`: an image's pixels after its EXIF orientation, the first page of a PDF in points, an SVG in
    CSS pixels, 0 for videos and everything else. `pages` is 1 but for PDFs: an animation's first frame is its picture.
    """

    kind: FileKind
    content_type: str
    width: int
    height: int
    pages: int


def identify(path: Path) -> Format:
    """The format of a file, by its content. Raises BrokenAsset for an empty one."""
    found, _ = _identify(path)
    return found


def probe(path: Path) -> AssetInfo:
    """Look at a file: blocking, but cheap, for it reads headers and decodes no pixels.

    Raises BrokenAsset for an empty file, a header cut short, a picture beyond `PICTURE_PIXELS`, a PDF that is damaged
    or needs a password.
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
