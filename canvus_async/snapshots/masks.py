"""Antialiasing: a mask is drawn larger and then reduced, because Pillow draws lines and polygons with hard edges."""

# pyright: reportUnknownMemberType=false
# Pillow's annotations use numpy, which is not installed.

import math
from typing import NamedTuple

from PIL import Image, ImageDraw

from canvus_async.snapshots.commands import Box, Dot

_FINEST = 4
"""How many times larger a mask is drawn, at most."""

_LARGEST_MASK = 32_000_000
"""Pixels of a mask, at most: one byte each."""


class Area(NamedTuple):
    """A rectangle of whole pixels; `right` and `bottom` are exclusive."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def size(self) -> tuple[int, int]:
        return self.right - self.left, self.bottom - self.top


def whole_pixels(box: Box) -> Area:
    """The box in whole pixels, at least one pixel wide and high."""
    left, top = round(box.left), round(box.top)
    return Area(left, top, max(left + 1, round(box.right)), max(top + 1, round(box.bottom)))


class Mask:
    """The mask of an area, drawn up to `_FINEST` times larger, less if that would take too much memory."""

    def __init__(self, area: Area) -> None:
        self.area = area
        width, height = area.size
        self.factor = _FINEST
        while self.factor > 1 and width * height * self.factor**2 > _LARGEST_MASK:
            self.factor //= 2
        self._large = Image.new("L", (width * self.factor, height * self.factor))
        self.draw = ImageDraw.Draw(self._large)

    def at(self, dot: Dot) -> Dot:
        """The position in the mask of a position in the picture."""
        return (dot[0] - self.area.left) * self.factor, (dot[1] - self.area.top) * self.factor

    def reduced(self) -> Image.Image:
        """The mask in the size of the area."""
        return self._large if self.factor == 1 else self._large.reduce(self.factor)


def clipped(start: Dot, end: Dot, box: Box) -> tuple[Dot, Dot] | None:
    """The part of a straight line inside a box (Liang-Barsky algorithm); None if the line is outside."""
    x, y = start
    across, down = end[0] - x, end[1] - y
    first, last = 0.0, 1.0
    for step, room in (
        (-across, x - box.left),
        (across, box.right - x),
        (-down, y - box.top),
        (down, box.bottom - y),
    ):
        if step == 0:
            if room < 0:
                return None
        elif step < 0:
            first = max(first, room / step)
        else:
            last = min(last, room / step)
    if first > last or not math.isfinite(first + last):
        return None
    return (x + first * across, y + first * down), (x + last * across, y + last * down)
