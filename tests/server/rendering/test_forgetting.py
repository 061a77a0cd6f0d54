"""Levels that are removed while they are drawn or requested, and a renderer that is closed meanwhile."""

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from canvus_async.server.rendering import renderer as module
from canvus_async.server.rendering.renderer import Renderer
from tests.server.pictures_samples import opened, scene

NAME = "cbcb439a796b"


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.jpg"
    scene(1024, 768).save(path)
    return path


@pytest.fixture
async def renderer(tmp_path: Path):
    created = Renderer(tmp_path / "cache")
    yield created
    await created.aclose()


class Gate:
    """A function of the renderer that waits in its thread until the test lets it go on."""

    def __init__(self, patch: pytest.MonkeyPatch, name: str) -> None:
        self._entered, self._left = threading.Event(), threading.Event()
        self._call: Callable[..., Any] = getattr(module, name)
        patch.setattr(module, name, self)

    def __call__(self, *args: Any) -> Any:
        self._entered.set()
        assert self._left.wait(10)
        return self._call(*args)

    async def entered(self) -> None:
        assert await asyncio.to_thread(self._entered.wait, 10)

    def open(self) -> None:
        self._left.set()


async def test_levels_that_are_forgotten_while_they_are_drawn_are_removed_afterwards(
    renderer: Renderer, photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawing = Gate(monkeypatch, "draw_levels")
    asked = asyncio.create_task(renderer.level(NAME, photo, 0, 0))
    await drawing.entered()
    asked.cancel()  # the drawing is completed nevertheless
    renderer.forget(NAME)
    (forgetting,) = renderer._forgetting.values()
    drawing.open()
    await asyncio.wait([forgetting])

    assert renderer.renders == 1
    assert list((tmp_path / "cache").rglob("*.webp")) == []


async def test_level_that_is_requested_while_it_is_forgotten_is_drawn_again(
    renderer: Renderer, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await renderer.level(NAME, photo, 0, 1)
    removing = Gate(monkeypatch, "_remove_levels")
    renderer.forget(NAME)
    await removing.entered()
    asked = asyncio.create_task(renderer.level(NAME, photo, 0, 1))
    (forgetting,) = renderer._forgetting.values()
    await renderer.info(NAME, photo, 0)
    for _ in range(5):
        await asyncio.sleep(0)
    assert not asked.done()
    removing.open()
    await asyncio.wait([forgetting])

    assert opened(await asked).size == (512, 384)
    assert renderer.renders == 2


async def test_renderer_that_is_closed_while_it_forgets_waits_for_that(
    renderer: Renderer, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    level = await renderer.level(NAME, photo, 0, 0)
    stopped, early = threading.Event(), []
    shutdown, remove = renderer._threads.shutdown, module._remove_levels

    def noted(**options: Any) -> None:
        stopped.set()
        shutdown(**options)

    def slow(folder: Path) -> None:
        early.append(stopped.wait(0.2))
        remove(folder)

    monkeypatch.setattr(renderer._threads, "shutdown", noted)
    monkeypatch.setattr(module, "_remove_levels", slow)
    renderer.forget(NAME)
    await renderer.aclose()

    assert early == [False]
    assert not level.exists()


async def test_folder_of_a_hash_that_is_a_link_is_left_alone(renderer: Renderer, tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    (theirs / "0-0.webp").write_bytes(b"not ours")
    (tmp_path / "cache" / NAME[:2]).mkdir(parents=True)
    (tmp_path / "cache" / NAME[:2] / NAME).symlink_to(theirs)
    renderer.forget(NAME)
    await renderer.aclose()

    assert (theirs / "0-0.webp").read_bytes() == b"not ours"
