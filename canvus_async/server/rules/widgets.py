"""Widgets and canvases in the server's memory, with the indexes that the rules need."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import msgspec

from canvus_async.models import JSON
from canvus_async.server.rules.kinds import BACKGROUND, CONNECTOR, SHARED_CANVAS, WidgetKind

_encoder = msgspec.json.Encoder(order="sorted")
encode = _encoder.encode
"""Encode as JSON with sorted keys, as in all examples of the API's pages."""


class StoredWidget(msgspec.Struct, frozen=True):
    """A widget at one moment; a change makes a new one.

    `fields` is the widget as the API shows it, and `raw` the same as JSON, encoded once for all responses and streams.
    `asset` is the hash of the uploaded file, "" without a file; the `hash` in `fields` stays "" until the file has
    been processed. `natural_size` is the width and height of the file, None if they are unknown.
    """

    id: str
    kind: WidgetKind
    fields: Mapping[str, JSON]
    raw: bytes
    asset: str = ""
    natural_size: tuple[float, float] | None = None

    @property
    def parent_id(self) -> str:
        """The id of the parent widget, "" for the root and for widgets without a place."""
        return _text(self.fields.get("parent_id"))

    @property
    def depth(self) -> float:
        """The z-order among siblings, 0 for widgets without one."""
        value = self.fields.get("depth")
        return value if isinstance(value, int | float) else 0

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in canvas units, 0 for widgets without a size."""
        box = _object(self.fields.get("size"))
        width, height = box.get("width"), box.get("height")
        return (width, height) if isinstance(width, int | float) and isinstance(height, int | float) else (0, 0)

    @property
    def hash(self) -> str:
        """The published hash: "" if there is no file, or if it has not been processed yet."""
        image = _object(self.fields.get("image")) if self.kind is BACKGROUND else self.fields
        return _text(image.get("hash"))

    @property
    def filename(self) -> str:
        return _text(self.fields.get("original_filename"))

    @property
    def connected_ids(self) -> set[str]:
        """The ids of the two widgets that a connector connects."""
        return {_text(_object(self.fields.get(end)).get("id")) for end in ("src", "dst")}

    def with_fields(self, changes: Mapping[str, JSON]) -> "StoredWidget":
        return make_widget(
            self.id, self.kind, {**self.fields, **changes}, asset=self.asset, natural_size=self.natural_size
        )


def _text(value: JSON) -> str:
    return value if isinstance(value, str) else ""


def _object(value: JSON) -> Mapping[str, JSON]:
    return value if isinstance(value, dict) else {}


def make_widget(
    widget_id: str,
    kind: WidgetKind,
    fields: Mapping[str, JSON],
    *,
    asset: str = "",
    natural_size: tuple[float, float] | None = None,
) -> StoredWidget:
    """A widget to store, with its JSON encoded once. `natural_size` is the size of its picture or page."""
    return StoredWidget(
        id=widget_id, kind=kind, fields=fields, raw=encode(fields), asset=asset, natural_size=natural_size
    )


@dataclass
class StoredCanvas:
    """A canvas and its widgets, in the order of their creation.

    `link` is the right of callers without a token: "none", "view" or "edit". Times are in ISO 8601.
    """

    id: str
    name: str
    mode: str = "normal"
    link: str = "none"
    created_at: str = ""
    modified_at: str = ""
    widgets: dict[str, StoredWidget] = field(default_factory=dict[str, StoredWidget])
    _children: dict[str, dict[str, None]] = field(default_factory=dict[str, dict[str, None]])
    _highest_depths: dict[str, float] = field(default_factory=dict[str, float])
    _hashes: dict[str, dict[str, None]] = field(default_factory=dict[str, dict[str, None]])
    _connectors: dict[str, None] = field(default_factory=dict[str, None])

    @property
    def root(self) -> StoredWidget:
        return next(widget for widget in self.widgets.values() if widget.kind is SHARED_CANVAS)

    @property
    def background(self) -> StoredWidget:
        return next(widget for widget in self.widgets.values() if widget.kind is BACKGROUND)

    def find(self, widget_id: str, kind: WidgetKind | None = None) -> StoredWidget | None:
        """A widget by its id, only of that kind if one is given. The background cannot be found by an id."""
        widget = self.widgets.get(widget_id)
        if widget is None or widget.kind is BACKGROUND or (kind is not None and widget.kind is not kind):
            return None
        return widget

    def children(self, parent_id: str) -> Iterator[StoredWidget]:
        return (self.widgets[child] for child in self._children.get(parent_id, ()))

    def highest_depth(self, parent_id: str) -> float:
        """The highest depth among the children of a widget, 0 if it has none."""
        if parent_id not in self._highest_depths:
            self._highest_depths[parent_id] = max((child.depth for child in self.children(parent_id)), default=0)
        return self._highest_depths[parent_id]

    def find_by_hash(self, asset_hash: str) -> StoredWidget | None:
        """A widget on this canvas with that published hash, or None."""
        showing = self._hashes.get(asset_hash)
        return self.widgets[next(iter(showing))] if showing else None

    @property
    def hashes(self) -> Iterable[str]:
        """The published hashes of the widgets, without duplicates."""
        return self._hashes.keys()

    @property
    def connectors(self) -> Iterator[StoredWidget]:
        return (self.widgets[connector] for connector in self._connectors)

    def put(self, widget: StoredWidget) -> None:
        """Add a widget, or replace its old state without changing the order."""
        old = self.widgets.get(widget.id)
        if old is not None:
            self._remove_from_indexes(old, moved=old.parent_id != widget.parent_id)
        self.widgets[widget.id] = widget
        if widget.kind.size:
            self._children.setdefault(widget.parent_id, {})[widget.id] = None
            if widget.parent_id in self._highest_depths:
                self._highest_depths[widget.parent_id] = max(self._highest_depths[widget.parent_id], widget.depth)
        if widget.kind is CONNECTOR:
            self._connectors[widget.id] = None
        if widget.hash:
            self._hashes.setdefault(widget.hash, {})[widget.id] = None

    def remove(self, widget: StoredWidget) -> None:
        """Remove a widget, but not its children."""
        self._remove_from_indexes(self.widgets.pop(widget.id), moved=True)
        self._children.pop(widget.id, None)
        self._highest_depths.pop(widget.id, None)
        self._connectors.pop(widget.id, None)

    def _remove_from_indexes(self, widget: StoredWidget, *, moved: bool) -> None:
        if moved and widget.parent_id in self._children:
            self._children[widget.parent_id].pop(widget.id, None)
        if self._highest_depths.get(widget.parent_id) == widget.depth:
            del self._highest_depths[widget.parent_id]  # it may have been the highest: calculated again when needed
        if widget.hash:
            showing = self._hashes[widget.hash]
            del showing[widget.id]
            if not showing:
                del self._hashes[widget.hash]
