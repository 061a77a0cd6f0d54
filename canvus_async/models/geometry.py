"""Locations, sizes and rectangles in canvas units, y down."""

import msgspec


class Point(msgspec.Struct, frozen=True, gc=False):
    """A location in canvas units, y down, relative to the parent widget."""

    x: float
    y: float


class Size(msgspec.Struct, frozen=True, gc=False):
    """A width and a height, in canvas units for widgets and in pixels for mipmaps."""

    width: float
    height: float


class Rect(msgspec.Struct, frozen=True, gc=False):
    """A rectangle on the canvas, relative to its origin: upper left corner and size in canvas units, y down."""

    x: float
    y: float
    width: float
    height: float

    def overlaps(self, other: "Rect") -> bool:
        """Whether the two rectangles have an area in common; touching edges do not count."""
        return (
            self.x < other.x + other.width
            and other.x < self.x + self.width
            and self.y < other.y + other.height
            and other.y < self.y + self.height
        )

    def encloses(self, other: "Rect") -> bool:
        """Whether `other` is completely inside, edges included."""
        return (
            self.x <= other.x
            and self.y <= other.y
            and other.x + other.width <= self.x + self.width
            and other.y + other.height <= self.y + self.height
        )

    def contains(self, point: Point) -> bool:
        """Whether a point on the canvas is inside; the left and upper edges are, the right and lower edges are not."""
        return self.x <= point.x < self.x + self.width and self.y <= point.y < self.y + self.height
