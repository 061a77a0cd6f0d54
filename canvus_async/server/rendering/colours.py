"""Converts pictures of all modes, bit depths and colour profiles to 8-bit sRGB.

There are two steps: `to_basic_mode` converts to a mode whose pixels may be averaged, and `to_srgb` applies the colour
profile. The picture is scaled down between them, which makes the second step cheap.
"""

from io import BytesIO
from itertools import product
from typing import Literal

from PIL import Image, ImageChops, ImageCms, ImageMath

_SWATCH = Image.frombytes("RGB", (64, 64), bytes(17 * part for rgb in product(range(16), repeat=3) for part in rgb))


def to_basic_mode(image: Image.Image) -> Image.Image:
    """Convert to L, LA, RGB, RGBA or CMYK with 8 bits per channel.

    A colour that the file declares transparent (PNG tRNS, GIF) becomes alpha, because averaging would change it.
    """
    if image.mode in {"I", "F"} or image.mode.startswith("I;16"):
        return _eight_bits(image)
    if image.mode == "LAB":
        return _lab_to_rgb(image)
    if image.has_transparency_data:
        grey = image.mode in {"1", "L", "LA", "La"}
        return _as(image, "LA" if grey else "RGBA")
    if image.mode == "CMYK":
        return image
    return _as(image, "L" if image.mode in {"1", "L"} else "RGB")


def to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Convert to sRGB as L, LA, RGB or RGBA. `profile` is the ICC profile in the file.

    A profile that is damaged or for another colour space is ignored, as in browsers. The rendering intent is relative
    colorimetric with black point compensation.
    """
    source = _open_profile(profile)
    alpha = image.getchannel("A") if image.mode in {"LA", "RGBA"} else None
    converted = _converted(image.convert(image.mode.removesuffix("A")) if alpha else image, source) if source else None
    if converted is None:
        return image.convert("RGB") if image.mode == "CMYK" else image
    if alpha is not None:
        converted.putalpha(alpha)
    return converted


def _converted(colours: Image.Image, source: ImageCms.ImageCmsProfile) -> Image.Image | None:
    """Convert pixels without alpha; None if the profile does not fit the mode, or is sRGB itself.

    Most cameras embed an sRGB profile. Whether a profile is sRGB is tested on a swatch, which takes a hundredth of the
    time.
    """
    intent = ImageCms.Intent.RELATIVE_COLORIMETRIC
    try:
        transform = ImageCms.buildTransform(
            source, _built_in("sRGB"), colours.mode, "RGB", intent, ImageCms.Flags.BLACKPOINTCOMPENSATION
        )
        if colours.mode == "RGB":
            changes = ImageChops.difference(_SWATCH, ImageCms.applyTransform(_SWATCH, transform) or _SWATCH)
            if max(changes.tobytes()) <= 1:
                return None
        return ImageCms.applyTransform(colours, transform)
    except ImageCms.PyCMSError:
        return None


def _as(image: Image.Image, mode: str) -> Image.Image:
    return image if image.mode == mode else image.convert(mode)


def _open_profile(profile: bytes | None) -> ImageCms.ImageCmsProfile | None:
    if not profile:
        return None
    try:
        return ImageCms.ImageCmsProfile(BytesIO(profile))
    except (OSError, ImageCms.PyCMSError):
        return None


def _built_in(space: Literal["sRGB", "LAB"]) -> ImageCms.ImageCmsProfile:
    made = ImageCms.createProfile(space)  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    return ImageCms.ImageCmsProfile(made)  # pyright: ignore[reportUnknownArgumentType] - Pillow's stub for it is partial


def _eight_bits(image: Image.Image) -> Image.Image:
    """Convert grey with more than 8 bits per pixel.

    16 bits are scaled to 8; Pillow's own conversion clips at 255 instead. Deeper or floating-point samples have no
    defined white, so the darkest becomes black and the lightest white.
    """
    wide = image if image.mode in {"I", "F"} else image.convert("I")
    hidden = image.info.get("transparency")
    extrema = wide.getextrema()
    low, high = (float(value) for value in extrema if isinstance(value, int | float))
    if image.mode != "F" and low >= 0 and high <= 65535:
        low, high = 0.0, 65535.0
    scale = 255 / (high - low) if high > low else 0.0
    offset = 0.5 - low * scale
    scaled = wide.point(lambda sample: sample * scale + offset)  # pyright: ignore[reportUnknownMemberType] - NumPy's
    grey = scaled.convert("L")
    if isinstance(hidden, int):
        grey.putalpha(
            ImageMath.lambda_eval(lambda given: given["convert"]((given["wide"] != hidden) * 255, "L"), wide=wide)
        )
    return grey


def _lab_to_rgb(image: Image.Image) -> Image.Image:
    converted = ImageCms.profileToProfile(image, _built_in("LAB"), _built_in("sRGB"), outputMode="RGB")
    return converted or image.convert("RGB")
