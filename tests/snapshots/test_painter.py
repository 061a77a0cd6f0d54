"""What Pillow makes of the commands."""

import io

import pytest
from PIL import Image

from canvus_async import Rect
from canvus_async.snapshots.commands import (
    Blend,
    Box,
    Colour,
    DrawCommand,
    PageImage,
    Panel,
    Picture,
    Shape,
    Stroke,
    Words,
)
from canvus_async.snapshots.painter import encoded, paint
from canvus_async.snapshots.plan import Plan
from canvus_async.snapshots.text import SMALLEST, Lettering
from canvus_async.snapshots.view import View

RED, GREEN, BLUE, WHITE = Colour(255, 0, 0), Colour(0, 255, 0), Colour(0, 0, 255), Colour(255, 255, 255)
FRAME = Box(0, 0, 100, 100)


def painted(*commands: DrawCommand, pictures: dict[PageImage, bytes | str] | None = None) -> Image.Image:
    return paint(Plan(View(Rect(0, 0, 100, 100), 100, 100), list(commands)), pictures or {}, lambda: None)


def webp(*colours: str, size: tuple[int, int] = (20, 20), mode: str = "RGB") -> bytes:
    """Upright stripes of these colours, from left to right."""
    image = Image.new(mode, size)
    step = size[0] // len(colours)
    for number, each in enumerate(colours):
        image.paste(each, (number * step, 0, (number + 1) * step, size[1]))
    out = io.BytesIO()
    image.save(out, "WEBP", lossless=True)
    return out.getvalue()


def ink(image: Image.Image) -> tuple[int, int, int, int] | None:
    return image.convert("L").getbbox()


def test_later_commands_cover_earlier_ones_and_translucent_ones_let_them_through() -> None:
    image = painted(
        Panel(FRAME, RED), Panel(Box(0, 0, 50, 50), GREEN), Panel(Box(25, 0, 50, 50), BLUE._replace(alpha=128))
    )

    assert image.getpixel((10, 10)) == (0, 255, 0)
    assert image.getpixel((40, 40)) == pytest.approx((0, 127, 128), abs=2)
    assert image.getpixel((90, 90)) == (255, 0, 0)


def test_an_outline_lies_within_the_box() -> None:
    image = painted(Panel(Box(20, 20, 60, 60), None, RED, 3))

    assert ink(image) == (20, 20, 60, 60)
    assert image.getpixel((22, 40)) == (255, 0, 0)
    assert image.getpixel((23, 40)) == (0, 0, 0)


def test_a_blend_runs_from_corner_to_corner() -> None:
    image = painted(Blend(FRAME, Colour(0, 0, 0), WHITE))

    across = [image.getpixel((n, n))[0] for n in (2, 50, 97)]
    assert across[0] < 30
    assert 100 < across[1] < 155
    assert across[2] > 225


@pytest.mark.parametrize(
    ("fit", "left", "middle", "right"),
    [("fill", RED, GREEN, BLUE), ("cover", GREEN, GREEN, GREEN), ("contain", RED, GREEN, BLUE)],
)
def test_a_mipmap_is_stretched_cropped_or_shown_whole(fit, left, middle, right) -> None:
    page = PageImage("ab", 0, 80, 20, fit)
    found: dict[PageImage, bytes | str] = {page: webp("#ff0000", "#00ff00", "#0000ff", size=(90, 30))}
    box = Box(10, 10, 40, 90) if fit == "cover" else Box(10, 10, 90, 90)

    image = painted(Picture(box, page, "x"), pictures=found)

    for x, colour in ((box.left + 3, left), (sum(box[::2]) / 2, middle), (box.right - 4, right)):
        assert image.getpixel((int(x), 50)) == pytest.approx(colour[:3], abs=40)
    assert image.getpixel((50, 12)) == pytest.approx((0, 0, 0) if fit != "fill" else (0, 255, 0), abs=40)


def test_transparent_parts_of_a_mipmap_show_what_lies_behind() -> None:
    page = PageImage("ab", 0, 100, 100)
    body = webp("#ff0000ff", "#00000000", mode="RGBA")

    image = painted(Panel(FRAME, GREEN), Picture(FRAME, page, "x"), pictures={page: body})

    assert image.getpixel((10, 50)) == (255, 0, 0)
    assert image.getpixel((90, 50)) == (0, 255, 0)


def test_only_the_part_of_a_huge_box_that_is_in_the_picture_is_drawn() -> None:
    page = PageImage("ab", 0, 10**9, 10**9)
    box = Box(-5e8 + 50, -5e8, 5e8 + 50, 5e8)

    image = painted(Picture(box, page, "x"), pictures={page: webp("#ff0000", "#0000ff")})

    assert image.size == (100, 100)
    assert image.getpixel((5, 50))[0] > image.getpixel((95, 50))[0]


