"""One record per widget type (seed 004), fields named as on the wire.

The `widget_type` of the wire picks the class, so it is a tag and not a field; `record.widget_type` reads it. Fields
that every public example of a type has are required: an object without them is a partial update or not that type at
all. The rest have the documented default. Fields that are not listed are ignored.
"""

from typing import TypeAlias

import msgspec

from canvus_async.models.geometry import Point, Size

JSON: TypeAlias = "bool | int | float | str | list[JSON] | dict[str, JSON] | None"


class Widget(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag_field="widget_type"):
    """What every item on a canvas has: an id (a uuid, read-only) and a state."""

    id: str
    state: str = "normal"

    @property
    def widget_type(self) -> str:
        """The type's name on the wire, such as "Image"; PDFs say "Pdf" whatever the server's spelling."""
        return str(self.__struct_config__.tag or "")

    @property
    def deleted(self) -> bool:
        """Whether this record says that the widget is gone; only subscriptions yield such records."""
        return self.state == "deleted"


class PlacedWidget(Widget, frozen=True, gc=False, kw_only=True):
    """A widget with a place: `location` and `size` in canvas units, y down, relative to the widget `parent_id`.

    `depth` orders siblings, higher on top. `scale` multiplies the widget and all that is in it. `pinned` keeps
    fingers, not the API, from moving it.
    """

    location: Point
    size: Size
    depth: float
    parent_id: str
    scale: float = 1.0
    pinned: bool = False


class AssetWidget(PlacedWidget, frozen=True, gc=False, kw_only=True):
    """A widget that shows an uploaded file; `hash` names its content and is "" until the server has read it."""

    title: str = ""
    original_filename: str = ""
    hash: str = ""


class Image(AssetWidget, frozen=True, gc=False, kw_only=True, tag="Image"):
    """A picture. The server keeps its aspect ratio: a `size` that you send is a box that it fits into."""


class Pdf(AssetWidget, frozen=True, gc=False, kw_only=True, tag="Pdf"):
    """A document that shows the page `index`, counted from 0."""

    index: int = 0


class Video(AssetWidget, frozen=True, gc=False, kw_only=True, tag="Video"):
    """A film. `playback_state` reads upper case ("STOPPED"); positions are in seconds. It has no mipmaps."""

    playback_state: str = ""
    playback_position: float = 0.0
    muted: bool = False
    duration: float = 0.0


class Note(PlacedWidget, frozen=True, gc=False, kw_only=True, tag="Note"):
    """A sticky note. Colours are "#rrggbb" or "#rrggbbaa"."""

    text: str = ""
    title: str = ""
    background_color: str = ""
    text_color: str = ""
    auto_text_color: bool = True


class Browser(PlacedWidget, frozen=True, gc=False, kw_only=True, tag="Browser"):
    """A web page."""

    url: str = ""
    title: str = ""
    transparent_mode: bool = False
    main_frame_scroll_offset: Point | None = None


class Anchor(PlacedWidget, frozen=True, gc=False, kw_only=True, tag="Anchor"):
    """A named region to jump to; `anchor_index` is its place in the list of anchors."""

    anchor_name: str = ""
    anchor_index: int = 0


class VideoInput(PlacedWidget, frozen=True, gc=False, kw_only=True, tag="VideoInput"):
    """A live picture from the capture device `source` of the client machine `host_id`."""

    host_id: str = msgspec.field(name="host-id")
    source: str = ""
    title: str = ""


class IpVideo(PlacedWidget, frozen=True, gc=False, kw_only=True, tag="IpVideo"):
    """A network video stream; `source` is its address."""

    host_id: str = msgspec.field(name="host-id")
    source: str = ""
    title: str = ""


class RdpConnection(PlacedWidget, frozen=True, gc=False, kw_only=True, tag="RdpConnection"):
    """A remote desktop; `content_id` is "" until a session exists."""

    host_id: str = msgspec.field(name="host-id")
    connection_name: str = msgspec.field(name="connection-name")
    content_id: str = msgspec.field(name="content-id")
    title: str = ""


