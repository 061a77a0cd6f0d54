"""What to draw of a canvas: from its widgets to commands. Pure arithmetic, no pixel is touched."""

import math
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from canvus_async.models import (
    Anchor,
    Browser,
    CanvasBackground,
    Connector,
    Image,
    IpVideo,
    Note,
    Pdf,
    RdpConnection,
    Rect,
    Table,
    UnknownWidget,
    Video,
    VideoInput,
    VideoOutputAnchor,
    Widget,
)
from canvus_async.snapshots import tables
from canvus_async.snapshots.arrangement import Arrangement, Placed
from canvus_async.snapshots.backgrounds import background_commands
from canvus_async.snapshots.colours import WHITE, colour, readable_on, shaded
from canvus_async.snapshots.commands import (
    Box,
    Colour,
    DrawCommand,
    FitMode,
    PageImage,
    Panel,
    Picture,
    Shape,
    Words,
)
from canvus_async.snapshots.connectors import connector
from canvus_async.snapshots.view import Region, View, content_region, view

PAPER = Colour(0xF4, 0xF5, 0xF7)
FRAME = Colour(0x9A, 0xA3, 0xAF)
DARK = Colour(0x23, 0x2A, 0x34)
ANCHOR = Colour(0x4F, 0x9D, 0xDE)

_LETTERS, _TALLEST_LETTERS = 0.12, 0.45
"""The size of a note's letters: of its side if it were square, of its shorter side."""

_LABEL = 0.1
_LARGEST_LABEL = 60.0
_LARGEST_NAME = 26.0
_SMALLEST = 2.0
"""Pixels: what is smaller in the picture is a speck of colour, and worth no request."""


class Plan(NamedTuple):
    """A picture's size in pixels and what is drawn into it, from the bottom to the top."""

    view: View
    commands: list[DrawCommand]

    @property
    def images(self) -> list[PageImage]:
        """The mipmaps that it needs, each once."""
        return list(dict.fromkeys(command.image for command in self.commands if isinstance(command, Picture)))


def plan(
    widgets: Iterable[Widget],
    *,
    width: int,
    region: Region = "content",
    background: CanvasBackground | None = None,
) -> Plan:
    """The picture `width` pixels wide of a region of a canvas that has these widgets (all: parents are looked up).

    Without a `background` the one among the widgets counts. Raises ValueError for a region or size that is no picture.
    """
    arranged = Arrangement(widgets)
    shown = view(_region(region, arranged), width)
    behind = background or next((item for item in arranged.others if isinstance(item, CanvasBackground)), None)
    commands = list(background_commands(behind, arranged.root, shown))
    frame = shown.frame
    for placed in arranged.placed:
        box = shown.box(placed.bounds)
        if box.overlaps(frame):
            commands += _drawn(placed, box, arranged, shown)
    for line in arranged.others:
        if isinstance(line, Connector):
            commands += connector(line, arranged.bounds, shown)
    return Plan(shown, commands)


def _region(region: Region, arranged: Arrangement) -> Rect:
    if isinstance(region, Rect):
        return region
    if region == "canvas" and arranged.root is not None:
        return arranged.root
    if region not in {"content", "canvas"}:
        raise ValueError(f"region is a Rect, 'content' or 'canvas', not {region!r}")
    return content_region((placed.bounds for placed in arranged.placed), arranged.root)


