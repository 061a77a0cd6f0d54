"""What the painter draws for each command."""

import io

import pytest
from PIL import Image

from canvus_async import Rect
from canvus_async.snapshots.commands import (
    Box,
    Colour,
    DrawCommand,
    Gradient,
    PageImage,
    Panel,
    Picture,
    Polygon,
    Stroke,
    Text,
)
from canvus_async.snapshots.masks import Area, Mask, clipped
from canvus_async.snapshots.painter import encoded, paint
from canvus_async.snapshots.plan import Plan
from canvus_async.snapshots.text import SMALLEST, TextRenderer
from canvus_async.snapshots.view import View

RED, GREEN, BLUE, WHITE = Colour(255, 0, 0), Colour(0, 255, 0), Colour(0, 0, 255), Colour(255, 255, 255)
FRAME = Box(0, 0, 100, 100)


def painted(*commands: DrawCommand, pictures: dict[PageImage, bytes | str] | None = None) -> Image.Image:
    return paint(Plan(View(Rect(0, 0, 100, 100), 100, 100), list(commands)), pictures or {}, lambda: None)


def webp(*colours: str, size: tuple[int, int] = (20, 20), mode: str = "RGB") -> bytes:
    """Vertical stripes of these colours, from left to right."""
    image = Image.new(mode, size)
    step = size[0] // len(colours)
    for number, each in enumerate(colours):
        image.paste(each, (number * step, 0, (number + 1) * step, size[1]))
    out = io.BytesIO()
    image.save(out, "WEBP", lossless=True)
    return out.getvalue()


def painted_area(image: Image.Image) -> tuple[int, int, int, int] | None:
    return image.convert("L").getbbox()


def test_later_commands_cover_earlier_ones_unless_they_are_translucent() -> None:
    image = painted(
        Panel(FRAME, RED), Panel(Box(0, 0, 50, 50), GREEN), Panel(Box(25, 0, 50, 50), BLUE._replace(alpha=128))
    )

    assert image.getpixel((10, 10)) == (0, 255, 0)
    assert image.getpixel((40, 40)) == pytest.approx((0, 127, 128), abs=2)
    assert image.getpixel((90, 90)) == (255, 0, 0)


def test_an_outline_is_inside_the_box() -> None:
    image = painted(Panel(Box(20, 20, 60, 60), None, RED, 3))

    assert painted_area(image) == (20, 20, 60, 60)
    assert image.getpixel((22, 40)) == (255, 0, 0)
    assert image.getpixel((23, 40)) == (0, 0, 0)


def test_a_gradient_runs_from_corner_to_corner() -> None:
    image = painted(Gradient(FRAME, Colour(0, 0, 0), WHITE))

    across = [image.getpixel((n, n))[0] for n in (2, 50, 97)]
    assert across[0] < 30
    assert 100 < across[1] < 155
    assert across[2] > 225


@pytest.mark.parametrize(
    ("fit", "left", "middle", "right"),
    [("fill", RED, GREEN, BLUE), ("cover", GREEN, GREEN, GREEN), ("contain", RED, GREEN, BLUE)],
)
def test_a_mipmap_is_stretched_cropped_or_contained(fit, left, middle, right) -> None:
    page = PageImage("ab", 0, 80, 20, fit)
    found: dict[PageImage, bytes | str] = {page: webp("#ff0000", "#00ff00", "#0000ff", size=(90, 30))}
    box = Box(10, 10, 40, 90) if fit == "cover" else Box(10, 10, 90, 90)

    image = painted(Picture(box, page, "x"), pictures=found)

    for x, colour in ((box.left + 3, left), (sum(box[::2]) / 2, middle), (box.right - 4, right)):
        assert image.getpixel((int(x), 50)) == pytest.approx(colour[:3], abs=40)
    assert image.getpixel((50, 12)) == pytest.approx((0, 0, 0) if fit != "fill" else (0, 255, 0), abs=40)


def test_transparent_parts_of_a_mipmap_show_the_background() -> None:
    page = PageImage("ab", 0, 100, 100)
    body = webp("#ff0000ff", "#00000000", mode="RGBA")

    image = painted(Panel(FRAME, GREEN), Picture(FRAME, page, "x"), pictures={page: body})

    assert image.getpixel((10, 50)) == (255, 0, 0)
    assert image.getpixel((90, 50)) == (0, 255, 0)


def test_only_the_visible_part_of_a_huge_box_is_drawn() -> None:
    page = PageImage("ab", 0, 10**9, 10**9)
    box = Box(-5e8 + 50, -5e8, 5e8 + 50, 5e8)

    image = painted(Picture(box, page, "x"), pictures={page: webp("#ff0000", "#0000ff")})

    assert image.size == (100, 100)
    assert image.getpixel((5, 50))[0] > image.getpixel((95, 50))[0]


@pytest.mark.parametrize("body", [b"", b"RIFF\x10\0\0\0WEBPVP8 rubbish", webp("red")[:-9], "not found"])
def test_a_missing_or_invalid_image_is_a_labelled_box(body) -> None:
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


def test_a_line_has_its_width_and_is_antialiased() -> None:
    image = painted(Stroke(((0, 20), (100, 80)), WHITE, 6)).convert("L")

    column = [image.getpixel((50, y)) for y in range(100)]
    assert sum(column) / 255 == pytest.approx(6 / 0.857, rel=0.1)  # a vertical cut through a slanting line is longer
    assert any(0 < value < 255 for value in column)


@pytest.mark.parametrize("far", [1e4, 1e8, 1e15])
def test_lines_and_polygons_far_beyond_the_picture_are_clipped(far) -> None:
    image = painted(Stroke(((-far, 50), (far, 50)), WHITE, 4), Polygon(((-far, 0), (far, 0), (far, 10)), RED))

    assert image.getpixel((0, 50)) == image.getpixel((99, 50)) == (255, 255, 255)
    assert image.getpixel((50, 70)) == (0, 0, 0)


