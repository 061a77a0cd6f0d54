"""Every example in the documentation runs unchanged and prints what the page shows, and every link has a target."""

import asyncio
import contextlib
import inspect
import io
import logging
import os
import re
import shutil
import signal
import ssl
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from canvus_async import Canvas, Point
from canvus_async.server import CanvusServer
from examples import proxy_aiohttp
from tests import relays
from tests.files import picture
from tests.project import pages

PHOTO = picture(1600, 1200)
CONNECTION = ("CANVUS_URL", "CANVUS_TOKEN", "CANVAS")


@dataclass
class Stage:
    """The environment of the examples of one page: a folder, a server with a canvas, and values for parameters."""

    folder: Path
    server: CanvusServer
    canvas: Canvas
    environment: dict[str, str]
    replacing: dict[str, str]
    things: dict[str, Any] = field(default_factory=dict)

    async def put_picture(self, name: str = "photo.jpg", color: str = "teal") -> str:
        """Upload an image and return its hash."""
        image = await self.canvas.images.upload(picture(1600, 1200, color=color), filename=name, wait_ready=True)
        return image.hash


@pytest.fixture
def stage(
    *,
    tmp_path: Path,
    server: CanvusServer,
    canvas: Canvas,
    certificate: Path,
    serving: ssl.SSLContext,
    monkeypatch: pytest.MonkeyPatch,
) -> Stage:
    """An empty canvas, and a folder with a photo. The commands run the code of this checkout."""
    commands, folder = tmp_path / "commands", tmp_path / "folder"
    commands.mkdir()
    folder.mkdir()
    for name, command in (("python", sys.executable), ("canvus", f"{sys.executable} -m canvus_async")):
        (commands / name).write_text(f'#!/bin/sh\nexec {command} "$@"\n', encoding="utf-8")
        (commands / name).chmod(0o755)
    (folder / "photo.jpg").write_bytes(PHOTO)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("CANVUS_URL", server.url)
    monkeypatch.setenv("CANVUS_TOKEN", server.token)
    monkeypatch.setattr(logging.getLogger("canvus_async"), "handlers", [])
    monkeypatch.setattr(logging.getLogger("canvus_async"), "level", logging.NOTSET)
    environment = {
        **os.environ,
        "PATH": f"{commands}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(pages.ROOT),
        **dict(zip(CONNECTION, (server.url, server.token, canvas.id), strict=True)),
    }
    replacing = {
        "https://canvus.example.com": server.url,
        '"..."': repr(server.token),
        "3ad9ece4-28be-4e19-9f9a-1a01a4dbae28": canvas.id,
    }
    things = {
        "canvas": canvas,
        "server": server,
        "canvus_server": server,
        "canvus_canvas": canvas,
        "text": "hello",
        "note_id": "missing",
        "certificate": certificate,
        "serving": serving,
    }
    return Stage(folder, server, canvas, environment, replacing, things)


# -- what a page needs before its first example --


@asynccontextmanager
async def a_picture(stage: Stage) -> AsyncIterator[None]:
    stage.environment["HASH"] = await stage.put_picture()
    yield


@asynccontextmanager
async def a_backend(stage: Stage) -> AsyncIterator[None]:
    if shutil.which("curl") is None:
        pytest.skip("no curl here")
    stage.environment["HASH"] = await stage.put_picture()
    runner = web.AppRunner(proxy_aiohttp.application(stage.server.url, stage.server.token, stage.canvas.id))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    stage.environment["BACKEND"] = f"http://127.0.0.1:{site.port}"
    yield
    await runner.cleanup()


@asynccontextmanager
async def a_proxy(stage: Stage) -> AsyncIterator[None]:
    async with relays.proxy() as proxy:
        stage.replacing["http://proxy.example.com:3128"] = proxy.url
        yield
    assert proxy.asked == [f"GET {stage.server.url}/api/v1/server-info HTTP/1.1"]