def _drawn(placed: Placed, box: Box, arranged: Arrangement, shown: View) -> Iterator[DrawCommand]:
    """The commands for one widget."""
    match placed.widget:
        case Note() as note:
            yield from _note(note, box)
        case Image() as image:
            yield from _asset(image.hash, 0, image.title or image.original_filename or "image", box, "fill")
        case Pdf() as pdf:
            if box.width >= _SMALLEST:
                yield Panel(box, WHITE)
            yield from _asset(pdf.hash, pdf.index, pdf.title or pdf.original_filename or "PDF", box, "contain")
        case Table() as table:
            yield from tables.table(table, arranged.cells.get(table.id, []), box, shown.scale * placed.scale)
        case Anchor() | VideoOutputAnchor() as anchor:
            yield from _outline(anchor, box, shown)
        case Video() as video:
            yield from _labelled(box, "video", video.title or video.original_filename, DARK)
            yield from _play(box)
        case Browser() as browser:
            yield from _labelled(box, "web page", browser.title or browser.url, WHITE)
        case VideoInput() | IpVideo() as live:
            yield from _labelled(box, "live video", live.title or live.source, DARK)
        case RdpConnection() as desktop:
            yield from _labelled(box, "remote desktop", desktop.title or desktop.connection_name, DARK)
        case other:
            words = str(other.raw.get("title") or "") if isinstance(other, UnknownWidget) else ""
            yield from _labelled(box, other.widget_type or "unknown", words, PAPER)


def _note(note: Note, box: Box) -> Iterator[DrawCommand]:
    ground = colour(note.background_color, WHITE)
    ink = readable_on(ground) if note.auto_text_color else colour(note.text_color, readable_on(ground))
    shorter = min(box.width, box.height)
    yield Panel(box, ground, shaded(ground, 0.18) if shorter >= 12 else None, max(1.0, shorter / 200))
    largest = min(shorter * _TALLEST_LETTERS, math.sqrt(box.width * box.height) * _LETTERS)
    yield Words(box.inset(shorter * 0.07), note.text or note.title, ink, largest)


def _asset(hash_: str, page: int, label: str, box: Box, fit: FitMode) -> Iterator[DrawCommand]:
    if min(box.width, box.height) < _SMALLEST:
        yield Panel(box, FRAME)
    elif not hash_:
        yield from placeholder(box, label, "the server is still reading it")
    else:
        size = max(1, round(box.width)), max(1, round(box.height))
        yield Picture(box, PageImage(hash_, page, *size, fit), label)


def placeholder(box: Box, label: str, why: str) -> list[DrawCommand]:
    """What is drawn where a picture cannot be had."""
    return [
        *_labelled(box, why, label, PAPER),
        Shape(((box.left, box.top), (box.left + _corner(box), box.top), (box.left, box.top + _corner(box))), FRAME),
    ]


def _corner(box: Box) -> float:
    return min(box.width, box.height) / 6


def _labelled(box: Box, kind: str, words: str, ground: Colour) -> Iterator[DrawCommand]:
    """A box that says what is there: its kind along the top, its own words in the middle."""
    ink = readable_on(ground)
    shorter = min(box.width, box.height)
    size = min(_LARGEST_LABEL, shorter * _LABEL)
    yield Panel(box, ground, shaded(ground, 0.4), max(1.0, shorter / 200))
    edge = box.inset(size * 0.6)
    yield Words(Box(edge.left, edge.top, edge.right, edge.top + size * 1.4), kind, shaded(ground, 0.55), size)
    yield Words(Box(edge.left, edge.top + size * 1.6, edge.right, edge.bottom), words, ink, size * 1.3)


def _play(box: Box) -> Iterator[DrawCommand]:
    """The triangle that says film, below the middle, clear of the words."""
    side = min(box.width, box.height) / 8
    x, y = (box.left + box.right) / 2, box.bottom - 1.6 * side
    yield Shape(((x - side / 2, y - side / 2), (x - side / 2, y + side / 2), (x + side / 2, y)), FRAME)


def _outline(anchor: Anchor | VideoOutputAnchor, box: Box, shown: View) -> Iterator[DrawCommand]:
    """A region: its edge and its name at the top left, what lies within stays to be seen."""
    line = max(1.0, 4 * shown.scale)
    yield Panel(box, ANCHOR._replace(alpha=20), ANCHOR, line)
    name = anchor.anchor_name if isinstance(anchor, Anchor) else "video output"
    size = min(_LARGEST_NAME, max(9.0, box.height * 0.05))
    if name and box.height >= 3 * size:
        edge = box.inset(line + size / 3)
        yield Words(Box(edge.left, edge.top, edge.right, edge.top + size * 1.4), name, ANCHOR, size, centred=False)
