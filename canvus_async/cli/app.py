"""The commands, their help texts, and how they end: an exit status, and one line on stderr for an error."""

import sys
from collections.abc import Sequence
from importlib.metadata import version
from typing import NamedTuple, cast

from cyclopts import App, CycloptsError
from rich.console import Console

from canvus_async.errors import CanvusError

app = App(
    name="canvus",
    help="Work with a Canvus server, or run one.",
    help_epilogue="Options and examples of a command: canvus COMMAND --help\n"
    "Exit status: 0 success, 1 failure, 2 wrong usage, 130 interrupted.",
    help_format="plaintext",
    version=lambda: version("canvus-async"),
    suppress_keyboard_interrupt=False,
    error_console=Console(stderr=True, soft_wrap=True),
    error_formatter=lambda error: f"canvus: {_one_line(error)}",
)
app.register_install_completion_command()  # pyright: ignore[reportUnknownMemberType] - its **kwargs have no type


class CommandHelp(NamedTuple):
    """A command (`module:function`) and its help: a summary of one line, details, and examples to type."""

    function: str
    summary: str
    details: str
    examples: tuple[str, ...]


COMMANDS = (
    CommandHelp(
        "listing:canvases",
        "List the canvases that you can access.",
        "One line per canvas: id, name, your access rights, and the time of the last change.",
        ("canvus canvases", "canvus canvases --json | jq -r '.[].id'"),
    ),
    CommandHelp(
        "listing:ls",
        "List the widgets of a canvas as a tree.",
        "Each widget is shown below its parent, with its type, id, title or text, position and size.",
        ("canvus ls CANVAS", "canvus ls CANVAS --json"),
    ),
    CommandHelp(
        "watch:watch",
        "Print the widgets of a canvas, then every change.",
        "Prints one line per change until Ctrl-C. If the connection is lost, it reconnects and prints what changed in "
        "the meantime.",
        ("canvus watch CANVAS", "canvus watch CANVAS --kind images --json"),
    ),
    CommandHelp(
        "create:upload",
        "Upload images, PDFs and videos to a canvas.",
        "Waits until the server has processed all files, then prints the type and id of each new widget.",
        ("canvus upload CANVAS photo.jpg --at 2000,1500", "canvus upload CANVAS photos --grid"),
    ),
    CommandHelp(
        "create:note",
        "Create a note on a canvas.",
        "Prints the id of the new note.",
        ('canvus note CANVAS "Remember the milk"', 'canvus note CANVAS "Done" --at 100,200 --color "#b9e3c6"'),
    ),
    CommandHelp(
        "create:clone",
        "Copy a widget to another canvas.",
        "Notes, images, PDFs, videos, browsers, anchors and tables can be copied. Prints the id of the copy.",
        ("canvus clone CANVAS WIDGET OTHER-CANVAS",),
    ),
    CommandHelp(
        "snapshot:snapshot",
        "Draw a picture of a canvas.",
        "An image or PDF page that cannot be fetched is drawn as a box that states the reason. The picture is drawn "
        "from mipmaps; originals are never fetched.",
        (
            "canvus snapshot CANVAS -o canvas.png",
            "canvus snapshot CANVAS --region 0,0,1920,1080 --width 960 -o part.webp",
            "canvus snapshot CANVAS --watch -o live.png",
        ),
    ),
    CommandHelp(
        "mipmap:mipmap",
        "Show the mipmap levels of an image, or save one.",
        "Also works for pages of a PDF. HASH is the hash of the widget in the output of `canvus ls CANVAS --json`.",
        ("canvus mipmap CANVAS HASH", "canvus mipmap CANVAS HASH --fit 640x480 -o small.webp"),
    ),
    CommandHelp(
        "download:download",
        "Download the mipmaps and original files of a canvas.",
        "Files that are complete are not fetched again: after an interruption, run the same command again to fetch "
        "the rest. The file export.jsonl in the folder lists which widget each file belongs to.",
        (
            "canvus download CANVAS --into export",
            "canvus download CANVAS --kind images --levels fit:640x480 --no-originals",
            "canvus download CANVAS --into export --dry-run",
        ),
    ),
    CommandHelp(
        "doctor:doctor",
        "Check the connection to a server and suggest fixes.",
        "Checks the address, the token, the clock and a subscription. The exit status is 1 if a check fails.",
        ("canvus doctor --url https://canvus.example.com --token TOKEN",),
    ),
    CommandHelp(
        "demo:demo",
        "Upload files, download them again and compare.",
        "Compares every original byte by byte and checks every mipmap level. Then it arranges the canvas and draws "
        "it into canvas.png. Without --url, the demo runs against a server of its own, which it starts and stops.",
        ("canvus demo", "canvus demo photos/*.jpg report.pdf --out /tmp/demo"),
    ),
    CommandHelp(
        "serve:serve",
        "Run a Canvus-compatible server on this machine.",
        "Runs until Ctrl-C. With --data, all data survives a restart.",
        ("canvus serve", "canvus serve --port 0 --data server-data --json"),
    ),
)
"""All commands. Their modules are imported when a command runs, because importing Pillow and PDFium takes time."""

for command in COMMANDS:
    app.command(
        f"canvus_async.cli.{command.function}",
        help=f"{command.summary}\n\n{command.details}",
        help_epilogue="\n".join(("Examples:", *(f"  {line}" for line in command.examples))),
    )


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status: 0 success, 1 failure, 2 wrong usage, 130 interrupted."""
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
    """The first error that is not a group: task groups can be nested."""
    if isinstance(error, BaseExceptionGroup):
        group = cast("BaseExceptionGroup[BaseException]", error)
        return _first(group.exceptions[0])
    return error


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__