@asynccontextmanager
async def private_tls(stage: Stage) -> AsyncIterator[None]:
    certificate, context = stage.things["certificate"], stage.things["serving"]
    _, begin, text = certificate.read_text(encoding="ascii").partition("-----BEGIN CERTIFICATE-----")
    for name in ("canvus-ca.pem", "canvus-server.pem"):  # it signed itself
        Path(name).write_text(begin + text, encoding="ascii")
    async with relays.tls_in_front_of(stage.server.url, context) as front:
        stage.replacing["https://canvus.example.com"] = stage.environment["CANVUS_URL"] = front.url
        yield


@asynccontextmanager
async def nothing_set(stage: Stage) -> AsyncIterator[None]:
    for name in CONNECTION:
        del stage.environment[name]
    yield


async def a_note(stage: Stage) -> None:
    stage.things["widget"] = await stage.canvas.notes.create(text="hello", location=Point(1, 2))


SCENES: dict[str, Callable[[Stage], contextlib.AbstractAsyncContextManager[None]]] = {
    "docs/howto/bulk-export.md": a_picture,
    "docs/howto/web-backend.md": a_backend,
    "docs/howto/proxy.md": a_proxy,
    "docs/howto/tls.md": private_tls,
    "docs/howto/snapshot.md": a_picture,
    "docs/explanation/cache.md": a_picture,
    "docs/tutorial.md": nothing_set,
}


# -- what happens before an example, or during one that does not end by itself --


async def greetings(stage: Stage) -> None:
    for text in ("hello", "is anybody there?"):
        await stage.canvas.notes.create(text=text)


async def words(stage: Stage) -> None:
    await asyncio.sleep(0.3)  # longer than the timeout of the example
    for text in ("one", "enough"):
        await stage.canvas.notes.create(text=text)


async def a_change(stage: Stage) -> None:
    while not (stage.folder / "now.png").exists():
        await asyncio.sleep(0.005)
    await stage.canvas.notes.create(text="hello")


async def pictures(stage: Stage) -> None:
    await stage.put_picture("cat.jpg", "orange")
    await stage.put_picture("dog.jpg", "brown")


async def a_lost_response(stage: Stage) -> None:
    stage.server.faults.lose_next(method="POST")


async def server_is_set(stage: Stage) -> None:
    settings = (stage.server.url, stage.server.token, stage.canvas.id)
    stage.environment |= dict(zip(CONNECTION, settings, strict=True))


BEFORE: dict[str, Callable[[Stage], Awaitable[None]]] = {
    "canvus doctor": server_is_set,
    "say_once": a_lost_response,
    "words": a_note,
}
MEANWHILE: dict[str, Callable[[Stage], Awaitable[None]]] = {
    "python follow.py": greetings,
    "with_timeout": words,
    "slow_answers": pictures,
    "follow": a_change,
}


# -- running --


class Running:
    """A running example and its output so far."""

    def __init__(self, example: pages.Example) -> None:
        self.example = example
        self.said = ""

    def check(self) -> None:
        shown = self.example.shown
        assert shown is None or pages.fits(self.said, shown), f"{self.example.page} shows {shown!r}, said: {self.said}"

    async def until_shown(self) -> None:
        """Wait until its output is what the page shows."""
        assert self.example.shown is not None
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(10):
                while not pages.fits(self.said, self.example.shown):
                    await asyncio.sleep(0.005)
        self.check()


async def run_python(example: pages.Example, stage: Stage) -> None:
    """Call the functions of an example one after another; the names of their parameters select the arguments."""
    if example.is_copy:
        return  # tests/project/test_examples.py runs the original
    if example.file:
        (stage.folder / example.file).write_text(example.text, encoding="utf-8")
        return
    running = Running(example)
    names = pages.defined(example, stage.replacing)
    for name, function in names.items():
        if not inspect.isfunction(function) or function.__module__ != names["__name__"]:
            continue
        if name in BEFORE:
            await BEFORE[name](stage)
        arguments = [stage.things[parameter] for parameter in inspect.signature(function).parameters]
        with contextlib.redirect_stdout(io.StringIO()) as out:
            if name in MEANWHILE:
                streams = stage.server.open_streams
                task = asyncio.create_task(function(*arguments))
                while stage.server.open_streams == streams:
                    await asyncio.sleep(0.001)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(10):
                        await MEANWHILE[name](stage)
                        while not task.done() and not pages.fits(out.getvalue(), example.shown or ""):
                            await asyncio.sleep(0.001)
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task
            else:
                answer = function(*arguments)
                if inspect.isawaitable(answer):
                    await answer
        running.said += out.getvalue()
    running.check()


