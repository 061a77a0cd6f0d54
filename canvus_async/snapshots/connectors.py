"""Connectors: lines from the edge of one widget to the edge of another, with arrow tips."""

import math
from collections.abc import Iterator, Mapping

from canvus_async.models import Connector, ConnectorEnd, Rect
from canvus_async.snapshots.colours import colour
from canvus_async.snapshots.commands import Box, Colour, Dot, DrawCommand, Polygon, Stroke
from canvus_async.snapshots.view import View

LINE = Colour(0xE7, 0xE7, 0xF2)
"""The colour of a connector without a valid one: the default of the API."""

_STEPS = 32
"""Straight parts of a curve."""

_TIP = 3.0
"""Length of a tip, in line widths."""

_SHORTEST_TIP = 7.0
"""Pixels."""


def connector(line: Connector, bounds: Mapping[str, Rect], view: View) -> Iterator[DrawCommand]:
    """The line and its tips. Nothing if one of the widgets is missing or the line has no length."""
    source, target = bounds.get(line.src.id), bounds.get(line.dst.id)
    if source is None or target is None:
        return
    boxes = view.box(source), view.box(target)
    dots = _path(line, *boxes)
    if len(dots) < 2:
        return
    paint = colour(line.line_color, LINE)
    width = max(1.0, line.line_width * view.scale)
    length = max(_SHORTEST_TIP, _TIP * width)
    for end, order in ((line.dst, 1), (line.src, -1)):
        if end.tip != "none":
            dots = dots[::order]
            tip, dots = _tip(dots, length)
            dots = dots[::order]
            yield Polygon(tip, paint)
    if len(dots) >= 2:
        yield Stroke(tuple(dots), paint, width)


def _path(line: Connector, source: Box, target: Box) -> list[Dot]:
    """The points of the line, from the edge of one box to the edge of the other."""
    if line.type == "straight":
        ends = _place(line.src, source, _centre(target)), _place(line.dst, target, _centre(source))
        return _without_repeats(ends)
    start, out = _side(line.src, source, _centre(target))
    end, into = _side(line.dst, target, _centre(source))
    if line.type == "right-angle":
        return _without_repeats(_elbows(start, out, end, into))
    reach = max(abs(end[0] - start[0]), abs(end[1] - start[1])) / 2
    first = (start[0] + out[0] * reach, start[1] + out[1] * reach)
    last = (end[0] + into[0] * reach, end[1] + into[1] * reach)
    return _without_repeats(_bezier(start, first, last, end, step / _STEPS) for step in range(_STEPS + 1))


def _centre(box: Box) -> Dot:
    return (box.left + box.right) / 2, (box.top + box.bottom) / 2


def _place(end: ConnectorEnd, box: Box, towards: Dot) -> Dot:
    """The end of a straight line: the given position, else where the line between the centres leaves the box."""
    if not end.auto_location and end.rel_location is not None:
        return box.left + end.rel_location.x * box.width, box.top + end.rel_location.y * box.height
    x, y = _centre(box)
    across, down = towards[0] - x, towards[1] - y
    steps = [half / abs(way) for half, way in ((box.width / 2, across), (box.height / 2, down)) if way]
    part = min(1.0, *steps) if steps else 0.0
    return x + across * part, y + down * part


def _side(end: ConnectorEnd, box: Box, towards: Dot) -> tuple[Dot, Dot]:
    """The end of a curved or angled line and its direction: the given position, else the middle of a side."""
    x, y = _centre(box)
    if not end.auto_location and end.rel_location is not None:
        place = _place(end, box, towards)
        beside, below = end.rel_location.x - 0.5, end.rel_location.y - 0.5
    else:
        gap_across = abs(towards[0] - x) - box.width / 2
        gap_down = abs(towards[1] - y) - box.height / 2
        if gap_across >= gap_down:
            place = (box.right if towards[0] >= x else box.left), y
        else:
            place = x, (box.bottom if towards[1] >= y else box.top)
        beside, below = place[0] - x, place[1] - y
    if abs(beside) >= abs(below):
        return place, (math.copysign(1.0, beside), 0.0)
    return place, (0.0, math.copysign(1.0, below))


def _elbows(start: Dot, out: Dot, end: Dot, into: Dot) -> list[Dot]:
    """Horizontal and vertical lines: one corner between a horizontal and a vertical end, else two half way."""
    if out[0] and into[0]:
        middle = (start[0] + end[0]) / 2
        return [start, (middle, start[1]), (middle, end[1]), end]
    if out[1] and into[1]:
        middle = (start[1] + end[1]) / 2
        return [start, (start[0], middle), (end[0], middle), end]
    return [start, (end[0], start[1]) if out[0] else (start[0], end[1]), end]


def _bezier(start: Dot, first: Dot, last: Dot, end: Dot, part: float) -> Dot:
    """The point at `part` (0 to 1) of a cubic Bézier curve."""
    rest = 1 - part
    weights = (rest**3, 3 * rest**2 * part, 3 * rest * part**2, part**3)
    x, y = (
        sum(weight * dot[axis] for weight, dot in zip(weights, (start, first, last, end), strict=True))
        for axis in (0, 1)
    )
    return x, y


def _without_repeats(dots: "Iterator[Dot] | list[Dot] | tuple[Dot, ...]") -> list[Dot]:
    kept: list[Dot] = []
    for dot in dots:
        if not kept or math.dist(kept[-1], dot) > 0.01:
            kept.append(dot)
    return kept


def _tip(dots: list[Dot], length: float) -> tuple[tuple[Dot, ...], list[Dot]]:
    """An equilateral triangle with its tip at the last dot, and the line shortened to the base of the triangle."""
    end = dots[-1]
    height = length * math.sqrt(3) / 2
    rest = list(dots)
    while len(rest) > 1 and math.dist(rest[-1], end) < height:
        rest.pop()
    back = rest[-1]
    distance = math.dist(back, end) or 1.0
    across, down = (end[0] - back[0]) / distance, (end[1] - back[1]) / distance
    base = end[0] - across * height, end[1] - down * height
    half = length / 2
    triangle = end, (base[0] - down * half, base[1] + across * half), (base[0] + down * half, base[1] - across * half)
    return triangle, [*rest, base] if distance > height else rest
