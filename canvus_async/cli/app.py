"""The commands, and how each ends: an exit status, and one line on stderr when something went wrong."""

import sys
from collections.abc import Sequence
from importlib.metadata import version
from typing import NamedTuple, cast

from cyclopts import App, CycloptsError
from rich.console import Console

from canvus_async.errors import CanvusError

app = App(
    name="canvus",
    help="Talk to a Canvus server, or be one.",
    help_epilogue="canvus COMMAND --help has examples. Exit status: 0 done, 1 something failed,\n"
    "2 wrong usage, 130 interrupted.",
    help_format="plaintext",
    version=lambda: version("canvus-async"),
    suppress_keyboard_interrupt=False,
    error_console=Console(stderr=True, soft_wrap=True),
    error_formatter=lambda error: f"canvus: {_one_line(error)}",
)
app.register_install_completion_command()  # pyright: ignore[reportUnknownMemberType] - its **kwargs have no type


class CommandHelp(NamedTuple):
    """A command: where it is, what it does in a line, what else there is to say, and what people type."""

    function: str
    summary: str
    details: str
    examples: tuple[str, ...]


COMMANDS = (
    CommandHelp(
        "listing:canvases",
        "List the canvases that you may see.",
        "A line for each: its id, name, your access, and when it was changed.",
        ("canvus canvases", "canvus canvases --json | jq -r '.[].id'"),
    ),
    CommandHelp(
        "listing:ls",
        "List what is on a canvas, as a tree.",
        "Each widget below its parent, with its type, words, place and size.",
        ("canvus ls CANVAS", "canvus ls CANVAS --json"),
    ),
    CommandHelp(
        "watch:watch",
        "Print what is on a canvas and then every change.",
        "A line each until Ctrl-C. It outlives restarts of the server.",
        ("canvus watch CANVAS", "canvus watch CANVAS --kind images --json"),
    ),
    CommandHelp(
        "create:upload",
        "Upload pictures, PDFs and films.",
        "It ends when the server has read them all.",
        ("canvus upload CANVAS photo.jpg --at 2000,1500", "canvus upload CANVAS photos --grid"),
    ),
    CommandHelp(
        "create:note",
        "Put a note on a canvas.",
        "It prints the new note's id.",
        ('canvus note CANVAS "Remember the milk"', 'canvus note CANVAS "Done" --at 100,200 --color "#b9e3c6"'),
    ),
    CommandHelp(
        "create:clone",
        "Copy a widget from one canvas to another.",
        "Notes, images, PDFs, films, web pages, anchors and tables can be copied.",
        ("canvus clone CANVAS WIDGET OTHER-CANVAS",),
    ),
    CommandHelp(
        "snapshot:snapshot",
        "Draw a picture of a canvas.",
        "It is drawn from mipmaps that fit. What cannot be fetched becomes a box that says why.",
        (
            "canvus snapshot CANVAS -o canvas.png",
            "canvus snapshot CANVAS --region 0,0,1920,1080 --width 960 -o part.webp",
            "canvus snapshot CANVAS --watch -o live.png",
        ),
    ),
    CommandHelp(
        "mipmap:mipmap",
        "Show the mipmap levels of a picture, or save one.",
        "A picture goes by its hash, which `canvus ls CANVAS --json` tells.",
        ("canvus mipmap CANVAS HASH", "canvus mipmap CANVAS HASH --fit 640x480 -o small.webp"),
    ),
    CommandHelp(
        "download:download",
        "Download the files of a canvas, or what is missing.",
        "A file is whole or not there; stopped or killed, run it again to finish. export.jsonl tells which widget each "
        "belongs to.",
        (
            "canvus download CANVAS --into export",
            "canvus download CANVAS --kind images --levels fit:640x480 --no-originals",
            "canvus download CANVAS --into export --dry-run",
        ),
    ),
    CommandHelp(
        "doctor:doctor",
        "Check the way to a server, and say what to do.",
        "Exit status 1 if something is wrong.",
        ("canvus doctor --url https://canvus.example.com --token TOKEN",),
    ),
    CommandHelp(
        "demo:demo",
        "Make a whole round trip and check every byte.",
        "Files go up, every mipmap and every original comes back. Without --url a server is started for it. At the end "
        "the canvas is put in order and drawn into canvas.png.",
        ("canvus demo", "canvus demo photos/*.jpg report.pdf --out /tmp/demo"),
    ),
    CommandHelp(
        "serve:serve",
        "Run a Canvus-compatible server on this machine.",
        "Until Ctrl-C. With --data, everything survives a restart.",
        ("canvus serve", "canvus serve --port 0 --data server-data --json"),
    ),
)
"""The commands; they are imported when called, because Pillow and PDFium take their time."""

for command in COMMANDS:
    app.command(
        f"canvus_async.cli.{command.function}",
        help=f"{command.summary}\n\n{command.details}",
        help_epilogue="\n".join(("Examples:", *(f"  {line}" for line in command.examples))),
    )


def run(arguments: Sequence[str] | None = None) -> int:
    """The exit status of one command: 0 done, 1 failed, 2 wrong usage, 130 interrupted."""
    try:
        status = app(None if arguments is None else list(arguments), result_action="return_value", exit_on_error=False)
    except CycloptsError:
        return 2
    except (KeyboardInterrupt, BaseExceptionGroup, CanvusError, OSError, ValueError) as error:
        cause = _first(error)
        if isinstance(cause, KeyboardInterrupt):
            print("canvus: interrupted", file=sys.stderr)
            return 130
        if not isinstance(cause, CanvusError | OSError | ValueError):
            raise
        print(f"canvus: {_one_line(cause)}", file=sys.stderr)
        return 1
    return status if isinstance(status, int) else 0


def _first(error: BaseException) -> BaseException:
    """The first real error in what may be a group of groups."""
    if isinstance(error, BaseExceptionGroup):
        group = cast("BaseExceptionGroup[BaseException]", error)
        return _first(group.exceptions[0])
    return error


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__
