"""Reads pictures with Pillow and renders their mipmap levels.

A picture is its first frame, rotated according to its EXIF orientation and converted to sRGB.
"""

import os
import threading
from collections.abc import Generator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import IO

from PIL import ExifTags, Image, ImageFile
from PIL.JpegImagePlugin import JpegImageFile

from canvus_async.server.rendering.bounded_files import BoundedFile, check_png_chunks
from canvus_async.server.rendering.colours import to_basic_mode, to_srgb
from canvus_async.server.rendering.formats import BrokenAsset
from canvus_async.server.rendering.levels import level_size

PICTURE_PIXELS = 200_000_000
"""A picture with more pixels is refused without being decoded, however small its file is."""

WEBP_SIDE = 16383
"""The longest side in pixels that the format allows. A larger level is scaled down to it."""

UNREADABLE_PICTURE = "The picture cannot be read: the file is damaged or incomplete."

_LARGE = 64_000_000
_one_large_picture = threading.Lock()  # decoding takes 4 bytes per pixel (JPEG) to 16 (WebP with alpha)

_PILLOWS_OWN_LIMIT = (Image.DecompressionBombError, Image.DecompressionBombWarning)

_PNG_SIGNATURE_BYTES = 8
_PNG_CHUNKS = 100_000

_Transpose = Image.Transpose
_UPRIGHT = {
    2: _Transpose.FLIP_LEFT_RIGHT,
    3: _Transpose.ROTATE_180,
    4: _Transpose.FLIP_TOP_BOTTOM,
    5: _Transpose.TRANSPOSE,
    6: _Transpose.ROTATE_270,
    7: _Transpose.TRANSVERSE,
    8: _Transpose.ROTATE_90,
}
_SIDEWAYS = (5, 6, 7, 8)


def picture_size(path: Path, decoder: str) -> tuple[int, int]:
    """Width and height in pixels after the EXIF orientation. Decodes no pixels.

    Raises BrokenAsset if the header cannot be read, or states more than `PICTURE_PIXELS`.
    """
    with BoundedFile(path, decoder) as file:
        image = _open_image(file, decoder)
        width, height = image.size
        return (height, width) if _orientation(image, file) in _SIDEWAYS else (width, height)


def picture_level(path: Path, decoder: str, level: int) -> Image.Image:
    """Render one mipmap level of a picture as L, LA, RGB or RGBA in sRGB.

    Its size is `level_size` of `picture_size`, or that scaled down to `WEBP_SIDE`. Raises BrokenAsset.
    """
    with BoundedFile(path, decoder) as file:
        image = _open_image(file, decoder)
        orientation = _orientation(image, file)
        size = fit_webp(*level_size(*image.size, level))
        with _one_large_at_a_time(image, level):
            with _decoder_errors():
                covered = _decode(image, size, level)
                plain = to_basic_mode(image)
            shrunk = to_srgb(shrink(plain, size, covered), image.info.get("icc_profile"))
    transpose = _UPRIGHT.get(orientation)
    return shrunk if transpose is None else shrunk.transpose(transpose)


def shrink(image: Image.Image, size: tuple[int, int], covered: tuple[float, float] | None = None) -> Image.Image:
    """Scale a picture down. The colour of transparent pixels does not bleed into others, as Pillow premultiplies alpha.

    `covered` is the width and height that count if the last column or row is only partly covered by the original.
    An integer factor averages blocks of pixels. Any other factor, which odd sides lead to, filters the whole picture,
    so that no edge is cut off.
    """
    width, height = covered or image.size
    factor = width / size[0]
    if (width, height) == image.size and factor.is_integer() and height == size[1] * factor:
        return image if factor == 1 else image.reduce(int(factor))
    box = (0, 0, width, height)
    return image.resize(size, Image.Resampling.HAMMING, box, 2.0)  # pyright: ignore[reportUnknownMemberType] - NumPy's


