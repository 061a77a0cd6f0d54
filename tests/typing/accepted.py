"""Only type-checked, never run: every line here must pass under mypy and pyright, both strict."""

from pathlib import Path
from typing import assert_type

from canvus_async import Canvas, Client, Layout, Limits, MemoryCache, Point, Rect, Size
from canvus_async.models import (
    CanvasBackground,
    CanvasInfo,
    Connector,
    ConnectorEnd,
    GridSize,
    Image,
    IpVideo,
    MipmapInfo,
    Note,
    Pdf,
    PlacedWidget,
    Table,
    TableCell,
    UnknownWidget,
    Video,
    Widget,
)


async def fetch_token() -> str:
    return "t"


async def reading(client: Client, canvas: Canvas) -> None:
    assert_type(await client.canvases.list(), list[CanvasInfo])
    assert_type(await canvas.images.list(), list[Image])
    assert_type(await canvas.pdfs.get("id"), Pdf)
    assert_type(await canvas.widgets.list(), list[Widget])
    assert_type(await canvas.background.get(), CanvasBackground)
    assert_type(await canvas.tables.cells("id"), list[TableCell])
    assert_type(await canvas.mipmaps.info("hash", page=1), MipmapInfo)
    assert_type(await canvas.mipmaps.fetch_fit("hash", width=640, height=480), bytes)
    assert_type(await canvas.assets.download("hash", to="a.jpg", overwrite=False), Path)


async def narrowing(canvas: Canvas) -> str:
    widget = await canvas.widgets.get("id")
    match widget:
        case Note(text=text):
            return text
        case Image() | Pdf() | Video():
            return widget.hash
        case UnknownWidget():
            return widget.error
        case PlacedWidget():
            return str(widget.location.x)
        case _:
            return widget.widget_type


async def writing(canvas: Canvas, other: Canvas) -> None:
    assert_type(await canvas.notes.create(text="hi", location=Point(1, 2), background_color="#ffffff"), Note)
    assert_type(await canvas.notes.update("id", auto_raise=True, depth=2), Note)
    assert_type(await canvas.images.upload("a.jpg", title="A", size=Size(8, 8), wait_ready=True, timeout=None), Image)
    assert_type(await canvas.images.upload(Path("a.jpg"), progress=print), Image)
    assert_type(await canvas.pdfs.update("id", index=2), Pdf)
    assert_type(await canvas.tables.create(grid_size=GridSize(2, 3)), Table)
    end = ConnectorEnd(id="a")
    assert_type(await canvas.connectors.create(src=end, dst=end, type="curve"), Connector)
    assert_type(await canvas.ip_videos.create(source="rtsp://a", title="A"), IpVideo)
    assert_type(await canvas.notes.clone("id", from_canvas=other, location=Point(0, 0)), Note)
    assert_type(await canvas.notes.clone("id", from_canvas="id"), Note)


def making() -> None:
    Client("https://a.example", token="t", limits=Limits(mipmaps=4), cache=None)
    Client("https://a.example", token=fetch_token, cache=MemoryCache(1024))
    Client("https://a.example", session_cookie="c")


def placing(widgets: list[Widget], note: Note) -> None:
    assert_type(Layout(widgets).bounds(note), Rect)
    assert_type(Layout(widgets).at(Point(0, 0)), list[PlacedWidget])
