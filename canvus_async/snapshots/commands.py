"""What a picture of a canvas is made of: commands in pixels, drawn one after another, later ones on top."""

from typing import Literal, NamedTuple, TypeAlias


class Colour(NamedTuple):
    """Red, green, blue and opacity, each 0 to 255."""

    red: int
    green: int
    blue: int
    alpha: int = 255


class Box(NamedTuple):
    """A rectangle of the picture, in pixels from its upper left corner; parts may lie outside."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        """Pixels across."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """Pixels down."""
        return self.bottom - self.top

    def inset(self, by: float) -> "Box":
        """The box without an edge of `by` pixels; never inside out."""
        x, y = min(by, self.width / 2), min(by, self.height / 2)
        return Box(self.left + x, self.top + y, self.right - x, self.bottom - y)

    def overlaps(self, other: "Box") -> bool:
        """Whether the two have an area in common."""
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )


Dot: TypeAlias = tuple[float, float]
"""A place in the picture: pixels right and down."""


class Panel(NamedTuple):
    """A filled rectangle, with an outline of `line` pixels inside its edge where that has a colour."""

    box: Box
    fill: Colour | None = None
    outline: Colour | None = None
    line: float = 1.0


class Blend(NamedTuple):
    """A rectangle that goes from one colour at its top left to another at its bottom right."""

    box: Box
    first: Colour
    last: Colour


class Words(NamedTuple):
    """Text wrapped into a box, in letters of `largest` pixels or as much less as makes it fit."""

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


class Shape(NamedTuple):
    """A filled polygon."""

    dots: tuple[Dot, ...]
    colour: Colour


FitMode: TypeAlias = Literal["fill", "contain", "cover"]


class PageImage(NamedTuple):
    """One page of an asset as it is to be had from the server, about as large as it is drawn; page from 0."""

    hash: str
    page: int
    width: int
    height: int
    fit: FitMode = "fill"


class Picture(NamedTuple):
    """A mipmap in a box: stretched to it ("fill"), whole within it ("contain") or cropped to it ("cover").

    Where there is no mipmap, a box that says `label` and why.
    """

    box: Box
    image: PageImage
    label: str


DrawCommand: TypeAlias = Panel | Blend | Words | Stroke | Shape | Picture
