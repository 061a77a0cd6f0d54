"""The README is true: its examples run as they stand, its commands exist, its length is kept."""

import asyncio
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from canvus_async import Canvas, Client
from canvus_async.server import CanvusServer
from tests.files import picture

README = Path(__file__).parent.parent / "README.md"


def examples() -> list[str]:
    """The Python in the README, block by block."""
    return re.findall(r"^```python\n(.*?)^```", README.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def test_the_first_example_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the address, the token and the canvas id are replaced by those of a server that is there."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photo.jpg").write_bytes(picture(1200, 800))

    async def run() -> None:
        async with CanvusServer() as server:
            canvas_id = await server.create_canvas("Demo")
            text = examples()[0].replace("https://canvus.example.com", server.url).replace('"..."', repr(server.token))
            text = text.replace("3ad9ece4-28be-4e19-9f9a-1a01a4dbae28", canvas_id)
            names: dict[str, Any] = {}
            exec(compile(text.replace("asyncio.run(main())", ""), "README.md", "exec"), names)
            await names["main"]()
            async with Client(server.url, token=server.token) as client:
                (image,) = await client.canvas(canvas_id).images.list()
                assert (image.location.x, image.location.y) == (2000, 1500)

    asyncio.run(run())
    assert (tmp_path / "original.jpg").read_bytes() == picture(1200, 800)


async def test_the_examples_that_follow_a_canvas_run(canvas: Canvas, capsys: pytest.CaptureFixture[str]) -> None:
    names: dict[str, Any] = {}
    exec(compile(examples()[1], "README.md", "exec"), names)
    tasks = [asyncio.create_task(names[name](canvas)) for name in ("greet", "tell")]
    async with canvas.notes.live() as live, asyncio.timeout(5):
        note = await canvas.notes.create(text="hello")
        await live.wait_for(lambda seen: seen.text == "hello, you" and seen.background_color == "#ffee88ff")
        told = ""
        while f"updated {note.id}" not in told:
            await asyncio.sleep(0.001)
            told += capsys.readouterr().out
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)


async def test_the_example_for_tests_runs() -> None:
    names: dict[str, Any] = {}
    exec(compile(examples()[2], "README.md", "exec"), names)
    await names["test_my_bot"]()


def test_the_two_commands_are_one_line_each_and_the_page_is_short() -> None:
    text = README.read_text(encoding="utf-8")
    commands = re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)

    assert [command.count("\n") for command in commands] == [1, 1]
    assert len(text.splitlines()) < 150


if __name__ == "__main__":
    folder = Path(sys.argv[1])  # for the type checkers: each example as a module
    for number, example in enumerate(examples()):
        (folder / f"readme_{number}.py").write_text(example, encoding="utf-8")
