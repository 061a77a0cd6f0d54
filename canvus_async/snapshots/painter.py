"""Draws commands with Pillow. Blocking, and without any I/O."""

# pyright: reportUnknownMemberType=false
# Pillow's annotations use numpy, which is not installed.

import io
from collections.abc import Callable, Mapping
from itertools import pairwise

from PIL import Image, ImageDraw, ImageOps
from PIL.WebPImagePlugin import WebPImageFile

from canvus_async.snapshots.commands import (
    Box,
    Colour,
    Dot,
    DrawCommand,
    Gradient,
    PageImage,
    Panel,
    Picture,
    Polygon,
    Stroke,
    Text,
)
from canvus_async.snapshots.masks import Area, Mask, clipped, whole_pixels
from canvus_async.snapshots.plan import Plan, placeholder
from canvus_async.snapshots.text import TextRenderer

MOST_DECODED = 24_000_000
"""Pixels of a mipmap, at most. A larger one is not decoded, whatever size the server announced."""

_UNREADABLE = "the image cannot be decoded"
_LARGEST_TEXT = 3000
"""Pixels of the longer side of a mask for text, at most."""

_FAR = 1e6
"""Pixels: the coordinates of polygons are clamped to this."""


def paint(plan: Plan, pictures: Mapping[PageImage, bytes | str], checkpoint: Callable[[], None]) -> Image.Image:
    """Draw a plan as an RGB picture. `pictures` has the WebP bytes of each image, or the reason why it is missing.

    `checkpoint` is called before each command; an exception that it raises ends the drawing.
    """
    painter = Painter(plan.view.width, plan.view.height, pictures)
    for command in plan.commands:
        checkpoint()
        painter.draw(command)
    return painter.image


def encoded(image: Image.Image, image_format: str) -> bytes:
    """The picture as the bytes of a "png", "jpeg" or "webp" file."""
    buffer = io.BytesIO()
    image.save(buffer, image_format, quality=88)
    return buffer.getvalue()


