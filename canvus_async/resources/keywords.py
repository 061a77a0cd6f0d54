"""The keywords that create, upload and update take, one TypedDict per kind; a keyword left out is not sent.

Places and sizes are canvas units, y down, relative to the parent; `depth` must be at least 1 or the server refuses it.
"""

from typing import TypedDict

from canvus_async.models import Point, Size


class WidgetFields(TypedDict, total=False):
    """What every widget with a place takes when it is made."""

    location: Point
    size: Size
    depth: float
    scale: float
    pinned: bool
    parent_id: str


class WidgetUpdate(WidgetFields, total=False):
    """What every widget with a place takes when it is changed; `auto_raise` brings it to the front once."""

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


class CanvasFields(TypedDict, total=False):
    """What `canvases.create` and `canvases.rename` send."""

    name: str
    folder_id: str
