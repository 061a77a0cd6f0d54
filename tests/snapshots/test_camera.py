"""Pictures of canvases on a real server: what is fetched for them, and what happens if that fails."""

import asyncio
import io
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

import anyio
import pytest
from PIL import Image as Picture

from canvus_async import Canvas, Client, ClientClosed, NotFound, Point, Rect, Retry, Size
from canvus_async.models import MipmapInfo
from canvus_async.server import CanvusServer
from canvus_async.snapshots import camera, painter
from canvus_async.snapshots.camera import LARGEST_LEVEL, level_for
from canvus_async.snapshots.commands import PageImage
from tests.files import document, picture

PAPER = (0xF4, 0xF5, 0xF7)


def opened(body: bytes) -> Picture.Image:
    with Picture.open(io.BytesIO(body)) as image:
        return image.convert("RGB")


def pages(*colours: str) -> bytes:
    out = io.BytesIO()
    sheets = [Picture.new("RGB", (300, 400), each) for each in colours]
    sheets[0].save(out, "PDF", save_all=True, append_images=sheets[1:], resolution=72)
    return out.getvalue()


async def test_a_picture_of_an_empty_canvas_shows_its_background(canvas: Canvas) -> None:
    await canvas.background.update(background_color="#336699ff")

    image = opened(await canvas.snapshot(width=320))

    assert image.size == (320, 180)
    assert image.getcolors() == [(320 * 180, (0x33, 0x66, 0x99))]


async def test_widgets_are_drawn_at_their_places_and_a_pdf_with_its_page(canvas: Canvas) -> None:
    await canvas.images.upload(
        picture(200, 100, "PNG", "red"), filename="a.png", wait_ready=True, location=Point(0, 0), size=Size(200, 100)
    )
    await canvas.pdfs.upload(
        pages("#00ff00", "#0000ff"),
        filename="b.pdf",
        wait_ready=True,
        index=1,
        location=Point(200, 0),
        size=Size(75, 100),
    )

    image = opened(await canvas.snapshot(width=600, region=Rect(0, 0, 300, 100)))

    assert image.size == (600, 200)
    assert image.getpixel((200, 100)) == pytest.approx((255, 0, 0), abs=8)
    assert image.getpixel((475, 100)) == pytest.approx((0, 0, 255), abs=8)
    assert image.getpixel((580, 100)) == (0x1E, 0x1E, 0x1E)


async def test_a_background_image_is_behind_all_widgets(canvas: Canvas) -> None:
    await canvas.background.upload(picture(320, 180, "PNG", "lime"), filename="wall.png")
    async with asyncio.timeout(10):
        while not ((image := (await canvas.background.get()).image) and image.hash):
            await asyncio.sleep(0.01)
    await canvas.notes.create(background_color="#ff0000ff", location=Point(0, 0), size=Size(4800, 5400))

    shot = opened(await canvas.snapshot(width=320, region="canvas"))

    assert shot.getpixel((80, 90)) == (255, 0, 0)
    assert shot.getpixel((240, 90)) == pytest.approx((0, 255, 0), abs=8)


async def test_the_level_that_fits_is_fetched_once_and_the_original_never(server: CanvusServer, canvas: Canvas) -> None:
    for x in (0, 500):
        await canvas.images.upload(
            picture(2048, 1024), filename="a.jpg", wait_ready=True, location=Point(x, 0), size=Size(400, 200)
        )
    before = len(server.requests)

    await canvas.snapshot(width=1000, region=Rect(0, 0, 1000, 250))
    first = [request.path for request in server.requests[before:]]
    await canvas.snapshot(width=1000, region=Rect(0, 0, 1000, 250))
    again = [request.path for request in server.requests[before + len(first) :]]

    assert min(path.rpartition("/")[2] for path in first if "/mipmaps/" in path) == "2"
    assert len([path for path in first if "/mipmaps/" in path]) == 2  # info and level 2, for both widgets
    assert not [path for path in first if "/assets/" in path or "/download" in path]
    assert not [path for path in again if "/mipmaps/" in path]


