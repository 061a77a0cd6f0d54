"""Sizes of widgets, as numbers and as JSON."""

from canvus_async.models import JSON
from canvus_async.server.refusals import Invalid


def fit(box: tuple[float, float], natural_size: tuple[float, float]) -> tuple[float, float]:
    """The largest size inside `box` with the aspect ratio of `natural_size`: 16:9 in 800 x 800 is 800 x 450."""
    (box_width, box_height), (width, height) = box, natural_size
    if box_width * height <= box_height * width:
        return box_width, _whole(box_width * height / width)
    return _whole(box_height * width / height), box_height


def width_and_height(size: JSON) -> tuple[float, float]:
    """The numbers in a size that `fields.size` has checked."""
    if isinstance(size, dict):
        width, height = size.get("width"), size.get("height")
        if isinstance(width, int | float) and isinstance(height, int | float):
            return width, height
    raise Invalid("size must have a width and a height")


def size_json(width: float, height: float) -> JSON:
    """A size as JSON, with integers where possible."""
    return {"width": _whole(width), "height": _whole(height)}


def _whole(value: float) -> int | float:
    return int(value) if value == int(value) else value
