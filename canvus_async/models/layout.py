"""Locations on the canvas: a widget's own location is relative to its parent, and scales multiply down the tree."""

from collections.abc import Iterable
from typing import TypeAlias

from canvus_async.models import PlacedWidget, Point, Rect, Widget

_Placement: TypeAlias = tuple[float, float, float]
"""x and y of a widget on the canvas, and the scale of its own size and of its children there."""


class Layout:
    """Computes where the widgets of one canvas are. Pass all of them, because parents are looked up.

    A widget whose parent is not among them counts as a child of the root. Widgets without a location, such as
    connectors, are ignored. No request is made.
    """

    def __init__(self, widgets: Iterable[Widget]) -> None:
        self._widgets = {widget.id: widget for widget in widgets if isinstance(widget, PlacedWidget)}
        self._placements: dict[str, _Placement] = {}

    def location(self, widget: PlacedWidget) -> Point:
        """The upper left corner on the canvas, in canvas units. Raises ValueError if the parents form a cycle."""
        x, y, _ = self._placement(widget)
        return Point(x, y)

    def bounds(self, widget: PlacedWidget) -> Rect:
        """The area of the canvas that a widget covers, with its own scale and those of its parents applied.

        Raises ValueError if the parents form a cycle.
        """
        x, y, scale = self._placement(widget)
        return Rect(x, y, widget.size.width * scale, widget.size.height * scale)

    def within(self, area: Rect, *, whole: bool = False) -> list[PlacedWidget]:
        """The widgets that overlap `area`; if `whole` is true, only those completely inside. Never the root.

        Raises ValueError if the parents of a widget form a cycle.
        """
        is_within = area.encloses if whole else area.overlaps
        return [widget for widget in self._children() if is_within(self.bounds(widget))]

    def at(self, point: Point) -> list[PlacedWidget]:
        """The widgets at a point of the canvas, in the order in which they were passed. Never the root.

        Raises ValueError if the parents of a widget form a cycle.
        """
        return [widget for widget in self._children() if self.bounds(widget).contains(point)]

    def _children(self) -> Iterable[PlacedWidget]:
        return (widget for widget in self._widgets.values() if widget.parent_id)

    def _placement(self, widget: PlacedWidget) -> _Placement:
        """Walk up to the nearest ancestor with a known placement, then down again. Not recursive: trees may be deep."""
        path: list[PlacedWidget] = []
        seen: set[str] = set()
        placement: _Placement = (0.0, 0.0, 1.0)
        step: PlacedWidget | None = widget
        while step is not None:
            if self._widgets.get(step.id) is step and step.id in self._placements:
                placement = self._placements[step.id]
                break
            if step.id in seen:
                raise ValueError(f"the parents of widget {widget.id} form a cycle")
            seen.add(step.id)
            path.append(step)
            step = self._widgets.get(step.parent_id)
        for step in reversed(path):
            x, y, scale = placement
            placement = (x + step.location.x * scale, y + step.location.y * scale, scale * step.scale)
            if self._widgets.get(step.id) is step:  # the caller may pass a newer record than the one in the list
                self._placements[step.id] = placement
        return placement
