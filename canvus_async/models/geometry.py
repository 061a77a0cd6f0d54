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


class Rect(msgspec.Struct, frozen=True, gc=False):
    """A rectangle of the canvas itself: its upper left corner and its size, in canvas units, y down."""

    x: float
    y: float
    width: float
    height: float

    def overlaps(self, other: "Rect") -> bool:
        """Whether the two have an area in common; edges that only touch do not count."""
        return (
            self.x < other.x + other.width
            and other.x < self.x + self.width
            and self.y < other.y + other.height
            and other.y < self.y + self.height
        )

    def encloses(self, other: "Rect") -> bool:
        """Whether `other` lies wholly within, edges included."""
        return (
            self.x <= other.x
            and self.y <= other.y
            and other.x + other.width <= self.x + self.width
            and other.y + other.height <= self.y + self.height
        )

    def contains(self, point: Point) -> bool:
        """Whether a place of the canvas lies within; the left and upper edges do, the others do not."""
        return self.x <= point.x < self.x + self.width and self.y <= point.y < self.y + self.height
