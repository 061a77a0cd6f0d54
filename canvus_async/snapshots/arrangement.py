"""In which order the widgets of a canvas are drawn, and where each of them is."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import msgspec

from canvus_async.models import PlacedWidget, Point, Rect, SharedCanvas, Size, TableCell, UnknownWidget, Widget
from canvus_async.models.layout import Layout


class Placed(NamedTuple):
    """A widget to draw, what it covers of the canvas, and how much its own units are scaled there."""

    widget: Widget
    bounds: Rect
    scale: float


class Arrangement:
    """All that can be drawn of a canvas, from the bottom to the top.

    A parent lies below what is in it; siblings go by `depth`, then by the order of the list (seed 004: higher values
    render on top). Widgets that are deleted, whose parents form a ring, or that have no place, are left out.
    """

    def __init__(self, widgets: Iterable[Widget]) -> None:
        self.root: Rect | None = None
        self.placed: list[Placed] = []
        self.cells: defaultdict[str, list[TableCell]] = defaultdict(list)
        self.others: list[Widget] = []
        foreign: dict[str, UnknownWidget] = {}
        tree: list[PlacedWidget] = []
        for widget in widgets:
            if widget.deleted:
                continue
            if isinstance(widget, UnknownWidget):
                stand_in = _placed(widget)
                if stand_in is not None:
                    foreign[stand_in.id] = widget
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
            self.placed.append(Placed(foreign.get(widget.id, widget), bounds, scale))
        self.bounds = {placed.widget.id: placed.bounds for placed in self.placed}


def _bottom_up(widgets: list[PlacedWidget]) -> Iterator[PlacedWidget]:
    """Each widget before those in it; a loop, because trees may be deep."""
    ids = {widget.id for widget in widgets}
    children: defaultdict[str, list[PlacedWidget]] = defaultdict(list)
    for widget in widgets:
        children[widget.parent_id if widget.parent_id in ids else ""].append(widget)
    for siblings in children.values():
        siblings.sort(key=lambda widget: widget.depth)
    open_ = [iter(children.pop("", ()))]
    while open_:
        lowest = next(open_[-1], None)
        if lowest is None:
            open_.pop()
        else:
            yield lowest
            open_.append(iter(children.pop(lowest.id, ())))


class _Place(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What of an unknown widget's fields says where it is."""

    location: Point
    size: Size
    id: str
    depth: float = 0.0
    parent_id: str = ""
    scale: float = 1.0


def _placed(widget: UnknownWidget) -> PlacedWidget | None:
    """A stand-in for a widget of another type, None for one without a place that can be read."""
    try:
        place = msgspec.convert(widget.raw, _Place)
    except msgspec.ValidationError:
        return None
    return PlacedWidget(**msgspec.structs.asdict(place))
