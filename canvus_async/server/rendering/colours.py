"""Any picture's pixels as 8-bit sRGB: palettes, 16 bits, CMYK, embedded colour profiles.

Two steps, because shrinking comes between them and makes the second one cheap: `to_basic_mode` gives a mode whose
neighbouring pixels may be averaged, `to_srgb` applies the profile.
"""

from io import BytesIO
from itertools import product
from typing import Literal

from PIL import Image, ImageChops, ImageCms, ImageMath

_SWATCH = Image.frombytes("RGB", (64, 64), bytes(17 * part for rgb in product(range(16), repeat=3) for part in rgb))


def to_basic_mode(image: Image.Image) -> Image.Image:
    """The same picture in L, LA, RGB, RGBA or CMYK, 8 bits each, its transparency kept.

    Colours that a file declares transparent (PNG tRNS, GIF) become alpha before anything is averaged.
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
    """The picture as L, LA, RGB or RGBA in sRGB; `profile` is the ICC profile its file carried.

    A profile that is broken, or of another colour space than the pixels, is left aside, as browsers do. Relative
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
    """The pixels, without alpha, in sRGB; None where the profile is for other pixels, or is sRGB itself.

    Most cameras write an sRGB profile: a swatch tells, for a hundredth of what the picture would cost.
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
    """16 bits scaled to 8; deeper or floating samples, which have no agreed white, stretched from darkest to lightest.

    Pillow's own conversion clips at 255 instead of scaling.
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
