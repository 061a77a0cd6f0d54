"""The examples of the README run unchanged, its two commands are one line each, and it is short."""

import asyncio
from pathlib import Path

import pytest

from canvus_async import Canvas, Client
from canvus_async.server import CanvusServer
from tests.files import picture
from tests.project.pages import ROOT, defined, examples

PYTHON = [example for example in examples("README.md") if example.language == "python"]


def test_the_first_example_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the address, the token and the canvas id are replaced by those of a running server."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photo.jpg").write_bytes(picture(1200, 800))

    async def run() -> None:
        async with CanvusServer() as server:
            canvas_id = await server.create_canvas("Demo")
            replacing = {
                "https://canvus.example.com": server.url,
                '"..."': repr(server.token),
                "3ad9ece4-28be-4e19-9f9a-1a01a4dbae28": canvas_id,
            }
            await defined(PYTHON[0], replacing)["main"]()
            async with Client(server.url, token=server.token) as client:
                (image,) = await client.canvas(canvas_id).images.list()
                assert (image.location.x, image.location.y) == (2000, 1500)

    asyncio.run(run())
    assert (tmp_path / "original.jpg").read_bytes() == picture(1200, 800)


async def test_the_examples_that_follow_a_canvas_run(canvas: Canvas, capsys: pytest.CaptureFixture[str]) -> None:
    names = defined(PYTHON[1])
    tasks = [asyncio.create_task(names[name](canvas)) for name in ("greet", "report")]
    async with canvas.notes.live() as live, asyncio.timeout(5):
        note = await canvas.notes.create(text="hello")
        await live.wait_for(lambda seen: seen.text == "hello, you" and seen.background_color == "#ffee88ff")
        output = ""
        while f"updated {note.id}" not in output:
            await asyncio.sleep(0.001)
            output += capsys.readouterr().out
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)


async def test_the_example_for_tests_runs() -> None:
    await defined(PYTHON[2])["test_my_bot"]()


def test_the_two_commands_are_one_line_each_and_the_page_is_short() -> None:
    commands = [example.text for example in examples("README.md") if example.language == "sh"]

    assert [command.count("\n") for command in commands] == [1, 1]
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) < 150
