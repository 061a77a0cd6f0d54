"""`canvus download`: all files of a canvas into a folder; run again, it fetches what is missing."""

import asyncio
import time
from collections import Counter
from contextlib import aclosing
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console
from rich.filesize import decimal
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from canvus_async.cli.connecting import Token, Url, connect
from canvus_async.errors import NotSupported
from canvus_async.exporting import Downloaded
from canvus_async.protocol.names import safe_filename
from canvus_async.selecting import Fit, Levels

_REDRAW = 0.1


async def download(
    canvas: str,
    /,
    *,
    into: Path | None = None,
    levels: str = "all",
    originals: Annotated[bool, Parameter(negative="--no-originals")] = True,
    concurrency: int | None = None,
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
        concurrency: At most so many files of each kind at a time, up to the client's limits.
        url: The server's address.
        token: Your token.
    """
    wanted = levels_from(levels)
    folder = into or Path(f"canvus-{safe_filename(canvas)}")
    run = _Run(Console(stderr=True, highlight=False), folder)
    async with connect(url, token) as client:
        handle = client.canvas(canvas)
        widgets = await handle.widgets.list()
        with run.bar:
            results = handle.download_many(
                widgets,
                into=folder,
                levels=wanted,
                originals=originals,
                concurrency=concurrency,
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

    def __init__(self, console: Console, folder: Path) -> None:
        self.counts: Counter[str] = Counter()
        self.bar = Progress(
            TextColumn("{task.completed:.0f} of {task.fields[known]} files"),
            BarColumn(),
            TextColumn("{task.fields[size]}  {task.fields[rate]}/s"),
            TimeRemainingColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._task = self.bar.add_task("", total=None, known="?", size="0 bytes", rate="0 bytes")
        self._console = console
        self._folder = folder
        self._began = self._drawn = time.monotonic()
        self._bytes = 0

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
        """Count a result, and show what went wrong with it."""
        if isinstance(result.error, NotSupported):
            self.counts["without mipmaps"] += 1
        elif result.error is not None:
            self.counts["failed"] += 1
            words = escape(f"{result.hash or 'a widget'}: {' '.join(str(result.error).split())}")
            self._console.print(f"[bold red]failed[/] {words}", soft_wrap=True)
        else:
            self.counts["fetched" if result.fetched else "there already"] += 1

    def report(self, *, finished: bool) -> None:
        """One line about all of it, and what to do where it is not all."""
        counts = ", ".join(f"{count} {what}" for what, count in sorted(self.counts.items())) or "no files"
        seconds = time.monotonic() - self._began
        self._console.print(
            escape(f"{self._folder}: {counts}; {decimal(self._bytes)} in {seconds:.1f} s"), soft_wrap=True
        )
        if not finished or self.counts["failed"]:
            self._console.print("run the same command again to fetch what is missing")
