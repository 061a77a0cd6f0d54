"""`canvus watch`: what happens on a canvas, a line each."""

from typing import Annotated

import msgspec
from cyclopts import Parameter
from rich.console import Console
from rich.text import Text

from canvus_async.canvas import Canvas
from canvus_async.cli.config import Token, Url, connect, notices
from canvus_async.models import PlacedWidget, UnknownWidget, Widget
from canvus_async.models.changes import Change
from canvus_async.subscriptions.live import Live

KINDS = (
    *("images", "pdfs", "videos", "notes", "browsers", "anchors", "connectors", "tables"),
    *("video-inputs", "ip-videos", "rdp-connections"),
)
_MARKS = {"created": ("+", "green"), "updated": ("~", "yellow"), "deleted": ("-", "red")}
_LONGEST = 60


async def watch(
    canvas: str,
    /,
    *,
    kind: str | None = None,
    as_json: Annotated[bool, Parameter(name="--json", negative="")] = False,
    url: Url = None,
    token: Token = None,
) -> None:
    """Print what is on a canvas and then every change, a line each, until Ctrl-C. Outlives restarts of the server.

    Args:
        canvas: The canvas's id.
        kind: Only widgets of one kind, such as images or notes.
        as_json: Print each change as one line of JSON.
        url: The server's address.
        token: Your token.
    """
    if kind is not None and kind not in KINDS:
        raise ValueError(f"no such kind: {kind}; there are {', '.join(KINDS)}")
    console = Console(highlight=False)
    with notices():
        async with connect(url, token) as client, _mirror(client.canvas(canvas), kind) as live:
            async for change in live.changes():
                if as_json:
                    print(msgspec.json.encode(_plain(change)).decode(), flush=True)
                else:
                    console.print(line(change), soft_wrap=True)


def _mirror(canvas: Canvas, kind: str | None) -> Live[Widget]:
    collection = canvas.widgets if kind is None else getattr(canvas, kind.replace("-", "_"))
    mirror: Live[Widget] = collection.live()
    return mirror


def _plain(change: Change[Widget]) -> dict[str, object]:
    """A change for a program: the whole record after it, under the server's own names."""
    record = change.record
    return {
        "kind": change.kind,
        "id": change.id,
        "type": record.widget_type,
        "initial": change.initial,
        "resync": change.resync,
        "record": record.raw if isinstance(record, UnknownWidget) else record,
    }


def line(change: Change[Widget]) -> Text:
    """A change for a person: what, its type, its words, its place; for an update, which fields are new."""
    mark, color = _MARKS[change.kind]
    record = change.record
    text = Text(f"{mark} ", style=f"bold {color}")
    text.append(f"{visible(record.widget_type) or 'unknown':<12}", style="bold")
    text.append(f" {visible(change.id)}", style="dim")
    if said := words(record):
        text.append(f" “{said}”")
    if isinstance(record, PlacedWidget) and change.kind != "deleted":
        text.append(f" at {record.location.x:g},{record.location.y:g}", style="cyan")
        text.append(f" {record.size.width:g}x{record.size.height:g}", style="cyan")
    if changed := _changed(change):
        text.append(f" [{', '.join(changed)}]", style=color)
    if change.resync:
        text.append(" (while the connection was lost)", style="dim")
    return text


def visible(text: str) -> str:
    """Text from a server that cannot steer a terminal: without line ends, escapes and what turns the direction."""
    return "".join(char if char.isprintable() else " " for char in text)


def words(record: Widget) -> str:
    """What a widget says or is called, in one short printable line; "" if nothing."""
    for name in ("title", "text", "anchor_name", "original_filename", "url"):
        said = getattr(record, name, "")
        if isinstance(said, str) and said:
            flat = visible(said)
            return flat if len(flat) <= _LONGEST else f"{flat[: _LONGEST - 1]}…"
    return ""


def _changed(change: Change[Widget]) -> list[str]:
    old, new = change.old, change.new
    if old is None or new is None or type(old) is not type(new):
        return []
    return [name for name in new.__struct_fields__ if getattr(old, name) != getattr(new, name)]
