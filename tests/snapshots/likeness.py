"""Measures how much two pictures differ visibly, so that a new version of a font or a codec does not matter."""

from PIL import Image, ImageChops, ImageFilter

ALIKE = 0.08
"""Pictures that differ by less show the same. A different number in a note makes 0.06, a missing line 0.09, a missing
anchor 0.15, a different page of a PDF 0.34, and a missing note 0.7.
"""

_WIDTH = 480
_TILE = 10


def difference(one: Image.Image, other: Image.Image) -> float:
    """The largest difference of any tile of the pictures: 0 if they are the same, 1 for black against white.

    Both are scaled down to a width of 480 pixels and blurred, so that grain and the edges of letters do not count. The
    tiles have 10 x 10 pixels, so that a small fault is not averaged out by a correct area around it.
    """
    if abs(one.width / one.height - other.width / other.height) > 0.02:
        return 1.0
    size = _WIDTH, max(_TILE, round(_WIDTH * one.height / one.width))
    soft = [picture.convert("RGB").resize(size, Image.Resampling.BOX) for picture in (one, other)]
    first, second = (picture.filter(ImageFilter.GaussianBlur(1)) for picture in soft)
    red, green, blue = ImageChops.difference(first, second).split()
    worst = ImageChops.lighter(ImageChops.lighter(red, green), blue)
    squares = worst.point([value * value / 255 for value in range(256)], "L")
    tiles = squares.resize((size[0] // _TILE, size[1] // _TILE), Image.Resampling.BOX)
    return (tiles.getextrema()[1] / 255) ** 0.5