def test_a_line_outside_the_picture_is_not_drawn() -> None:
    assert (
        painted_area(painted(Stroke(((-50, -50), (-10, 200)), WHITE, 4), Stroke(((0, 300), (0, 400)), WHITE, 1)))
        is None
    )


@pytest.mark.parametrize(
    ("start", "end", "part"),
    [
        ((-5, 5), (15, 5), ((0, 5), (10, 5))),
        ((5, 20), (5, -10), ((5, 10), (5, 0))),
        ((0, 0), (4, 4), ((0, 0), (4, 4))),
        ((-5, -1), (15, -1), None),
        ((11, 0), (11, 10), None),
        ((-5, 4), (-1, 6), None),
        ((0, 14), (14, 0), ((4, 10), (10, 4))),
    ],
)
def test_a_line_is_clipped_to_a_box(start, end, part) -> None:
    assert clipped(start, end, Box(0, 0, 10, 10)) == part


@pytest.mark.parametrize(("side", "factor"), [(100, 4), (2000, 2), (6000, 1)])
def test_a_mask_is_drawn_larger_within_bounded_memory(side, factor) -> None:
    mask = Mask(Area(10, 10, 10 + side, 10 + side))

    assert mask.factor == factor
    assert mask.reduced().size == (side, side)


def test_a_thin_translucent_line_and_polygon_let_the_background_through() -> None:
    half = WHITE._replace(alpha=128)

    image = painted(Stroke(((0, 10.5), (100, 40.5)), half, 20), Polygon(((0, 50), (100, 50), (100, 99)), half))

    assert image.getpixel((50, 25)) == pytest.approx((128, 128, 128), abs=2)
    assert image.getpixel((90, 60)) == pytest.approx((128, 128, 128), abs=2)


def test_commands_outside_the_picture_draw_nothing() -> None:
    outside, page = Box(200, 200, 300, 300), PageImage("ab", 0, 100, 100)

    image = painted(
        Panel(outside, RED, RED),
        Gradient(outside, RED, RED),
        Text(outside, "X", RED, 50),
        Polygon(((200, 200), (300, 200), (300, 300)), RED),
        Picture(outside, page, "x"),
        pictures={page: webp("red")},
    )

    assert painted_area(image) is None


@pytest.mark.parametrize(("text", "largest"), [("", 40), ("  \n\t ", 40), ("X", SMALLEST - 0.1)])
def test_text_that_cannot_be_read_is_not_drawn(text, largest) -> None:
    assert painted_area(painted(Text(FRAME, text, WHITE, largest))) is None


def test_text_is_centred_and_inside_its_box() -> None:
    box = Box(10, 20, 90, 80)
    found = painted_area(painted(Text(box, "Remember to review the Q3 numbers", WHITE, 40)))

    assert found is not None
    left, top, right, bottom = found
    assert left >= 10
    assert right <= 90
    assert top >= 20
    assert bottom <= 80
    assert (left + right) / 2 == pytest.approx(50, abs=3)
    assert (top + bottom) / 2 == pytest.approx(50, abs=5)


def test_long_text_has_smaller_letters_and_finally_an_ellipsis() -> None:
    renderer = TextRenderer()
    size = (200, 100)

    short, few = renderer.fitted("Hello", size, 60)
    longer, more = renderer.fitted("Remember to review the Q3 numbers " * 4, size, 60)
    least, most = renderer.fitted("Remember to review the Q3 numbers " * 400, size, 60)

    assert short == 60
    assert few == ["Hello"]
    assert SMALLEST < longer < 60
    assert len(more) > 1
    assert least == SMALLEST
    assert most[-1].endswith("…")
    assert len(most) * SMALLEST <= 100


def test_words_are_only_broken_if_the_letters_would_be_tiny() -> None:
    renderer = TextRenderer()

    size, whole = renderer.fitted("extraordinary", (100, 100), 40)
    tiny, broken = renderer.fitted("x" * 300, (100, 100), 40)

    assert whole == ["extraordinary"]
    assert size < 40
    assert len(broken) > 1
    assert tiny <= 16


def test_line_breaks_are_kept_and_control_characters_removed() -> None:
    _, lines = TextRenderer().fitted("one\r\ntwo\x00\x1b\n\nthree", (300, 300), 20)

    assert [line.strip() for line in lines] == ["one", "two", "", "three"]


def test_a_text_of_megabytes_is_drawn_in_part() -> None:
    image = painted(Text(FRAME, "word " * 1_000_000, WHITE, 12))

    assert painted_area(image) is not None


def test_text_in_a_huge_box_is_drawn_in_bounded_memory() -> None:
    image = painted(Panel(FRAME, WHITE), Text(Box(-50_000, -50_000, 50_100, 50_100), "X", RED, 90_000))

    assert image.getpixel((50, 50)) == pytest.approx((255, 0, 0), abs=60)


def test_an_exception_of_the_checkpoint_ends_the_drawing() -> None:
    def stop() -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        paint(Plan(View(Rect(0, 0, 9, 9), 9, 9), [Panel(FRAME, RED)]), {}, stop)


@pytest.mark.parametrize("image_format", ["png", "jpeg", "webp"])
def test_the_picture_is_encoded_in_the_requested_format(image_format) -> None:
    with Image.open(io.BytesIO(encoded(painted(Panel(FRAME, RED)), image_format))) as image:
        assert (image.format or "").lower() == image_format
        assert image.convert("RGB").getpixel((50, 50)) == pytest.approx((255, 0, 0), abs=4)
