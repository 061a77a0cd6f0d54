"""Bulk jobs: their options, what a consumer may do, and how they share the limits with other calls."""

import asyncio
import gc
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import pytest

from canvus_async import BadRequest, Canvas, Client, ClientClosed, Fit, Limits, LocalWriteError, MipmapRequest, Retry
from canvus_async.content.filesystem import PART
from canvus_async.models import Image
from canvus_async.server import CanvusServer
from tests.content.test_fetcher import INFO, WEBP, client
from tests.files import document, picture
from tests.raw_server import Exchange, Script, raw_server


def served(*, pages: int = 1, gate: asyncio.Event | None = None) -> Script:
    """A server where any hash has six levels on each page; it answers requests for levels when the gate is open."""

    async def script(exchange: Exchange) -> None:
        while True:
            target = (await exchange.request()).target.partition("?")[0]
            if target.count("/") == 4 and "/mipmaps/" in target:
                await exchange.answer({**INFO, "pages": pages})
                continue
            if gate is not None:
                await gate.wait()
            await exchange.answer(WEBP)

    return script


async def wanted(items: object, **how) -> list[tuple[str, int | None, int | None]]:
    async with raw_server(served()) as server, client(server.url) as canvus:
        results = [result async for result in canvus.canvas("c1").mipmaps.fetch_many(items, **how)]
    assert all(result.error is None for result in results)
    return sorted((result.hash, result.page, result.level) for result in results)


async def test_levels_may_be_all_one_several_or_a_fit() -> None:
    assert await wanted(["aa"]) == [("aa", 0, level) for level in range(6)]
    assert await wanted(["aa"], levels=3) == [("aa", 0, 3)]
    assert await wanted(["aa"], levels=range(4, 99)) == [("aa", 0, 4), ("aa", 0, 5)]
    assert await wanted(["aa"], levels=Fit(640, 480)) == [("aa", 0, 2)]
    assert await wanted(["aa"], pages=3, levels=5) == [("aa", 3, 5)]


async def test_pages_may_be_all_or_those_that_exist() -> None:
    async with raw_server(served(pages=3)) as server, client(server.url) as canvus:
        mipmaps = canvus.canvas("c1").mipmaps
        every = [result.page async for result in mipmaps.fetch_many(["aa"], levels=5, pages="all")]
        some = [result.page async for result in mipmaps.fetch_many(["aa"], levels=5, pages=(1, 2, 9))]
    assert (sorted(every), sorted(some)) == ([0, 1, 2], [1, 2])


async def test_mipmap_request_overrides_the_options_of_the_job() -> None:
    items = ["aa", MipmapRequest("bb", levels=0), MipmapRequest("cc", pages=2)]
    assert await wanted(items, levels=1) == [("aa", 0, 1), ("bb", 0, 0), ("cc", 2, 1)]


async def test_all_pages_of_a_document_are_fetched(canvas: Canvas) -> None:
    pdf = await canvas.pdfs.upload(document(pages=3), wait_ready=True)
    results = [result async for result in canvas.mipmaps.fetch_many([pdf], levels=Fit(50, 50), pages="all")]

    assert sorted(result.page for result in results) == [0, 1, 2]
    assert all(result.item is pdf and result.body[8:12] == b"WEBP" for result in results)


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"levels": "some"}, 'levels must be "all" or numbers'),
        ({"levels": -1}, "levels must be 0 or more"),
        ({"levels": [0, 1.5]}, "levels must be whole numbers"),
        ({"pages": None}, 'pages must be "all"'),
        ({"concurrency": 0}, "must be above 0"),
        ({"on_error": "ignore"}, "on_error must be"),
    ],
)
async def test_invalid_options_are_refused_immediately(how: dict[str, object], words: str) -> None:
    async with Client("http://127.0.0.1:9", token="t") as canvus:
        with pytest.raises((ValueError, TypeError), match=words):
            canvus.canvas("c1").mipmaps.fetch_many(["aa"], **how)
        with pytest.raises(TypeError, match="items must be an iterable"):
            canvus.canvas("c1").mipmaps.fetch_many("aa")