@pytest.mark.parametrize("body", [b"", b"RIFF\x10\0\0\0WEBPVP8 rubbish", webp("red")[:-9], "nobody has it"])
def test_what_cannot_be_shown_is_a_labelled_box(body) -> None:
    page = PageImage("ab", 0, 100, 100)

    image = painted(Picture(FRAME, page, "photo.jpg"), pictures={page: body})

    assert image.getpixel((50, 95)) == (0xF4, 0xF5, 0xF7)
    letters = image.crop((5, 30, 95, 80)).convert("L").point([255 if value < 100 else 0 for value in range(256)])
    assert letters.getbbox() is not None


def test_a_mipmap_of_too_many_pixels_is_not_decoded() -> None:
    page = PageImage("ab", 0, 100, 100)
    out = io.BytesIO()
    Image.new("RGB", (5000, 5000), "red").save(out, "WEBP", method=0)

    image = painted(Picture(FRAME, page, "x"), pictures={page: out.getvalue()})

    assert image.getpixel((50, 95)) == (0xF4, 0xF5, 0xF7)


def test_lines_are_as_wide_as_asked_and_have_soft_edges() -> None:
    image = painted(Stroke(((0, 20), (100, 80)), WHITE, 6)).convert("L")

    column = [image.getpixel((50, y)) for y in range(100)]
    assert sum(column) / 255 == pytest.approx(6 / 0.857, rel=0.1)  # a slanting line is cut longer
    assert any(0 < value < 255 for value in column)


@pytest.mark.parametrize("far", [1e4, 1e8, 1e15])
def test_lines_and_tips_that_reach_far_beyond_the_picture_are_cut_off(far) -> None:
    image = painted(Stroke(((-far, 50), (far, 50)), WHITE, 4), Shape(((-far, 0), (far, 0), (far, 10)), RED))

    assert image.getpixel((0, 50)) == image.getpixel((99, 50)) == (255, 255, 255)
    assert image.getpixel((50, 70)) == (0, 0, 0)


def test_a_line_beside_the_picture_leaves_it_alone() -> None:
    assert ink(painted(Stroke(((-50, -50), (-10, 200)), WHITE, 4), Stroke(((0, 300), (0, 400)), WHITE, 1))) is None


def test_text_stays_in_its_box_and_is_centred() -> None:
    box = Box(10, 20, 90, 80)
    found = ink(painted(Words(box, "Remember to review the Q3 numbers", WHITE, 40)))

    assert found is not None
    left, top, right, bottom = found
    assert left >= 10
    assert right <= 90
    assert top >= 20
    assert bottom <= 80
    assert (left + right) / 2 == pytest.approx(50, abs=3)
    assert (top + bottom) / 2 == pytest.approx(50, abs=5)


def test_long_text_gets_smaller_letters_and_then_an_ellipsis() -> None:
    lettering = Lettering()
    size = (200, 100)

    short, few = lettering.fitted("Hello", size, 60)
    longer, more = lettering.fitted("Remember to review the Q3 numbers " * 4, size, 60)
    least, most = lettering.fitted("Remember to review the Q3 numbers " * 400, size, 60)

    assert short == 60
    assert few == ["Hello"]
    assert SMALLEST < longer < 60
    assert len(more) > 1
    assert least == SMALLEST
    assert most[-1].endswith("…")
    assert len(most) * SMALLEST <= 100


def test_words_are_only_broken_where_they_would_become_tiny() -> None:
    lettering = Lettering()

    size, whole = lettering.fitted("extraordinary", (100, 100), 40)
    tiny, broken = lettering.fitted("x" * 300, (100, 100), 40)

    assert whole == ["extraordinary"]
    assert size < 40
    assert len(broken) > 1
    assert tiny <= 16


def test_line_breaks_are_kept_and_control_characters_are_not() -> None:
    _, lines = Lettering().fitted("one\r\ntwo\x00\x1b\n\nthree", (300, 300), 20)

    assert [line.strip() for line in lines] == ["one", "two", "", "three"]


def test_text_of_megabytes_is_drawn_as_far_as_it_can_be_read() -> None:
    image = painted(Words(FRAME, "word " * 1_000_000, WHITE, 12))

    assert ink(image) is not None


def test_text_in_a_box_a_thousand_times_the_picture_is_drawn_in_bounded_memory() -> None:
    image = painted(Panel(FRAME, WHITE), Words(Box(-50_000, -50_000, 50_100, 50_100), "X", RED, 90_000))

    assert image.getpixel((50, 50)) == pytest.approx((255, 0, 0), abs=60)


def test_what_the_checkpoint_raises_ends_the_drawing() -> None:
    def stop() -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        paint(Plan(View(Rect(0, 0, 9, 9), 9, 9), [Panel(FRAME, RED)]), {}, stop)


@pytest.mark.parametrize("image_format", ["png", "jpeg", "webp"])
def test_the_picture_is_encoded_in_the_requested_format(image_format) -> None:
    with Image.open(io.BytesIO(encoded(painted(Panel(FRAME, RED)), image_format))) as image:
        assert (image.format or "").lower() == image_format
        assert image.convert("RGB").getpixel((50, 50)) == pytest.approx((255, 0, 0), abs=4)
