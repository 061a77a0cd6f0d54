"""The keywords of create, upload and update calls, one TypedDict for each. A keyword that is not given is not sent.

Locations and sizes are in canvas units, y down, relative to the parent. The server refuses a `depth` below 1.
"""

from typing import TypedDict

from canvus_async.models import (
    BackgroundGrid,
    BackgroundHaze,
    ConnectorEnd,
    GridSize,
    Point,
    Size,
)


class WidgetFields(TypedDict, total=False):
    """Keywords for creating any widget that has a location."""

    location: Point
    size: Size
    depth: float
    scale: float
    pinned: bool
    parent_id: str


class WidgetUpdate(WidgetFields, total=False):
    """Keywords for updating any widget that has a location; `auto_raise` brings it to the front once."""

    auto_raise: bool


class ImageFields(WidgetFields, total=False):
    """Keywords of `images.upload`."""

    title: str
    original_filename: str


class ImageUpdate(ImageFields, WidgetUpdate, total=False):
    """Keywords of `images.update`."""


class PdfFields(WidgetFields, total=False):
    """Keywords of `pdfs.upload`; `index` is the page shown, counted from 0."""

    title: str
    original_filename: str
    index: int


class PdfUpdate(PdfFields, WidgetUpdate, total=False):
    """Keywords of `pdfs.update`."""


class VideoFields(WidgetFields, total=False):
    """Keywords of `videos.upload`."""

    title: str
    original_filename: str


class VideoUpdate(VideoFields, WidgetUpdate, total=False):
    """Keywords of `videos.update`.

    `playback_state` is "playing", "paused" or "stopped"; `playback_position` is in seconds.
    """

    playback_state: str
    playback_position: float
    muted: bool


class NoteFields(WidgetFields, total=False):
    """Keywords of `notes.create`; colours are "#rrggbb" or "#rrggbbaa"."""

    text: str
    title: str
    background_color: str
    text_color: str
    auto_text_color: bool


class NoteUpdate(NoteFields, WidgetUpdate, total=False):
    """Keywords of `notes.update`."""


class BrowserFields(WidgetFields, total=False):
    """Keywords of `browsers.create`."""

    url: str
    title: str
    transparent_mode: bool
    main_frame_scroll_offset: Point


class BrowserUpdate(BrowserFields, WidgetUpdate, total=False):
    """Keywords of `browsers.update`."""


class AnchorFields(WidgetFields, total=False):
    """Keywords of `anchors.create`; `anchor_index` is the position in the list of anchors."""

    anchor_name: str
    anchor_index: int


class AnchorUpdate(AnchorFields, WidgetUpdate, total=False):
    """Keywords of `anchors.update`."""


class ConnectorFields(TypedDict, total=False):
    """Keywords of `connectors.create`, besides its ends; `type` is "curve", "straight" or "right-angle"."""

    type: str
    line_color: str
    line_width: float


class ConnectorUpdate(ConnectorFields, total=False):
    """Keywords of `connectors.update`."""

    src: ConnectorEnd
    dst: ConnectorEnd


class TableFields(WidgetFields, total=False):
    """Keywords of `tables.create`; `grid_size` cannot be changed later."""

    title: str
    grid_size: GridSize


class TableUpdate(WidgetUpdate, total=False):
    """Keywords of `tables.update`."""

    title: str


class SourceFields(WidgetFields, total=False):
    """Keywords for creating widgets with live video: video inputs, network videos, remote desktops."""

    title: str


class SourceUpdate(SourceFields, WidgetUpdate, total=False):
    """Keywords for updating widgets with live video."""


class IpVideoUpdate(SourceUpdate, total=False):
    """Keywords of `ip_videos.update`; `source` is the URL of the stream."""

    source: str


class RdpConnectionUpdate(SourceUpdate, total=False):
    """Keywords of `rdp_connections.update`."""

    connection_name: str


class BackgroundFields(TypedDict, total=False):
    """Keywords of `background.update`; `type` is "solid_color", "haze" or "image"."""

    type: str
    background_color: str
    grid: BackgroundGrid
    haze: BackgroundHaze


class BackgroundUpload(TypedDict, total=False):
    """Fields that are sent with a background image."""

    type: str
    fit: str


class CloneFields(TypedDict, total=False):
    """The source of a clone (API page "Widgets (Generic)", section "Clone Widget")."""

    source_canvas_id: str
    source_widget_id: str
    location: Point


class CanvasFields(TypedDict, total=False):
    """Fields of `canvases.create` and `canvases.rename`."""

    name: str
    folder_id: str
