"""Every kind of widget as data: its endpoint, its type on the wire, and its fields with what they accept.

Fields and defaults are those of seeds 002 to 004; where the seeds only name a type, of MultiTaction's public API pages.
Adding a kind is adding a row here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Flag, auto
from functools import cached_property

from canvus_async.models import JSON
from canvus_async.server.refusals import Invalid
from canvus_async.server.rules import fields as accepts
from canvus_async.server.rules.fields import Parse


class When(Flag):
    """In which requests a field counts; in others it is ignored, as unknown fields are."""

    CREATE = auto()
    UPDATE = auto()
    ALWAYS = CREATE | UPDATE


@dataclass(frozen=True, kw_only=True)
class Field:
    """One field of a kind. `required`: a create without it is refused; else it begins as `default`."""

    parse: Parse
    default: JSON = None
    required: bool = False
    when: When = When.ALWAYS


@dataclass(frozen=True, eq=False, kw_only=True)
class Kind:
    """One kind of widget.

    `path` is its endpoint below a canvas, "" for kinds without one. `size` is the size in canvas units that a new one
    gets, None for kinds that have no place. `accepts` are the kinds of file that may be uploaded, none for JSON kinds.
    """

    type: str
    path: str = ""
    size: tuple[float, float] | None = None
    fields: Mapping[str, Field] = field(default_factory=dict[str, Field])
    accepts: frozenset[str] = frozenset()
    keeps_aspect: bool = False
    clones: bool = False

    def parse(self, body: Mapping[str, JSON], when: When) -> dict[str, JSON]:
        """The fields of `body` that count in such a request, checked, under their names on the wire.

        Hyphenated names are also taken with an underscore. Raises Invalid.
        """
        values: dict[str, JSON] = {}
        for sent, value in body.items():
            name = sent if sent in self.known else sent.replace("_", "-")
            if name in self.known and when in self.known[name].when:
                values[name] = self.known[name].parse(sent, value)
        if when is When.CREATE:
            for name, each in self.known.items():
                if each.required and name not in values:
                    raise Invalid(f"{name} is missing")
        return values

    @cached_property
    def known(self) -> Mapping[str, Field]:
        """All its fields, with those that everything with a place has."""
        return {**PLACED, **self.fields} if self.size else self.fields


PLACED: Mapping[str, Field] = {
    "location": Field(parse=accepts.point),
    "size": Field(parse=accepts.size),
    "depth": Field(parse=accepts.depth),
    "scale": Field(parse=accepts.positive, default=1),
    "pinned": Field(parse=accepts.boolean, default=False),
    "parent_id": Field(parse=accepts.text),
    "auto_raise": Field(parse=accepts.boolean, when=When.UPDATE),
}
"""Fields of everything that has a place; those without a default are worked out when a widget is made."""

_TEXT = Field(parse=accepts.text, default="")
_HOST = {"host-id": Field(parse=accepts.text, default="", when=When.CREATE)}
_NAME = Field(parse=accepts.name_text, default="")
_ASSET = {"title": _NAME, "original_filename": _NAME}
_ORIGIN: JSON = {"x": 0, "y": 0}

SHARED_CANVAS = Kind(type="SharedCanvas", size=(9600, 5400))
TABLE_CELL = Kind(type="TableCell", size=(300, 100))
BACKGROUND = Kind(
    type="CanvasBackground",
    accepts=frozenset({"image", "svg"}),
    fields={
        "type": Field(parse=accepts.background_type, default="solid_color"),
        "background_color": Field(parse=accepts.colour, default="#1e1e1eff"),
        "grid": Field(
            parse=accepts.partial(color=accepts.colour, visible=accepts.boolean),
            default={"color": "#ffffff40", "visible": False},
        ),
        "haze": Field(
            parse=accepts.partial(
                color1=accepts.colour, color2=accepts.colour, scale=accepts.number, speed=accepts.number
            ),
            default={"color1": "#1e1e1eff", "color2": "#3c3c50ff", "scale": 1, "speed": 1},
        ),
        "image": Field(parse=accepts.partial(fit=accepts.text), default={"fit": "cover", "hash": ""}),
    },
)
IMAGE = Kind(
    type="Image",
    path="images",
    size=(300, 150),  # CSS's size for a picture that states none: SVGs without one
    fields=_ASSET,
    accepts=frozenset({"image", "svg"}),
    keeps_aspect=True,
    clones=True,
)
PDF = Kind(
    type="Pdf",
    path="pdfs",
    size=(595, 842),
    fields=_ASSET | {"index": Field(parse=accepts.pdf_index, default=0)},
    accepts=frozenset({"pdf"}),
    clones=True,
)
VIDEO = Kind(
    type="Video",
    path="videos",
    size=(1280, 720),
    fields=_ASSET
    | {
        "playback_state": Field(parse=accepts.playback_state, default="STOPPED", when=When.UPDATE),
        "playback_position": Field(parse=accepts.number, default=0, when=When.UPDATE),
        "muted": Field(parse=accepts.boolean, default=False, when=When.UPDATE),
    },
    accepts=frozenset({"video", "other"}),  # there are more containers of films than can be told apart
    clones=True,
)
NOTE = Kind(
    type="Note",
    path="notes",
    size=(300, 300),
    fields={
        "text": _TEXT,
        "title": _NAME,
        "background_color": Field(parse=accepts.colour, default="#ffffffff"),
        "text_color": Field(parse=accepts.colour, default="#000000ff"),
        "auto_text_color": Field(parse=accepts.boolean, default=True),
    },
    clones=True,
)
BROWSER = Kind(
    type="Browser",
    path="browsers",
    size=(1200, 800),
    fields={
        "url": _TEXT,
        "title": _NAME,
        "transparent_mode": Field(parse=accepts.boolean, default=False),
        "main_frame_scroll_offset": Field(parse=accepts.point, default=_ORIGIN),
    },
    clones=True,
)
ANCHOR = Kind(
    type="Anchor",
    path="anchors",
    size=(1200, 800),
    fields={
        "anchor_name": Field(parse=accepts.name_text, default="New anchor"),
        "anchor_index": Field(parse=accepts.ordinal),
    },
    clones=True,
)
CONNECTOR = Kind(  # its place follows from its ends: `location`, `depth` and `parent_id` are shown and stay as they are
    type="Connector",
    path="connectors",
    fields={
        "type": Field(parse=accepts.one_of("curve", "straight", "right-angle"), default="curve"),
        "line_color": Field(parse=accepts.colour, default="#e7e7f2ff"),
        "line_width": Field(parse=accepts.positive, default=5),
        "src": Field(parse=accepts.connector_end, required=True),
        "dst": Field(parse=accepts.connector_end, required=True),
    },
)
TABLE = Kind(
    type="Table",
    path="tables",
    size=(600, 200),
    fields={
        "title": _NAME,
        "grid_size": Field(parse=accepts.grid_size, default={"columns": 2, "rows": 2}, when=When.CREATE),
    },
    clones=True,
)
VIDEO_INPUT = Kind(
    type="VideoInput",
    path="video-inputs",
    size=(1280, 720),
    fields={
        "source": Field(parse=accepts.text, required=True, when=When.CREATE),
        "host-id": Field(parse=accepts.text, required=True, when=When.CREATE),
        "title": _NAME,
    },
)
IP_VIDEO = Kind(
    type="IpVideo",
    path="ip-videos",
    size=(1280, 720),
    fields=_HOST | {"source": Field(parse=accepts.text, required=True), "title": _NAME},
)
RDP_CONNECTION = Kind(
    type="RdpConnection",
    path="rdp-connections",
    size=(1280, 720),
    fields=_HOST
    | {
        "connection-name": _NAME,
        "content-id": Field(parse=accepts.text, default="", when=When(0)),
        "title": _NAME,
    },
)

KINDS: tuple[Kind, ...] = (
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
"""The kinds that have an endpoint of their own."""

BY_PATH: Mapping[str, Kind] = {kind.path: kind for kind in KINDS}
BY_TYPE: Mapping[str, Kind] = {kind.type: kind for kind in (*KINDS, SHARED_CANVAS, TABLE_CELL, BACKGROUND)}
