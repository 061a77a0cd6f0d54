"""`canvus demo`: upload files, download them again, compare, and draw a picture of the canvas."""

import asyncio
import hashlib
import io
import tempfile
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import msgspec
from PIL import Image as Picture
from rich.console import Console
from rich.filesize import decimal
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from canvus_async.canvas import Canvas
from canvus_async.cli import demo_files
from canvus_async.cli.config import Token, Url
from canvus_async.cli.demo_canvas import arrange
from canvus_async.cli.listing import Json
from canvus_async.cli.snapshot import SnapshotOptions, save
from canvus_async.client import Client
from canvus_async.models import AssetWidget, MipmapInfo
from canvus_async.server import CanvusServer


async def demo(
    *files: Path,
    out: Path = Path("canvus-demo"),
    as_json: Json = False,
    url: Url = None,
    token: Token = None,
) -> int:
    """Upload files, download all mipmap levels and originals, and compare.

    Without a URL, the demo starts a server and stops it afterwards. At the end it arranges the canvas and draws it into
    canvas.png. The exit status is 1 if a download differs.

    Args:
        files: Images and PDFs to upload; by default the demo creates a dozen images and a PDF.
        out: Folder for the downloads.
        as_json: Print a report as one JSON document.
        url: Address of a Canvus server to use instead of one that the demo starts.
        token: Your access token on that server.
    """
    console = Console(stderr=True)
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="canvus-demo-") as created:
        for path in files:
            if not path.is_file():
                raise FileNotFoundError(f"{path} is not a file")
        async with _server(url, token) as (address, key), Client(address, token=key) as client:
            info = await client.canvases.create("canvus demo")
            if not files:
                console.print("creating a dozen images and a PDF …")
            paths = list(files) or await asyncio.to_thread(demo_files.create, Path(created))
            trip = RoundTrip(client.canvas(info.id), out)
            with _progress_bar(console) as bar:
                await trip.run(paths, bar)
            seconds, requests = time.monotonic() - started, client.requests_sent
            if not as_json:
                trip.report(Console(), seconds=seconds, requests=requests)
            path = await _draw(trip, len(paths))
            if as_json:
                run = {"seconds": round(seconds, 3), "requests": requests, "picture": str(path)}
                print(msgspec.json.encode(trip.json_report() | run).decode())
            else:
                print(f"picture of the canvas: {path}")
    return 1 if trip.faults else 0


async def _draw(trip: "RoundTrip", files: int) -> Path:
    """Arrange the canvas, draw it, and return the path of the picture."""
    steps = (
        f"1. Upload\n{files} files, {decimal(trip.bytes_up)}",
        f"2. Mipmaps\n{trip.levels} WebP levels downloaded",
        f"3. Originals\n{trip.originals} downloaded, {len(trip.faults) or 'no'} differences",
    )
    await arrange(trip.canvas, trip.uploaded, title="canvus demo", steps=steps)
    path = trip.out / "canvas.png"
    await save(
        SnapshotOptions(path, 1920, "content", "png"), await trip.canvas.camera().take(width=1920, region="content")
    )
    return path


@asynccontextmanager
async def _server(url: str | None, token: str | None) -> AsyncGenerator[tuple[str, str | None]]:
    if url is not None:
        yield url, token
        return
    async with CanvusServer() as server:
        yield server.url, server.token


