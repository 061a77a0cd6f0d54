"""Arranges the canvas of `canvus demo`: images in rows, and notes that list the steps of the demo."""

import asyncio
from collections.abc import Sequence
from typing import TypedDict

import msgspec

from canvus_async.canvas import Canvas
from canvus_async.models import AssetWidget, BackgroundGrid, ConnectorEnd, Note, Pdf, Point, Rect, Size

GAP = 90.0
"""Canvas units between images."""

IMAGES = Rect(2700, 1260, 6410, 3640)
"""The area of the images."""

NOTES = Rect(500, 1000, 1400, 4000)
"""The area of the notes, one below the other."""

_TITLE = Rect(500, 400, 8700, 420)
_NAME = 170.0
_TIP = "solid-equilateral-triangle"
_LINE = "#f2b84bff"
_BACKGROUND = "#20262eff"
_COLOURS = ("#ffe08aff", "#b9e3c6ff", "#bcd9f7ff")


async def arrange(canvas: Canvas, uploaded: Sequence[AssetWidget], *, title: str, steps: Sequence[str]) -> None:
    """Arrange the uploaded widgets in their order, and explain them with notes.

    Adds a title, an anchor around the images, and a note per step, with a connector from the first step to the images
    and one from the images to each other step. Each PDF gets a note with its name, the largest image one with its size.
    """
    await canvas.background.update(background_color=_BACKGROUND, grid=BackgroundGrid(color="#ffffff12", visible=True))
    places = rows([widget.size.width / widget.size.height for widget in uploaded], IMAGES, GAP)
    await asyncio.gather(*(_move(canvas, widget, place) for widget, place in zip(uploaded, places, strict=True)))
    await _label_largest(canvas, uploaded, places)
    top, bottom = IMAGES.y - GAP - _NAME, max(map(_bottom, places)) + GAP
    around = Rect(IMAGES.x - GAP, top, IMAGES.width + 2 * GAP, bottom - top)
    pictures = await canvas.anchors.create(anchor_name="Pictures", **_geometry(around), depth=1)
    await canvas.notes.create(text=title, **_geometry(_TITLE), background_color=_BACKGROUND, depth=2)
    first, *later = await _step_notes(canvas, steps, bottom=bottom)
    edges = [
        ConnectorEnd(id=pictures.id, auto_location=False, rel_location=Point(0, (number + 0.5) / len(steps)))
        for number in range(len(steps))
    ]
    await _connect(canvas, ConnectorEnd(id=first.id), edges[0])
    for edge, note in zip(edges[1:], later, strict=True):
        await _connect(canvas, edge, ConnectorEnd(id=note.id))


def rows(shapes: Sequence[float], area: Rect, gap: float) -> list[Rect]:
    """Places for images of these aspect ratios (width / height), in rows that are as wide as `area`.

    All images in a row have the same height. The number of rows is the one that fills the height of `area` best.
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
    """Places in `count` rows with about equal sums of aspect ratios."""
    share = sum(shapes) / count
    grouped: list[list[float]] = [[] for _ in range(count)]
    before = 0.0
    for shape in shapes:
        grouped[min(count - 1, int((before + shape / 2) / share))].append(shape)
        before += shape
    places: list[Rect] = []
    y = area.y
    for row in filter(None, grouped):
        height = min((area.width - gap * (len(row) - 1)) / sum(row), area.height)
        x = area.x
        for shape in row:
            places.append(Rect(x, y, shape * height, height))
            x += shape * height + gap
        y += height + gap
    return places


async def _move(canvas: Canvas, widget: AssetWidget, place: Rect) -> None:
    if not isinstance(widget, Pdf):
        await canvas.images.update(widget.id, **_geometry(place), depth=10)
        return
    await canvas.pdfs.update(widget.id, **_geometry(place), depth=10)
    label = Rect(place.width * 0.15, place.height * 0.76, place.width * 0.7, place.height * 0.18)
    await canvas.notes.create(
        text=widget.original_filename, **_geometry(label), background_color=_COLOURS[0], parent_id=widget.id
    )


async def _label_largest(canvas: Canvas, uploaded: Sequence[AssetWidget], places: Sequence[Rect]) -> None:
    """A note with the size of the largest image, over its upper left corner."""
    largest, place = max(zip(uploaded, places, strict=True), key=lambda pair: pair[0].size.width * pair[0].size.height)
    box = Rect(place.x - GAP / 3, place.y - GAP / 3, min(640.0, place.width / 2), min(300.0, place.height / 2))
    text = f"{largest.size.width:g} x {largest.size.height:g}"
    await canvas.notes.create(text=text, **_geometry(box), background_color=_COLOURS[0], depth=30)


async def _step_notes(canvas: Canvas, steps: Sequence[str], *, bottom: float) -> list[Note]:
    """A note for each step, evenly spaced down to `bottom`."""
    pace = (bottom - NOTES.y + GAP) / len(steps)
    return [
        await canvas.notes.create(
            text=text,
            **_geometry(Rect(NOTES.x, NOTES.y + number * pace, NOTES.width, min(pace - GAP, NOTES.width))),
            background_color=_COLOURS[number % len(_COLOURS)],
            depth=20,
        )
        for number, text in enumerate(steps)
    ]


async def _connect(canvas: Canvas, source: ConnectorEnd, target: ConnectorEnd) -> None:
    tipped = msgspec.structs.replace(target, tip=_TIP)
    await canvas.connectors.create(src=source, dst=tipped, line_color=_LINE, line_width=14)


class _Geometry(TypedDict):
    location: Point
    size: Size


def _geometry(place: Rect) -> _Geometry:
    return {"location": Point(place.x, place.y), "size": Size(place.width, place.height)}


def _bottom(place: Rect) -> float:
    return place.y + place.height
