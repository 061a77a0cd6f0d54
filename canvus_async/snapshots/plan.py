"""Turns the widgets of a canvas into drawing commands. Pure arithmetic: nothing is drawn or fetched here."""

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
    Polygon,
    Text,
)
from canvus_async.snapshots.connectors import connector
from canvus_async.snapshots.view import Region, View, content_region, view

PAPER = Colour(0xF4, 0xF5, 0xF7)
FRAME = Colour(0x9A, 0xA3, 0xAF)
DARK = Colour(0x23, 0x2A, 0x34)
ANCHOR = Colour(0x4F, 0x9D, 0xDE)

_TEXT_SIZE, _LARGEST_TEXT_SIZE = 0.12, 0.45
"""Largest letters of a note: relative to the side of a square of the same area, and to its shorter side."""

_LABEL = 0.1
_LARGEST_LABEL = 60.0
_LARGEST_NAME = 26.0
_SMALLEST = 2.0
"""Pixels: an image that is drawn smaller than this is only a filled box, and is not fetched."""


class Plan(NamedTuple):
    """The size of a picture and the commands to draw it, from bottom to top."""

    view: View
    commands: list[DrawCommand]

    @property
    def images(self) -> list[PageImage]:
        """The images that the picture needs, without duplicates."""
        return list(dict.fromkeys(command.image for command in self.commands if isinstance(command, Picture)))


def plan(
    widgets: Iterable[Widget],
    *,
    width: int,
    region: Region = "content",
    background: CanvasBackground | None = None,
) -> Plan:
    """Plan a picture of a region, `width` pixels wide. `widgets` must be complete, because places depend on parents.

    Without `background`, the one among the widgets is used. Raises ValueError for an invalid region or size.
    """
    arranged = Arrangement(widgets)
    shown = view(_region(region, arranged), width)
    canvas_background = background or next(
        (item for item in arranged.others if isinstance(item, CanvasBackground)), None
    )
    commands = list(background_commands(canvas_background, arranged.root, shown))
    frame = shown.frame
    for placed in arranged.placed:
        box = shown.box(placed.bounds)
        if box.overlaps(frame):
            commands += _widget_commands(placed, box, arranged, shown)
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
        raise ValueError(f"region must be a Rect, 'content' or 'canvas', not {region!r}")
    return content_region((placed.bounds for placed in arranged.placed), arranged.root)


def _widget_commands(placed: Placed, box: Box, arranged: Arrangement, shown: View) -> Iterator[DrawCommand]:
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
            text = str(other.raw.get("title") or "") if isinstance(other, UnknownWidget) else ""
            yield from _labelled(box, other.widget_type or "unknown", text, PAPER)


def _note(note: Note, box: Box) -> Iterator[DrawCommand]:
    background = colour(note.background_color, WHITE)
    text_colour = readable_on(background) if note.auto_text_color else colour(note.text_color, readable_on(background))
    shorter = min(box.width, box.height)
    yield Panel(box, background, shaded(background, 0.18) if shorter >= 12 else None, max(1.0, shorter / 200))
    largest = min(shorter * _LARGEST_TEXT_SIZE, math.sqrt(box.width * box.height) * _TEXT_SIZE)
    yield Text(box.inset(shorter * 0.07), note.text or note.title, text_colour, largest)


def _asset(hash_: str, page: int, label: str, box: Box, fit: FitMode) -> Iterator[DrawCommand]:
    if min(box.width, box.height) < _SMALLEST:
        yield Panel(box, FRAME)
    elif not hash_:
        yield from placeholder(box, label, "the server is still processing it")
    else:
        size = max(1, round(box.width)), max(1, round(box.height))
        yield Picture(box, PageImage(hash_, page, *size, fit), label)


def placeholder(box: Box, label: str, reason: str) -> list[DrawCommand]:
    """The commands for an image that is missing: a box with its label and the reason."""
    return [
        *_labelled(box, reason, label, PAPER),
        Polygon(((box.left, box.top), (box.left + _corner(box), box.top), (box.left, box.top + _corner(box))), FRAME),
    ]


def _corner(box: Box) -> float:
    return min(box.width, box.height) / 6


def _labelled(box: Box, kind: str, text: str, background: Colour) -> Iterator[DrawCommand]:
    """A box with the kind of a widget at the top and its title or text in the middle."""
    text_colour = readable_on(background)
    shorter = min(box.width, box.height)
    size = min(_LARGEST_LABEL, shorter * _LABEL)
    yield Panel(box, background, shaded(background, 0.4), max(1.0, shorter / 200))
    edge = box.inset(size * 0.6)
    yield Text(Box(edge.left, edge.top, edge.right, edge.top + size * 1.4), kind, shaded(background, 0.55), size)
    yield Text(Box(edge.left, edge.top + size * 1.6, edge.right, edge.bottom), text, text_colour, size * 1.3)


def _play(box: Box) -> Iterator[DrawCommand]:
    """The play symbol of a video, below the text."""
    side = min(box.width, box.height) / 8
    x, y = (box.left + box.right) / 2, box.bottom - 1.6 * side
    yield Polygon(((x - side / 2, y - side / 2), (x - side / 2, y + side / 2), (x + side / 2, y)), FRAME)


def _outline(anchor: Anchor | VideoOutputAnchor, box: Box, shown: View) -> Iterator[DrawCommand]:
    """An anchor: its edge, and its name at the top left; the widgets inside stay visible."""
    line = max(1.0, 4 * shown.scale)
    yield Panel(box, ANCHOR._replace(alpha=20), ANCHOR, line)
    name = anchor.anchor_name if isinstance(anchor, Anchor) else "video output"
    size = min(_LARGEST_NAME, max(9.0, box.height * 0.05))
    if name and box.height >= 3 * size:
        edge = box.inset(line + size / 3)
        yield Text(Box(edge.left, edge.top, edge.right, edge.top + size * 1.4), name, ANCHOR, size, centred=False)