async def test_invalid_item_is_a_result_with_an_error() -> None:
    async with raw_server(served()) as server, client(server.url) as canvus:
        items = ["aa", "", 5, "a/b"]
        results = [result async for result in canvus.canvas("c1").mipmaps.fetch_many(items, levels=0)]

    errors = {repr(result.item): type(result.error) for result in results}
    assert errors == {"'aa'": type(None), "''": ValueError, "5": TypeError, "'a/b'": ValueError}


async def test_widgets_without_a_file_are_skipped(canvas: Canvas) -> None:
    await canvas.notes.create(text="hi")
    image = await canvas.images.upload(picture(), filename="a.jpg", wait_ready=True)
    widgets = await canvas.widgets.list()
    assert len(widgets) > 2

    results = [result async for result in canvas.mipmaps.fetch_many(widgets, levels=1)]

    assert [result.item.id for result in results] == [image.id]


async def test_progress_counts_results_and_bytes() -> None:
    seen: list[tuple[int, int, int | None]] = []
    async with raw_server(served()) as server, client(server.url) as canvus:
        mipmaps = canvus.canvas("c1").mipmaps
        async for _ in mipmaps.fetch_many(["aa", "bb"], progress=lambda *now: seen.append(now)):
            pass
        assert seen[-1] == (12, 12 * len(WEBP), 12)
        seen.clear()
        hashes = (f"{number:x}" for number in range(100))
        async for _ in mipmaps.fetch_many(hashes, levels=0, progress=lambda *now: seen.append(now)):
            pass
    assert seen[0][2] is None
    assert seen[-1] == (100, 100 * len(WEBP), 100)


async def test_cancelled_read_loses_nothing() -> None:
    gate = asyncio.Event()
    async with raw_server(served(gate=gate)) as server, client(server.url) as canvus:
        async with aclosing(canvus.canvas("c1").mipmaps.fetch_many(["aa", "bb", "cc"], levels=0)) as results:
            for _ in range(5):
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.01):
                        await anext(results)
            gate.set()
            assert sorted([result.hash async for result in results]) == ["aa", "bb", "cc"]


async def test_two_tasks_cannot_read_one_job() -> None:
    gate = asyncio.Event()
    async with raw_server(served(gate=gate)) as server, client(server.url) as canvus:
        async with aclosing(canvus.canvas("c1").mipmaps.fetch_many(["aa"], levels=0)) as results:
            first = asyncio.create_task(anext(results))
            await server.until_requests(1)
            with pytest.raises(RuntimeError, match="another task"):
                await anext(results)
            gate.set()
            assert (await first).hash == "aa"


async def test_error_in_the_source_ends_the_job_and_propagates() -> None:
    async with raw_server(served()) as server, client(server.url) as canvus:

        async def source() -> AsyncIterator[str]:
            yield "aa"
            await server.until_requests(1)
            raise KeyError("the user's own")

        with pytest.raises(KeyError, match="the user's own"):
            async with aclosing(canvus.canvas("c1").mipmaps.fetch_many(source(), levels=0)) as results:
                async for _ in results:
                    pass


async def test_dropped_job_warns_and_stops() -> None:
    async def hang(exchange: Exchange) -> None:
        await exchange.request()
        await exchange.gone()

    async with raw_server(hang) as server, client(server.url) as canvus:
        results = canvus.canvas("c1").mipmaps.fetch_many((f"{n:x}" for n in range(100)), levels=0)
        reading = asyncio.create_task(anext(results))
        await server.until_requests(1)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        with pytest.warns(ResourceWarning, match="dropped before its end"):
            del results, reading
            gc.collect()
        await server.until_open(0)


async def test_closing_the_client_ends_a_job_with_client_closed() -> None:
    async with raw_server(served(gate=asyncio.Event())) as server:
        canvus = client(server.url)
        async with aclosing(canvus.canvas("c1").mipmaps.fetch_many(["aa", "bb"], levels=0)) as results:
            reading = asyncio.create_task(anext(results))
            await server.until_requests(1)
            await canvus.aclose()
            with pytest.raises(ClientClosed):
                await reading


