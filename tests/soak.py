"""Soak test: does anything grow? `python -m tests.soak --minutes 10`.

A server in a process of its own drops every subscription every few seconds, fails and truncates some responses, and
changes its widgets continuously. This process keeps 50 subscriptions and mirrors open and downloads 8 files at a time.
Memory and descriptors of both processes are measured every second; a straight line is fitted to the values after the
first third. Exit status 1 if a line rises too much, a mirror is wrong at the end, a file is not what was uploaded, or
tasks or descriptors are left.
"""

import argparse
import asyncio
import hashlib
import json
import os
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from operator import itemgetter
from pathlib import Path

from canvus_async import Canvas, CanvusError, Client, Reconnect, Retry
from canvus_async.models import Image, Note, Widget
from canvus_async.server import CanvusServer
from canvus_async.subscriptions.live import Live
from tests.files import picture

SUBSCRIPTIONS = 50
DOWNLOADS = 8
DROP_EVERY = 3.0
SAMPLE_EVERY = 1.0
LOW_OF = 15
FILES = 12
NOTES = 40
MAY_RISE = {"MiB": 4.0, "descriptors": 8.0}
"""How much a line may rise over the measured time. Ten minutes have 5,000 reconnects and 40,000 downloads, so a leak of
a kilobyte at each reconnect would be noticed."""


# -- the process of the server --


async def serve() -> None:
    """Run a server with faults until stdin ends. Its first line of output has its URL and token."""
    async with CanvusServer(keepalive=1.0) as server:
        print(json.dumps({"url": server.url, "token": server.token}), flush=True)
        trouble = asyncio.create_task(_trouble(server))
        await asyncio.to_thread(sys.stdin.read)
        trouble.cancel()


async def _trouble(server: CanvusServer) -> None:
    while True:
        await asyncio.sleep(DROP_EVERY)
        server.faults.drop_streams()
        server.faults.truncate_next(2, match="/assets/")
        server.faults.fail_next(2, 503, match="/assets/")
        server.faults.fail_next(5, 502, match="?subscribe")


# -- measuring --


