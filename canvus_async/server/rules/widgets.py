"""A widget as the server holds it, and a canvas as a bag of them with the indexes that the rules need.

Nothing here knows HTTP, the database or a stream: `StoredCanvas.put` and `StoredCanvas.remove` change
memory and nothing else.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import msgspec

from canvus_async.models import JSON
from canvus_async.server.rules.kinds import BACKGROUND, CONNECTOR, SHARED_CANVAS, WidgetKind

_encoder = msgspec.json.Encoder(order="sorted")
encode = _encoder.encode
"""JSON with its keys in order, as all the seeds' examples have them."""


class StoredWidget(msgspec.Struct, frozen=True):
    """One widget at one moment; a change makes a new one.

    `fields` is the object on the wire and `raw` its JSON, encoded once for every reply and stream that shows it.
    `asset` names the uploaded file ("" for none) from the start, while the `hash` in `fields` stays "" until the file
    has been processed. `natural_size` is the file's own width and height where its aspect is known.
    """

    id: str
    kind: WidgetKind
    fields: Mapping[str, JSON]
    raw: bytes
    asset: str = ""
    natural_size: tuple[float, float] | None = None

    @property
    def parent_id(self) -> str:
        """The id of the widget that it lies on, "" for the root and for what has no place."""
        return _text(self.fields.get("parent_id"))

    @property
    def depth(self) -> float:
        """Its place among its siblings, 0 for what has none."""
        value = self.fields.get("depth")
        return value if isinstance(value, int | float) else 0

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in canvas units."""
        box = _object(self.fields.get("size"))
        width, height = box.get("width"), box.get("height")
        return (width, height) if isinstance(width, int | float) and isinstance(height, int | float) else (0, 0)

    @property
    def hash(self) -> str:
        """The hash that the wire shows: "" for no file or one that is still being processed."""
        image = _object(self.fields.get("image")) if self.kind is BACKGROUND else self.fields
        return _text(image.get("hash"))

    @property
    def filename(self) -> str:
        """The name that its file was uploaded with."""
        return _text(self.fields.get("original_filename"))

    @property
    def connected_ids(self) -> set[str]:
        """The ids of the widgets that a connector holds on to."""
        return {_text(_object(self.fields.get(end)).get("id")) for end in ("src", "dst")}

    def with_fields(self, changes: Mapping[str, JSON]) -> "StoredWidget":
        """The same widget with some fields changed."""
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
    """A widget with its JSON."""
    return StoredWidget(
        id=widget_id, kind=kind, fields=fields, raw=encode(fields), asset=asset, natural_size=natural_size
    )


@dataclass
class StoredCanvas:
    """One canvas: what the API says of it, and its widgets in the order in which they were made.

    `link` is the right that people without a token have: "none", "view" or "edit". Times are ISO 8601 text.
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
        """The SharedCanvas, which is made first."""
        return next(widget for widget in self.widgets.values() if widget.kind is SHARED_CANVAS)

    @property
    def background(self) -> StoredWidget:
        """The CanvasBackground, which is made right after the root."""
        return next(widget for widget in self.widgets.values() if widget.kind is BACKGROUND)

    def find(self, widget_id: str, kind: WidgetKind | None = None) -> StoredWidget | None:
        """A widget by its id, of that kind only if one is given. The background has no id that anyone could know."""
        widget = self.widgets.get(widget_id)
        if widget is None or widget.kind is BACKGROUND or (kind is not None and widget.kind is not kind):
            return None
        return widget

    def children(self, parent_id: str) -> Iterator[StoredWidget]:
        """The widgets that lie on one."""
        return (self.widgets[child] for child in self._children.get(parent_id, ()))

    def highest_depth(self, parent_id: str) -> float:
        """The highest depth among a widget's children, 0 if it has none."""
        if parent_id not in self._highest_depths:
            self._highest_depths[parent_id] = max((child.depth for child in self.children(parent_id)), default=0)
        return self._highest_depths[parent_id]

    def find_by_hash(self, asset_hash: str) -> StoredWidget | None:
        """A widget that shows this hash, None if no widget of this canvas does."""
        showing = self._hashes.get(asset_hash)
        return self.widgets[next(iter(showing))] if showing else None

    @property
    def hashes(self) -> Iterable[str]:
        """The hashes that its widgets show, each once."""
        return self._hashes.keys()

    @property
    def connectors(self) -> Iterator[StoredWidget]:
        """The connectors, which have no parent to be found by."""
        return (self.widgets[connector] for connector in self._connectors)

    def put(self, widget: StoredWidget) -> None:
        """Add a widget, or put its new state in the place of the old one."""
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
        """Take a widget out; what lies on it is not looked at."""
        self._remove_from_indexes(self.widgets.pop(widget.id), moved=True)
        self._children.pop(widget.id, None)
        self._highest_depths.pop(widget.id, None)
        self._connectors.pop(widget.id, None)

    def _remove_from_indexes(self, widget: StoredWidget, *, moved: bool) -> None:
        if moved and widget.parent_id in self._children:
            self._children[widget.parent_id].pop(widget.id, None)
        if self._highest_depths.get(widget.parent_id) == widget.depth:
            del self._highest_depths[widget.parent_id]  # it may have been the top: found again when asked for
        if widget.hash:
            showing = self._hashes[widget.hash]
            del showing[widget.id]
            if not showing:
                del self._hashes[widget.hash]
