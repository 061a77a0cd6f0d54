"""A table of all kinds of widgets: endpoint, type, and fields with their parsers and defaults.

Fields and defaults are those of the public API pages. To add a kind, add a constant here and list it in `WIDGET_KINDS`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Flag, auto
from functools import cached_property

from canvus_async.models import JSON
from canvus_async.server.refusals import Invalid
from canvus_async.server.rules import fields
from canvus_async.server.rules.fields import Parser


class Operation(Flag):
    """The requests that write a widget."""

    CREATE = auto()
    UPDATE = auto()


@dataclass(frozen=True, kw_only=True)
class FieldRule:
    """One field of a widget. A field that is not `required` gets `default` when the widget is created.

    In an operation outside of `accepted_in` the field is ignored, like an unknown field.
    """

    parse: Parser
    default: JSON = None
    required: bool = False
    accepted_in: Operation = Operation.CREATE | Operation.UPDATE


@dataclass(frozen=True, eq=False, kw_only=True)
class WidgetKind:
    """One kind of widget.

    `path` is its endpoint below a canvas, "" for kinds without an endpoint. `size` is the default size in canvas units,
    None for kinds without a place on the canvas. `file_kinds` are the kinds of files that may be uploaded; it is empty
    for widgets that are created from JSON.
    """

    type: str
    path: str = ""
    size: tuple[float, float] | None = None
    fields: Mapping[str, FieldRule] = field(default_factory=dict[str, FieldRule])
    file_kinds: frozenset[str] = frozenset()
    keeps_aspect_ratio: bool = False
    cloneable: bool = False

    def parse(self, body: Mapping[str, JSON], operation: Operation) -> dict[str, JSON]:
        """Check the fields of a request body and return those that the operation accepts.

        A name with a hyphen may also be sent with an underscore. Raises Invalid.
        """
        values: dict[str, JSON] = {}
        for sent, value in body.items():
            name = sent if sent in self.all_fields else sent.replace("_", "-")
            if name in self.all_fields and operation in self.all_fields[name].accepted_in:
                values[name] = self.all_fields[name].parse(sent, value)
        if operation is Operation.CREATE:
            for name, each in self.all_fields.items():
                if each.required and name not in values:
                    raise Invalid(f"{name} is missing")
        return values

    @cached_property
    def all_fields(self) -> Mapping[str, FieldRule]:
        """`fields`, and those of the place if the kind has one."""
        return {**PLACEMENT_FIELDS, **self.fields} if self.size else self.fields


PLACEMENT_FIELDS: Mapping[str, FieldRule] = {
    "location": FieldRule(parse=fields.point),
    "size": FieldRule(parse=fields.size),
    "depth": FieldRule(parse=fields.depth),
    "scale": FieldRule(parse=fields.positive, default=1),
    "pinned": FieldRule(parse=fields.boolean, default=False),
    "parent_id": FieldRule(parse=fields.text),
    "auto_raise": FieldRule(parse=fields.boolean, accepted_in=Operation.UPDATE),
}
"""Fields of all kinds with a place. Those without a default are calculated when a widget is created."""

_TEXT = FieldRule(parse=fields.text, default="")
_HOST = {"host-id": FieldRule(parse=fields.text, default="", accepted_in=Operation.CREATE)}
_NAME = FieldRule(parse=fields.name_text, default="")
_ASSET = {"title": _NAME, "original_filename": _NAME}
_ORIGIN: JSON = {"x": 0, "y": 0}

SHARED_CANVAS = WidgetKind(type="SharedCanvas", size=(9600, 5400))
TABLE_CELL = WidgetKind(type="TableCell", size=(300, 100))
BACKGROUND = WidgetKind(
    type="CanvasBackground",
    file_kinds=frozenset({"image", "svg"}),
    fields={
        "type": FieldRule(parse=fields.background_type, default="solid_color"),
        "background_color": FieldRule(parse=fields.colour, default="#1e1e1eff"),
        "grid": FieldRule(
            parse=fields.partial_object(color=fields.colour, visible=fields.boolean),
            default={"color": "#ffffff40", "visible": False},
        ),
        "haze": FieldRule(
            parse=fields.partial_object(
                color1=fields.colour, color2=fields.colour, scale=fields.number, speed=fields.number
            ),
            default={"color1": "#1e1e1eff", "color2": "#3c3c50ff", "scale": 1, "speed": 1},
        ),
        "image": FieldRule(parse=fields.partial_object(fit=fields.text), default={"fit": "cover", "hash": ""}),
    },
)
IMAGE = WidgetKind(
    type="Image",
    path="images",
    size=(300, 150),  # what CSS gives an SVG that states no size
    fields=_ASSET,
    file_kinds=frozenset({"image", "svg"}),
    keeps_aspect_ratio=True,
    cloneable=True,
)
PDF = WidgetKind(
    type="Pdf",
    path="pdfs",
    size=(595, 842),
    fields=_ASSET | {"index": FieldRule(parse=fields.pdf_index, default=0)},
    file_kinds=frozenset({"pdf"}),
    cloneable=True,
)
VIDEO = WidgetKind(
    type="Video",
    path="videos",
    size=(1280, 720),
    fields=_ASSET
    | {
        "playback_state": FieldRule(parse=fields.playback_state, default="STOPPED", accepted_in=Operation.UPDATE),
        "playback_position": FieldRule(parse=fields.number, default=0, accepted_in=Operation.UPDATE),
        "muted": FieldRule(parse=fields.boolean, default=False, accepted_in=Operation.UPDATE),
    },
    file_kinds=frozenset({"video", "other"}),  # "other" because many video formats are not recognised
    cloneable=True,
)
NOTE = WidgetKind(
    type="Note",
    path="notes",
    size=(300, 300),
    fields={
        "text": _TEXT,
        "title": _NAME,
        "background_color": FieldRule(parse=fields.colour, default="#ffffffff"),
        "text_color": FieldRule(parse=fields.colour, default="#000000ff"),
        "auto_text_color": FieldRule(parse=fields.boolean, default=True),
    },
    cloneable=True,
)
BROWSER = WidgetKind(
    type="Browser",
    path="browsers",
    size=(1200, 800),
    fields={
        "url": _TEXT,
        "title": _NAME,
        "transparent_mode": FieldRule(parse=fields.boolean, default=False),
        "main_frame_scroll_offset": FieldRule(parse=fields.point, default=_ORIGIN),
    },
    cloneable=True,
)
ANCHOR = WidgetKind(
    type="Anchor",
    path="anchors",
    size=(1200, 800),
    fields={
        "anchor_name": FieldRule(parse=fields.name_text, default="New anchor"),
        "anchor_index": FieldRule(parse=fields.non_negative_integer),
    },
    cloneable=True,
)
# A connector has no place of its own: its `location`, `depth` and `parent_id` are shown, but never change.
CONNECTOR = WidgetKind(
    type="Connector",
    path="connectors",
    fields={
        "type": FieldRule(parse=fields.one_of("curve", "straight", "right-angle"), default="curve"),
        "line_color": FieldRule(parse=fields.colour, default="#e7e7f2ff"),
        "line_width": FieldRule(parse=fields.positive, default=5),
        "src": FieldRule(parse=fields.connector_end, required=True),
        "dst": FieldRule(parse=fields.connector_end, required=True),
    },
)
TABLE = WidgetKind(
    type="Table",
    path="tables",
    size=(600, 200),
    fields={
        "title": _NAME,
        "grid_size": FieldRule(parse=fields.grid_size, default={"columns": 2, "rows": 2}, accepted_in=Operation.CREATE),
    },
    cloneable=True,
)
VIDEO_INPUT = WidgetKind(
    type="VideoInput",
    path="video-inputs",
    size=(1280, 720),
    fields={
        "source": FieldRule(parse=fields.text, required=True, accepted_in=Operation.CREATE),
        "host-id": FieldRule(parse=fields.text, required=True, accepted_in=Operation.CREATE),
        "title": _NAME,
    },
)
IP_VIDEO = WidgetKind(
    type="IpVideo",
    path="ip-videos",
    size=(1280, 720),
    fields=_HOST | {"source": FieldRule(parse=fields.text, required=True), "title": _NAME},
)
RDP_CONNECTION = WidgetKind(
    type="RdpConnection",
    path="rdp-connections",
    size=(1280, 720),
    fields=_HOST
    | {
        "connection-name": _NAME,
        "content-id": FieldRule(parse=fields.text, default="", accepted_in=Operation(0)),
        "title": _NAME,
    },
)

WIDGET_KINDS: tuple[WidgetKind, ...] = (
    IMAGE,
    PDF,
    VIDEO,
    NOTE,
    BROWSER,
    ANCHOR,
    CONNECTOR,
    TABLE,
    VIDEO_INPUT,
    IP_VIDEO,
    RDP_CONNECTION,
)
"""The kinds with an endpoint."""

KIND_BY_PATH: Mapping[str, WidgetKind] = {kind.path: kind for kind in WIDGET_KINDS}
KIND_BY_TYPE: Mapping[str, WidgetKind] = {
    kind.type: kind for kind in (*WIDGET_KINDS, SHARED_CANVAS, TABLE_CELL, BACKGROUND)
}
