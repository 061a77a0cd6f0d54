"""The part of a canvas that a picture shows, and the size of the picture."""

import math
from collections.abc import Iterable
from typing import Literal, NamedTuple, TypeAlias

from canvus_async.models import Rect
from canvus_async.snapshots.commands import Box

Region: TypeAlias = Rect | Literal["content", "canvas"]
"""A part of the canvas; or "content", all widgets with a margin; or "canvas", the whole canvas."""

MOST_PIXELS = 40_000_000
"""Pixels of a picture, at most. Drawing takes 3 bytes per pixel, and encoding about as much again."""

LONGEST_SIDE = 16_384
"""Pixels of the width or height, at most."""

EMPTY = Rect(0, 0, 9600, 5400)
"""The region of an empty canvas whose size is not known: the size of a new canvas."""

_MARGIN = 0.03
"""Margin around the content, relative to its longer side."""

_SMALLEST_MARGIN = 20.0
"""Canvas units."""

_FLATTEST, _TALLEST = 0.2, 2.0
"""Height of the content region relative to its width, at least and at most."""


class View(NamedTuple):
    """A region of the canvas, and the size in pixels of the picture that shows it."""

    region: Rect
    width: int
    height: int

    @property
    def scale(self) -> float:
        """Pixels per canvas unit."""
        return self.width / self.region.width

    @property
    def frame(self) -> Box:
        """The whole picture."""
        return Box(0, 0, self.width, self.height)

    def box(self, rect: Rect) -> Box:
        """The box in the picture of a rectangle on the canvas."""
        x, y, scale = self.region.x, self.region.y, self.scale
        left, top = (rect.x - x) * scale, (rect.y - y) * scale
        return Box(left, top, left + rect.width * scale, top + rect.height * scale)


def view(region: Rect, width: int) -> View:
    """The view of a region in a picture `width` pixels wide; the height follows from the shape of the region.

    Raises TypeError or ValueError for an invalid width, and ValueError for a region without an area or one that would
    take more pixels than allowed.
    """
    check_width(width)
    if not all(map(math.isfinite, (region.x, region.y, region.width, region.height))):
        raise ValueError(f"a region must have finite numbers, not {region}")
    if region.width <= 0 or region.height <= 0:
        raise ValueError(f"a region must have a width and height above 0, not {region.width:g} x {region.height:g}")
    height = width * region.height / region.width
    if height > LONGEST_SIDE or width * height > MOST_PIXELS:
        largest = min(LONGEST_SIDE, MOST_PIXELS / width)
        fitting = int(min(width * largest / height, math.sqrt(MOST_PIXELS * width / height)))
        raise ValueError(
            f"a picture of {region.width:g} x {region.height:g} canvas units would be {width} x {height:.0f} pixels, "
            f"more than {MOST_PIXELS // 1_000_000} megapixels or a height of {LONGEST_SIDE}: "
            f"pass a width of {max(1, fitting)} or less, or a smaller region"
        )
    return View(region, width, max(1, round(height)))


def check_width(width: int) -> None:
    """Raise TypeError or ValueError for an invalid width of a picture."""
    if isinstance(width, bool) or not isinstance(width, int):
        raise TypeError(f"width must be a whole number of pixels, not {width!r}")
    if not 1 <= width <= LONGEST_SIDE:
        raise ValueError(f"width must be 1 to {LONGEST_SIDE} pixels, not {width}")


def content_region(rects: Iterable[Rect], canvas: Rect | None) -> Rect:
    """A region around all `rects`, with a margin and not too narrow; without `rects`, the whole canvas."""
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