async def test_levels_of_one_item_are_fetched_concurrently() -> None:
    gate, asked = asyncio.Event(), asyncio.Event()

    async def source() -> AsyncIterator[str]:
        yield "aa"
        asked.set()
        await gate.wait()

    async with asyncio.timeout(30), raw_server(served(gate=gate)) as server, client(server.url) as canvus:
        async with aclosing(canvus.canvas("c1").mipmaps.fetch_many(source())) as results:
            reading = asyncio.create_task(anext(results))
            await asked.wait()
            await server.until_requests(7)  # the info, and all six levels before any response
            gate.set()
            await reading
            assert len([result async for result in results]) == 5


async def test_concurrency_is_bounded_by_limits_and_argument() -> None:
    now = most = 0

    async def count(exchange: Exchange) -> None:
        nonlocal now, most
        while True:
            await exchange.request()
            now += 1
            most = max(most, now)
            await asyncio.sleep(0.002)
            now -= 1
            await exchange.answer(WEBP)

    for concurrency, limit in ((None, 5), (3, 5), (50, 4)):
        now = most = 0
        async with raw_server(count) as server, client(server.url, limits=Limits(mipmaps=limit), cache=None) as canvus:
            many = canvus.canvas("c1").mipmaps.fetch_many(
                (f"{n:x}" for n in range(40)), levels=0, concurrency=concurrency
            )
            assert len([result async for result in many]) == 40
        assert most == min(concurrency or limit, limit)


async def test_job_does_not_starve_a_single_fetch() -> None:
    order: list[str] = []

    async def note(exchange: Exchange) -> None:
        while True:
            order.append((await exchange.request()).target)
            await exchange.answer(WEBP)

    async with raw_server(note) as server, client(server.url, limits=Limits(mipmaps=2), cache=None) as canvus:
        mipmaps = canvus.canvas("c1").mipmaps
        async with aclosing(mipmaps.fetch_many((f"{n:x}" for n in range(1000)), levels=0)) as results:
            for _ in range(10):
                await anext(results)
            before = len(order)
            await mipmaps.fetch("single", 0)
        (place,) = [place for place, target in enumerate(order) if "single" in target]
    assert place - before <= 8


