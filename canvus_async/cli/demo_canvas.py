"""The canvas that `canvus demo` leaves behind, put in order: pictures in rows, and notes that tell what happened."""

import asyncio
from collections.abc import Sequence
from typing import TypedDict

import msgspec

from canvus_async.canvas import Canvas
from canvus_async.models import AssetWidget, BackgroundGrid, ConnectorEnd, Note, Pdf, Point, Rect, Size

GAP = 90.0
"""Canvas units between pictures."""

WALL = Rect(2700, 1260, 6410, 3640)
"""Where the pictures hang."""

NOTES = Rect(500, 1000, 1400, 4000)
"""Where the notes are, one below the other."""

_TITLE = Rect(500, 400, 8700, 420)
_NAME = 170.0
_TIP = "solid-equilateral-triangle"
_LINE = "#f2b84bff"
_GROUND = "#20262eff"
_COLOURS = ("#ffe08aff", "#b9e3c6ff", "#bcd9f7ff")


async def furnish(canvas: Canvas, hung: Sequence[AssetWidget], *, title: str, steps: Sequence[str]) -> None:
    """Arrange what was uploaded, in its order, and tell its story.

    A title above; the pictures in an anchor of their own; a note for each of the `steps`, from the first a line to the
    pictures and from them one to each of the others; on each document a note with its name, and over the corner of the
    largest picture one that tells its size.
    """
    await canvas.background.update(background_color=_GROUND, grid=BackgroundGrid(color="#ffffff12", visible=True))
    places = rows([widget.size.width / widget.size.height for widget in hung], WALL, GAP)
    await asyncio.gather(*(_hang(canvas, widget, place) for widget, place in zip(hung, places, strict=True)))
    await _measure(canvas, hung, places)
    top, bottom = WALL.y - GAP - _NAME, max(map(_bottom, places)) + GAP
    around = Rect(WALL.x - GAP, top, WALL.width + 2 * GAP, bottom - top)
    pictures = await canvas.anchors.create(anchor_name="Pictures", **_spot(around), depth=1)
    await canvas.notes.create(text=title, **_spot(_TITLE), background_color=_GROUND, depth=2)
    first, *later = await _tell(canvas, steps, bottom=bottom)
    edges = [
        ConnectorEnd(id=pictures.id, auto_location=False, rel_location=Point(0, (number + 0.5) / len(steps)))
        for number in range(len(steps))
    ]
    await _connect(canvas, ConnectorEnd(id=first.id), edges[0])
    for edge, note in zip(edges[1:], later, strict=True):
        await _connect(canvas, edge, ConnectorEnd(id=note.id))


def rows(shapes: Sequence[float], area: Rect, gap: float) -> list[Rect]:
    """Places for pictures of these shapes (width by height), in rows of one height each that are as wide as `area`.

    As many rows as fill its height best.
    """
    best: list[Rect] = []
    best_miss = float("inf")
    for count in range(1, len(shapes) + 1):
        places = _in_rows(shapes, area, gap, count)
        miss = abs(_bottom(places[-1]) - area.y - area.height)
        if miss < best_miss:
            best, best_miss = places, miss
    return best


def _in_rows(shapes: Sequence[float], area: Rect, gap: float, count: int) -> list[Rect]:
    """So many rows, each with its share of the widths."""
    share = sum(shapes) / count
    sorted_in: list[list[float]] = [[] for _ in range(count)]
    passed = 0.0
    for shape in shapes:
        sorted_in[min(count - 1, int((passed + shape / 2) / share))].append(shape)
        passed += shape
    places: list[Rect] = []
    y = area.y
    for row in filter(None, sorted_in):
        height = min((area.width - gap * (len(row) - 1)) / sum(row), area.height)
        x = area.x
        for shape in row:
            places.append(Rect(x, y, shape * height, height))
            x += shape * height + gap
        y += height + gap
    return places


async def _hang(canvas: Canvas, widget: AssetWidget, place: Rect) -> None:
    if not isinstance(widget, Pdf):
        await canvas.images.update(widget.id, **_spot(place), depth=10)
        return
    await canvas.pdfs.update(widget.id, **_spot(place), depth=10)
    label = Rect(place.width * 0.15, place.height * 0.76, place.width * 0.7, place.height * 0.18)
    await canvas.notes.create(
        text=widget.original_filename, **_spot(label), background_color=_COLOURS[0], parent_id=widget.id
    )


async def _measure(canvas: Canvas, hung: Sequence[AssetWidget], places: Sequence[Rect]) -> None:
    """A note over the upper left corner of the largest picture: above it, and a little beyond its edges."""
    largest, place = max(zip(hung, places, strict=True), key=lambda pair: pair[0].size.width * pair[0].size.height)
    spot = Rect(place.x - GAP / 3, place.y - GAP / 3, min(640.0, place.width / 2), min(300.0, place.height / 2))
    text = f"{largest.size.width:g} x {largest.size.height:g}"
    await canvas.notes.create(text=text, **_spot(spot), background_color=_COLOURS[0], depth=30)


async def _tell(canvas: Canvas, steps: Sequence[str], *, bottom: float) -> list[Note]:
    """A note for each step, evenly down to `bottom`."""
    pace = (bottom - NOTES.y + GAP) / len(steps)
    return [
        await canvas.notes.create(
            text=text,
            **_spot(Rect(NOTES.x, NOTES.y + number * pace, NOTES.width, min(pace - GAP, NOTES.width))),
            background_color=_COLOURS[number % len(_COLOURS)],
            depth=20,
        )
        for number, text in enumerate(steps)
    ]


async def _connect(canvas: Canvas, source: ConnectorEnd, target: ConnectorEnd) -> None:
    tipped = msgspec.structs.replace(target, tip=_TIP)
    await canvas.connectors.create(src=source, dst=tipped, line_color=_LINE, line_width=14)


class _Spot(TypedDict):
    location: Point
    size: Size


def _spot(place: Rect) -> _Spot:
    return {"location": Point(place.x, place.y), "size": Size(place.width, place.height)}


def _bottom(place: Rect) -> float:
    return place.y + place.height
