"""`canvus download`: all files of a canvas into a folder; run again, it fetches what is missing."""

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
    """Download the mipmaps and original files of a canvas. Stopped or killed, run it again to finish.

    A file is whole or not there; export.jsonl in the folder tells which widget each belongs to. Exit status 1 if
    anything could not be had.

    Args:
        canvas: The canvas's id.
        into: The folder; canvus-CANVAS otherwise.
        levels: Mipmap levels: all, none, numbers such as 0,1, or fit:WIDTHxHEIGHT for the smallest that covers a box.
        originals: The files as they were uploaded.
        kind: Only widgets of this kind; may be given several times.
        dry_run: Say what would be fetched and what is there already; write nothing.
        concurrency: At most so many files of each kind at a time, up to the client's limits.
        as_json: Print a line of JSON for each file, as it comes: hash, page, level, path, bytes, and whether it was
            fetched, is missing (with --dry-run), or why there is none.
        url: The server's address.
        token: Your token.
    """
    wanted = levels_from(levels)
    folder = into or Path(f"canvus-{safe_filename(canvas)}")
    run = _Run(Console(stderr=True, highlight=False), folder, dry=dry_run, as_json=as_json)
    async with connect(url, token) as client:
        handle = client.canvas(canvas)
        widgets = await handle.widgets.list()
        if kind:
            widgets = [widget for widget in widgets if isinstance(widget, tuple(_RECORDS[each] for each in kind))]
        with run.bar:
            results = handle.download_many(
                widgets,
                into=folder,
                levels=wanted,
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
    """What `--levels` means; None for none. Raises ValueError."""
    if text in {"all", "none"}:
        return "all" if text == "all" else None
    try:
        if text.startswith("fit:"):
            width, height = text.removeprefix("fit:").lower().split("x")
            return Fit(int(width), int(height))
        return sorted({int(number) for number in text.split(",")})
    except ValueError:
        raise ValueError(f"{text!r} are no levels: give all, none, 0,1 or fit:640x480") from None


class _Run:
    """What has come so far, and the bar that shows it on a terminal."""

    def __init__(self, console: Console, folder: Path, *, dry: bool, as_json: bool) -> None:
        self.counts: Counter[str] = Counter()
        self.bar = Progress(
            TextColumn("{task.completed:.0f} of {task.fields[known]} files"),
            BarColumn(),
            TextColumn("{task.fields[size]}  {task.fields[rate]}/s"),
            TimeRemainingColumn(),
            console=console,
            disable=not console.is_terminal or dry or as_json,  # they print to stdout, which a bar would draw over
        )
        self._task = self.bar.add_task("", total=None, known="?", size="0 bytes", rate="0 bytes")
        self._console = console
        self._dry = dry
        self._as_json = as_json
        self._folder = folder
        self._began = self._drawn = time.monotonic()
        self._bytes = self._there = 0

    def moved(self, done: int, count: int, total: int | None) -> None:
        """Draw the bar now and then."""
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
        """Count a result, and show it where it was asked for or went wrong."""
        if self._as_json:
            print(msgspec.json.encode(_plain(result)).decode(), flush=True)
        elif result.missing:
            print(f"would fetch {result.path}", flush=True)
        if isinstance(result.error, NotSupported):
            self.counts["without mipmaps"] += 1
        elif result.error is not None:
            self.counts["failed"] += 1
            words = escape(f"{result.hash or 'a widget'}: {' '.join(str(result.error).split())}")
            self._console.print(f"[bold red]failed[/] {words}", soft_wrap=True)
        else:
            self.counts["to fetch" if result.missing else "fetched" if result.fetched else "there already"] += 1
            self._there += 0 if result.fetched else result.bytes

    def report(self, *, finished: bool) -> None:
        """One line about all of it, and what to do where it is not all."""
        counts = ", ".join(f"{count} {what}" for what, count in sorted(self.counts.items())) or "no files"
        seconds = time.monotonic() - self._began
        moved = f"{decimal(self._there)} there" if self._dry else f"{decimal(self._bytes)} in {seconds:.1f} s"
        self._console.print(escape(f"{self._folder}: {counts}; {moved}"), soft_wrap=True)
        if not finished or self.counts["failed"]:
            self._console.print("run the same command again to fetch what is missing")


def _plain(result: Downloaded) -> dict[str, object]:
    """A result for a program."""
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
