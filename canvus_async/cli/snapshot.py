"""`canvus snapshot`: draw a picture of a canvas, once or after every change."""

import asyncio
from pathlib import Path
from typing import Annotated, NamedTuple

import msgspec
from cyclopts import Parameter
from rich.console import Console

from canvus_async.canvas import Canvas
from canvus_async.cli.config import Token, Url, connect, log_to_stderr
from canvus_async.cli.listing import Json
from canvus_async.content.part_file import PartFile
from canvus_async.models import Rect
from canvus_async.protocol.names import safe_filename
from canvus_async.snapshots.camera import ImageFormat, Snapshot
from canvus_async.snapshots.view import Region

_FORMATS: dict[str, ImageFormat] = {".png": "png", ".jpg": "jpeg", ".jpeg": "jpeg", ".webp": "webp"}
_PACE = 1.0
"""Seconds between two pictures, at least."""

_RETRY_AFTER = 5.0
"""Seconds until a picture is drawn again that lacks something because of a connection problem."""


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
    """Draw a picture of a canvas. An image that cannot be fetched is drawn as a box that states the reason.

    Args:
        canvas: Id of the canvas.
        output: File to write (.png, .jpg or .webp); by default CANVAS.png. It is replaced in one step.
        width: Width in pixels; the height follows from the shape of the region.
        region: Part to draw: content (all widgets), canvas (empty parts too), or X,Y,WIDTH,HEIGHT in canvas units.
        watch: Draw again when the canvas changes, at most once a second, until Ctrl-C.
        as_json: Print one line of JSON per picture: path, width, height, and which images are missing.
        url: Address of the server.
        token: Your access token.
    """
    path = output or Path(f"{safe_filename(canvas)}.png")
    options = SnapshotOptions(path, width, region_from(region), format_of(path))
    console = None if as_json else Console(stderr=True, highlight=False)
    async with connect(url, token) as client:
        board = client.canvas(canvas)
        if watch:
            with log_to_stderr():
                await _follow(board, options, console)
        else:
            camera = board.camera()
            _report(
                await save(options, await camera.take(width=width, region=options.region, format=options.format)),
                console,
            )


class SnapshotOptions(NamedTuple):
    """What to draw, and the file to write."""

    path: Path
    width: int
    region: Region
    format: ImageFormat


class Saved(NamedTuple):
    """A picture that was written to `path`."""

    path: Path
    taken: Snapshot


async def save(options: SnapshotOptions, taken: Snapshot) -> Saved:
    """Write a picture to its path in one step: the file never holds a part of it. Raises LocalWriteError."""
    part = PartFile(options.path)
    try:
        await part.open()
        await part.write(taken.body)
        await part.publish()
    finally:
        await part.discard()
    return Saved(options.path, taken)


async def _follow(board: Canvas, options: SnapshotOptions, console: Console | None) -> None:
    """Draw now and after each change; also soon after a picture with images missing because of the connection."""
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
                async with asyncio.timeout(_RETRY_AFTER if taken.has_transport_errors else None):
                    await anext(changes)
            except TimeoutError:
                continue


def region_from(text: str) -> Region:
    """The value of `--region`. Raises ValueError."""
    if text in {"content", "canvas"}:
        return "content" if text == "content" else "canvas"
    try:
        x, y, width, height = map(float, text.split(","))
    except ValueError:
        raise ValueError(
            f"--region must be content, canvas or X,Y,WIDTH,HEIGHT such as 0,0,1920,1080, not {text!r}"
        ) from None
    return Rect(x, y, width, height)


def format_of(path: Path) -> ImageFormat:
    """The image format for a file name. Raises ValueError."""
    found = _FORMATS.get(path.suffix.lower())
    if found is None:
        raise ValueError(f"{path} has no known image format: use a name that ends in {', '.join(_FORMATS)}")
    return found


def _report(saved: Saved, console: Console | None) -> None:
    taken = saved.taken
    if console is None:
        missing = [
            {"hash": image.hash, "page": image.page, "error": str(error)} for image, error in taken.missing.items()
        ]
        document = {"path": str(saved.path), "width": taken.width, "height": taken.height, "missing": missing}
        print(msgspec.json.encode(document).decode(), flush=True)
        return
    console.print(f"{saved.path}: {taken.width} x {taken.height} pixels", soft_wrap=True, markup=False)
    for image, error in taken.missing.items():
        words = " ".join(str(error).split())
        console.print(f"missing {image.hash} page {image.page}: {words}", soft_wrap=True, markup=False)
