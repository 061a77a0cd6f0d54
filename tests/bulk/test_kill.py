"""Kills at random moments, and several processes: files are whole, and whole files are not fetched again."""

import asyncio
import json
import os
import random
import re
import signal
import sys
from pathlib import Path

import pytest

from canvus_async import Canvas, Client
from canvus_async.content.filesystem import PART
from canvus_async.server import CanvusServer
from tests.files import document, picture

KILLS = 10


def whole_files(folder: Path) -> set[str]:
    """The finished files, relative to the folder."""
    found = (path for path in folder.rglob("*") if path.is_file() and PART not in path.name)
    return {path.relative_to(folder).as_posix() for path in found if path.name != "export.jsonl"}


def names_of_requests(server: CanvusServer) -> list[str]:
    """The names of the files that were requested (without the suffix of originals)."""
    names = []
    for request in server.requests:
        if match := re.fullmatch(r".*/mipmaps/(\w+)/(\d+)(?:\?page=(\d+))?", request.path):
            names.append(f"mipmaps/{match[1]}-{match[3] or 0}-{match[2]}.webp")
        elif match := re.fullmatch(r".*/assets/(\w+)", request.path):
            names.append(match[1])
    return names


async def filled(canvas: Canvas) -> None:
    for number in range(12):
        await canvas.images.upload(picture(300 + 40 * number, 240), filename=f"{number}.jpg", wait_ready=True)
    await canvas.pdfs.upload(document(pages=3), filename="a.pdf", wait_ready=True)


async def number_of_files(canvas: Canvas) -> int:
    """The number of files of a finished download."""
    number = 0
    for widget in [*await canvas.images.list(), *await canvas.pdfs.list()]:
        number += 1
        for page in range((await canvas.mipmaps.info(widget.hash)).pages):
            number += (await canvas.mipmaps.info(widget.hash, page=page)).max_level + 1
    return number


async def check(server: CanvusServer, canvas: Canvas, folder: Path) -> None:
    """Check that every file of the canvas exists with the bytes of the server, and is in the manifest."""
    expected: dict[str, bytes] = {}
    widgets: dict[str, set[str]] = {}
    async with Client(server.url, token=server.token, cache=None) as client:
        fresh = client.canvas(canvas.id)
        for widget in [*await fresh.images.list(), *await fresh.pdfs.list()]:
            suffix = Path(widget.original_filename).suffix
            names = [f"{widget.hash}{suffix}"]
            expected[names[0]] = await fresh.assets.fetch(widget.hash)
            for page in range((await fresh.mipmaps.info(widget.hash)).pages):
                for level in range((await fresh.mipmaps.info(widget.hash, page=page)).max_level + 1):
                    names.append(f"mipmaps/{widget.hash}-{page}-{level}.webp")
                    expected[names[-1]] = await fresh.mipmaps.fetch(widget.hash, level, page=page)
            for name in names:
                widgets.setdefault(name, set()).add(widget.id)
    assert whole_files(folder) == expected.keys()
    assert {name for name, body in expected.items() if (folder / name).read_bytes() != body} == set()
    lines = [json.loads(line) for line in (folder / "export.jsonl").read_text().splitlines()]
    assert {line["path"] for line in lines} == expected.keys()
    assert all(line["bytes"] == len(expected[line["path"]]) for line in lines)
    told = {name: {each for line in lines if line["path"] == name for each in line["widgets"]} for name in expected}
    assert told == widgets


@pytest.mark.row("D20")
async def test_killed_download_resumes_and_fetches_no_whole_file_again(
    server: CanvusServer, canvas: Canvas, tmp_path: Path
) -> None:
    await filled(canvas)
    environment = {**os.environ, "CANVUS_URL": server.url, "CANVUS_TOKEN": server.token}
    command = [sys.executable, "-m", "canvus_async", "download", canvas.id, "--into", str(tmp_path / "export")]
    slowly = [*command, "--concurrency", "3"]
    server.faults.delay(0.02, match="/mipmaps/")
    server.faults.delay(0.05, match="/assets/")
    held = (await canvas.pdfs.list())[0].hash
    server.faults.delay(60, match=f"/assets/{held}")  # so that no process finishes before it is killed
    total = await number_of_files(canvas)
    dice = random.Random(20)
    folder = tmp_path / "export"
    for _ in range(KILLS):
        there = whole_files(folder)
        server.requests.clear()
        process = await asyncio.create_subprocess_exec(*slowly, env=environment, stderr=asyncio.subprocess.DEVNULL)
        goal = min(len(there) + dice.randrange(1, 4), total - 1)
        async with asyncio.timeout(30):
            while len(whole_files(folder)) < goal:
                await asyncio.sleep(0.001)
        await asyncio.sleep(dice.random() * 0.02)
        process.kill()
        assert await process.wait() == -signal.SIGKILL
        stems = {Path(name).stem if "/" not in name else name for name in there}
        assert [name for name in names_of_requests(server) if name in stems] == []

    server.faults.clear()
    there = whole_files(folder)
    server.requests.clear()
    process = await asyncio.create_subprocess_exec(*command, env=environment, stderr=asyncio.subprocess.DEVNULL)
    assert await process.wait() == 0
    stems = {Path(name).stem if "/" not in name else name for name in there}
    asked = names_of_requests(server)
    assert [name for name in asked if name in stems] == []
    assert len(asked) == len(set(asked))
    server.faults.clear()
    await check(server, canvas, folder)


MANY = """
import asyncio, sys
from contextlib import aclosing
from canvus_async import Client, DiskCache

async def one(canvas, widgets, into):
    async with aclosing(canvas.download_many(widgets, into=into)) as results:
        async for result in results:
            assert result.error is None, result.error

async def main(url, token, canvas_id, into, cache):
    async with Client(url, token=token, cache=DiskCache(cache)) as client:
        canvas = client.canvas(canvas_id)
        widgets = await canvas.widgets.list()
        await asyncio.gather(*(one(canvas, widgets, into) for _ in range(20)))

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.mark.row("D18")
async def test_processes_and_tasks_share_a_folder_and_a_cache(
    server: CanvusServer, canvas: Canvas, tmp_path: Path
) -> None:
    await filled(canvas)
    arguments = [server.url, server.token, canvas.id, str(tmp_path / "export"), str(tmp_path / "cache")]
    server.requests.clear()
    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-W", "error", "-c", MANY, *arguments, stderr=asyncio.subprocess.PIPE
        )
        for _ in range(2)
    ]
    for process in processes:
        _, errors = await process.communicate()
        assert (process.returncode, errors.decode()) == (0, "")

    asked = names_of_requests(server)
    assert max(asked.count(name) for name in set(asked)) <= 2  # once for each process
    await check(server, canvas, tmp_path / "export")
    assert not [path for path in tmp_path.rglob("*") if PART in path.name]
