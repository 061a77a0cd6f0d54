"""Places and sizes in canvas units, y down, relative to the parent widget."""

import msgspec


class Point(msgspec.Struct, frozen=True, gc=False):
    """A place: canvas units, y down, relative to the parent widget."""

    x: float
    y: float


class Size(msgspec.Struct, frozen=True, gc=False):
    """A width and a height: canvas units for widgets, pixels for mipmaps."""

    width: float
    height: float
