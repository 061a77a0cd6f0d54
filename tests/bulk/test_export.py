"""Fetching and downloading many: lazy, bounded, with errors as results, and nothing fetched twice."""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from pathlib import Path

import pytest

from canvus_async import Canvas, Limits, NotFound
from canvus_async.content.filesystem import PART
from canvus_async.models import Image
from canvus_async.server import CanvusServer
from tests.content.test_fetcher import WEBP
from tests.content.test_fetcher import client as quick_client
from tests.files import document, picture
from tests.raw_server import Exchange, raw_server


@pytest.fixture
async def images(canvas: Canvas) -> list[Image]:
    return [await canvas.images.upload(picture(300 + n, 200), filename=f"{n}.jpg", wait_ready=True) for n in range(5)]


async def test_levels_of_many_images_are_results_and_so_is_an_error(canvas: Canvas, images: list[Image]) -> None:
    results = [result async for result in canvas.mipmaps.fetch_many([*images, "0" * 64], levels=1)]

    assert {result.hash for result in results if result.error is None} == {image.hash for image in images}
    (failed,) = [result for result in results if result.error is not None]
    assert isinstance(failed.error, NotFound)
    assert all(result.body[8:12] == b"WEBP" for result in results if result.error is None)


async def test_second_run_fetches_only_what_is_missing(
    server: CanvusServer, canvas: Canvas, images: list[Image], tmp_path: Path
) -> None:
    await canvas.pdfs.upload(document(pages=2), wait_ready=True)
    widgets = await canvas.widgets.list()
    first = [result async for result in canvas.download_many(widgets, into=tmp_path / "export")]
    assert [result.error for result in first if result.error] == []
    assert all(result.path is not None and result.path.stat().st_size == result.bytes for result in first)

    lost = next(result.path for result in first if result.level is not None)
    assert lost is not None
    lost.unlink()
    before = len(server.requests)
    second = [result async for result in canvas.download_many(widgets, into=tmp_path / "export")]

    assert {result.path for result in second} == {result.path for result in first}
    assert [result.path for result in second if result.fetched] == [lost]
    levels = [r for r in server.requests[before:] if r.path.count("/") == 5 and "/mipmaps/" in r.path]
    assert len(levels) <= 1  # none if the memory cache still has it
    lines = [json.loads(line) for line in (tmp_path / "export" / "export.jsonl").read_text().splitlines()]
    assert {line["hash"] for line in lines} == {result.hash for result in first}
    assert not [path for path in (tmp_path / "export").rglob("*") if PART in path.name]


async def test_leaving_early_leaves_no_part_file(canvas: Canvas, images: list[Image], tmp_path: Path) -> None:
    async with aclosing(canvas.assets.download_many(images, into=tmp_path)) as results:
        async for result in results:
            assert result.path is not None
            break
    assert not [path for path in tmp_path.rglob("*") if PART in path.name]


async def test_source_is_read_only_as_needed() -> None:
    taken = 0

    def endless() -> Iterator[str]:
        nonlocal taken
        while True:
            taken += 1
            yield f"{taken:012x}"

    async def serve(exchange: Exchange) -> None:
        while True:
            await exchange.request()
            await exchange.answer(WEBP)

    async with raw_server(serve) as server, quick_client(server.url, limits=Limits(mipmaps=4), cache=None) as client:
        seen = 0
        async with aclosing(client.canvas("c1").mipmaps.fetch_many(endless(), levels=0)) as results:
            async for result in results:
                assert result.error is None
                seen += 1
                if seen == 50:
                    break
    assert taken < 50 + 100


async def test_on_error_raise_with_an_async_source(canvas: Canvas, images: list[Image]) -> None:
    async def source() -> AsyncIterator[Image | str]:
        for image in images:
            yield image
        yield "0" * 64

    with pytest.raises(NotFound):
        async for _result in canvas.mipmaps.fetch_many(source(), levels=0, on_error="raise"):
            pass