@pytest.mark.parametrize(
    ("width", "height", "image", "level"),
    [
        (4096, 3072, PageImage("a", 0, 512, 384), 3),
        (4096, 3072, PageImage("a", 0, 513, 384), 2),
        (4096, 3072, PageImage("a", 0, 400, 400, "contain"), 3),
        (4096, 3072, PageImage("a", 0, 400, 400, "cover"), 2),
        (640, 480, PageImage("a", 0, 5000, 5000), 0),
        (16000, 16000, PageImage("a", 0, 10**9, 10**9), 3),
        (0, 0, PageImage("a", 0, 100, 100, "contain"), 0),
    ],
)
def test_level_for_chooses_the_smallest_level_that_covers_the_image(width, height, image, level) -> None:
    assert level_for(MipmapInfo(Size(width, height), 7), image) == level
    assert width * height / 4**level <= LARGEST_LEVEL * 1.05


@pytest.mark.parametrize(
    ("status", "retried"), [(404, False), (501, False), (403, False), (401, False), (500, True), (400, False)]
)
async def test_an_image_that_cannot_be_fetched_is_a_labelled_box(server: CanvusServer, status, retried) -> None:
    async with Client(server.url, token=server.token, retry=Retry(first_wait=0.001)) as client:
        canvas = client.canvas(await server.create_canvas("Demo"))
        good, bad = [
            await canvas.images.upload(
                picture(200, 200, "PNG", colour), filename="a.png", wait_ready=True, location=Point(x, 0)
            )
            for x, colour in ((0, "red"), (200, "blue"))
        ]
        server.faults.fail_next(1000, status, match=f"/mipmaps/{bad.hash}")

        taken = await canvas.camera().take(width=400, region=Rect(0, 0, 400, 200))

    image = opened(taken.body)
    assert image.getpixel((100, 100)) == pytest.approx((255, 0, 0), abs=8)
    assert image.getpixel((300, 190)) == PAPER
    assert [image.hash for image in taken.missing] == [bad.hash]
    assert good.hash
    assert not taken.has_transport_errors


async def test_a_missing_page_of_a_pdf_is_a_labelled_box(canvas: Canvas) -> None:
    pdf = await canvas.pdfs.upload(
        document(2), filename="b.pdf", wait_ready=True, location=Point(0, 0), size=Size(100, 100)
    )
    await canvas.pdfs.update(pdf.id, index=7)

    taken = await canvas.camera().take(width=100, region=Rect(0, 0, 100, 100))

    assert opened(taken.body).getpixel((50, 95)) == PAPER
    assert [image.page for image in taken.missing] == [7]


async def test_a_video_is_a_labelled_box_and_does_not_count_as_missing(server: CanvusServer, canvas: Canvas) -> None:
    await canvas.videos.upload(b"\0\0\0\x18ftypmp42" + bytes(500), filename="launch.mp4", location=Point(0, 0))

    taken = await canvas.camera().take(width=320, region="content")

    assert taken.missing == {}
    assert len(opened(taken.body).getcolors(10**6) or []) > 5
    assert not [request for request in server.requests if "/mipmaps/" in request.path]


async def test_a_shared_canvas_is_drawn_without_a_token_but_its_images_are_missing(server: CanvusServer) -> None:
    canvas_id = await server.create_canvas("Shared")
    async with Client(server.url, token=server.token) as owner:
        await owner.canvas(canvas_id).images.upload(picture(), filename="a.jpg", wait_ready=True)
    server.share(canvas_id, "view")

    async with Client(server.url) as anybody:
        taken = await anybody.canvas(canvas_id).camera().take(width=320, region="content")

    assert len(taken.missing) == 1


async def test_a_background_that_the_server_does_not_return_is_dark(server: CanvusServer, canvas: Canvas) -> None:
    server.faults.fail_next(1000, 501, match="/background")

    assert opened(await canvas.snapshot(width=100)).getpixel((5, 5)) == (0x1E, 0x1E, 0x1E)


async def test_a_missing_canvas_raises_not_found(client: Client) -> None:
    with pytest.raises(NotFound):
        await client.canvas("3ad9ece4-28be-4e19-9f9a-1a01a4dbae28").snapshot()


async def test_given_widgets_are_drawn_without_listing_the_canvas(server: CanvusServer, canvas: Canvas) -> None:
    await canvas.notes.create(text="hello", location=Point(0, 0))
    async with canvas.live() as live:
        before = len(server.requests)
        await canvas.snapshot(width=100, widgets=live.widgets.values())
        asked = [request.path for request in server.requests[before:]]

    assert [path.rpartition("/")[2] for path in asked] == ["background"]


@pytest.mark.parametrize("options", [{"width": 0}, {"width": 10**6}, {"format": "gif"}, {"region": Rect(0, 0, 0, 0)}])
async def test_invalid_options_are_refused(canvas: Canvas, options) -> None:
    with pytest.raises(ValueError, match=r"must be|above 0"):
        await canvas.snapshot(**options)


