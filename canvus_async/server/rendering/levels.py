"""Which mipmap levels an asset has, and their sizes.

Only the embedded server calculates these; the client relies on the `max_level` that the server sends.
"""

TOP_LEVEL_SIDE = 128
"""Pixels. The highest level is the first one whose sides are both at most this long."""

SMALLEST_SIDE = 2
"""Pixels. No level has a shorter side, unless the original has."""


def level_size(width: int, height: int, level: int) -> tuple[int, int]:
    """Width and height in pixels of a level. Each level halves both sides, rounded down but at least 1."""
    return max(1, width >> level), max(1, height >> level)


def max_level(width: int, height: int) -> int:
    """The highest level: the first one whose sides are both at most 128 pixels, or the last one with no side below 2.

    It is 5 for 4096 x 3072, as level 5 has 128 x 96. Raises ValueError for an empty size.
    """
    if width < 1 or height < 1:
        raise ValueError(f"an image has at least 1 x 1 pixels, got {width} x {height}")
    level = 0
    while max(width, height) >> level > TOP_LEVEL_SIDE and min(width, height) >> (level + 1) >= SMALLEST_SIDE:
        level += 1
    return level
