"""Colours: profiles, CMYK, palettes, bit depths and transparency are rendered as in a colour-managed viewer."""

import struct
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from canvus_async.server.rendering.colours import to_basic_mode, to_srgb
from tests.server.pictures_samples import (
    difference,
    drawn,
    linear_grey_profile,
    near,
    odd_ink_profile,
    p3_profile,
    p3_to_srgb,
    png,
    scene,
    srgb_profile,
    swapped_profile,
    webp_loss,
)

SIZE = (200, 160)


async def shown(path: Path, level: int = 0, at: tuple[int, int] = (50, 40)) -> tuple[int, ...]:
    """The colour of a pixel of the rendered picture, with its alpha if it has one."""
    picture = await drawn(path, level)
    pixel = picture.getpixel((at[0] >> level, at[1] >> level))
    assert isinstance(pixel, tuple)
    return pixel


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("level", [0, 1])
async def test_an_embedded_profile_is_applied(format_: str, level: int, tmp_path: Path):
    path = tmp_path / "swapped"
    Image.new("RGB", SIZE, (200, 40, 60)).save(path, format_, icc_profile=swapped_profile())
    assert near(await shown(path, level), (40, 200, 60), 12)


@pytest.mark.parametrize("colour", [(180, 90, 60), (100, 140, 110), (120, 120, 120), (90, 80, 170)])
async def test_display_p3_is_converted_to_srgb(colour: tuple[int, int, int], tmp_path: Path):
    path = tmp_path / "phone.png"
    Image.new("RGB", SIZE, colour).save(path, icc_profile=p3_profile())
    assert near(await shown(path), p3_to_srgb(colour), 4)


async def test_a_profile_does_not_change_transparency(tmp_path: Path):
    path = tmp_path / "swapped.png"
    Image.new("RGBA", SIZE, (200, 40, 60, 100)).save(path, icc_profile=swapped_profile())
    assert near(await shown(path), (40, 200, 60, 100), 8)


async def test_srgb_profiles_change_nothing(tmp_path: Path):
    path = tmp_path / "plain.png"
    scene(*SIZE).save(path, icc_profile=srgb_profile())
    assert difference(await drawn(path), scene(*SIZE)) < 4


async def test_a_grey_profile_is_applied(tmp_path: Path):
    path = tmp_path / "linear.png"
    Image.new("L", SIZE, 128).save(path, icc_profile=linear_grey_profile())
    assert near(await shown(path), (188, 188, 188), 3)


async def test_a_grey_profile_keeps_alpha(tmp_path: Path):
    path = tmp_path / "linear.png"
    Image.new("LA", SIZE, (128, 70)).save(path, icc_profile=linear_grey_profile())
    assert near(await shown(path), (188, 188, 188, 70), 4)


@pytest.mark.parametrize("profile", [b"not a profile", b"\0" * 128, swapped_profile()[:200], linear_grey_profile()])
async def test_a_profile_that_does_not_fit_is_ignored(profile: bytes, tmp_path: Path):
    path = tmp_path / "odd.png"
    Image.new("RGB", SIZE, (200, 40, 60)).save(path, icc_profile=profile)
    assert near(await shown(path), (200, 40, 60), 6)


@pytest.mark.parametrize("format_", ["JPEG", "TIFF"])
@pytest.mark.parametrize(
    ("ink", "colour"),
    [
        ((0, 0, 0, 0), (255, 255, 255)),
        ((255, 0, 0, 0), (0, 255, 255)),
        ((0, 0, 255, 0), (255, 255, 0)),
        ((0, 0, 0, 255), (0, 0, 0)),
    ],
)
async def test_cmyk_without_a_profile_is_converted(
    format_: str, ink: tuple[int, int, int, int], colour: tuple[int, int, int], tmp_path: Path
):
    path = tmp_path / "print"
    Image.new("CMYK", SIZE, ink).save(path, format_)
    assert near(await shown(path), colour, 6)
    assert near(await shown(path, level=1), colour, 6)


@pytest.mark.parametrize("format_", ["JPEG", "TIFF"])
async def test_a_cmyk_profile_is_applied(format_: str, tmp_path: Path):
    path = tmp_path / "print"
    Image.new("CMYK", SIZE, (255, 0, 0, 0)).save(path, format_, icc_profile=odd_ink_profile())
    red, green, blue = await shown(path)
    assert blue > 180
    assert red < 150
    assert green < 60  # without the profile it would be cyan, (0, 255, 255)