class ConnectorEnd(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One end of a connector: the widget it holds on to, and where; `rel_location` runs from 0 to 1 on each side."""

    id: str
    rel_location: Point | None = None
    auto_location: bool = True
    tip: str = "none"


class Connector(Widget, frozen=True, gc=False, kw_only=True, tag="Connector"):
    """A line between two widgets; `type` is "curve", "straight" or "right-angle". It has no place of its own."""

    src: ConnectorEnd
    dst: ConnectorEnd
    type: str = "curve"
    line_color: str = ""
    line_width: float = 5.0


class GridSize(msgspec.Struct, frozen=True, gc=False):
    """How many columns and rows a table has."""

    columns: int
    rows: int


class Table(PlacedWidget, frozen=True, gc=False, kw_only=True, tag="Table"):
    """A grid of cells. Some servers do not send the grid."""

    title: str = ""
    grid_size: GridSize | None = None
    column_widths: tuple[float, ...] = ()
    row_heights: tuple[float, ...] = ()


class TableCell(Widget, frozen=True, gc=False, kw_only=True, tag="TableCell"):
    """A cell of the table `parent_id`. Its form is not documented, so all but the id may be missing."""

    parent_id: str = ""
    location: Point | None = None
    size: Size | None = None
    depth: float = 0.0
    scale: float = 1.0
    pinned: bool = False
    text: str = ""
    index: int | None = None


class SharedCanvas(PlacedWidget, frozen=True, gc=False, kw_only=True, tag="SharedCanvas"):
    """The root that everything lies on; `parent_id` is "" and `size` is the canvas's own. Read-only."""


class VideoOutputAnchor(PlacedWidget, frozen=True, gc=False, kw_only=True, tag="VideoOutputAnchor"):
    """A region shown on a video output. Read-only."""


class BackgroundGrid(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """The lines drawn on the background; what is None is not known, or not sent."""

    color: str | None = None
    visible: bool | None = None


class BackgroundHaze(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """The moving two-coloured background; what is None is not known, or not sent."""

    color1: str | None = None
    color2: str | None = None
    scale: float | None = None
    speed: float | None = None


class BackgroundImage(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """The picture behind the canvas; `hash` opens its mipmaps and asset, as an image's does."""

    fit: str = ""
    hash: str = ""


class CanvasBackground(Widget, frozen=True, gc=False, kw_only=True, tag="CanvasBackground"):
    """What lies behind the canvas; `type` is "solid_color", "haze" or "image". In the widget list it has no id."""

    id: str = ""
    type: str = ""
    background_color: str = ""
    grid: BackgroundGrid | None = None
    haze: BackgroundHaze | None = None
    image: BackgroundImage | None = None


class UnknownWidget(Widget, frozen=True, gc=False, kw_only=True):
    """A widget of a type that this release does not know, or an object that does not fit its type.

    `raw` is the object as the server sent it; `error` says why it is here.
    """

    raw: dict[str, JSON]
    error: str

    @property
    def widget_type(self) -> str:
        """The type's name as sent, "" where it was missing or no text."""
        name = self.raw.get("widget_type")
        return name if isinstance(name, str) else ""


KINDS: tuple[type[Widget], ...] = (
    Anchor,
    Browser,
    CanvasBackground,
    Connector,
    Image,
    IpVideo,
    Note,
    Pdf,
    RdpConnection,
    SharedCanvas,
    Table,
    TableCell,
    Video,
    VideoInput,
    VideoOutputAnchor,
)
"""Every widget type that has a record of its own."""

BY_TYPE: dict[str, type[Widget]] = {str(kind.__struct_config__.tag).lower(): kind for kind in KINDS}
"""The record class for a `widget_type` in lower case: servers write "PDF" and "Pdf"."""