@dataclass
class Series:
    """One measured value over time."""

    unit: str
    points: list[tuple[float, float]] = field(default_factory=list)

    def add(self, value: float) -> None:
        """Add a sample."""
        self.points.append((time.monotonic(), value))

    def lows(self) -> list[tuple[float, float]]:
        """The minima of groups of points after the first third: open requests vary, leaks remain."""
        points = self.points[len(self.points) // 3 :]
        return [min(points[at : at + LOW_OF], key=itemgetter(1)) for at in range(0, len(points), LOW_OF)]

    def rise(self) -> tuple[float, float]:
        """How much a straight line fitted to the minima (least squares) rises in total, and per hour."""
        points = self.lows()
        middle = sum(at for at, _ in points) / len(points)
        spread = sum((at - middle) ** 2 for at, _ in points)
        slope = sum((at - middle) * value for at, value in points) / spread if spread else 0.0
        return slope * (points[-1][0] - points[0][0]), slope * 3600


def resident(pid: int) -> float:
    """The resident memory of a process, in MiB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / (1 << 20)


def descriptors(pid: int) -> int:
    """The number of open descriptors of a process."""
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


async def measure(pids: dict[str, int], series: dict[str, Series]) -> None:
    """Sample every process each second."""
    while True:
        for name, pid in pids.items():
            series.setdefault(f"{name} memory", Series("MiB")).add(resident(pid))
            series.setdefault(f"{name} open", Series("descriptors")).add(descriptors(pid))
        await asyncio.sleep(SAMPLE_EVERY)


# -- the work --


async def change(canvas: Canvas, tally: Counter[str]) -> None:
    """Edit, create and delete notes until cancelled."""
    dice = random.Random(1)
    notes = [(await canvas.notes.create(text=str(number))).id for number in range(NOTES)]
    while True:
        at = dice.randrange(NOTES)
        if dice.random() < 0.1:
            await canvas.notes.delete(notes[at])
            notes[at] = (await canvas.notes.create(text="new")).id
        else:
            await canvas.notes.update(notes[at], text=str(dice.random()) * dice.randint(1, 50))
        tally["writes"] += 1
        await asyncio.sleep(0.01)


async def follow(canvas: Canvas, tally: Counter[str]) -> None:
    """Follow a subscription, and start a new one after 5,000 records."""
    while True:
        async with aclosing(canvas.notes.subscribe()) as notes:
            async for _note in notes:
                tally["records"] += 1
                if tally["records"] % 5000 == 0:
                    break


async def consume(live: Live[Note], tally: Counter[str]) -> None:
    """Read the changes of a mirror."""
    async for _change in live.changes():
        tally["changes"] += 1


async def download(canvas: Canvas, images: list[tuple[Image, bytes]], folder: Path, tally: Counter[str]) -> None:
    """Fetch originals and mipmaps, check the originals, and delete them."""
    while True:
        image, digest = random.choice(images)
        target = folder / f"{id(asyncio.current_task())}"
        try:
            await canvas.assets.download(image.hash, to=target)
            await canvas.mipmaps.fetch_fit(image.hash, width=random.randint(1, 900), height=100)
        except CanvusError as error:
            tally[f"downloads that ended in {type(error).__name__}"] += 1
            continue
        tally["downloads"] += 1
        tally["broken files"] += hashlib.sha256(target.read_bytes()).digest() != digest
        target.unlink()


async def upload(canvas: Canvas) -> list[tuple[Image, bytes]]:
    """Upload files of some megabytes; returns them with their digests."""
    made: list[tuple[Image, bytes]] = []
    for number in range(FILES):
        content = picture(900 + number, 600) + os.urandom(1_000_000 + 100_000 * number)
        image = await canvas.images.upload(content, filename=f"{number}.jpg", wait_ready=True)
        made.append((image, hashlib.sha256(content).digest()))
    return made


@asynccontextmanager
async def server_process() -> AsyncIterator[tuple[int, str, str]]:
    """Run a server in another process; gives its process id, URL and token."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.soak", "--serve"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin
    assert process.stdout
    try:
        said = json.loads(await process.stdout.readline())
        yield process.pid, said["url"], said["token"]
    finally:
        process.stdin.close()
        await process.wait()


async def wrong(mirrors: list[Live[Note]], canvas: Canvas) -> int:
    """The number of mirrors that do not get the state of the server in time."""
    truth: dict[str, Widget] = {note.id: note for note in await canvas.notes.list()}

    def right(live: Live[Note]) -> bool:
        return dict(live.widgets) == truth

    return len([live for live in mirrors if not await eventually(lambda live=live: right(live), 60)])


async def eventually(holds: Callable[[], bool], seconds: float) -> bool:
    """Whether a condition becomes true in time."""
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            return False
        await asyncio.sleep(0.1)
    return True


async def soak(minutes: float) -> int:
    """Run everything for the given time; returns the exit status."""
    tally, series, failures = Counter[str](), dict[str, Series](), list[str]()
    before = descriptors(os.getpid())
    async with server_process() as (pid, url, token):
        retry, reconnect = Retry(attempts=6, first_wait=0.05, budget=100_000), Reconnect(max_wait=2.0)
        async with Client(url, token=token, retry=retry, reconnect=reconnect) as client:
            canvas = client.canvas((await client.canvases.create("Soak")).id)
            images = await upload(canvas)
            mirrors = [canvas.notes.live() for _ in range(SUBSCRIPTIONS // 2)]
            with tempfile.TemporaryDirectory() as folder:
                for mirror in mirrors:
                    await mirror.__aenter__()
                tasks = [asyncio.create_task(consume(mirror, tally)) for mirror in mirrors]
                tasks += [asyncio.create_task(follow(canvas, tally)) for _ in range(SUBSCRIPTIONS - len(mirrors))]
                tasks += [asyncio.create_task(download(canvas, images, Path(folder), tally)) for _ in range(DOWNLOADS)]
                writing = asyncio.create_task(change(canvas, tally))
                measuring = asyncio.create_task(measure({"client": os.getpid(), "server": pid}, series))
                done, _ = await asyncio.wait(
                    [*tasks, writing, measuring], timeout=60 * minutes, return_when=asyncio.FIRST_COMPLETED
                )
                failures += [f"a task ended: {task}" for task in done]
                await _end([writing, measuring])
                if count := await wrong(mirrors, canvas):
                    failures.append(f"{count} mirrors are wrong")
                tally["reconnects of mirrors"] = sum(mirror.counters.reconnects for mirror in mirrors)
                await _end(tasks)
                for mirror in mirrors:
                    await mirror.aclose()
    failures += [f"{tally['broken files']} broken files"] if tally["broken files"] else []
    left = asyncio.all_tasks() - {asyncio.current_task()}
    failures += [f"left running: {left}"] if left else []
    if not await eventually(lambda: descriptors(os.getpid()) <= before + 1, 5):  # one of the child process
        failures.append(f"{descriptors(os.getpid())} descriptors are open, {before} were")
    return report(tally, series, failures)


async def _end(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)


def report(tally: Counter[str], series: dict[str, Series], failures: list[str]) -> int:
    """Print the results; returns the exit status."""
    for what, count in sorted(tally.items()):
        print(f"{what}: {count}")
    for name, each in series.items():
        (rise, hourly), most = each.rise(), MAY_RISE[each.unit]
        lows = [round(value, 1) for _, value in each.lows()]
        print(f"{name}: {lows[0]} to {lows[-1]}, a line rises by {rise:+.2f} {each.unit} ({hourly:+.1f} an hour)")
        if rise > most:
            failures.append(f"{name} rises by {rise:.2f} {each.unit}, and may by {most:g}")
    for failure in failures:
        print(f"FAILED: {failure}")
    return 1 if failures else 0


def main() -> int:
    options = argparse.ArgumentParser(prog="soak", description="Check that nothing grows.")
    options.add_argument("--minutes", type=float, default=10.0)
    options.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.serve:
        asyncio.run(serve())
        return 0
    return asyncio.run(soak(given.minutes))


if __name__ == "__main__":
    sys.exit(main())
