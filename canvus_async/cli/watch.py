"""`canvus watch`: print the changes of a canvas, one line each."""

from typing import Annotated

import msgspec
from cyclopts import Parameter
from rich.console import Console
from rich.text import Text

from canvus_async.canvas import Canvas
from canvus_async.cli.config import Token, Url, connect, log_to_stderr
from canvus_async.models import PlacedWidget, UnknownWidget, Widget
from canvus_async.models.changes import Change
from canvus_async.subscriptions.live import Live

KINDS = (
    *("images", "pdfs", "videos", "notes", "browsers", "anchors", "connectors", "tables"),
    *("video-inputs", "ip-videos", "rdp-connections"),
)
_MARKS = {"created": ("+", "green"), "updated": ("~", "yellow"), "deleted": ("-", "red")}
_LONGEST_LABEL = 60


async def watch(
    canvas: str,
    /,
    *,
    kind: str | None = None,
    as_json: Annotated[bool, Parameter(name="--json", negative="")] = False,
    url: Url = None,
    token: Token = None,
) -> None:
    """Print the widgets of a canvas, then every change, until Ctrl-C. Reconnects if the connection is lost.

    Args:
        canvas: Id of the canvas.
        kind: Only show widgets of this kind, such as images or notes.
        as_json: Print each change as one line of JSON.
        url: Address of the server.
        token: Your access token.
    """
    if kind is not None and kind not in KINDS:
        raise ValueError(f"--kind must be one of {', '.join(KINDS)}, not {kind}")
    console = Console(highlight=False)
    with log_to_stderr():
        async with connect(url, token) as client, _mirror(client.canvas(canvas), kind) as live:
            async for change in live.changes():
                if as_json:
                    print(msgspec.json.encode(_json_change(change)).decode(), flush=True)
                else:
                    console.print(change_line(change), soft_wrap=True)


def _mirror(canvas: Canvas, kind: str | None) -> Live[Widget]:
    collection = canvas.widgets if kind is None else getattr(canvas, kind.replace("-", "_"))
    mirror: Live[Widget] = collection.live()
    return mirror


def _json_change(change: Change[Widget]) -> dict[str, object]:
    """A change for `--json`: the complete record after it, with the server's field names."""
    record = change.record
    return {
        "kind": change.kind,
        "id": change.id,
        "type": record.widget_type,
        "initial": change.initial,
        "resync": change.resync,
        "record": record.raw if isinstance(record, UnknownWidget) else record,
    }


def change_line(change: Change[Widget]) -> Text:
    """A change as a line for people: kind of change, type, id, label, place, and the fields that an update changed."""
    mark, color = _MARKS[change.kind]
    record = change.record
    text = Text(f"{mark} ", style=f"bold {color}")
    text.append(f"{printable(record.widget_type) or 'unknown':<12}", style="bold")
    text.append(f" {printable(change.id)}", style="dim")
    if name := label(record):
        text.append(f" “{name}”")
    if isinstance(record, PlacedWidget) and change.kind != "deleted":
        text.append(f" at {record.location.x:g},{record.location.y:g}", style="cyan")
        text.append(f" {record.size.width:g}x{record.size.height:g}", style="cyan")
    if changed := _changed_fields(change):
        text.append(f" [{', '.join(changed)}]", style=color)
    if change.resync:
        text.append(" (changed while the connection was lost)", style="dim")
    return text


def printable(text: str) -> str:
    """Text from a server without line ends, escape sequences and direction marks, which could control a terminal."""
    return "".join(char if char.isprintable() else " " for char in text)


def label(record: Widget) -> str:
    """The title, text, name or address of a widget as one short printable line; "" if it has none."""
    for name in ("title", "text", "anchor_name", "original_filename", "url"):
        value = getattr(record, name, "")
        if isinstance(value, str) and value:
            line = printable(value)
            return line if len(line) <= _LONGEST_LABEL else f"{line[: _LONGEST_LABEL - 1]}…"
    return ""


def _changed_fields(change: Change[Widget]) -> list[str]:
    old, new = change.old, change.new
    if old is None or new is None or type(old) is not type(new):
        return []
    return [name for name in new.__struct_fields__ if getattr(old, name) != getattr(new, name)]
