"""Colours in the notation of the API: "#rrggbb" or "#rrggbbaa", in upper or lower case."""

import re

from canvus_async.snapshots.commands import Colour

BLACK = Colour(0, 0, 0)
WHITE = Colour(255, 255, 255)

_NOTATION = re.compile(r"#[0-9a-fA-F]{6}(?:[0-9a-fA-F]{2})?")


def colour(text: str | None, default: Colour) -> Colour:
    """The colour that `text` denotes, or `default` if it is not a colour."""
    if text is None or not _NOTATION.fullmatch(text):
        return default
    return Colour(*bytes.fromhex(text[1:]))


def readable_on(background: Colour) -> Colour:
    """Black or white, whichever has more contrast with `background`, by its perceived luminance."""
    luminance = 0.299 * background.red + 0.587 * background.green + 0.114 * background.blue
    return BLACK if luminance > 140 or background.alpha < 100 else WHITE


def shaded(background: Colour, by: float) -> Colour:
    """`background` mixed with its contrasting colour: 0 is `background` itself, 1 is black or white."""
    towards = readable_on(background)
    red, green, blue = (round(a + (b - a) * by) for a, b in zip(background[:3], towards[:3], strict=True))
    return Colour(red, green, blue, background.alpha)
