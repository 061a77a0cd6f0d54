"""Detects SVG files and reads their size from the root element; they are never rendered."""

import re
from contextlib import suppress
from xml.parsers import expat

_LONGEST_LENGTH = 64
"""Characters. A longer value is ignored; no drawing program writes one."""

_LONGEST_VIEW_BOX = 4 * _LONGEST_LENGTH

# Possessive quantifiers prevent backtracking on a long run of digits.
_LENGTH = re.compile(r"\+?((?:\d++(?:\.\d++)?|\.\d++)(?:e[+-]?\d++)?)\s*+(px|pt|pc|mm|cm|in|q)?", re.IGNORECASE)
_PIXELS = {"px": 1.0, "pt": 96 / 72, "pc": 16.0, "mm": 96 / 25.4, "cm": 96 / 2.54, "in": 96.0, "q": 96 / 101.6}

DEFAULT_SIZE = (300, 150)
"""CSS pixels. Browsers use this size for an element that states none."""

LARGEST_SIDE = 1_000_000
"""CSS pixels. A larger length is ignored."""


def svg_size(head: bytes) -> tuple[int, int] | None:
    """Width and height in CSS pixels of the SVG document that begins with `head`; None if it is not an SVG.

    They come from `width` and `height`, or else from `viewBox`, or else they are 300 x 150. If one of the two is
    missing, it is calculated from the aspect ratio of the view box.
    """
    if not head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"<", b"\xff\xfe", b"\xfe\xff")):
        return None
    elements: list[tuple[str, dict[str, str]]] = []
    parser = expat.ParserCreate()
    parser.StartElementHandler = lambda name, attributes: elements.append((name, attributes))
    with suppress(expat.ExpatError, ValueError, LookupError):  # only the root's start tag has to be well-formed
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
    """A positive CSS length in pixels; None for a percentage, and for text that is too long or not a length."""
    if length is None or len(length) > _LONGEST_LENGTH:
        return None
    match = _LENGTH.fullmatch(length.strip())
    if match is None:
        return None
    pixels = float(match[1]) * _PIXELS[(match[2] or "px").lower()]
    return pixels if 0 < pixels <= LARGEST_SIDE else None
