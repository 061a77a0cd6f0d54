"""Pictures of every format, size and orientation, compared with a simple rendering by Pillow."""

import random
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from PIL import ExifTags, Image, ImageOps

from canvus_async.server.rendering.formats import sniff
from canvus_async.server.rendering.levels import level_size, max_level
from canvus_async.server.rendering.pictures import picture_level
from canvus_async.server.rendering.renderer import BrokenAsset, Renderer, probe
from tests.server.pictures_samples import content_hash, difference, drawn, opened, png, reference, scene, webp_loss

FORMATS: dict[str, tuple[str, dict[str, Any]]] = {
    "jpeg": ("image/jpeg", {"format": "JPEG", "quality": 92}),
    "progressive jpeg": ("image/jpeg", {"format": "JPEG", "quality": 92, "progressive": True}),
    "png": ("image/png", {"format": "PNG"}),
    "gif": ("image/gif", {"format": "GIF"}),
    "webp": ("image/webp", {"format": "WEBP", "quality": 95}),
    "lossless webp": ("image/webp", {"format": "WEBP", "lossless": True}),
    "tiff": ("image/tiff", {"format": "TIFF"}),
    "compressed tiff": ("image/tiff", {"format": "TIFF", "compression": "tiff_lzw"}),
    "bmp": ("image/bmp", {"format": "BMP"}),
    "jpeg 2000": ("image/jp2", {"format": "JPEG2000"}),
    "ppm": ("image/x-portable-anymap", {"format": "PPM"}),
}


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("size", [(640, 480), (641, 479), (333, 517)])
async def test_every_level_of_every_format_looks_like_the_original(name: str, size: tuple[int, int], tmp_path: Path):
    content_type, saving = FORMATS[name]
    path = tmp_path / "picture"
    scene(*size).save(path, **saving)
    assert probe(path).content_type == content_type
    renderer = Renderer(tmp_path / "cache")
    info = await renderer.info(content_hash(path), path, 0)
    assert (info.resolution.width, info.resolution.height, info.pages) == (*size, 1)
    assert info.max_level == max_level(*size)
    for level in range(info.max_level + 1):
        picture = opened(await renderer.level(content_hash(path), path, 0, level))
        assert picture.size == level_size(*size, level)
        wanted = reference(path, picture.size)
        assert difference(picture, wanted) < webp_loss(wanted) + 1
    await renderer.aclose()


@pytest.mark.parametrize("size", [(640, 480), (641, 479)])
async def test_a_small_level_rendered_alone_looks_like_the_original(size: tuple[int, int], tmp_path: Path):
    path = tmp_path / "picture.jpg"
    scene(*size).save(path, quality=92)
    for level in range(4):
        (tmp_path / str(level)).mkdir()
        copy = tmp_path / str(level) / "picture.jpg"
        copy.write_bytes(path.read_bytes())
        picture = await drawn(copy, level)
        assert picture.size == level_size(*size, level)
        wanted = reference(path, picture.size)
        assert difference(picture, wanted) < webp_loss(wanted) + 1


async def test_a_partial_last_row_of_a_reduced_jpeg_has_its_share_only(tmp_path: Path):
    path = tmp_path / "ribbon.jpg"
    ribbon = Image.new("L", (1025, 21), 255)
    ribbon.paste(0, (0, 0, 1025, 10))
    ribbon.paste(128, (0, 10, 1025, 11))
    ribbon.save(path, quality=95)
    picture = (await drawn(path, 3)).convert("L")
    assert picture.size == (128, 2)
    top, bottom = (picture.getpixel((60, y)) for y in (0, 1))
    assert isinstance(top, int)
    assert isinstance(bottom, int)
    assert abs(top + bottom - 255) < 10


TURNED = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
"""The operation that an upright picture is stored with, by the EXIF orientation that undoes it."""


def oriented(orientation: int, size: tuple[int, int]) -> tuple[Image.Image, Image.Exif]:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    turn = TURNED[orientation]
    return scene(*size) if turn is None else scene(*size).transpose(turn), exif


@pytest.mark.parametrize("orientation", TURNED)
@pytest.mark.parametrize("level", [0, 1, 2])
async def test_the_exif_orientation_is_applied(orientation: int, level: int, tmp_path: Path):
    path = tmp_path / "photo.jpg"
    stored, exif = oriented(orientation, (640, 427))
    stored.save(path, exif=exif, quality=92)
    info = probe(path)
    assert (info.width, info.height) == (640, 427)
    picture = await drawn(path, level)
    wanted = scene(640, 427).resize(level_size(640, 427, level), Image.Resampling.LANCZOS)
    assert difference(picture, wanted) < 5