async def test_sixteen_bit_grey_is_scaled_not_clipped(tmp_path: Path):
    path = tmp_path / "deep.png"
    rows = [b"".join(struct.pack(">H", x * 65535 // 255) for x in range(256))] * 160
    path.write_bytes(png(256, 160, 16, 0, rows))
    eight_bits = Image.linear_gradient("L").rotate(90).resize((256, 160))
    assert difference(await drawn(path), eight_bits) < 2


async def test_a_transparent_value_of_sixteen_bit_grey_becomes_alpha(tmp_path: Path):
    path = tmp_path / "deep.png"
    rows = [struct.pack(">H", 1000) * 100 + struct.pack(">H", 40000) * 100] * 160
    path.write_bytes(png(200, 160, 16, 0, rows, (b"tRNS", struct.pack(">H", 1000))))
    assert (await shown(path))[3] == 0
    assert near(await shown(path, at=(150, 40)), (155, 155, 155, 255), 3)


async def test_sixteen_bit_colour_is_converted(tmp_path: Path):
    path = tmp_path / "deep.png"
    path.write_bytes(png(200, 160, 16, 2, [struct.pack(">HHH", 51400, 10280, 15420) * 200] * 160))
    assert near(await shown(path), (200, 40, 60), 6)


@pytest.mark.parametrize("level", [0, 1])
async def test_a_bitmap_is_black_and_white(level: int, tmp_path: Path):
    path = tmp_path / "fax.tiff"
    bitmap = Image.new("1", SIZE, 1)
    ImageDraw.Draw(bitmap).rectangle((0, 0, 99, 159), 0)
    bitmap.save(path, compression="group4")
    assert near(await shown(path, level), (0, 0, 0), 3)
    assert near(await shown(path, level, (150, 40)), (255, 255, 255), 3)


async def test_a_floating_point_picture_spans_black_to_white(tmp_path: Path):
    path = tmp_path / "heights.tiff"
    heights = Image.new("F", SIZE, -3.5)
    heights.paste(12.5, (100, 0, 200, 160))
    heights.save(path)
    assert near(await shown(path), (0, 0, 0), 3)
    assert near(await shown(path, at=(150, 40)), (255, 255, 255), 3)


async def test_lab_is_converted(tmp_path: Path):
    path = tmp_path / "lab.tiff"
    Image.new("LAB", SIZE, (138, 128 + 80, 128 + 67)).save(path)  # L 54, a 80, b 67: sRGB red
    assert near(await shown(path), (255, 0, 0), 12)


@pytest.mark.parametrize("mode", ["L", "LA", "P", "RGB", "RGBA"])
async def test_every_common_mode_keeps_its_colours(mode: str, tmp_path: Path):
    path = tmp_path / "mode.png"
    picture = scene(*SIZE).convert(mode)
    picture.save(path)
    assert difference(await drawn(path), picture) < webp_loss(picture) + 1


@pytest.mark.parametrize("level", [0, 1])
async def test_palette_colours_may_be_half_transparent(level: int, tmp_path: Path):
    path = tmp_path / "icon.png"
    icon = Image.new("P", SIZE, 1)
    icon.putpalette([255, 255, 255, 200, 40, 60, 0, 0, 0])
    icon.save(path, transparency=bytes((0, 128, 255)))
    assert near(await shown(path, level), (200, 40, 60, 128), 6)


async def test_a_transparent_gif_stays_transparent(tmp_path: Path):
    path = tmp_path / "icon.gif"
    icon = Image.new("P", SIZE, 0)
    icon.putpalette([10, 200, 10, 200, 40, 60])
    icon.paste(1, (100, 0, 200, 160))
    icon.save(path, transparency=0)
    assert (await shown(path))[3] == 0
    assert near(await shown(path, at=(150, 40)), (200, 40, 60, 255), 6)


async def test_one_colour_of_an_rgb_picture_may_be_transparent(tmp_path: Path):
    path = tmp_path / "key.png"
    picture = Image.new("RGB", SIZE, (255, 0, 255))
    picture.paste((200, 40, 60), (100, 0, 200, 160))
    picture.save(path, transparency=(255, 0, 255))
    assert (await shown(path))[3] == 0
    assert near(await shown(path, at=(150, 40)), (200, 40, 60, 255), 6)


@pytest.mark.parametrize("size", [(512, 512), (511, 509)])
@pytest.mark.parametrize("level", [0, 1, 2])
@pytest.mark.parametrize("backdrop", [(0, 0, 0), (255, 255, 255)])
async def test_hidden_colours_do_not_bleed_into_edges(
    size: tuple[int, int], level: int, backdrop: tuple[int, int, int], tmp_path: Path
):
    path = tmp_path / "sticker.png"
    sticker = Image.new("RGBA", size, (0, 255, 0, 0))
    draw = ImageDraw.Draw(sticker)
    for at in range(0, 500, 10):  # thin strokes, so that nearly every pixel of a small level is on an edge
        draw.line((at, 0, 500 - at, 500), (220, 30, 30, 255), 2)
    sticker.save(path)
    picture = await drawn(path, level)
    wanted = sticker.convert("RGBa").resize(picture.size, Image.Resampling.BOX).convert("RGBA")
    flat = Image.alpha_composite(Image.new("RGBA", picture.size, (*backdrop, 255)), picture.convert("RGBA"))
    plain = Image.alpha_composite(Image.new("RGBA", picture.size, (*backdrop, 255)), wanted)
    green = flat.getchannel("G").histogram(), plain.getchannel("G").histogram()
    mean = [sum(value * count for value, count in enumerate(counts)) / sum(counts) for counts in green]
    assert abs(mean[0] - mean[1]) < 3
    assert difference(picture, wanted, backdrop) < 8


@pytest.mark.parametrize("profile", [None, srgb_profile()])
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_pixels_in_srgb_are_not_converted(profile: bytes | None, mode: str):
    picture = Image.new(mode, (4, 4), 1)
    assert to_srgb(to_basic_mode(picture), profile) is picture


async def test_levels_contain_no_profile(tmp_path: Path):
    path = tmp_path / "swapped.jpg"
    Image.new("RGB", SIZE, (200, 40, 60)).save(path, icc_profile=swapped_profile())
    assert "icc_profile" not in (await drawn(path)).info
