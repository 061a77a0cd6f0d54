"""Colours as the API writes them, "#rrggbb" or "#rrggbbaa" in either case."""

import re

from canvus_async.snapshots.commands import Colour

BLACK = Colour(0, 0, 0)
WHITE = Colour(255, 255, 255)

_WRITTEN = re.compile(r"#[0-9a-fA-F]{6}(?:[0-9a-fA-F]{2})?")


def colour(text: str | None, default: Colour) -> Colour:
    """The colour that `text` names, or `default` where it names none."""
    if text is None or not _WRITTEN.fullmatch(text):
        return default
    return Colour(*bytes.fromhex(text[1:]))


def readable_on(ground: Colour) -> Colour:
    """Black or white, whichever stands out more from `ground`, by the luminance that the eye gives its parts."""
    luminance = 0.299 * ground.red + 0.587 * ground.green + 0.114 * ground.blue
    return BLACK if luminance > 140 or ground.alpha < 100 else WHITE


def shaded(ground: Colour, by: float) -> Colour:
    """`ground` a part of the way towards the colour that stands out from it: 0 is itself, 1 black or white."""
    towards = readable_on(ground)
    red, green, blue = (round(a + (b - a) * by) for a, b in zip(ground[:3], towards[:3], strict=True))
    return Colour(red, green, blue, ground.alpha)