async def test_folder_that_cannot_be_created_is_an_error_of_the_job(canvas: Canvas, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(LocalWriteError):
        async for _ in canvas.assets.download_many(["aa"], into=tmp_path / "file" / "into"):
            pass


async def test_errors_are_results_and_leave_no_file(canvas: Canvas, tmp_path: Path) -> None:
    image = await canvas.images.upload(picture(), filename="a.jpg", wait_ready=True)
    items = [MipmapRequest(image.hash, levels=99), image, "0" * 64]

    results = [result async for result in canvas.download_many(items, into=tmp_path, originals=False, levels=0)]

    assert {type(result.error) for result in results if result.error} >= {BadRequest}
    assert [result.path for result in results if result.error is None] == [
        tmp_path / "mipmaps" / f"{image.hash}-0-0.webp"
    ]
    assert not [path for path in tmp_path.rglob("*") if PART in path.name]


async def test_widgets_with_the_same_file_share_it_and_are_both_in_the_manifest(
    server: CanvusServer, canvas: Canvas, tmp_path: Path
) -> None:
    images = [await canvas.images.upload(picture(), filename="a.jpg", wait_ready=True) for _ in range(2)]
    server.requests.clear()

    results = [result async for result in canvas.assets.download_many(images, into=tmp_path)]

    assert len({result.path for result in results}) == 1
    assert len([request for request in server.requests if "/assets/" in request.path]) == 1
    lines = (tmp_path / "export.jsonl").read_text().splitlines()
    assert all(image.id in "".join(lines) for image in images)
    again = [result async for result in canvas.assets.download_many(images, into=tmp_path)]
    assert not any(result.fetched for result in again)
    assert (tmp_path / "export.jsonl").read_text().splitlines() == lines


async def test_truncated_file_is_fetched_again(canvas: Canvas, tmp_path: Path) -> None:
    images = [await canvas.images.upload(picture(), filename="a.jpg", wait_ready=True)]
    (first,) = [result async for result in canvas.assets.download_many(images, into=tmp_path)]
    first.path.write_bytes(first.path.read_bytes()[:10])
    with (tmp_path / "export.jsonl").open("a") as file:
        file.write('{"hash": "cut off')

    (second,) = [result async for result in canvas.assets.download_many(images, into=tmp_path)]

    assert second.fetched
    assert second.path.read_bytes() == picture()
    assert (tmp_path / "export.jsonl").read_text().endswith('{"hash": "cut off\n')


async def test_dry_run_reports_what_is_missing_and_writes_nothing(canvas: Canvas, tmp_path: Path) -> None:
    images = [
        await canvas.images.upload(picture(color=color), filename="a.jpg", wait_ready=True)
        for color in ("red", "green", "blue")
    ]
    options = {"into": tmp_path / "out", "levels": None}
    first = [result async for result in canvas.download_many(images, **options, dry_run=True)]
    untouched = not (tmp_path / "out").exists()
    fetched = [result async for result in canvas.download_many(images[:2], **options)]
    fetched[0].path.write_bytes(b"cut off")
    before = {path: path.read_bytes() for path in (tmp_path / "out").iterdir()}

    again = {result.hash: result async for result in canvas.download_many(images, **options, dry_run=True)}

    assert untouched
    assert all(result.missing and not result.fetched and result.error is None for result in first)
    assert {result.hash for result in again.values() if result.missing} == {fetched[0].hash, images[2].hash}
    assert again[fetched[1].hash].bytes == fetched[1].bytes
    assert {path: path.read_bytes() for path in (tmp_path / "out").iterdir()} == before


async def test_closing_a_job_waits_until_no_file_is_half_written(tmp_path: Path) -> None:
    async def slow(exchange: Exchange) -> None:
        await exchange.request()
        await exchange.start(200, "Content-Length: 100000000")
        await exchange.send(bytes(5_000_000))
        await exchange.gone()

    async with raw_server(slow) as server, client(server.url, retry=Retry(attempts=1)) as canvus:
        results = canvus.canvas("c1").assets.download_many((f"{n:06x}" for n in range(100)), into=tmp_path)
        reading = asyncio.create_task(anext(results))
        await server.until_requests(4)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        await results.aclose()
        assert [path.name for path in tmp_path.iterdir()] == ["export.jsonl"]
        await server.until_open(0)


FLAT = """
import asyncio, resource, sys
from canvus_async import Client, MemoryCache

async def main(count):
    async with Client("http://127.0.0.1:9", token="t", cache=Warm()) as client:
        items = (f"{number:012x}" for number in range(count))
        async for result in client.canvas("c").mipmaps.fetch_many(items, levels=0):
            assert result.error is None, result.error

class Warm(MemoryCache):
    def get(self, key):
        return b"RIFF....WEBP"

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

asyncio.run(main(10_000))
before = peak()
asyncio.run(main(int(sys.argv[1])))
print(peak() - before)
"""


@pytest.mark.parametrize("count", [100_000, pytest.param(1_000_000, marks=pytest.mark.long)])
def test_long_source_uses_no_more_memory_than_a_short_one(count: int) -> None:
    done = subprocess.run([sys.executable, "-c", FLAT, str(count)], capture_output=True, text=True, timeout=55)

    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 16 * 1024, f"{done.stdout} KiB more"


async def test_subscription_can_be_the_source(canvas: Canvas, tmp_path: Path) -> None:
    images: list[Image] = [
        await canvas.images.upload(picture(300 + n, 200), filename="a.jpg", wait_ready=True) for n in range(2)
    ]
    async with aclosing(canvas.images.subscribe()) as source:
        async with aclosing(canvas.assets.download_many(source, into=tmp_path)) as results:
            got = {(await anext(results)).hash, (await anext(results)).hash}
            images.append(await canvas.images.upload(picture(400, 300), filename="b.jpg", wait_ready=True))
            while len(got) < 3:
                result = await anext(results)
                if result.error is None:  # the image is delivered without a hash at first
                    got.add(result.hash)
    assert got == {image.hash for image in images}
