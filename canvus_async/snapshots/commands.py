"""The drawing commands that make up a picture, in pixels; a later command is drawn on top of earlier ones."""

from typing import Literal, NamedTuple, TypeAlias


class Colour(NamedTuple):
    """Red, green, blue and opacity, each from 0 to 255."""

    red: int
    green: int
    blue: int
    alpha: int = 255


class Box(NamedTuple):
    """A rectangle in pixels from the upper left corner of the picture; it may extend beyond the picture."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        """Width in pixels."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """Height in pixels."""
        return self.bottom - self.top

    def inset(self, by: float) -> "Box":
        """The box, smaller by `by` pixels on each side, but never with a negative size."""
        x, y = min(by, self.width / 2), min(by, self.height / 2)
        return Box(self.left + x, self.top + y, self.right - x, self.bottom - y)

    def overlaps(self, other: "Box") -> bool:
        """Whether the two boxes have an area in common."""
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )


Dot: TypeAlias = tuple[float, float]
"""A position in the picture: x and y in pixels."""


class Panel(NamedTuple):
    """A filled rectangle, with an outline that is `line` pixels wide and inside the edge, if it has a colour."""

    box: Box
    fill: Colour | None = None
    outline: Colour | None = None
    line: float = 1.0


class Gradient(NamedTuple):
    """A rectangle with a gradient from its upper left to its lower right corner."""

    box: Box
    first: Colour
    last: Colour


class Text(NamedTuple):
    """Text wrapped into a box. Letters are `largest` pixels high, or smaller if the text does not fit."""

    box: Box
    text: str
    colour: Colour
    largest: float
    centred: bool = True


class Stroke(NamedTuple):
    """A line through `dots`, `width` pixels wide."""

    dots: tuple[Dot, ...]
    colour: Colour
    width: float


class Polygon(NamedTuple):
    """A filled polygon."""

    dots: tuple[Dot, ...]
    colour: Colour


FitMode: TypeAlias = Literal["fill", "contain", "cover"]


class PageImage(NamedTuple):
    """One page of an asset (pages count from 0), in about the size in which it is drawn."""

    hash: str
    page: int
    width: int
    height: int
    fit: FitMode = "fill"


class Picture(NamedTuple):
    """A mipmap in a box: stretched to it ("fill"), completely inside it ("contain") or cropped to it ("cover").

    Without the mipmap, a placeholder with `label` and the reason is drawn.
    """

    box: Box
    image: PageImage
    label: str


DrawCommand: TypeAlias = Panel | Gradient | Text | Stroke | Polygon | Picture
