"""Small valid files for tests."""

import io

from PIL import Image


def picture(width: int = 640, height: int = 360, form: str = "JPEG", color: str = "teal") -> bytes:
    """An image of one colour."""
    out = io.BytesIO()
    Image.new("RGB", (width, height), color).save(out, form)
    return out.getvalue()


def document(pages: int = 3, size: tuple[int, int] = (595, 842)) -> bytes:
    """A PDF of blank pages; the size is in points."""
    out = io.BytesIO()
    sheets = [Image.new("RGB", size, "white") for _ in range(pages)]
    sheets[0].save(out, "PDF", save_all=True, append_images=sheets[1:], resolution=72)
    return out.getvalue()
