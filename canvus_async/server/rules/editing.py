"""The rules for creating, changing, cloning and removing widgets.

The functions return the resulting widgets and change nothing; see `State.put` and `State.remove`. They raise `Invalid`.
"""

from collections.abc import Iterator, Mapping
from uuid import uuid4

from canvus_async.models import JSON
from canvus_async.server.refusals import Invalid
from canvus_async.server.rules.kinds import ANCHOR, BACKGROUND, CONNECTOR, SHARED_CANVAS, TABLE, WidgetKind
from canvus_async.server.rules.measures import fit, size_json, width_and_height
from canvus_async.server.rules.tables import copied_cells, default_table_size, new_cells, resized_cells
from canvus_async.server.rules.widgets import StoredCanvas, StoredWidget, make_widget


def default_widgets(canvas: StoredCanvas) -> list[StoredWidget]:
    """The widgets of an empty canvas: its root and its background."""
    width, height = SHARED_CANVAS.size or (0, 0)
    root: dict[str, JSON] = {
        "id": str(uuid4()),
        "widget_type": SHARED_CANVAS.type,
        "state": "normal",
        "location": {"x": 0, "y": 0},
        "size": {"width": width, "height": height},
        "depth": 0,
        "scale": 1,
        "pinned": False,
        "parent_id": "",
    }
    background: dict[str, JSON] = {"widget_type": BACKGROUND.type, "state": "normal"}
    background |= {name: each.default for name, each in BACKGROUND.fields.items()}
    return [
        make_widget(str(root["id"]), SHARED_CANVAS, root),
        make_widget(f"background of {canvas.id}", BACKGROUND, background),
    ]


def new_widgets(
    canvas: StoredCanvas,
    kind: WidgetKind,
    values: Mapping[str, JSON],
    *,
    asset: str = "",
    natural_size: tuple[float, float] | None = None,
) -> list[StoredWidget]:
    """A new widget from checked values, followed by its cells if it is a table."""
    fields: dict[str, JSON] = {"id": str(uuid4()), "widget_type": kind.type, "state": "normal"}
    fields |= {name: values.get(name, each.default) for name, each in kind.fields.items()}
    if kind.file_kinds:
        fields["hash"] = ""
    if kind is ANCHOR and "anchor_index" not in values:
        fields["anchor_index"] = sum(widget.kind is ANCHOR for widget in canvas.widgets.values())
    if kind is CONNECTOR:
        fields |= _connector_ends(canvas, values, {})
        fields |= {"location": {"x": 0, "y": 0}, "depth": 0, "parent_id": canvas.root.id}
    if kind.size:
        fields |= _placement(canvas, kind, values, fields, natural_size)
    widget = make_widget(str(fields["id"]), kind, fields, asset=asset, natural_size=natural_size)
    return [widget, *new_cells(widget)]


def changed_widgets(canvas: StoredCanvas, widget: StoredWidget, values: Mapping[str, JSON]) -> list[StoredWidget]:
    """The widget with checked values applied, followed by other widgets that change with it."""
    changes = dict(values)
    if "parent_id" in changes:
        _check_parent(canvas, changes["parent_id"], child=widget)
    if changes.pop("auto_raise", False):
        parent_id = str(changes.get("parent_id", widget.parent_id))
        siblings = (each.depth for each in canvas.children(parent_id) if each.id != widget.id)
        changes["depth"] = max(siblings, default=0.0) + 1.0
    if "size" in changes and widget.kind.keeps_aspect_ratio and widget.natural_size:
        changes["size"] = size_json(*fit(width_and_height(changes["size"]), widget.natural_size))
    if widget.kind is CONNECTOR:
        changes |= _connector_ends(canvas, values, widget.fields)
    if widget.kind is BACKGROUND:
        changes |= {
            name: _merge(widget.fields.get(name), value) for name, value in changes.items() if isinstance(value, dict)
        }
    changed = widget.with_fields(changes)
    if widget.kind is TABLE and "size" in changes:
        return [changed, *resized_cells(canvas, changed)]
    return [changed]


def widgets_to_remove(canvas: StoredCanvas, widget: StoredWidget) -> list[StoredWidget]:
    """A widget and all that is removed with it, in this order: attached connectors, descendants, the widget.

    Children precede their parents.
    """
    removed = {each.id: each for each in _subtree(canvas, widget)}
    connectors = [
        each
        for each in canvas.connectors
        if each.id not in removed and not removed.keys().isdisjoint(each.connected_ids)
    ]
    return [*connectors, *reversed(removed.values())]


