"""Bulk jobs that are closed or cancelled while they wait for a disk, a source or a server."""

import asyncio
import gc
import os
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from canvus_async import Canvas, LocalWriteError
from canvus_async.content.part_file import BATCH
from canvus_async.generators import ResumableGenerator
from tests.content.test_fetcher import WEBP, client
from tests.files import picture
from tests.raw_server import Exchange, raw_server


async def levels(exchange: Exchange) -> None:
    while True:
        await exchange.request()
        await exchange.answer(WEBP)


async def hangs(exchange: Exchange) -> None:
    await exchange.request()
    await exchange.gone()


class Gate:
    """A system call that waits in its thread until the test lets it go on."""

    def __init__(self, patch: pytest.MonkeyPatch, name: str) -> None:
        self._entered, self._left = threading.Event(), threading.Event()
        self._call: Callable[..., Any] = getattr(os, name)
        patch.setattr(os, name, self)

    def __call__(self, *args: Any, **options: Any) -> Any:
        self._entered.set()
        assert self._left.wait(10)
        return self._call(*args, **options)

    async def entered(self) -> None:
        assert await asyncio.to_thread(self._entered.wait, 10)

    def open(self) -> None:
        self._left.set()


async def cancelled(task: asyncio.Task[Any]) -> bool:
    """Whether a task ends with its cancellation."""
    await asyncio.wait([task], timeout=10)
    return task.cancelled()


async def test_dry_run_beside_a_download_does_not_keep_its_files_from_being_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with raw_server(levels) as server, client(server.url) as canvus:
        canvas = canvus.canvas("c1")
        options = {"into": tmp_path, "levels": 0, "pages": 0, "originals": False}

        async def run(dry_run: bool) -> Any:
            (result,) = [each async for each in canvas.download_many(["a1b2c3d4"], **options, dry_run=dry_run)]
            return result

        gate = Gate(monkeypatch, "access")
        dry = asyncio.create_task(run(True))
        await gate.entered()
        real = asyncio.create_task(run(False))
        while not (tmp_path / "export.jsonl").exists():  # it has opened the folder, and looks for the file next
            await asyncio.sleep(0)
        gate.open()
        planned, downloaded = await dry, await real

    assert (planned.missing, planned.fetched) == (True, False)
    assert (downloaded.missing, downloaded.fetched) == (False, True)
    assert downloaded.path.read_bytes() == WEBP


# -- closing --


async def test_cancelling_aclose_does_not_leave_half_a_file_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def endless(exchange: Exchange) -> None:
        await exchange.request()
        await exchange.start(200, "Content-Length: 1000000000")
        await exchange.send(bytes(2 * BATCH))
        await exchange.gone()

    async with raw_server(endless) as server, client(server.url) as canvus:
        results = canvus.canvas("c1").assets.download_many(["aa"], into=tmp_path)
        disk = Gate(monkeypatch, "writev")
        reading = asyncio.create_task(anext(results, "closed"))
        await disk.entered()
        closing = asyncio.create_task(results.aclose())  # type: ignore[arg-type]  # a coroutine
        await asyncio.sleep(0)
        closing.cancel()
        for _ in range(5):
            await asyncio.sleep(0)
        assert not closing.done()
        disk.open()
        assert await cancelled(closing)
        assert [path.name for path in tmp_path.iterdir()] == ["export.jsonl"]
        assert await reading == "closed"


async def test_closing_a_job_ends_the_read_of_another_task_and_all_later_ones() -> None:
    async with raw_server(hangs) as server, client(server.url) as canvus:
        results = canvus.canvas("c1").mipmaps.fetch_many(["aa"], levels=0)
        reading = asyncio.create_task(anext(results, "closed"))
        await server.until_requests(1)
        await results.aclose()
        assert await reading == "closed"
        assert [result async for result in results] == []
        await results.aclose()
        await server.until_open(0)


