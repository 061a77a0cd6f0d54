"""Fetching and downloading many: lazily, bounded, errors as values, and never twice."""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from pathlib import Path

import pytest

from canvus_async import Canvas, Client, Limits, NotFound
from canvus_async.content.part_file import PART
from canvus_async.models import Image
from canvus_async.server import CanvusServer
from tests.content.test_fetcher import HASH, WEBP
from tests.content.test_fetcher import client as quick_client
from tests.files import document, picture
from tests.raw_server import Exchange, raw_server


@pytest.fixture
async def images(canvas: Canvas) -> list[Image]:
    return [await canvas.images.upload(picture(300 + n, 200), filename=f"{n}.jpg", wait_ready=True) for n in range(5)]


async def test_levels_of_many_pictures_come_as_they_finish_and_an_error_is_a_result(
    canvas: Canvas, images: list[Image]
) -> None:
    results = [result async for result in canvas.mipmaps.fetch_many([*images, "0" * 64], levels=1)]

    assert {result.hash for result in results if result.error is None} == {image.hash for image in images}
    (failed,) = [result for result in results if result.error is not None]
    assert isinstance(failed.error, NotFound)
    assert all(result.body[8:12] == b"WEBP" for result in results if result.error is None)


async def test_a_second_run_into_a_folder_fetches_only_what_is_missing(
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
    assert len(levels) <= 1  # none where the memory cache still has it
    lines = [json.loads(line) for line in (tmp_path / "export" / "export.jsonl").read_text().splitlines()]
    assert {line["hash"] for line in lines} == {result.hash for result in first}
    assert not [path for path in (tmp_path / "export").rglob("*") if PART in path.name]


async def test_leaving_early_leaves_no_half_file_and_nothing_running(
    canvas: Canvas, images: list[Image], tmp_path: Path
) -> None:
    async with aclosing(canvas.assets.download_many(images, into=tmp_path)) as results:
        async for result in results:
            assert result.path is not None
            break
    assert not [path for path in tmp_path.rglob("*") if PART in path.name]


async def test_the_source_is_read_only_as_far_as_there_is_room() -> None:
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


async def test_an_async_source_and_raising_the_first_error(canvas: Canvas, images: list[Image]) -> None:
    async def source() -> AsyncIterator[Image | str]:
        for image in images:
            yield image
        yield "0" * 64

    with pytest.raises(NotFound):
        async for _result in canvas.mipmaps.fetch_many(source(), levels=0, on_error="raise"):
            pass


@pytest.mark.row("D1")
async def test_d1_a_download_that_is_cut_goes_on_where_it_was(tmp_path: Path) -> None:
    body = bytes(range(256)) * 8000
    half = len(body) // 2

    async def cut(exchange: Exchange) -> None:
        await exchange.request()
        await exchange.start(200, f"Content-Length: {len(body)}", 'ETag: "one"', "Accept-Ranges: bytes")
        await exchange.send(body[:half])

    async def rest(exchange: Exchange) -> None:
        received = await exchange.request()
        start = int(received.headers["range"].removeprefix("bytes=").removesuffix("-"))
        await exchange.start(
            206,
            f"Content-Length: {len(body) - start}",
            f"Content-Range: bytes {start}-{len(body) - 1}/{len(body)}",
            'ETag: "one"',
        )
        await exchange.send(body[start:])

    async with raw_server(cut, rest) as server, quick_client(server.url) as client:
        path = await client.canvas("c1").assets.download(HASH, to=tmp_path / "a")

    assert path.read_bytes() == body
    assert server.requests[1].headers["if-range"] == '"one"'
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.row("D8", "D10")
async def test_d8_d10_a_part_of_something_else_is_not_joined(tmp_path: Path) -> None:
    body = bytes(range(256)) * 8000

    async def cut(exchange: Exchange) -> None:
        await exchange.request()
        await exchange.start(200, f"Content-Length: {len(body)}", 'ETag: "one"', "Accept-Ranges: bytes")
        await exchange.send(b"x" * (len(body) // 2))

    async def whole(exchange: Exchange) -> None:
        while True:
            await exchange.request()
            await exchange.answer(body, 200, 'ETag: "two"')

    async with raw_server(cut, whole) as server, quick_client(server.url) as client:
        path = await client.canvas("c1").assets.download(HASH, to=tmp_path / "a")

    assert path.read_bytes() == body


async def test_one_bulk_job_does_not_starve_a_single_fetch(server: CanvusServer, images: list[Image]) -> None:
    async with Client(server.url, token=server.token, limits=Limits(mipmaps=2), cache=None) as client:
        canvas = client.canvas(server.canvas_ids[0])
        many = [(image, level) for image in images for level in (0, 1)] * 20
        async with aclosing(canvas.mipmaps.fetch_many([image for image, _ in many], levels=0)) as results:
            await anext(results)
            assert await canvas.mipmaps.fetch(images[0].hash, 1)
            left = [result async for result in results]
    assert len(left) > 10