def fit_webp(width: int, height: int) -> tuple[int, int]:
    """The size, or the largest size with the same aspect ratio that WebP allows."""
    longest = max(width, height)
    if longest <= WEBP_SIDE:
        return width, height
    return max(1, width * WEBP_SIDE // longest), max(1, height * WEBP_SIDE // longest)


def _open_image(file: BoundedFile, decoder: str) -> ImageFile.ImageFile:
    """Read the header. `Image.open` is not used: its size check has a limit that applies to the whole process."""
    Image.init()
    if decoder not in Image.OPEN:
        raise BrokenAsset(f"This server cannot read {decoder} pictures.")
    factory, _ = Image.OPEN[decoder]
    with _decoder_errors():
        if decoder == "PNG":
            check_png_chunks(file.path)
        image = factory(file, "")
    file.lift()
    width, height = image.size
    if width < 1 or height < 1:
        raise BrokenAsset(UNREADABLE_PICTURE)
    if width * height > _pixel_limit(decoder):
        raise BrokenAsset(_too_large(width, height, _pixel_limit(decoder)))
    return image


def _pixel_limit(decoder: str) -> int:
    """The largest number of pixels. Pillow's TIFF decoder checks its own limit too, while it loads the pixels."""
    own = Image.MAX_IMAGE_PIXELS if decoder == "TIFF" else None
    return PICTURE_PIXELS if own is None else min(PICTURE_PIXELS, own)


def _too_large(width: int, height: int, limit: int) -> str:
    return f"The picture is too large: {width} x {height} pixels, more than {limit // 1_000_000} megapixels."


@contextmanager
def _decoder_errors() -> Generator[None, None, None]:
    """Turn errors of Pillow's decoders into BrokenAsset. Damaged files raise a dozen different exception types."""
    try:
        yield
    except (MemoryError, BrokenAsset):
        raise
    except _PILLOWS_OWN_LIMIT as exc:
        raise BrokenAsset("The picture is too large for this server.") from exc
    except Exception as exc:
        raise BrokenAsset(UNREADABLE_PICTURE) from exc


def _one_large_at_a_time(image: Image.Image, level: int) -> "threading.Lock | nullcontext[None]":
    """A lock for large pictures: decoding takes the most memory, so only one is decoded at a time."""
    drafted = 4 ** min(level, 3) if isinstance(image, JpegImageFile) else 1
    return _one_large_picture if image.width * image.height // drafted > _LARGE else nullcontext()


def _decode(image: ImageFile.ImageFile, size: tuple[int, int], level: int) -> tuple[float, float] | None:
    """Load the pixels. A JPEG is decoded at a reduced size if possible; then the result is `covered` for `shrink`.

    If the sides do not divide evenly, the JPEG is decoded at twice the size, because scaling by a factor near 1 blurs.
    """
    covered: tuple[float, float] | None = None
    if isinstance(image, JpegImageFile) and level > 0:
        even = image.width == size[0] << level and image.height == size[1] << level
        wanted = size if even else (size[0] * 2, size[1] * 2)
        drafted = image.draft(image.mode, wanted)
        covered = drafted[1][2:] if drafted else None
    image.load()
    return covered


def _orientation(image: ImageFile.ImageFile, file: IO[bytes]) -> int:
    """The EXIF orientation, 1 to 8; 1 if it is missing or invalid. Decodes no pixels."""
    if image.format == "TIFF":
        return 1  # Pillow rotates a TIFF when it loads it, and its size is already the rotated one
    if image.format == "PNG" and "exif" not in image.info:
        _find_late_exif(image, file)
    try:
        with _decoder_errors():
            orientation = Image.Image.getexif(image).get(ExifTags.Base.Orientation)
    except BrokenAsset:
        return 1
    return orientation if isinstance(orientation, int) and orientation in _UPRIGHT else 1


def _find_late_exif(image: ImageFile.ImageFile, file: IO[bytes]) -> None:
    """Fill `image.info["exif"]` from a PNG chunk after the pixels, which Pillow reads only if it decodes the pixels."""
    position = file.tell()
    file.seek(_PNG_SIGNATURE_BYTES)
    for _ in range(_PNG_CHUNKS):
        header = file.read(8)
        length, kind = int.from_bytes(header[:4], "big"), header[4:]
        if kind in {b"", b"IEND"}:
            break
        if kind == b"eXIf":
            image.info["exif"] = b"Exif\0\0" + file.read(length)
            break
        file.seek(length + 4, os.SEEK_CUR)
    file.seek(position)
