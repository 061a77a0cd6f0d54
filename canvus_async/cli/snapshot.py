"""`canvus snapshot`: a picture of a canvas, once or again after every change."""

import asyncio
from pathlib import Path
from typing import Annotated, NamedTuple

import msgspec
from cyclopts import Parameter
from rich.console import Console

from canvus_async.canvas import Canvas
from canvus_async.cli.connecting import Token, Url, connect, notices
from canvus_async.cli.listing import Json
from canvus_async.content.part_file import PartFile
from canvus_async.models import Rect
from canvus_async.protocol.names import safe_filename
from canvus_async.snapshots.camera import Form, Snapshot
from canvus_async.snapshots.view import Region

_FORMS: dict[str, Form] = {".png": "png", ".jpg": "jpeg", ".jpeg": "jpeg", ".webp": "webp"}
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
    order = Order(path, width, region_from(region), form_of(path))
    console = None if as_json else Console(stderr=True, highlight=False)
    async with connect(url, token) as client:
        board = client.canvas(canvas)
        if watch:
            with notices():
                await _follow(board, order, console)
        else:
            camera = board.camera()
            _report(await save(order, await camera.take(width=width, region=order.region, form=order.form)), console)


class Order(NamedTuple):
    """What picture to take, and where to put it."""

    path: Path
    width: int
    region: Region
    form: Form


class Saved(NamedTuple):
    """A picture in its file."""

    path: Path
    taken: Snapshot


async def save(order: Order, taken: Snapshot) -> Saved:
    """Put a picture at its path, whole or not at all. Raises LocalWriteError."""
    part = PartFile(order.path)
    try:
        await part.write(taken.body)
        await part.publish()
    finally:
        await part.discard()
    return Saved(order.path, taken)


async def _follow(board: Canvas, order: Order, console: Console | None) -> None:
    """A picture now and after each change; if the server could not be reached for a part of it, again before long."""
    clock = asyncio.get_running_loop().time
    camera = board.camera()
    async with board.live() as live:
        changes = live.batches(initial=False)
        while True:
            began = clock()
            taken = await camera.take(
                width=order.width, region=order.region, form=order.form, widgets=live.widgets.values()
            )
            _report(await save(order, taken), console)
            await asyncio.sleep(max(0.0, began + _PACE - clock()))
            try:
                async with asyncio.timeout(_SECOND_LOOK if taken.hasty else None):
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


def form_of(path: Path) -> Form:
    """The kind of file that a name asks for. Raises ValueError."""
    form = _FORMS.get(path.suffix.lower())
    if form is None:
        raise ValueError(f"{path} is no picture's name: end it in {', '.join(_FORMS)}")
    return form


def _report(saved: Saved, console: Console | None) -> None:
    taken = saved.taken
    if console is None:
        missing = [
            {"hash": wanted.hash, "page": wanted.page, "error": str(error)} for wanted, error in taken.missing.items()
        ]
        told = {"path": str(saved.path), "width": taken.width, "height": taken.height, "missing": missing}
        print(msgspec.json.encode(told).decode(), flush=True)
        return
    console.print(f"{saved.path}: {taken.width} x {taken.height} pixels", soft_wrap=True, markup=False)
    for wanted, error in taken.missing.items():
        words = " ".join(str(error).split())
        console.print(f"missing {wanted.hash} page {wanted.page}: {words}", soft_wrap=True, markup=False)
