"""`canvus snapshot`: a picture of a canvas, once or again after every change."""

import asyncio
from pathlib import Path
from typing import Annotated, NamedTuple

import msgspec
from cyclopts import Parameter
from rich.console import Console

from canvus_async.canvas import Canvas
from canvus_async.cli.config import Token, Url, connect, notices
from canvus_async.cli.listing import Json
from canvus_async.content.part_file import PartFile
from canvus_async.models import Rect
from canvus_async.protocol.names import safe_filename
from canvus_async.snapshots.camera import ImageFormat, Snapshot
from canvus_async.snapshots.view import Region

_FORMATS: dict[str, ImageFormat] = {".png": "png", ".jpg": "jpeg", ".jpeg": "jpeg", ".webp": "webp"}
_PACE = 1.0
_SECOND_LOOK = 5.0


async def snapshot(
    canvas: str,
    /,
    *,
    output: Annotated[Path | None, Parameter(name=("--output", "-o"))] = None,
    width: int = 1920,
    region: str = "content",
    watch: Annotated[bool, Parameter(negative="")] = False,
    as_json: Json = False,
    url: Url = None,
    token: Token = None,
) -> None:
    """Draw a picture of a canvas. What cannot be fetched is a box that says why.

    Args:
        canvas: The canvas's id.
        output: The file: .png, .jpg or .webp; CANVAS.png otherwise. It is there whole or not at all.
        width: Pixels across; the height follows from the region.
        region: X,Y,WIDTH,HEIGHT in canvas units; content for all that lies there, canvas for empty parts too.
        watch: Draw again when the canvas changes, at most once a second, until Ctrl-C.
        as_json: Print a line of JSON for each picture: path, width, height, and what is missing.
        url: The server's address.
        token: Your token.
    """
    path = output or Path(f"{safe_filename(canvas)}.png")
    options = SnapshotOptions(path, width, region_from(region), format_of(path))
    console = None if as_json else Console(stderr=True, highlight=False)
    async with connect(url, token) as client:
        board = client.canvas(canvas)
        if watch:
            with notices():
                await _follow(board, options, console)
        else:
            camera = board.camera()
            _report(
                await save(options, await camera.take(width=width, region=options.region, format=options.format)),
                console,
            )


class SnapshotOptions(NamedTuple):
    """What picture to take, and where to put it."""

    path: Path
    width: int
    region: Region
    format: ImageFormat


class Saved(NamedTuple):
    """A picture in its file."""

    path: Path
    taken: Snapshot


async def save(options: SnapshotOptions, taken: Snapshot) -> Saved:
    """Put a picture at its path, whole or not at all. Raises LocalWriteError."""
    part = PartFile(options.path)
    try:
        await part.write(taken.body)
        await part.publish()
    finally:
        await part.discard()
    return Saved(options.path, taken)


async def _follow(board: Canvas, options: SnapshotOptions, console: Console | None) -> None:
    """A picture now and after each change; if the server could not be reached for a part of it, again before long."""
    clock = asyncio.get_running_loop().time
    camera = board.camera()
    async with board.live() as live:
        changes = live.batches(initial=False)
        while True:
            began = clock()
            taken = await camera.take(
                width=options.width, region=options.region, format=options.format, widgets=live.widgets.values()
            )
            _report(await save(options, taken), console)
            await asyncio.sleep(max(0.0, began + _PACE - clock()))
            try:
                async with asyncio.timeout(_SECOND_LOOK if taken.has_transport_errors else None):
                    await anext(changes)
            except TimeoutError:
                continue


def region_from(text: str) -> Region:
    """What `--region` means. Raises ValueError."""
    if text in {"content", "canvas"}:
        return "content" if text == "content" else "canvas"
    try:
        x, y, width, height = map(float, text.split(","))
    except ValueError:
        raise ValueError(f"{text!r} is no region: give X,Y,WIDTH,HEIGHT such as 0,0,1920,1080") from None
    return Rect(x, y, width, height)


def format_of(path: Path) -> ImageFormat:
    """The kind of file that a name asks for. Raises ValueError."""
    found = _FORMATS.get(path.suffix.lower())
    if found is None:
        raise ValueError(f"{path} is no picture's name: end it in {', '.join(_FORMATS)}")
    return found


def _report(saved: Saved, console: Console | None) -> None:
    taken = saved.taken
    if console is None:
        missing = [
            {"hash": image.hash, "page": image.page, "error": str(error)} for image, error in taken.missing.items()
        ]
        told = {"path": str(saved.path), "width": taken.width, "height": taken.height, "missing": missing}
        print(msgspec.json.encode(told).decode(), flush=True)
        return
    console.print(f"{saved.path}: {taken.width} x {taken.height} pixels", soft_wrap=True, markup=False)
    for image, error in taken.missing.items():
        words = " ".join(str(error).split())
        console.print(f"missing {image.hash} page {image.page}: {words}", soft_wrap=True, markup=False)
