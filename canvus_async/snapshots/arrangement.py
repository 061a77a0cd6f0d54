"""The order in which the widgets of a canvas are drawn, and the place of each."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import msgspec

from canvus_async.models import PlacedWidget, Point, Rect, SharedCanvas, Size, TableCell, UnknownWidget, Widget
from canvus_async.models.layout import Layout


class Placed(NamedTuple):
    """A widget to draw, its bounds on the canvas, and the scale of its own units there."""

    widget: Widget
    bounds: Rect
    scale: float


class Arrangement:
    """Everything that can be drawn of a canvas, from bottom to top.

    A parent is below its children. Siblings are ordered by `depth`, a higher value being on top, then by the order of
    the list. Widgets that are deleted, that have no place, or whose parents form a cycle are left out.
    """

    def __init__(self, widgets: Iterable[Widget]) -> None:
        self.root: Rect | None = None
        self.placed: list[Placed] = []
        self.cells: defaultdict[str, list[TableCell]] = defaultdict(list)
        self.others: list[Widget] = []
        unknown: dict[str, UnknownWidget] = {}
        tree: list[PlacedWidget] = []
        for widget in widgets:
            if widget.deleted:
                continue
            if isinstance(widget, UnknownWidget):
                stand_in = _placed(widget)
                if stand_in is not None:
                    unknown[stand_in.id] = widget
                    tree.append(stand_in)
            elif isinstance(widget, PlacedWidget):
                tree.append(widget)
            elif isinstance(widget, TableCell):
                self.cells[widget.parent_id].append(widget)
            else:
                self.others.append(widget)
        layout = Layout(tree)
        for widget in _bottom_up(tree):
            bounds = layout.bounds(widget)
            if isinstance(widget, SharedCanvas):
                self.root = bounds
                continue
            scale = bounds.width / widget.size.width if widget.size.width else 0.0
            self.placed.append(Placed(unknown.get(widget.id, widget), bounds, scale))
        self.bounds = {placed.widget.id: placed.bounds for placed in self.placed}


def _bottom_up(widgets: list[PlacedWidget]) -> Iterator[PlacedWidget]:
    """Each widget before its children. No recursion, because widgets can be nested deeper than Python allows."""
    ids = {widget.id for widget in widgets}
    children: defaultdict[str, list[PlacedWidget]] = defaultdict(list)
    for widget in widgets:
        children[widget.parent_id if widget.parent_id in ids else ""].append(widget)
    for siblings in children.values():
        siblings.sort(key=lambda widget: widget.depth)
    stack = [iter(children.pop("", ()))]
    while stack:
        current = next(stack[-1], None)
        if current is None:
            stack.pop()
        else:
            yield current
            stack.append(iter(children.pop(current.id, ())))


class _Place(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """The fields of an unknown widget that say where it is."""

    location: Point
    size: Size
    id: str
    depth: float = 0.0
    parent_id: str = ""
    scale: float = 1.0


def _placed(widget: UnknownWidget) -> PlacedWidget | None:
    """A stand-in at the place of an unknown widget; None if its place cannot be read."""
    try:
        place = msgspec.convert(widget.raw, _Place)
    except msgspec.ValidationError:
        return None
    return PlacedWidget(**msgspec.structs.asdict(place))