async def test_a_closed_client_raises_client_closed(canvas: Canvas, client: Client) -> None:
    await client.aclose()

    with pytest.raises(ClientClosed):
        await canvas.snapshot()


async def test_closing_the_client_ends_the_snapshot(server: CanvusServer, client: Client, canvas: Canvas) -> None:
    await canvas.images.upload(picture(), filename="a.jpg", wait_ready=True)
    server.faults.delay(30, match="/mipmaps/")
    taking = asyncio.create_task(canvas.snapshot())
    async with asyncio.timeout(10):
        while not any("/background" in request.path for request in server.requests):
            await asyncio.sleep(0.001)
    await client.aclose()

    with pytest.raises(ClientClosed):
        await taking


async def test_closing_the_client_while_the_background_is_fetched_ends_the_snapshot(
    server: CanvusServer, client: Client, canvas: Canvas
) -> None:
    server.faults.delay(30, match="/background")
    taking = asyncio.create_task(canvas.snapshot(widgets=[]))
    async with asyncio.timeout(10):
        while not any("/background" in request.path for request in server.requests):
            await asyncio.sleep(0.001)
    await client.aclose()

    with pytest.raises(ClientClosed):
        await taking


class Held:
    """A function whose calls wait, in whichever thread they run, until `release` is set; they are counted."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.calls = 0
        self.release = threading.Event()
        self.returned = threading.Event()
        self._function = function

    def __call__(self, *args: Any, **options: Any) -> Any:
        self.calls += 1
        try:
            assert self.release.wait(10), "nobody released it: the event loop was blocked"
            return self._function(*args, **options)
        finally:
            self.returned.set()


@pytest.mark.parametrize(
    ("module", "name"), [(camera, "plan"), (painter, "paint"), (painter, "encoded")], ids=["plan", "paint", "encode"]
)
async def test_the_event_loop_runs_while_a_picture_is_planned_drawn_and_encoded(
    canvas: Canvas, monkeypatch: pytest.MonkeyPatch, module, name: str
) -> None:
    held = Held(getattr(module, name))
    monkeypatch.setattr(module, name, held)
    taking = asyncio.create_task(canvas.snapshot(width=100))
    turns = 0
    while turns < 100:
        await asyncio.sleep(0 if held.calls else 0.001)
        turns += bool(held.calls)
    waited = not taking.done()
    held.release.set()

    assert opened(await taking).width == 100
    assert waited


@pytest.mark.parametrize("way", ["asyncio", "anyio"])
async def test_a_cancelled_snapshot_draws_no_further_command(
    canvas: Canvas, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    await canvas.notes.create(text="hello")
    draw, paint = Held(painter.Painter.draw), Held(painter.paint)
    paint.release.set()
    monkeypatch.setattr(painter.Painter, "draw", lambda self, command: draw(self, command))  # noqa: PLW0108  # a method
    monkeypatch.setattr(painter, "paint", paint)
    scope = anyio.CancelScope()

    async def take() -> None:
        with scope:
            await canvas.snapshot(width=100)

    taking = asyncio.create_task(take())
    while not draw.calls:
        await asyncio.sleep(0.001)
    if way == "asyncio":
        taking.cancel()
        await asyncio.wait([taking])  # asyncio does not wait for the thread
    else:
        scope.cancel()
    draw.release.set()
    await asyncio.wait([taking])
    while not paint.returned.is_set():
        await asyncio.sleep(0.001)

    assert draw.calls == 1


async def test_another_missing_module_is_not_taken_for_pillow(canvas: Canvas, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "canvus_async.snapshots.painter", None)

    with pytest.raises(ModuleNotFoundError, match=r"canvus_async\.snapshots\.painter"):
        canvas.camera()


def test_without_pillow_the_error_says_what_to_install() -> None:
    program = """
import asyncio, sys
sys.modules["PIL"] = None
from canvus_async import Client

async def main():
    async with Client("http://127.0.0.1:9", token="t") as client:
        try:
            await client.canvas("some-id").snapshot()
        except ModuleNotFoundError as missing:
            print(missing, client.requests_sent)

asyncio.run(main())
"""
    done = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, text=True)

    assert done.stdout == 'drawing a canvas needs Pillow; run: pip install "canvus-async[server]" 0\n', done.stderr
