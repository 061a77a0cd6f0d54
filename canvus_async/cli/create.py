"""`canvus upload`, `canvus note` and `canvus clone`: create widgets on a canvas."""

import asyncio
import math
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console

from canvus_async.canvas import Canvas
from canvus_async.cli.config import Token, Url, connect
from canvus_async.cli.listing import Json
from canvus_async.models import AssetWidget, Image, Pdf, Point, Widget
from canvus_async.resources.collections import CloneableCollection
from canvus_async.resources.keywords import NoteFields

_GAP = 40
"""Canvas units between the cells of a grid."""

_PDF = {".pdf"}
_VIDEO = {".mp4", ".mov", ".m4v", ".webm", ".mkv", ".avi"}


async def upload(
    canvas: str,
    /,
    *files: Path,
    at: str | None = None,
    grid: bool = False,
    as_json: Json = False,
    url: Url = None,
    token: Token = None,
) -> None:
    """Upload images, PDFs and videos, and wait until the server has processed them.

    Args:
        canvas: Id of the canvas.
        files: Files, or folders of files. The extension decides: PDF, video, or else image.
        at: Position as X,Y in canvas units; by default the server chooses it.
        grid: Arrange the new widgets in rows, starting at the position given with --at or at 0,0.
        as_json: Print the new widgets as one JSON document.
        url: Address of the server.
        token: Your access token.
    """
    paths = list(_each_file(files))
    if not paths:
        raise ValueError("no files given")
    corner = None if at is None else _point(at)
    async with connect(url, token) as client:
        board = client.canvas(canvas)
        made = await asyncio.gather(*(_upload(board, path, None if grid else corner) for path in paths))
        if grid:
            made = await _arrange(board, made, corner or Point(0, 0))
    _report(made, as_json=as_json)


async def note(
    canvas: str,
    text: str,
    /,
    *,
    at: str | None = None,
    color: str | None = None,
    as_json: Json = False,
    url: Url = None,
    token: Token = None,
) -> None:
    """Create a note on a canvas.

    Args:
        canvas: Id of the canvas.
        text: Text of the note.
        at: Position as X,Y in canvas units; by default the server chooses it.
        color: Background color as #rrggbb.
        as_json: Print the note as JSON.
        url: Address of the server.
        token: Your access token.
    """
    fields: NoteFields = {"text": text}
    if at is not None:
        fields["location"] = _point(at)
    if color is not None:
        fields["background_color"] = color
    async with connect(url, token) as client:
        made = await client.canvas(canvas).notes.create(**fields)
    _report([made], as_json=as_json)


async def clone(
    source: str, widget: str, to: str, /, *, as_json: Json = False, url: Url = None, token: Token = None
) -> None:
    """Copy a widget to another canvas.

    Args:
        source: Id of the canvas that has the widget.
        widget: Id of the widget.
        to: Id of the canvas that gets the copy.
        as_json: Print the copy as JSON.
        url: Address of the server.
        token: Your access token.
    """
    async with connect(url, token) as client:
        kind = (await client.canvas(source).widgets.get(widget)).widget_type
        board = client.canvas(to)
        collections: dict[str, CloneableCollection[Any]] = {
            "Note": board.notes,
            "Image": board.images,
            "Pdf": board.pdfs,
            "Video": board.videos,
            "Browser": board.browsers,
            "Anchor": board.anchors,
            "Table": board.tables,
        }
        if kind not in collections:
            raise ValueError(f"a {kind} cannot be copied, only {', '.join(collections)}")
        made: Widget = await collections[kind].clone(widget, from_canvas=source)
    _report([made], as_json=as_json)


def _each_file(paths: Iterable[Path]) -> Iterator[Path]:
    """The files, with each folder replaced by its files in order of name, without hidden files and subfolders."""
    for path in paths:
        if path.is_dir():
            yield from sorted(each for each in path.iterdir() if each.is_file() and not each.name.startswith("."))
        elif path.is_file():
            yield path
        else:
            raise FileNotFoundError(f"{path} is not a file or folder")


async def _upload(board: Canvas, path: Path, at: Point | None) -> AssetWidget:
    kind = path.suffix.lower()
    collection = board.pdfs if kind in _PDF else board.videos if kind in _VIDEO else board.images
    if at is None:
        return await collection.upload(path, wait_ready=True)
    return await collection.upload(path, wait_ready=True, location=at)


async def _arrange(board: Canvas, made: list[AssetWidget], corner: Point) -> list[AssetWidget]:
    """Move the widgets into the equal cells of a grid with about as many columns as rows."""
    columns = math.ceil(math.sqrt(len(made)))
    width = max(widget.size.width * widget.scale for widget in made) + _GAP
    height = max(widget.size.height * widget.scale for widget in made) + _GAP

    async def move(number: int, widget: AssetWidget) -> AssetWidget:
        row, column = divmod(number, columns)
        place = Point(corner.x + column * width, corner.y + row * height)
        collection = (
            board.images if isinstance(widget, Image) else board.pdfs if isinstance(widget, Pdf) else board.videos
        )
        return await collection.update(widget.id, location=place)

    return list(await asyncio.gather(*(move(number, widget) for number, widget in enumerate(made))))


def _point(text: str) -> Point:
    try:
        x, y = map(float, text.split(","))
    except ValueError:
        raise ValueError(f"--at must be X,Y such as 100,200, not {text!r}") from None
    return Point(x, y)


def _report(made: Sequence[Widget], *, as_json: bool) -> None:
    if as_json:
        print(msgspec.json.encode(made).decode())
        return
    console = Console(highlight=False)
    for widget in made:
        console.print(f"{widget.widget_type} {widget.id}", soft_wrap=True)
