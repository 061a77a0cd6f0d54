"""The background of a canvas: a colour, a haze of two colours or an image, and an optional grid."""

import math
from collections.abc import Iterator

from canvus_async.models import CanvasBackground, Rect
from canvus_async.snapshots.colours import colour
from canvus_async.snapshots.commands import Colour, DrawCommand, FitMode, Gradient, PageImage, Panel, Picture, Stroke
from canvus_async.snapshots.view import EMPTY, View

DEFAULT = Colour(0x1E, 0x1E, 0x1E)
"""The background colour if the server does not state one."""

GRID = Colour(0xFF, 0xFF, 0xFF, 0x40)

_GRID_STEP = 120.0
"""Canvas units between grid lines."""

_NARROWEST = 32.0
"""Pixels between grid lines, at least."""

_FITS: dict[str, FitMode] = {"contain": "contain", "fit": "contain", "stretch": "fill", "fill": "fill"}


def background_commands(background: CanvasBackground | None, root: Rect | None, shown: View) -> Iterator[DrawCommand]:
    """The commands for the background. It covers the whole picture, but an image only covers the canvas itself."""
    frame = shown.frame
    if background is None:
        yield Panel(frame, DEFAULT)
        return
    base = colour(background.background_color, DEFAULT)
    yield Panel(frame, base._replace(alpha=255))
    canvas = shown.box(root or EMPTY)
    if background.type == "haze" and background.haze is not None:
        first = colour(background.haze.color1, base)
        yield Gradient(canvas if root else frame, first, colour(background.haze.color2, first))
    image = background.image
    if background.type == "image" and image is not None and image.hash and canvas.overlaps(frame):
        size = max(1, round(canvas.width)), max(1, round(canvas.height))
        yield Picture(canvas, PageImage(image.hash, 0, *size, _FITS.get(image.fit, "cover")), "background")
    if background.grid is not None and background.grid.visible:
        yield from _grid(colour(background.grid.color, GRID), shown)


def _grid(paint: Colour, shown: View) -> Iterator[DrawCommand]:
    """Vertical and horizontal lines; the step is doubled until they are far enough apart in the picture."""
    step = _GRID_STEP
    while step * shown.scale < _NARROWEST:
        step *= 2
    frame, region = shown.frame, shown.region
    for number in range(math.ceil(region.x / step), math.floor((region.x + region.width) / step) + 1):
        x = (number * step - region.x) * shown.scale
        yield Stroke(((x, frame.top), (x, frame.bottom)), paint, 1.0)
    for number in range(math.ceil(region.y / step), math.floor((region.y + region.height) / step) + 1):
        y = (number * step - region.y) * shown.scale
        yield Stroke(((frame.left, y), (frame.right, y)), paint, 1.0)