def cloned_widgets(
    source: StoredCanvas, widget: StoredWidget, canvas: StoredCanvas, location: JSON
) -> list[StoredWidget]:
    """A copy of a widget with a new id at the top level of `canvas`, followed by copies of its cells."""
    fields = {**widget.fields, "id": str(uuid4()), "parent_id": canvas.root.id, "state": "normal"}
    if location is not None:
        fields["location"] = location
    copy = make_widget(str(fields["id"]), widget.kind, fields, asset=widget.asset, natural_size=widget.natural_size)
    return [copy, *copied_cells(source, widget, copy)]


def with_hash(widget: StoredWidget) -> StoredWidget:
    """The widget with its hash published."""
    if widget.kind is BACKGROUND:
        return widget.with_fields({"image": _merge(widget.fields.get("image"), {"hash": widget.asset})})
    return widget.with_fields({"hash": widget.asset})


def with_image(widget: StoredWidget, asset: str) -> StoredWidget:
    """The background with an uploaded image, whose hash is not published yet."""
    fields = {**widget.fields, "type": "image", "image": _merge(widget.fields.get("image"), {"hash": ""})}
    return make_widget(widget.id, BACKGROUND, fields, asset=asset)


def _placement(
    canvas: StoredCanvas,
    kind: WidgetKind,
    values: Mapping[str, JSON],
    fields: Mapping[str, JSON],
    natural_size: tuple[float, float] | None,
) -> dict[str, JSON]:
    parent = _check_parent(canvas, values.get("parent_id", canvas.root.id))
    if "size" not in values:
        width, height = natural_size or default_table_size(fields) or kind.size or (0, 0)
    elif natural_size and kind.keeps_aspect_ratio:
        width, height = fit(width_and_height(values["size"]), natural_size)
    else:
        width, height = width_and_height(values["size"])
    centre: JSON = {"x": (parent.size[0] - width) / 2, "y": (parent.size[1] - height) / 2}
    return {
        "location": values.get("location", centre),
        "size": size_json(width, height),
        "depth": values.get("depth", max(1.0, canvas.highest_depth(parent.id) + 1.0)),
        "scale": values.get("scale", 1),
        "pinned": values.get("pinned", False),
        "parent_id": parent.id,
    }


def _check_parent(canvas: StoredCanvas, parent_id: JSON, child: StoredWidget | None = None) -> StoredWidget:
    parent = canvas.find(str(parent_id))
    if parent is None or not parent.kind.size:
        raise Invalid(f"parent_id {parent_id} is not a widget on this canvas that can have children")
    above: StoredWidget | None = parent
    while above is not None and child is not None:
        if above.id == child.id:
            raise Invalid(f"parent_id {parent_id} would put the widget inside itself")
        above = canvas.find(above.parent_id)
    return parent


def _connector_ends(canvas: StoredCanvas, values: Mapping[str, JSON], current: Mapping[str, JSON]) -> dict[str, JSON]:
    """The ends of a connector that were sent, each merged into its current or default state."""
    ends: dict[str, JSON] = {}
    for name, tip in (("src", "none"), ("dst", "solid-equilateral-triangle")):
        if name not in values:
            continue
        default: JSON = {"rel_location": {"x": 0.5, "y": 0.5}, "auto_location": True, "tip": tip}
        end = _merge(current.get(name, default), values[name])
        target = canvas.find(str(end["id"]))
        if target is None or not target.kind.size:
            raise Invalid(f"{name}.id {end['id']} is not a widget on this canvas that a connector can be attached to")
        ends[name] = end
    return ends


def _subtree(canvas: StoredCanvas, widget: StoredWidget) -> Iterator[StoredWidget]:
    """A widget and its descendants, parents first."""
    waiting = [widget]
    while waiting:
        current = waiting.pop()
        yield current
        waiting.extend(canvas.children(current.id))


def _merge(current: JSON, changes: JSON) -> dict[str, JSON]:
    """Merge the fields of an object into another; a value that is not an object counts as an empty one."""
    base = current if isinstance(current, dict) else {}
    return {**base, **changes} if isinstance(changes, dict) else dict(base)