class Painter:
    """Draws commands onto one picture."""

    def __init__(self, width: int, height: int, pictures: Mapping[PageImage, bytes | str]) -> None:
        self.image = Image.new("RGB", (width, height))
        self._pictures = pictures
        self._draw = ImageDraw.Draw(self.image)
        self._text = TextRenderer()

    def draw(self, command: DrawCommand) -> None:
        """Draw one command on top of the earlier ones."""
        match command:
            case Panel():
                self._panel(command)
            case Gradient():
                self._gradient(command)
            case Text():
                self._draw_text(command)
            case Stroke(dots, colour, width):
                self._stroke(dots, colour, width)
            case Polygon(dots, colour):
                self._shape(dots, colour)
            case Picture():
                self._picture(command)

    def _visible(self, box: Box) -> Area | None:
        """The part of a box that is inside the picture; None if it is outside."""
        width, height = self.image.size
        whole = whole_pixels(box)
        area = Area(max(0, whole.left), max(0, whole.top), min(width, whole.right), min(height, whole.bottom))
        return area if area.left < area.right and area.top < area.bottom else None

    def _fill(self, box: Box, colour: Colour) -> None:
        area = self._visible(box)
        if area is None or not colour.alpha:
            return
        if colour.alpha == 255:
            self.image.paste(colour[:3], area)
        else:
            self.image.paste(colour[:3], area, Image.new("L", area.size, colour.alpha))

    def _panel(self, panel: Panel) -> None:
        box = panel.box
        if panel.fill is not None:
            self._fill(box, panel.fill)
        if panel.outline is not None:
            left, top, right, bottom = whole_pixels(box)
            line = max(1, round(min(panel.line, box.width / 2, box.height / 2)))
            for edge in (
                Box(left, top, right, top + line),
                Box(left, bottom - line, right, bottom),
                Box(left, top + line, left + line, bottom - line),
                Box(right - line, top + line, right, bottom - line),
            ):
                if edge.width >= 1 and edge.height >= 1:
                    self._fill(edge, panel.outline)

    def _gradient(self, gradient: Gradient) -> None:
        area = self._visible(gradient.box)
        if area is None:
            return
        corners = Image.new("L", (2, 2))
        corners.putdata((0, 128, 128, 255))
        ramp = corners.resize((256, 256), Image.Resampling.BILINEAR)
        part = ramp.resize(area.size, Image.Resampling.BILINEAR, _source(gradient.box, area, ramp.size))
        self.image.paste(ImageOps.colorize(part, gradient.first[:3], gradient.last[:3]), area)

    def _draw_text(self, text: Text) -> None:
        """Draw the text of the whole box as a mask, and use the part of it that is inside the picture."""
        area = self._visible(text.box)
        if area is None or not text.text:
            return
        box = text.box
        scale = min(1.0, _LARGEST_TEXT / max(box.width, box.height))
        size = max(1, round(box.width * scale)), max(1, round(box.height * scale))
        mask = self._text.mask(text.text, size, text.largest * scale, centred=text.centred)
        if mask is None:
            return
        if area.size != mask.size:
            mask = mask.resize(area.size, Image.Resampling.BICUBIC, _source(box, area, mask.size))
        self._paint_mask(mask, area, text.colour)

    def _paint_mask(self, mask: Image.Image, area: Area, colour: Colour) -> None:
        if colour.alpha < 255:
            mask = mask.point([value * colour.alpha // 255 for value in range(256)])
        self.image.paste(colour[:3], area, mask)

    def _stroke(self, dots: tuple[Dot, ...], colour: Colour, width: float) -> None:
        width = min(width, 2.0 * max(self.image.size))
        reach = width / 2
        frame = Box(0, 0, *self.image.size)
        if len(dots) == 2 and (dots[0][0] == dots[1][0] or dots[0][1] == dots[1][1]) and width <= 1:
            (left, top), (right, bottom) = min(dots), max(dots)
            self._fill(Box(left, top, max(right, left + 1), max(bottom, top + 1)), colour)
            return
        near = Box(frame.left - reach, frame.top - reach, frame.right + reach, frame.bottom + reach)
        parts = [part for pair in pairwise(dots) if (part := clipped(*pair, near)) is not None]
        mask = self._mask([dot for part in parts for dot in part], reach)
        if mask is None:
            return
        for start, end in parts:
            mask.draw.line([mask.at(start), mask.at(end)], fill=255, width=max(1, round(width * mask.factor)))
        for dot in dots[1:-1]:  # round joints
            if near.left <= dot[0] <= near.right and near.top <= dot[1] <= near.bottom:
                mask.draw.circle(mask.at(dot), reach * mask.factor, fill=255)
        self._paint_mask(mask.reduced(), mask.area, colour)

    def _shape(self, dots: tuple[Dot, ...], colour: Colour) -> None:
        near = [(max(-_FAR, min(_FAR, x)), max(-_FAR, min(_FAR, y))) for x, y in dots]
        mask = self._mask(near, 0)
        if mask is not None:
            mask.draw.polygon([mask.at(dot) for dot in near], fill=255)
            self._paint_mask(mask.reduced(), mask.area, colour)

    def _mask(self, dots: list[Dot], reach: float) -> "Mask | None":
        if not dots:
            return None
        across, down = [dot[0] for dot in dots], [dot[1] for dot in dots]
        edge = reach + 1
        area = self._visible(Box(min(across) - edge, min(down) - edge, max(across) + edge, max(down) + edge))
        return None if area is None else Mask(area)

    def _picture(self, picture: Picture) -> None:
        found = self._pictures.get(picture.image, "")
        if isinstance(found, bytes):
            mipmap = _decoded(found)
            if mipmap is not None:
                self._paste(mipmap, picture)
                return
            found = _UNREADABLE
        for command in placeholder(picture.box, picture.label, found):
            self.draw(command)

    def _paste(self, mipmap: Image.Image, picture: Picture) -> None:
        box, fit = picture.box, picture.image.fit
        across, down = box.width / mipmap.width, box.height / mipmap.height
        factor = min(across, down) if fit == "contain" else max(across, down)
        spread = box if fit == "fill" else _centred(mipmap.width * factor, mipmap.height * factor, box)
        area = self._visible(spread if fit == "contain" else box)
        if area is None:
            return
        source = _source(spread, area, mipmap.size)
        part = mipmap.resize(area.size, Image.Resampling.LANCZOS, source, reducing_gap=3.0)
        self.image.paste(part, area, part if part.mode == "RGBA" else None)


def _source(box: Box, area: Area, size: tuple[int, int]) -> tuple[float, float, float, float]:
    """The part of an image that is visible in `area`, if the image has `size` and is stretched to `box`."""
    whole = whole_pixels(box)
    across, down = size[0] / whole.size[0], size[1] / whole.size[1]
    left, top = (area.left - whole.left) * across, (area.top - whole.top) * down
    right, bottom = (area.right - whole.left) * across, (area.bottom - whole.top) * down
    return max(0.0, left), max(0.0, top), min(float(size[0]), right), min(float(size[1]), bottom)


def _centred(width: float, height: float, box: Box) -> Box:
    x, y = (box.left + box.right - width) / 2, (box.top + box.bottom - height) / 2
    return Box(x, y, x + width, y + height)


def _decoded(body: bytes) -> Image.Image | None:
    """The pixels of a mipmap as RGB or RGBA; None if it cannot be decoded or is too large.

    Does not use `Image.open`, because the limit of its size check is global to the process.
    """
    try:
        image = WebPImageFile(io.BytesIO(body), "")
        if image.width * image.height > MOST_DECODED:
            return None
        image.load()
    except (OSError, ValueError, SyntaxError, EOFError, RuntimeError):
        return None
    return image if image.mode in {"RGB", "RGBA"} else image.convert("RGBA")
