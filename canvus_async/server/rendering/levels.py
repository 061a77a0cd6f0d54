"""Which mipmap levels an asset has and how large each is (seed 000, "Key Concepts").

Only the embedded server computes these; the client believes the `max_level` that a server states.
"""

TOP_LEVEL_SIDE = 128
"""Pixels: halving stops once both sides are at most this."""

SMALLEST_SIDE = 2
"""Pixels: no level has a side below this, unless the original does."""


def level_size(width: int, height: int, level: int) -> tuple[int, int]:
    """Width and height in pixels of a level: each level halves both sides, rounding down, never below 1."""
    return max(1, width >> level), max(1, height >> level)


def max_level(width: int, height: int) -> int:
    """The first level whose sides are both at most 128 pixels, stopping before a side falls below 2.

    4096 x 3072 gives 5 (128 x 96), the example of seed 000. Raises ValueError for a size without an area.
    """
    if width < 1 or height < 1:
        raise ValueError(f"an image has at least 1 x 1 pixels, got {width} x {height}")
    level = 0
    while max(width, height) >> level > TOP_LEVEL_SIDE and min(width, height) >> (level + 1) >= SMALLEST_SIDE:
        level += 1
    return level