def _progress_bar(console: Console) -> Progress:
    columns = (TextColumn("{task.description:>9}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console)


class RoundTrip:
    """Uploads files, downloads their mipmap levels and originals, and lists the differences in `faults`."""

    def __init__(self, canvas: Canvas, out: Path) -> None:
        self.canvas = canvas
        self.out = out
        self.faults: list[str] = []
        self.uploaded: list[AssetWidget] = []
        self.levels = 0
        self.originals = 0
        self.bytes_up = 0
        self.bytes_down = 0

    async def run(self, paths: list[Path], bar: Progress) -> None:
        """Upload and download everything concurrently, within the limits of the client."""
        (self.out / "originals").mkdir(parents=True, exist_ok=True)
        uploading = bar.add_task("uploaded", total=len(paths))
        originals = bar.add_task("originals", total=len(paths))
        levels = bar.add_task("mipmaps", total=None)
        widgets: dict[int, AssetWidget] = {}

        async def one(number: int, path: Path) -> None:
            kind = self.canvas.pdfs if path.suffix.lower() == ".pdf" else self.canvas.images
            widget = await kind.upload(path, wait_ready=True)
            widgets[number] = widget
            bar.advance(uploading)
            group.create_task(original(path, widget))
            pages = (await self.canvas.mipmaps.info(widget.hash)).pages
            for page in range(pages):
                group.create_task(all_levels(path, widget, page))

        async def original(path: Path, widget: AssetWidget) -> None:
            await self._original(path, widget)
            bar.advance(originals)

        async def all_levels(path: Path, widget: AssetWidget, page: int) -> None:
            info = await self.canvas.mipmaps.info(widget.hash, page=page)
            for level in range(info.max_level + 1):
                group.create_task(one_level(path, widget, info, level, page))

        async def one_level(path: Path, widget: AssetWidget, info: MipmapInfo, level: int, page: int) -> None:
            await self._level(path, widget, info, level, page)
            bar.advance(levels)

        async with asyncio.TaskGroup() as group:
            for number, path in enumerate(paths):
                group.create_task(one(number, path))
        self.uploaded = [widgets[number] for number in range(len(paths))]
        bar.update(levels, total=self.levels)

    async def _original(self, path: Path, widget: AssetWidget) -> None:
        to = self.out / "originals" / f"{widget.hash}{path.suffix.lower()}"
        await self.canvas.assets.download(widget.hash, to=to)
        uploaded, downloaded = await asyncio.gather(*(asyncio.to_thread(_read, file) for file in (path, to)))
        self.originals += 1
        self.bytes_up += uploaded.size
        self.bytes_down += downloaded.size
        if uploaded != downloaded:
            self.faults.append(f"{path.name}: the downloaded original differs")

    async def _level(self, path: Path, widget: AssetWidget, info: MipmapInfo, level: int, page: int) -> None:
        folder = self.out / "mipmaps" / widget.hash / f"page-{page}"
        folder.mkdir(parents=True, exist_ok=True)
        to = folder / f"level-{level}.webp"
        await self.canvas.mipmaps.download(widget.hash, level, to=to, page=page)
        self.levels += 1
        body = to.read_bytes()
        self.bytes_down += len(body)
        if fault := await asyncio.to_thread(_level_fault, body, info, level):
            self.faults.append(f"{path.name}, page {page}, level {level}: {fault}")

    def json_report(self) -> dict[str, object]:
        """The report for `--json`."""
        return {
            "canvas_id": self.canvas.id,
            "uploaded": len(self.uploaded),
            "originals": self.originals,
            "mipmaps": self.levels,
            "bytes_up": self.bytes_up,
            "bytes_down": self.bytes_down,
            "faults": self.faults,
        }

    def report(self, console: Console, *, seconds: float, requests: int) -> None:
        """Print how much was transferred, and the differences."""
        table = Table("", "files", "bytes", title=f"canvas {self.canvas.id}")
        table.add_row("uploaded", str(self.originals), f"{self.bytes_up:,}")
        table.add_row("originals and mipmaps downloaded", str(self.originals + self.levels), f"{self.bytes_down:,}")
        table.caption = f"{seconds:.1f} seconds, {requests} requests, files in {self.out}"
        console.print(table)
        for fault in self.faults:
            console.print(f"[bold red]differs[/] {fault}")
        if not self.faults:
            console.print("[green]all originals are identical, all mipmap levels have the right size[/]")


class _FileDigest(NamedTuple):
    """The size and digest of a file."""

    size: int
    sha256: bytes


def _read(path: Path) -> _FileDigest:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").digest()
        return _FileDigest(file.tell(), digest)


def _level_fault(body: bytes, info: MipmapInfo, level: int) -> str:
    """What is wrong with a mipmap level: format, size (rounded up or down) or pixels. "" if it is correct."""
    try:
        with Picture.open(io.BytesIO(body)) as picture:
            picture.load()
            image_format, size = picture.format, picture.size
    except OSError as problem:
        return f"cannot be decoded ({problem})"
    if image_format != "WEBP":
        return f"is {image_format}, not WebP"
    expected = (info.resolution.width / 2**level, info.resolution.height / 2**level)
    if any(abs(side - right) >= 1 for side, right in zip(size, expected, strict=True)):
        return f"is {size[0]} x {size[1]}, not {expected[0]:g} x {expected[1]:g}"
    return ""
