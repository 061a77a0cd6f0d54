"""Which part of a canvas a picture shows, and how many pixels that takes."""

import math
from collections.abc import Iterable
from typing import Literal, NamedTuple, TypeAlias

from canvus_async.models import Rect
from canvus_async.snapshots.commands import Box

Region: TypeAlias = Rect | Literal["content", "canvas"]
"""A part of the canvas; or all that lies on it, with a margin; or the whole canvas, empty parts too."""

MOST_PIXELS = 40_000_000
"""Pixels of a picture: drawing takes 3 bytes for each, and about as many again to write it down."""

LONGEST_SIDE = 16_384
"""Pixels."""

EMPTY = Rect(0, 0, 9600, 5400)
"""What is shown of a canvas that has nothing on it and does not tell its size: the size that a new one has."""

_MARGIN = 0.03
_SMALLEST_MARGIN = 20.0
_FLATTEST, _TALLEST = 0.2, 2.0


class View(NamedTuple):
    """A region of the canvas and the picture that it becomes; `scale` is pixels for each canvas unit."""

    region: Rect
    width: int
    height: int

    @property
    def scale(self) -> float:
        """Pixels for each canvas unit."""
        return self.width / self.region.width

    @property
    def frame(self) -> Box:
        """The whole picture."""
        return Box(0, 0, self.width, self.height)

    def box(self, rect: Rect) -> Box:
        """Where a rectangle of the canvas is in the picture."""
        x, y, scale = self.region.x, self.region.y, self.scale
        left, top = (rect.x - x) * scale, (rect.y - y) * scale
        return Box(left, top, left + rect.width * scale, top + rect.height * scale)


def view(region: Rect, width: int) -> View:
    """The picture `width` pixels wide of a region, in its shape.

    Raises ValueError for a region without an area, and for more pixels than can be drawn in bounded memory.
    """
    check_width(width)
    if not all(map(math.isfinite, (region.x, region.y, region.width, region.height))):
        raise ValueError(f"a region is made of finite numbers, got {region}")
    if region.width <= 0 or region.height <= 0:
        raise ValueError(f"a region has a width and a height above 0, got {region.width:g} x {region.height:g}")
    wanted = width * region.height / region.width
    if wanted > LONGEST_SIDE or width * wanted > MOST_PIXELS:
        largest = min(LONGEST_SIDE, MOST_PIXELS / width)
        fitting = int(min(width * largest / wanted, math.sqrt(MOST_PIXELS * width / wanted)))
        raise ValueError(
            f"a picture of {region.width:g} x {region.height:g} canvas units would be {width} x {wanted:.0f} pixels, "
            f"more than {MOST_PIXELS // 1_000_000} megapixels or {LONGEST_SIDE} down: "
            f"pass a width of {max(1, fitting)} or less, or a smaller region"
        )
    return View(region, width, max(1, round(wanted)))


def check_width(width: int) -> None:
    """Raise TypeError or ValueError for a width that no picture has."""
    if isinstance(width, bool) or not isinstance(width, int):
        raise TypeError(f"width must be a whole number of pixels, got {width!r}")
    if not 1 <= width <= LONGEST_SIDE:
        raise ValueError(f"width must be 1 to {LONGEST_SIDE} pixels, got {width}")


def content_region(rects: Iterable[Rect], canvas: Rect | None) -> Rect:
    """What holds all `rects`, with a margin and in a shape that is no strip; without any, the whole canvas."""
    sized = [rect for rect in rects if rect.width > 0 and rect.height > 0]
    if not sized:
        return canvas or EMPTY
    left, top = min(rect.x for rect in sized), min(rect.y for rect in sized)
    right, bottom = max(rect.x + rect.width for rect in sized), max(rect.y + rect.height for rect in sized)
    margin = max(_SMALLEST_MARGIN, _MARGIN * max(right - left, bottom - top))
    width, height = right - left + 2 * margin, bottom - top + 2 * margin
    wider, taller = max(width, height / _TALLEST), max(height, width * _FLATTEST)
    x, y = left - margin - (wider - width) / 2, top - margin - (taller - height) / 2
    return Rect(x, y, wider, taller)
