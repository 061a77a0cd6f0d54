"""How much two pictures differ to the eye, so that another release of a font or a codec does not matter."""

from PIL import Image, ImageChops, ImageFilter

ALIKE = 0.08
"""Pictures that differ by less show the same. Another number in a note makes 0.06, a missing line 0.09, a missing
anchor 0.15, another page of a document 0.34, a missing note 0.7; what is too little to see counts as 0.
"""

_WIDTH = 480
_TILE = 10


def difference(one: Image.Image, other: Image.Image) -> float:
    """0 for the same picture, 1 for black and white: the largest difference of any small part of it.

    Both are made small and blurred, so that grain and the edges of letters do not count; a tile of 10 x 10 pixels of
    480 across is the smallest part that does, so that a little fault is not lost in what is right around it.
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
