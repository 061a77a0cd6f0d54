"""A client belongs to one event loop: it says so in another one, and starts again when its loop has been closed."""

import asyncio
import contextlib
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import aclosing
from pathlib import Path

import pytest

from canvus_async import Canvas, Client, DiskCache, MemoryCache
from canvus_async.server import CanvusServer
from tests.files import picture

Use = Callable[[Client, str, Path], Awaitable[object]]


@pytest.fixture
def served() -> Iterator[CanvusServer]:
    """A server in a thread with an event loop of its own, which outlives every `asyncio.run` of a test."""
    ready, stop = threading.Event(), asyncio.Event()
    running: list[CanvusServer] = []
    loops: list[asyncio.AbstractEventLoop] = []

    async def serve() -> None:
        async with CanvusServer(processing_delay=0) as server:
            await server.create_canvas("Demo")
            running.append(server)
            loops.append(asyncio.get_running_loop())
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert ready.wait(30)
    yield running[0]
    loops[0].call_soon_threadsafe(stop.set)
    thread.join()


async def read(client: Client, canvas_id: str, folder: Path) -> object:
    return await client.canvases.list()


async def write(client: Client, canvas_id: str, folder: Path) -> object:
    return await client.canvas(canvas_id).notes.create(text="x")


async def follow(client: Client, canvas_id: str, folder: Path) -> object:
    async with aclosing(client.canvas(canvas_id).widgets.subscribe()) as widgets:
        return await anext(widgets)


async def mirror(client: Client, canvas_id: str, folder: Path) -> object:
    async with client.canvas(canvas_id).live() as live:
        return len(live.widgets)


async def content(client: Client, canvas_id: str, folder: Path) -> object:
    canvas = client.canvas(canvas_id)
    image = await canvas.images.upload(picture(), filename="a.jpg", wait_ready=True)
    await canvas.mipmaps.fetch(image.hash, 1)
    async with canvas.assets.stream(image.hash) as stream:
        assert b"".join([chunk async for chunk in stream]) == picture()
    async with aclosing(canvas.download_many([image], into=folder)) as results:
        return [result.error async for result in results]


USES: list[Use] = [read, write, follow, mirror, content]


@pytest.mark.parametrize("cache", [None, "memory", "disk"])
def test_a_client_works_under_one_asyncio_run_after_another(
    served: CanvusServer, tmp_path: Path, cache: str | None
) -> None:
    kept = {"memory": MemoryCache(), "disk": DiskCache(tmp_path / "cache")}.get(cache or "")
    client = Client(served.url, token=served.token, cache=kept)
    canvas_id = served.canvas_ids[0]

    for use in [*USES, *reversed(USES)]:
        assert asyncio.run(use(client, canvas_id, tmp_path)) is not None

    asyncio.run(client.aclose())


def test_calls_that_were_in_flight_when_a_loop_was_closed_do_not_count_in_the_next(served: CanvusServer) -> None:
    client = Client(served.url, token=served.token)

    async def leave_in_the_middle() -> None:
        tasks = [asyncio.create_task(client.canvases.list()) for _ in range(100)]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)

    for _ in range(5):
        asyncio.run(leave_in_the_middle())
    assert len(asyncio.run(client.canvases.list())) == 1
    asyncio.run(client.aclose())


@pytest.mark.parametrize("use", USES)
async def test_a_client_says_that_it_belongs_to_another_loop_before_anything_is_sent(
    served: CanvusServer, tmp_path: Path, use: Use
) -> None:
    async with Client(served.url, token=served.token) as client:
        await client.canvases.list()
        sent = client.requests_sent

        with pytest.raises(RuntimeError, match="this Client belongs to another event loop, which is still open"):
            await asyncio.to_thread(asyncio.run, use(client, served.canvas_ids[0], tmp_path))

        assert client.requests_sent == sent
        assert await client.canvases.list()


async def test_a_second_loop_does_not_touch_tasks_of_the_first(served: CanvusServer) -> None:
    client = Client(served.url, token=served.token)
    await client.canvases.list()
    disturbed = False

    async def unrelated() -> None:
        nonlocal disturbed
        try:
            for _ in range(200):
                await asyncio.sleep(0.001)
        except asyncio.CancelledError:
            disturbed = True
            raise

    def in_another_thread() -> None:
        async def misuse() -> None:
            for _ in range(20):
                with contextlib.suppress(RuntimeError):
                    await anext(client.canvas("c1").notes.subscribe())

        asyncio.run(misuse())

    task = asyncio.create_task(unrelated())
    await asyncio.gather(*(asyncio.to_thread(in_another_thread) for _ in range(4)))
    await task
    await client.aclose()

    assert not disturbed


async def test_a_subscription_and_a_mirror_say_that_they_belong_to_another_loop(
    served: CanvusServer, canvas_of: Canvas
) -> None:
    async with canvas_of.live() as live, aclosing(canvas_of.widgets.subscribe()) as widgets:
        await anext(widgets)

        async def misuse_subscription() -> None:
            while True:  # what has been read already may be taken from anywhere
                await anext(widgets)

        async def misuse_mirror() -> None:
            await live.wait_for(lambda widget: False)

        for misuse in (misuse_subscription, misuse_mirror):
            with pytest.raises(RuntimeError, match="belongs to another event loop"):
                await asyncio.to_thread(asyncio.run, misuse())


@pytest.fixture
async def canvas_of(served: CanvusServer):
    async with Client(served.url, token=served.token) as client:
        yield client.canvas(served.canvas_ids[0])


async def test_a_client_closed_in_another_loop_says_so(served: CanvusServer) -> None:
    async with Client(served.url, token=served.token) as client:
        await client.canvases.list()
        with pytest.raises(RuntimeError, match="belongs to another event loop"):
            await asyncio.to_thread(asyncio.run, client.aclose())


def test_outside_of_asyncio_the_error_names_asyncio(served: CanvusServer) -> None:
    client = Client(served.url, token=served.token)
    call = client.canvases.list()

    with pytest.raises(RuntimeError, match="needs a running asyncio event loop"):
        call.send(None)