async def run_shell(example: pages.Example, stage: Stage) -> None:
    """Run commands in a shell. One that does not end is interrupted when its output is what the page shows."""
    running, command = Running(example), example.text.strip()
    if command in BEFORE:
        await BEFORE[command](stage)
    process = await asyncio.create_subprocess_exec(
        *("bash", "-euc", "exec " * (command in MEANWHILE) + command),
        cwd=stage.folder,
        env=stage.environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        assert process.stdout is not None
        if command in MEANWHILE:

            async def listen(output: asyncio.StreamReader) -> None:
                async for line in output:
                    running.said += line.decode()

            async with asyncio.TaskGroup() as group:
                group.create_task(listen(process.stdout))
                await MEANWHILE[command](stage)
                await running.until_shown()
                process.send_signal(signal.SIGINT)
        else:
            running.said = (await process.stdout.read()).decode()
            assert await process.wait() == 0, running.said
            running.check()
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
        await process.wait()


@pytest.mark.parametrize("page", [page for page in pages.pages()[1:] if pages.examples(page)])
async def test_the_examples_of_a_page_run_and_print_what_it_shows(page: str, stage: Stage) -> None:
    async with AsyncExitStack() as scenery:
        if page in SCENES:
            await scenery.enter_async_context(SCENES[page](stage))
        for example in pages.examples(page):
            await (run_python if example.language == "python" else run_shell)(example, stage)


def test_the_names_of_saved_examples_differ() -> None:
    modules = [example.module for page in pages.pages() for example in pages.examples(page) if example.language != "sh"]

    assert len(modules) == len(set(modules)) > 20


# -- links --


TOP_PAGES = ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "benchmarks/README.md")


def without_code(text: str) -> str:
    """The text of a page with a word in place of each block of code."""
    return re.sub(r"^```.*?^```$", "code", text, flags=re.MULTILINE | re.DOTALL)


def anchors(path: Path) -> set[str]:
    """The anchors that GitHub, GitLab and the site make of the headings of a page."""
    headings = re.findall(r"^#+ (.*)$", without_code(path.read_text(encoding="utf-8")), flags=re.MULTILINE)
    found = [re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings]
    assert len(found) == len(set(found)), f"{path}: two equal headings"
    return set(found)


@pytest.mark.parametrize("page", sorted({*TOP_PAGES, *pages.pages()}))
def test_the_links_of_a_page_lead_to_files_and_headings(page: str) -> None:
    path = pages.ROOT / page
    text = without_code(path.read_text(encoding="utf-8"))
    targets = re.findall(r"\]\(([^()\s]+)\)", text) + re.findall(r"^\[[^\]]+\]: (\S+)$", text, flags=re.MULTILINE)
    for target in targets:
        if "://" in target:
            continue
        name, _, anchor = target.partition("#")
        file = (path.parent / name).resolve() if name else path
        assert file.exists(), f"{page}: {target}"
        assert not anchor or anchor in anchors(file), f"{page}: {target}"


@pytest.mark.parametrize("page", sorted({*TOP_PAGES, *pages.pages()}))
def test_a_page_is_readable_without_a_build(page: str) -> None:
    text = (pages.ROOT / page).read_text(encoding="utf-8")

    assert not re.findall(r"^`{3,}\{.*|^:{3,}\{.*|\{[a-z:]+\}`", text, flags=re.MULTILINE), (
        "a directive or role of Sphinx"
    )
    parts = re.split(r"^(#+) .*$", f"{without_code(text)}\n# end", flags=re.MULTILINE)
    for level, body, following in zip(parts[1::2], parts[2::2], parts[3::2], strict=False):
        assert body.strip() or len(following) > len(level), f"{page}: a section without text"
