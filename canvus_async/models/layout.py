"""Where widgets are on the canvas itself: locations are relative to the parent, and scales multiply down the tree."""

from collections.abc import Iterable
from typing import TypeAlias

from canvus_async.models import PlacedWidget, Point, Rect, Widget

_Spot: TypeAlias = tuple[float, float, float]
"""x and y on the canvas, and the scale that what lies inside has there."""


class Layout:
    """The places of the widgets of one canvas, worked out from a list of them (all of them: parents are looked up).

    A widget whose parent is not in the list is taken to lie on the root. Widgets without a place, such as connectors,
    are in no answer. Pure arithmetic over records: nothing is asked of the server.
    """

    def __init__(self, widgets: Iterable[Widget]) -> None:
        self._widgets = {widget.id: widget for widget in widgets if isinstance(widget, PlacedWidget)}
        self._spots: dict[str, _Spot] = {}

    def location(self, widget: PlacedWidget) -> Point:
        """The upper left corner on the canvas, in canvas units. Raises ValueError where parents form a ring."""
        x, y, _ = self._spot(widget)
        return Point(x, y)

    def bounds(self, widget: PlacedWidget) -> Rect:
        """What a widget covers of the canvas, its own scale and those of its parents applied."""
        x, y, scale = self._spot(widget)
        return Rect(x, y, widget.size.width * scale, widget.size.height * scale)

    def within(self, area: Rect, *, whole: bool = False) -> list[PlacedWidget]:
        """The widgets that overlap `area`, or with `whole` only those that lie wholly in it; the root is left out."""
        found = area.encloses if whole else area.overlaps
        return [widget for widget in self._children() if found(self.bounds(widget))]

    def at(self, point: Point) -> list[PlacedWidget]:
        """The widgets under a place of the canvas, in the order of the list; the root is left out."""
        return [widget for widget in self._children() if self.bounds(widget).contains(point)]

    def _children(self) -> Iterable[PlacedWidget]:
        return (widget for widget in self._widgets.values() if widget.parent_id)

    def _spot(self, widget: PlacedWidget) -> _Spot:
        """Walk up to the nearest known place, then down again; a loop, because trees may be deep."""
        path: list[PlacedWidget] = []
        seen: set[str] = set()
        spot: _Spot = (0.0, 0.0, 1.0)
        step: PlacedWidget | None = widget
        while step is not None:
            if self._widgets.get(step.id) is step and step.id in self._spots:
                spot = self._spots[step.id]
                break
            if step.id in seen:
                raise ValueError(f"the parents of widget {widget.id} form a ring")
            seen.add(step.id)
            path.append(step)
            step = self._widgets.get(step.parent_id)
        for step in reversed(path):
            x, y, scale = spot
            spot = (x + step.location.x * scale, y + step.location.y * scale, scale * step.scale)
            if self._widgets.get(step.id) is step:
                self._spots[step.id] = spot
        return spot