async def test_job_that_was_read_to_its_end_stays_at_its_end() -> None:
    async with raw_server(levels) as server, client(server.url) as canvus:
        results = canvus.canvas("c1").mipmaps.fetch_many(["aa"], levels=0)
        assert len([result async for result in results]) == 1
        assert [result async for result in results] == []

    assert len(server.requests) == 1


async def test_closing_a_job_ends_although_its_source_fails_then() -> None:
    """A result waits in the queue, which is full, and nobody reads it any more."""
    asked, ended = asyncio.Event(), asyncio.Event()

    async def source() -> AsyncIterator[str]:
        yield "aa"
        yield "bb"
        asked.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
            raise ValueError("the source cannot stop in peace")

    async with raw_server(levels) as server, client(server.url) as canvus:
        results = canvus.canvas("c1").mipmaps.fetch_many(source(), levels=0, concurrency=1)
        await anext(results)
        await asked.wait()
        async with asyncio.timeout(10):
            await results.aclose()

    assert ended.is_set()


# -- opening the folder --


@pytest.mark.parametrize("outcome", ["opened", "refused"])
async def test_job_that_is_closed_while_its_folder_is_opened_waits_and_closes_the_manifest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, outcome: str
) -> None:
    """The fixtures check that no descriptor is left open."""
    into = tmp_path / "into"
    if outcome == "refused":
        into.write_bytes(b"a file in its place")
    async with raw_server(hangs) as server, client(server.url) as canvus:
        results = canvus.canvas("c1").assets.download_many(["aa"], into=into)
        disk = Gate(monkeypatch, "makedirs")
        reading = asyncio.create_task(anext(results, "closed"))
        await disk.entered()
        closing = asyncio.create_task(results.aclose())  # type: ignore[arg-type]  # a coroutine
        for _ in range(5):
            await asyncio.sleep(0)
        assert not closing.done()
        disk.open()
        await closing
        assert await reading == "closed"

    assert server.connections == 0
    assert (into / "export.jsonl").exists() == (outcome == "opened")


# -- what is in the folder already --


@pytest.mark.parametrize(("problem", "fetched"), [(FileNotFoundError(2, "gone"), True), (OSError(5, "I/O"), False)])
async def test_file_that_vanishes_while_it_is_looked_at_is_fetched_and_one_that_cannot_be_looked_at_is_an_error(
    canvas: Canvas, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, problem: OSError, fetched: bool
) -> None:
    image = await canvas.images.upload(picture(), filename="a.jpg", wait_ready=True)
    look = os.stat

    def stat(path: Any, **options: Any) -> os.stat_result:
        if str(path).endswith(".jpg") and options.get("follow_symlinks") is False:
            raise problem
        return look(path, **options)

    (first,) = [result async for result in canvas.assets.download_many([image], into=tmp_path)]
    monkeypatch.setattr(os, "stat", stat)
    (second,) = [result async for result in canvas.assets.download_many([image], into=tmp_path)]

    assert first.path is not None
    assert first.path.read_bytes() == picture()
    assert second.fetched == fetched
    assert (second.path is None) == isinstance(second.error, LocalWriteError) == (not fetched)


# -- the generator that users see --


def test_generator_whose_constructor_fails_is_collected_in_silence() -> None:
    with pytest.raises(TypeError):
        ResumableGenerator()  # type: ignore[call-arg]
    gc.collect()


async def test_job_can_be_driven_as_a_generator() -> None:
    async with raw_server(levels) as server, client(server.url) as canvus:
        results = canvus.canvas("c1").mipmaps.fetch_many(["aa", "bb"], levels=0)
        assert (await results.asend(None)).body == WEBP
        with pytest.raises(KeyError, match="thrown"):
            await results.athrow(KeyError("thrown"))
        assert [result async for result in results] == []

        results = canvus.canvas("c1").mipmaps.fetch_many(["aa"], levels=0)
        with pytest.raises(KeyError):
            await results.athrow(KeyError)
        results = canvus.canvas("c1").mipmaps.fetch_many(["aa"], levels=0)
        with pytest.raises(KeyError, match="value"):
            await results.athrow(KeyError, KeyError("value"))
