"""Which mipmap levels exist, and which level covers a box."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canvus_async.models import MipmapInfo, Size
from canvus_async.server.rendering.levels import level_size, max_level

SIDES = st.integers(min_value=1, max_value=1 << 20)


@pytest.mark.parametrize(
    ("width", "height", "level"),
    [
        (4096, 3072, 5),  # the example in the API docs
        (1920, 1080, 4),
        (3840, 2160, 5),
        (1024, 768, 3),
        (128, 128, 0),
        (100, 100, 0),
        (1, 1, 0),
        (129, 129, 1),
        (257, 100, 1),
        (8192, 64, 5),  # a sixth halving would leave one pixel of height
        (8192, 4, 1),
        (16384, 2, 0),
    ],
)
def test_the_highest_level_is_the_first_within_128_pixels(width: int, height: int, level: int) -> None:
    assert max_level(width, height) == level
    assert max_level(height, width) == level


def test_max_level_of_an_empty_size_raises() -> None:
    with pytest.raises(ValueError, match="0 x 5"):
        max_level(0, 5)


@given(SIDES, SIDES)
def test_every_level_halves_the_previous_one_down_to_two_pixels(width: int, height: int) -> None:
    sizes = [level_size(width, height, level) for level in range(max_level(width, height) + 1)]

    assert sizes[0] == (width, height)
    for (wide, high), (wider, higher) in zip(sizes[1:], sizes, strict=False):
        assert (wide, high) == (wider // 2, higher // 2)
        assert min(wide, high) >= 2


@pytest.mark.parametrize(
    ("box", "level"),
    [
        ((640, 480), 2),
        ((128, 96), 5),
        ((1, 1), 5),
        ((2048, 1536), 1),
        ((2049, 1), 0),
        ((9000, 9000), 0),
        ((129, 96), 4),
    ],
)
def test_level_for_is_the_smallest_level_that_covers_the_box(box: tuple[int, int], level: int) -> None:
    assert MipmapInfo(resolution=Size(4096, 3072), max_level=5).level_for(*box) == level


@given(SIDES, SIDES, SIDES, SIDES, st.integers(min_value=0, max_value=20))
def test_level_for_covers_the_box_and_the_next_level_does_not(
    w: int, h: int, box_w: int, box_h: int, highest: int
) -> None:
    level = MipmapInfo(resolution=Size(w, h), max_level=highest).level_for(box_w, box_h)

    covers = [w >= box_w << step and h >= box_h << step for step in range(highest + 1)]
    assert level == max((step for step, covered in enumerate(covers) if covered), default=0)


def test_level_for_an_empty_box_raises() -> None:
    with pytest.raises(ValueError, match="at least 1 pixel"):
        MipmapInfo(resolution=Size(10, 10), max_level=0).level_for(0, 10)
