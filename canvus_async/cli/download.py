"""`canvus download`: fetch the files of a canvas into a folder; a second run fetches only what is missing."""

import asyncio
import time
from collections import Counter
from contextlib import aclosing
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import msgspec
from cyclopts import Parameter
from rich.console import Console
from rich.filesize import decimal
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from canvus_async.bulk.export import Downloaded
from canvus_async.bulk.items import Fit, Levels
from canvus_async.cli.config import Token, Url, connect
from canvus_async.cli.listing import Json
from canvus_async.errors import NotSupported
from canvus_async.models import CanvasBackground, Image, Pdf, Video, Widget
from canvus_async.protocol.names import safe_filename

_REDRAW = 0.1
"""Seconds between two updates of the progress bar, at least."""

DownloadKind: TypeAlias = Literal["images", "pdfs", "videos", "background"]
_RECORDS: dict[DownloadKind, type[Widget]] = {
    "images": Image,
    "pdfs": Pdf,
    "videos": Video,
    "background": CanvasBackground,
}


async def download(
    canvas: str,
    /,
    *,
    into: Path | None = None,
    levels: str = "all",
    originals: Annotated[bool, Parameter(negative="--no-originals")] = True,
    kind: Annotated[list[DownloadKind] | None, Parameter(negative="")] = None,
    dry_run: Annotated[bool, Parameter(negative="")] = False,
    concurrency: int | None = None,
    as_json: Json = False,
    url: Url = None,
    token: Token = None,
) -> int:
    """Download the mipmaps and original files of a canvas. After an interruption, run it again to fetch the rest.

    A file in the folder is always complete. The file export.jsonl lists which widget each file belongs to. The exit
    status is 1 if a file could not be fetched.

    Args:
        canvas: Id of the canvas.
        into: Folder to write to; by default canvus-CANVAS.
        levels: Mipmap levels: all, none, numbers such as 0,1, or fit:WIDTHxHEIGHT (smallest level at least this large).
        originals: Also download the original files, as they were uploaded.
        kind: Only download files of widgets of this kind; can be repeated.
        dry_run: Only list what would be fetched; write nothing.
        concurrency: Maximum number of mipmaps and of originals to fetch at a time; the client's limits apply too.
        as_json: Print one line of JSON per file: hash, page, level, path, bytes, fetched, missing and error.
        url: Address of the server.
        token: Your access token.
    """
    chosen = levels_from(levels)
    folder = into or Path(f"canvus-{safe_filename(canvas)}")
    run = _Run(Console(stderr=True, highlight=False), folder, dry=dry_run, as_json=as_json)
    async with connect(url, token) as client:
        handle = client.canvas(canvas)
        widgets = await handle.widgets.list()
        if kind:
            widgets = [widget for widget in widgets if isinstance(widget, tuple(_RECORDS[name] for name in kind))]
        with run.bar:
            results = handle.download_many(
                widgets,
                into=folder,
                levels=chosen,
                originals=originals,
                concurrency=concurrency,
                dry_run=dry_run,
                progress=run.moved,
            )
            try:
                async with aclosing(results):
                    async for result in results:
                        run.add(result)
            except asyncio.CancelledError:
                run.report(finished=False)
                raise
    run.report(finished=True)
    return 1 if run.counts["failed"] else 0


def levels_from(text: str) -> Levels | None:
    """The value of `--levels`; None for "none". Raises ValueError."""
    if text in {"all", "none"}:
        return "all" if text == "all" else None
    try:
        if text.startswith("fit:"):
            width, height = text.removeprefix("fit:").lower().split("x")
            return Fit(int(width), int(height))
        return sorted({int(number) for number in text.split(",")})
    except ValueError:
        raise ValueError(f"--levels must be all, none, numbers such as 0,1, or fit:640x480, not {text!r}") from None


class _Run:
    """The results so far, and the progress bar that shows them on a terminal."""

    def __init__(self, console: Console, folder: Path, *, dry: bool, as_json: bool) -> None:
        self.counts: Counter[str] = Counter()
        self.bar = Progress(
            TextColumn("{task.completed:.0f} of {task.fields[known]} files"),
            BarColumn(),
            TextColumn("{task.fields[size]}  {task.fields[rate]}/s"),
            TimeRemainingColumn(),
            console=console,
            disable=not console.is_terminal or dry or as_json,  # the bar would garble the lines of the two
        )
        self._task = self.bar.add_task("", total=None, known="?", size="0 bytes", rate="0 bytes")
        self._console = console
        self._dry = dry
        self._as_json = as_json
        self._folder = folder
        self._began = self._drawn = time.monotonic()
        self._bytes = self._present = 0

    def moved(self, done: int, count: int, total: int | None) -> None:
        """Update the progress bar, but not for every chunk."""
        self._bytes = count
        now = time.monotonic()
        if now - self._drawn >= _REDRAW or done == total:
            self._drawn = now
            self.bar.update(
                self._task,
                completed=done,
                total=total,
                known="?" if total is None else total,
                size=decimal(count),
                rate=decimal(int(count / max(now - self._began, 1e-3))),
            )

    def add(self, result: Downloaded) -> None:
        """Count a result; print it for --json and --dry-run, and print each error."""
        if self._as_json:
            print(msgspec.json.encode(_json_result(result)).decode(), flush=True)
        elif result.missing:
            print(f"would fetch {result.path}", flush=True)
        if isinstance(result.error, NotSupported):
            self.counts["without mipmaps"] += 1
        elif result.error is not None:
            self.counts["failed"] += 1
            text = escape(f"{result.hash or 'a widget'}: {' '.join(str(result.error).split())}")
            self._console.print(f"[bold red]failed[/] {text}", soft_wrap=True)
        else:
            self.counts["to fetch" if result.missing else "fetched" if result.fetched else "already there"] += 1
            self._present += 0 if result.fetched else result.bytes

    def report(self, *, finished: bool) -> None:
        """Print a summary, and how to continue if something is missing."""
        counts = ", ".join(f"{count} {what}" for what, count in sorted(self.counts.items())) or "no files"
        seconds = time.monotonic() - self._began
        moved = f"{decimal(self._present)} already there" if self._dry else f"{decimal(self._bytes)} in {seconds:.1f} s"
        self._console.print(escape(f"{self._folder}: {counts}; {moved}"), soft_wrap=True)
        if not finished or self.counts["failed"]:
            self._console.print("run the same command again to fetch what is missing")


def _json_result(result: Downloaded) -> dict[str, object]:
    """A result for `--json`."""
    return {
        "hash": result.hash,
        "page": result.page,
        "level": result.level,
        "path": None if result.path is None else str(result.path),
        "bytes": result.bytes,
        "fetched": result.fetched,
        "missing": result.missing,
        "error": None if result.error is None else str(result.error),
    }
