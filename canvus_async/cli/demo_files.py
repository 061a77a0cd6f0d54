"""Files for `canvus demo`: images that compress like photographs, and a PDF."""

# pyright: reportUnknownMemberType=false
# Pillow's annotations use numpy, which is not installed.

import random
from pathlib import Path

from PIL import Image, ImageChops, ImageDraw, ImageFont

SIZES = (
    (300, 200),
    (640, 480),
    (800, 800),
    (1024, 768),
    (1280, 720),
    (1080, 1920),
    (1600, 1200),
    (1920, 1080),
    (2048, 1536),
    (2560, 1440),
    (3840, 2160),
    (4096, 3072),
)
PAGES = 5


def create(folder: Path) -> list[Path]:
    """Write a dozen images (JPEG, and PNG with transparency) and a PDF of five pages; return their paths."""
    paths: list[Path] = []
    for number, (width, height) in enumerate(SIZES):
        picture = landscape(width, height, seed=number)
        if number % 3 == 0:
            path = folder / f"picture-{number + 1:02}-{width}x{height}.png"
            picture.putalpha(_vignette(width, height))
            picture.save(path, compress_level=1)
        else:
            path = folder / f"picture-{number + 1:02}-{width}x{height}.jpg"
            picture.save(path, quality=88)
        paths.append(path)
    paths.append(_document(folder / "document.pdf"))
    return paths


def landscape(width: int, height: int, *, seed: int) -> Image.Image:
    """A landscape with the gradients, edges and grain of a photograph; the same for the same seed."""
    dice = random.Random(seed)  # noqa: S311  # not for secrets
    hue = dice.choice((4, 18, 130, 145, 160, 200, 225))
    sky = Image.linear_gradient("L").resize((1, 256))
    bands = (
        sky.point([(hue + value // 6) % 256 for value in range(256)]),
        sky.point([200 - value // 2 for value in range(256)]),
        sky.point([120 + value // 2 for value in range(256)]),
    )
    picture = Image.merge("HSV", bands).convert("RGB").resize((width, height))
    draw = ImageDraw.Draw(picture)
    radius, x, y = min(width, height) // 8, dice.randrange(width), dice.randrange(height // 2)
    draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=(255, 244, 200))
    for layer in range(4):
        shade = 150 - layer * 30
        level = height * (5 + layer) // 10
        heights = [level + dice.randrange(-height // 12, height // 12 + 1) for _ in range(25)]
        ridge = [(width * step // 24, y) for step, y in enumerate(heights)]
        draw.polygon([(0, height), *ridge, (width, height)], fill=(shade // 3, shade, shade // 2 + layer * 12))
    grain = Image.effect_noise((max(1, width // 2), max(1, height // 2)), 14).resize((width, height))
    grain_rgb = Image.merge("RGB", (grain, grain, grain))
    return ImageChops.overlay(picture, grain_rgb)


def _vignette(width: int, height: int) -> Image.Image:
    return Image.radial_gradient("L").resize((width, height)).point([255 - value * 3 // 4 for value in range(256)])


def _document(path: Path) -> Path:
    """A PDF with a heading and an image on each page, in portrait and landscape format by turns."""
    pages: list[Image.Image] = []
    for number in range(PAGES):
        size = (1240, 1754) if number % 2 == 0 else (1754, 1240)
        page = Image.new("RGB", size, "white")
        page.paste(landscape(size[0] - 240, size[1] // 2, seed=100 + number), (120, 320))
        draw = ImageDraw.Draw(page)
        draw.text((120, 140), f"Page {number + 1} of {PAGES}", fill="black", font=ImageFont.load_default(96))
        pages.append(page)
    pages[0].save(path, save_all=True, append_images=pages[1:], resolution=150)
    return path
