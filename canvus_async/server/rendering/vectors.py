"""SVG: recognised and measured by its root element, never drawn."""

import re
from contextlib import suppress
from xml.parsers import expat

_LONGEST_LENGTH = 64
"""Characters of a length that is read; no drawing program writes more."""

_LONGEST_VIEW_BOX = 4 * _LONGEST_LENGTH

# Possessive, so that a long run of digits is never matched a second time in another way.
_LENGTH = re.compile(r"\+?((?:\d++(?:\.\d++)?|\.\d++)(?:e[+-]?\d++)?)\s*+(px|pt|pc|mm|cm|in|q)?", re.IGNORECASE)
_PIXELS = {"px": 1.0, "pt": 96 / 72, "pc": 16.0, "mm": 96 / 25.4, "cm": 96 / 2.54, "in": 96.0, "q": 96 / 101.6}

DEFAULT_SIZE = (300, 150)
"""CSS pixels: what browsers give a replaced element that states no size."""

LARGEST_SIDE = 1_000_000
"""CSS pixels: a stated length beyond this is taken as not stated."""


def svg_size(head: bytes) -> tuple[int, int] | None:
    """Width and height in CSS pixels of the SVG document that begins with `head`; None where it is no SVG.

    From `width` and `height`, else from `viewBox`, else 300 x 150. A side that is missing follows the view box's ratio.
    """
    if not head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"<", b"\xff\xfe", b"\xfe\xff")):
        return None
    elements: list[tuple[str, dict[str, str]]] = []
    parser = expat.ParserCreate()
    parser.StartElementHandler = lambda name, attributes: elements.append((name, attributes))
    with suppress(expat.ExpatError, ValueError, LookupError):  # what follows the root's start tag may be anything
        parser.Parse(head, False)
    if not elements or elements[0][0].rpartition(":")[2] != "svg":
        return None
    root = elements[0][1]
    return _size(root.get("width"), root.get("height"), root.get("viewBox"))


def _size(width: str | None, height: str | None, view_box: str | None) -> tuple[int, int]:
    wide, high = _pixels(width), _pixels(height)
    numbers = view_box.replace(",", " ").split() if view_box and len(view_box) <= _LONGEST_VIEW_BOX else []
    box = [_pixels(number) for number in numbers]
    box_wide, box_high = box[2:] if len(box) == 4 else (None, None)
    if box_wide and box_high:
        if wide is None and high is None:
            wide, high = box_wide, box_high
        elif wide is None and high is not None:
            wide = high * box_wide / box_high
        elif high is None and wide is not None:
            high = wide * box_high / box_wide
    return max(1, round(wide or DEFAULT_SIZE[0])), max(1, round(high or DEFAULT_SIZE[1]))


def _pixels(length: str | None) -> float | None:
    """A positive CSS length in pixels; None for a percentage, text that is not a length, or an overlong one."""
    if length is None or len(length) > _LONGEST_LENGTH:
        return None
    match = _LENGTH.fullmatch(length.strip())
    if match is None:
        return None
    pixels = float(match[1]) * _PIXELS[(match[2] or "px").lower()]
    return pixels if 0 < pixels <= LARGEST_SIDE else None