@pytest.mark.parametrize("format_", ["PNG", "WEBP", "TIFF"])
async def test_the_orientation_is_applied_in_every_format_with_exif(format_: str, tmp_path: Path):
    path = tmp_path / "photo"
    stored, exif = oriented(6, (400, 300))
    stored.save(path, format_, exif=exif)
    assert (probe(path).width, probe(path).height) == (400, 300)
    assert difference(await drawn(path), scene(400, 300)) < 5


async def test_an_orientation_after_the_pixels_of_a_png_is_applied(tmp_path: Path):
    stored, exif = oriented(8, (200, 120))
    rows = [stored.tobytes()[start : start + 360] for start in range(0, 360 * 200, 360)]
    path = tmp_path / "late.png"
    path.write_bytes(png(120, 200, 8, 2, rows, (b"eXIf", exif.tobytes().removeprefix(b"Exif\0\0"))))
    assert (probe(path).width, probe(path).height) == (200, 120)
    assert difference(await drawn(path), scene(200, 120)) < 5


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")  # Pillow warns about it
@pytest.mark.parametrize("exif", [b"Exif\0\0nonsense", b"Exif\0\0II*\0\xff\xff\xff\xff"])
async def test_damaged_exif_is_ignored(exif: bytes, tmp_path: Path):
    path = tmp_path / "photo.jpg"
    scene(200, 120).save(path, exif=exif)
    assert difference(await drawn(path), scene(200, 120)) < 6


@pytest.mark.parametrize("format_", ["GIF", "WEBP", "PNG", "TIFF"])
async def test_an_animation_is_one_page_with_its_first_frame(format_: str, tmp_path: Path):
    path = tmp_path / "frames"
    first, second = Image.new("RGB", (200, 160), (200, 30, 30)), Image.new("RGB", (200, 160), (30, 30, 200))
    first.save(path, format_, save_all=True, append_images=[second])
    assert probe(path).pages == 1
    assert difference(await drawn(path), first) < 6


async def test_a_level_too_large_for_webp_is_scaled_down(tmp_path: Path):
    path = tmp_path / "panorama.png"
    Image.new("RGB", (20000, 300), (30, 90, 200)).save(path)
    renderer = Renderer(tmp_path / "cache")
    info = await renderer.info(content_hash(path), path, 0)
    assert (info.resolution.width, info.resolution.height) == (20000, 300)
    sizes = [opened(await renderer.level(content_hash(path), path, 0, level)).size for level in range(3)]
    assert sizes == [(16383, 245), (10000, 150), (5000, 75)]
    await renderer.aclose()


@pytest.mark.parametrize("size", [(1, 1), (1, 500), (500, 1), (3, 2000), (129, 129)])
async def test_narrow_and_tiny_pictures_have_levels(size: tuple[int, int], tmp_path: Path):
    path = tmp_path / "narrow.png"
    Image.new("RGB", size, (200, 30, 30)).save(path)
    smallest = max_level(*size)
    assert (await drawn(path, smallest)).size == level_size(*size, smallest)


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "TIFF", "GIF", "JPEG2000", "BMP"])
async def test_truncated_pixels_raise_when_rendered(format_: str, tmp_path: Path):
    path = tmp_path / "cut"
    scene(640, 480).save(path, format_)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(BrokenAsset, match="damaged or incomplete"):
        await drawn(path)


@pytest.mark.parametrize("name", FORMATS)
async def test_corrupt_bytes_are_rendered_or_raise_broken_asset(name: str, tmp_path: Path):
    path = tmp_path / "noisy"
    scene(160, 140).save(path, **FORMATS[name][1])
    whole, chance = path.read_bytes(), random.Random(name)
    for _ in range(30):
        noisy = bytearray(whole)
        for _ in range(chance.choice((1, 3, 10))):
            noisy[chance.randrange(12, len(noisy))] = chance.randrange(256)
        path.write_bytes(noisy)
        with suppress(BrokenAsset):
            picture_level(path, sniff(whole).decoder, 1)


async def test_the_reference_applies_the_orientation(tmp_path: Path):
    path = tmp_path / "photo.jpg"
    stored, exif = oriented(6, (400, 300))
    stored.save(path, exif=exif)
    with Image.open(path) as image:
        assert ImageOps.exif_transpose(image).size == (400, 300)
    assert difference(reference(path, (400, 300)), scene(400, 300)) < 4
