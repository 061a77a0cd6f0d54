"""One record class per widget type (API page "Widgets (Generic)"). Fields are named as in the API's JSON.

The `widget_type` in the JSON selects the class, so it is a tag and not a field; `record.widget_type` returns it. Fields
that every example of a type in the documentation has are required: an object without them is a partial update, or is
not valid for that type. The others have the documented default. Fields that are not listed are ignored.
"""

from typing import TypeAlias

import msgspec

from canvus_async.models.geometry import Point, Size

JSON: TypeAlias = "bool | int | float | str | list[JSON] | dict[str, JSON] | None"


class Widget(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag_field="widget_type"):
    """The base of all widgets: every item on a canvas has an id (a UUID, read-only) and a state."""

    id: str
    state: str = "normal"

    @property
    def widget_type(self) -> str:
        """The name of the type in JSON, for example "Image"; always "Pdf" for PDFs, even if the server sends "PDF"."""
        return str(self.__struct_config__.tag or "")

    @property
    def deleted(self) -> bool:
        """Whether the widget was deleted; only subscriptions yield such records."""
        return self.state == "deleted"


class PlacedWidget(Widget, frozen=True, gc=False, kw_only=True):
    """A widget with a location and a size, in canvas units, y down, relative to the widget `parent_id`.

    `depth` orders siblings, higher on top. `scale` applies to the widget and its children. A `pinned` widget cannot be
    moved by touch, but by the API.
    """

    location: Point
    size: Size
    depth: float
    parent_id: str
    scale: float = 1.0
    pinned: bool = False


class AssetWidget(PlacedWidget, frozen=True, gc=False, kw_only=True):
    """A widget that shows an uploaded file; `hash` identifies its content and is "" until the server has read it."""

    title: str = ""
    original_filename: str = ""
    hash: str = ""


class Image(AssetWidget, frozen=True, gc=False, kw_only=True, tag="Image"):
    """An image. The server keeps its aspect ratio: a `size` that you send is a box into which it is fitted."""


class Pdf(AssetWidget, frozen=True, gc=False, kw_only=True, tag="Pdf"):
    """A PDF document that shows the page `index`, counted from 0."""

    index: int = 0


class Video(AssetWidget, frozen=True, gc=False, kw_only=True, tag="Video"):
    """A video. `playback_state` is in upper case ("STOPPED"), times are in seconds. A video has no mipmaps."""

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
    """A named region to which users can jump; `anchor_index` is its position in the list of anchors."""

    anchor_name: str = ""
    anchor_index: int = 0


class VideoInput(PlacedWidget, frozen=True, gc=False, kw_only=True, tag="VideoInput"):
    """Live video from the capture device `source` of the client machine `host_id`."""

    host_id: str = msgspec.field(name="host-id")
    source: str = ""
    title: str = ""


class IpVideo(PlacedWidget, frozen=True, gc=False, kw_only=True, tag="IpVideo"):
    """A network video stream; `source` is its URL."""

    host_id: str = msgspec.field(name="host-id")
    source: str = ""
    title: str = ""


class RdpConnection(PlacedWidget, frozen=True, gc=False, kw_only=True, tag="RdpConnection"):
    """A remote desktop session; `content_id` is "" until it exists."""

    host_id: str = msgspec.field(name="host-id")
    connection_name: str = msgspec.field(name="connection-name")
    content_id: str = msgspec.field(name="content-id")
    title: str = ""


class ConnectorEnd(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One end of a connector, at the widget `id`; `rel_location` is the point on it, x and y from 0 to 1.

    If `auto_location` is true, the point is chosen automatically. `tip` is "none" or the name of an arrowhead, for
    example "solid-equilateral-triangle".
    """

    id: str
    rel_location: Point | None = None
    auto_location: bool = True
    tip: str = "none"


class Connector(Widget, frozen=True, gc=False, kw_only=True, tag="Connector"):
    """A line between two widgets; `type` is "curve", "straight" or "right-angle". It has no location of its own."""

    src: ConnectorEnd
    dst: ConnectorEnd
    type: str = "curve"
    line_color: str = ""
    line_width: float = 5.0


class GridSize(msgspec.Struct, frozen=True, gc=False):
    """The number of columns and rows of a table."""

    columns: int
    rows: int


class Table(PlacedWidget, frozen=True, gc=False, kw_only=True, tag="Table"):
    """A table of cells. `grid_size` is None if the server does not send it."""

    title: str = ""
    grid_size: GridSize | None = None
    column_widths: tuple[float, ...] = ()
    row_heights: tuple[float, ...] = ()


class TableCell(Widget, frozen=True, gc=False, kw_only=True, tag="TableCell"):
    """A cell of the table `parent_id`. Its fields are not documented, so all except the id may be missing."""

    parent_id: str = ""
    location: Point | None = None
    size: Size | None = None
    depth: float = 0.0
    scale: float = 1.0
    pinned: bool = False
    text: str = ""
    index: int | None = None


class SharedCanvas(PlacedWidget, frozen=True, gc=False, kw_only=True, tag="SharedCanvas"):
    """The root of the widget tree; its `parent_id` is "" and its `size` is that of the canvas. Read-only."""


class VideoOutputAnchor(PlacedWidget, frozen=True, gc=False, kw_only=True, tag="VideoOutputAnchor"):
    """A region shown on a video output. Read-only."""


class BackgroundGrid(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """The grid lines of the background. None means unknown in a response, and unchanged in a request."""

    color: str | None = None
    visible: bool | None = None


class BackgroundHaze(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """The animated background of two colours. None means unknown in a response, and unchanged in a request."""

    color1: str | None = None
    color2: str | None = None
    scale: float | None = None
    speed: float | None = None


class BackgroundImage(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """The background image; use its `hash` with `mipmaps` and `assets`, like that of an Image."""

    fit: str = ""
    hash: str = ""


class CanvasBackground(Widget, frozen=True, gc=False, kw_only=True, tag="CanvasBackground"):
    """The background of the canvas; `type` is "solid_color", "haze" or "image". In the widget list it has no id."""

    id: str = ""
    type: str = ""
    background_color: str = ""
    grid: BackgroundGrid | None = None
    haze: BackgroundHaze | None = None
    image: BackgroundImage | None = None


class UnknownWidget(Widget, frozen=True, gc=False, kw_only=True):
    """A widget of a type that this release does not know, or an object that is not valid for its type.

    `raw` is the object as the server sent it; `error` is the reason why it has no record class of its own.
    """

    raw: dict[str, JSON]
    error: str

    @property
    def widget_type(self) -> str:
        """The type's name as the server sent it; "" if it is missing or not text."""
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
"""Every record class of a widget type."""

BY_TYPE: dict[str, type[Widget]] = {str(kind.__struct_config__.tag).lower(): kind for kind in KINDS}
"""The record class for a `widget_type` in lower case, because servers send both "PDF" and "Pdf"."""
