"""The commands, and how each ends: an exit status, and one line on stderr when something went wrong."""

import sys
from collections.abc import Sequence
from importlib.metadata import version
from typing import cast

from cyclopts import App, CycloptsError

from canvus_async.errors import CanvusError

app = App(
    name="canvus",
    help="Talk to a Canvus server, or be one.",
    version=lambda: version("canvus-async"),
    suppress_keyboard_interrupt=False,
    error_formatter=lambda error: f"canvus: {_one_line(error)}",
)
COMMANDS = {
    "listing:canvases": "List the canvases that you may see.",
    "listing:ls": "List what is on a canvas, as a tree.",
    "watch:watch": "Print what is on a canvas and then every change.",
    "changing:upload": "Upload pictures, PDFs and films.",
    "changing:note": "Put a note on a canvas.",
    "changing:clone": "Copy a widget from one canvas to another.",
    "snapshot:snapshot": "Draw a picture of a canvas.",
    "mipmap:mipmap": "Show the mipmap levels of a picture, or save one.",
    "download:download": "Download all files of a canvas, or what is missing of them.",
    "doctor:doctor": "Check the way to a server, and say what to do.",
    "demo:demo": "Make a whole round trip and check every byte.",
    "serve:serve": "Run a Canvus-compatible server on this machine.",
}
"""The commands by where they are; they are imported when called, because Pillow and PDFium take their time."""

for place, words in COMMANDS.items():
    app.command(f"canvus_async.cli.{place}", help=words)


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
