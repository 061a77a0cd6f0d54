"""The rules of the seeds: what a new, changed, cloned or removed widget becomes.

Every function looks at a canvas and answers with widgets; none changes anything. They raise `Invalid` for what the
rules forbid.
"""

from collections.abc import Iterator, Mapping
from uuid import uuid4

from canvus_async.models import JSON
from canvus_async.server.refusals import Invalid
from canvus_async.server.rules.kinds import ANCHOR, BACKGROUND, CONNECTOR, SHARED_CANVAS, TABLE, Kind
from canvus_async.server.rules.measures import box, fit, measures
from canvus_async.server.rules.tables import cells, copied_cells, resized_cells, table_size
from canvus_async.server.rules.widgets import Canvas, Widget, make_widget


def furnish(canvas: Canvas) -> list[Widget]:
    """What an empty canvas has: its root and its background."""
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


def create(
    canvas: Canvas,
    kind: Kind,
    values: Mapping[str, JSON],
    *,
    asset: str = "",
    natural: tuple[float, float] | None = None,
) -> list[Widget]:
    """A new widget from checked values, first; after it what comes with it (a table's cells)."""
    fields: dict[str, JSON] = {"id": str(uuid4()), "widget_type": kind.type, "state": "normal"}
    fields |= {name: values.get(name, each.default) for name, each in kind.fields.items()}
    if kind.accepts:
        fields["hash"] = ""
    if kind is ANCHOR and "anchor_index" not in values:
        fields["anchor_index"] = sum(widget.kind is ANCHOR for widget in canvas.widgets.values())
    if kind is CONNECTOR:
        fields |= _ends(canvas, values, {})
        fields |= {"location": {"x": 0, "y": 0}, "depth": 0, "parent_id": canvas.root.id}
    if kind.size:
        fields |= _place(canvas, kind, values, fields, natural)
    widget = make_widget(str(fields["id"]), kind, fields, asset=asset, natural=natural)
    return [widget, *cells(widget)]


def change(canvas: Canvas, widget: Widget, values: Mapping[str, JSON]) -> list[Widget]:
    """The widget with these checked values, first; after it what must follow it."""
    changes = dict(values)
    if "parent_id" in changes:
        _check_parent(canvas, changes["parent_id"], child=widget)
    if changes.pop("auto_raise", False):
        parent_id = str(changes.get("parent_id", widget.parent_id))
        siblings = (each.depth for each in canvas.children(parent_id) if each.id != widget.id)
        changes["depth"] = max(siblings, default=0.0) + 1.0
    if "size" in changes and widget.kind.keeps_aspect and widget.natural:
        changes["size"] = box(*fit(measures(changes["size"]), widget.natural))
    if widget.kind is CONNECTOR:
        changes |= _ends(canvas, values, widget.fields)
    if widget.kind is BACKGROUND:
        changes |= {
            name: _merge(widget.fields.get(name), value) for name, value in changes.items() if isinstance(value, dict)
        }
    changed = widget.with_fields(changes)
    if widget.kind is TABLE and "size" in changes:
        return [changed, *resized_cells(canvas, changed)]
    return [changed]


def remove(canvas: Canvas, widget: Widget) -> list[Widget]:
    """All that goes when a widget goes, leaves first: what lies on it, and the connectors that held on to any of it."""
    doomed = {each.id: each for each in _subtree(canvas, widget)}
    held = [each for each in canvas.connectors if each.id not in doomed and not doomed.keys().isdisjoint(each.holds)]
    return [*held, *reversed(doomed.values())]


def clone(source: Canvas, widget: Widget, canvas: Canvas, location: JSON) -> list[Widget]:
    """A copy of a widget at the top level of `canvas`, with a new id; a table brings its cells (seed 004)."""
    fields = {**widget.fields, "id": str(uuid4()), "parent_id": canvas.root.id, "state": "normal"}
    if location is not None:
        fields["location"] = location
    copy = make_widget(str(fields["id"]), widget.kind, fields, asset=widget.asset, natural=widget.natural)
    return [copy, *copied_cells(source, widget, copy)]


def with_hash(widget: Widget) -> Widget:
    """The widget once its file has been processed."""
    if widget.kind is BACKGROUND:
        return widget.with_fields({"image": _merge(widget.fields.get("image"), {"hash": widget.asset})})
    return widget.with_fields({"hash": widget.asset})


def with_picture(widget: Widget, asset: str) -> Widget:
    """The background showing a file whose hash is still to come."""
    fields = {**widget.fields, "type": "image", "image": _merge(widget.fields.get("image"), {"hash": ""})}
    return make_widget(widget.id, BACKGROUND, fields, asset=asset)


def _place(
    canvas: Canvas,
    kind: Kind,
    values: Mapping[str, JSON],
    fields: Mapping[str, JSON],
    natural: tuple[float, float] | None,
) -> dict[str, JSON]:
    parent = _check_parent(canvas, values.get("parent_id", canvas.root.id))
    if "size" not in values:
        width, height = natural or table_size(fields) or kind.size or (0, 0)
    elif natural and kind.keeps_aspect:
        width, height = fit(measures(values["size"]), natural)
    else:
        width, height = measures(values["size"])
    centre: JSON = {"x": (parent.size[0] - width) / 2, "y": (parent.size[1] - height) / 2}
    return {
        "location": values.get("location", centre),
        "size": box(width, height),
        "depth": values.get("depth", max(1.0, canvas.top(parent.id) + 1.0)),
        "scale": values.get("scale", 1),
        "pinned": values.get("pinned", False),
        "parent_id": parent.id,
    }


def _check_parent(canvas: Canvas, parent_id: JSON, child: Widget | None = None) -> Widget:
    parent = canvas.find(str(parent_id))
    if parent is None or not parent.kind.size:
        raise Invalid(f"parent_id {parent_id} is no widget of this canvas that others can lie on")
    above: Widget | None = parent
    while above is not None and child is not None:
        if above.id == child.id:
            raise Invalid(f"parent_id {parent_id} would put the widget inside itself")
        above = canvas.find(above.parent_id)
    return parent


def _ends(canvas: Canvas, values: Mapping[str, JSON], current: Mapping[str, JSON]) -> dict[str, JSON]:
    """Both ends of a connector as far as they are sent, over what they are now or begin as."""
    ends: dict[str, JSON] = {}
    for name, tip in (("src", "none"), ("dst", "solid-equilateral-triangle")):
        if name not in values:
            continue
        begin: JSON = {"rel_location": {"x": 0.5, "y": 0.5}, "auto_location": True, "tip": tip}
        end = _merge(current.get(name, begin), values[name])
        held = canvas.find(str(end["id"]))
        if held is None or not held.kind.size:
            raise Invalid(f"{name}.id {end['id']} is no widget of this canvas that a connector can hold on to")
        ends[name] = end
    return ends


def _subtree(canvas: Canvas, widget: Widget) -> Iterator[Widget]:
    """A widget and all that lies on it, parents first."""
    waiting = [widget]
    while waiting:
        current = waiting.pop()
        yield current
        waiting.extend(canvas.children(current.id))


def _merge(current: JSON, changes: JSON) -> dict[str, JSON]:
    """An object with some of its fields changed; a plain value is no object and is taken as none."""
    base = current if isinstance(current, dict) else {}
    return {**base, **changes} if isinstance(changes, dict) else dict(base)
