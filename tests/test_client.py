"""The client against the embedded server, as a user uses it."""

import asyncio
import io
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PIL import Image as Picture

from canvus_async import (
    BadRequest,
    Canvas,
    Client,
    Forbidden,
    Limits,
    NotFound,
    Point,
    RequestTimeout,
    Size,
    TooLarge,
    Unauthorized,
)
from canvus_async.models import Image, Pdf, SharedCanvas
from canvus_async.server import CanvusServer
from tests.files import document, picture


async def test_uploaded_image_has_mipmaps_and_its_original(canvas: Canvas, tmp_path: Path) -> None:
    sent = picture(1000, 600)
    image = await canvas.images.upload(sent, filename="photo.jpg", title="A dog", wait_ready=True)

    info = await canvas.mipmaps.info(image.hash)
    assert (image.title, image.original_filename, image.size) == ("A dog", "photo.jpg", Size(1000, 600))
    assert (info.resolution, info.max_level, info.pages) == (Size(1000, 600), 3, 1)
    for level in range(info.max_level + 1):
        with Picture.open(io.BytesIO(await canvas.mipmaps.fetch(image.hash, level))) as mipmap:
            assert (mipmap.format, mipmap.size) == ("WEBP", (1000 >> level, 600 >> level))
    assert await canvas.assets.fetch(image.hash) == sent
    assert (await canvas.images.download(image.id, to=tmp_path / "a.jpg")).read_bytes() == sent
    assert (await canvas.assets.download(image.hash, to=tmp_path / "b.jpg")).read_bytes() == sent


async def test_each_page_of_a_document_has_mipmaps(canvas: Canvas) -> None:
    pdf = await canvas.pdfs.upload(document(pages=3), filename="report.pdf", index=1, wait_ready=True)

    assert isinstance(pdf, Pdf)
    assert pdf.index == 1
    assert (await canvas.mipmaps.info(pdf.hash)).pages == 3
    for page in range(3):
        assert await canvas.mipmaps.fetch_fit(pdf.hash, width=100, height=100, page=page)
    with pytest.raises(BadRequest):
        await canvas.mipmaps.fetch(pdf.hash, 0, page=3)


async def test_hash_is_empty_until_wait_ready(canvas: Canvas) -> None:
    image = await canvas.images.upload(picture())
    assert image.hash == ""

    ready = await canvas.images.wait_ready(image.id)
    assert ready.hash
    assert ready == await canvas.images.get(image.id)


async def test_wait_ready_times_out() -> None:
    async with CanvusServer(processing_delay=60) as server, Client(server.url, token=server.token) as client:
        canvas = client.canvas(await server.create_canvas("slow"))
        with pytest.raises(RequestTimeout, match=r"no hash within 0\.1 s"):
            await canvas.images.upload(picture(), wait_ready=True, timeout=0.1)


async def test_list_get_update_and_delete(canvas: Canvas) -> None:
    first = await canvas.images.upload(picture(), location=Point(10, 20), depth=3.0)
    second = await canvas.images.upload(picture())

    assert {image.id for image in await canvas.images.list()} == {first.id, second.id}
    moved = await canvas.images.update(first.id, location=Point(2000, 1500), pinned=True)
    assert (moved.location, moved.pinned, moved.depth) == (Point(2000, 1500), True, 3.0)
    fitted = await canvas.images.update(first.id, size=Size(800, 800))
    assert fitted.size == Size(800, 450)
    await canvas.images.delete(first.id)
    with pytest.raises(NotFound):
        await canvas.images.get(first.id)
    assert [image.id for image in await canvas.images.list()] == [second.id]


async def test_message_of_the_server_is_in_the_error(canvas: Canvas) -> None:
    image = await canvas.images.upload(picture())

    with pytest.raises(BadRequest, match=r"Depth must be >= 1\.0, got 0\.5"):
        await canvas.images.update(image.id, depth=0.5)
    pdf = await canvas.pdfs.upload(document())
    with pytest.raises(BadRequest, match="PDF index must be >= 0, got -1"):
        await canvas.pdfs.update(pdf.id, index=-1)


async def test_widgets_are_listed_with_their_types(canvas: Canvas) -> None:
    image = await canvas.images.upload(picture(), wait_ready=True)
    pdf = await canvas.pdfs.upload(document(), wait_ready=True)

    widgets = await canvas.widgets.list()

    root = next(widget for widget in widgets if isinstance(widget, SharedCanvas))
    assert root.size == Size(9600, 5400)
    assert image.parent_id == root.id
    assert [widget for widget in widgets if isinstance(widget, Image)] == [image]
    assert [widget for widget in widgets if isinstance(widget, Pdf)] == [pdf]
    assert await canvas.widgets.get(image.id) == image
    assert await canvas.widgets.get(root.id) == root


async def test_canvas_create_get_rename_and_delete(client: Client) -> None:
    made = await client.canvases.create("Plans")

    assert (await client.canvases.get(made.id)).name == "Plans"
    assert made.id in {info.id for info in await client.canvases.list()}
    assert (await client.canvases.rename(made.id, "Old plans")).name == "Old plans"
    await client.canvases.delete(made.id)
    with pytest.raises(NotFound):
        await client.canvases.get(made.id)


async def test_server_info_needs_no_token(server: CanvusServer) -> None:
    async with Client(server.url) as nobody:
        info, now = await nobody.server_info(), await nobody.server_time()

    assert info.api
    assert info.server_id
    assert now is not None
    assert abs(datetime.now(UTC) - now) < timedelta(minutes=1)


# -- permissions --


async def test_wrong_and_missing_token_are_unauthorized(server: CanvusServer, canvas: Canvas) -> None:
    for token in ("wrong", None):
        async with Client(server.url, token=token) as client:
            with pytest.raises(Unauthorized):
                await client.canvas(canvas.id).images.list()


async def test_viewer_may_read_and_not_write(server: CanvusServer, canvas: Canvas) -> None:
    async with Client(server.url, token=server.add_user(role="view")) as client:
        assert await client.canvas(canvas.id).images.list() == []
        with pytest.raises(Forbidden):
            await client.canvas(canvas.id).images.upload(picture())


async def test_blocked_user_is_forbidden(server: CanvusServer, canvas: Canvas) -> None:
    async with Client(server.url, token=server.add_user(blocked=True)) as client:
        with pytest.raises(Forbidden):
            await client.canvas(canvas.id).images.list()


async def test_shared_canvas_needs_no_token_except_for_mipmaps(server: CanvusServer, canvas: Canvas) -> None:
    image = await canvas.images.upload(picture(), wait_ready=True)
    server.share(canvas.id, "view")

    async with Client(server.url) as nobody:
        shared = nobody.canvas(canvas.id)
        assert await shared.images.list() == [image]
        with pytest.raises(ValueError, match="need a token"):
            await shared.mipmaps.info(image.hash)


async def test_session_cookie_works_like_a_token(server: CanvusServer, canvas: Canvas) -> None:
    async with Client(server.url, session_cookie=server.token) as client:
        assert await client.canvas(canvas.id).images.list() == []


# -- uploads --


@pytest.mark.parametrize("how", ["path", "text path", "bytes", "file", "pipe"])
async def test_paths_bytes_files_and_pipes_can_be_uploaded(canvas: Canvas, tmp_path: Path, how: str) -> None:
    sent = picture(300, 200, "PNG")
    path = tmp_path / "chart.png"
    path.write_bytes(sent)
    if how == "pipe":
        read, write = os.pipe()
        os.write(write, sent)
        os.close(write)
        with os.fdopen(read, "rb") as file:
            image = await canvas.images.upload(file, filename="chart.png", wait_ready=True)
    elif how == "file":
        with path.open("rb") as file:
            image = await canvas.images.upload(file, wait_ready=True)
            assert not file.closed
    else:
        source = {"path": path, "text path": str(path), "bytes": sent}[how]
        image = await canvas.images.upload(source, filename="chart.png", wait_ready=True)

    assert image.original_filename == "chart.png"
    assert await canvas.assets.fetch(image.hash) == sent


@pytest.mark.row("U7")
async def test_any_file_name_is_kept(canvas: Canvas, tmp_path: Path) -> None:
    for name in ("photo 1.png", "a,b(1).png", "日本語.png", 'say "hi".png', "semi;colon.png", "a b'c.png", "100%.png"):
        image = await canvas.images.upload(picture(form="PNG"), filename=name)
        assert image.original_filename == name


async def test_upload_progress_reaches_the_total(canvas: Canvas) -> None:
    seen: list[tuple[int, int]] = []
    sent = os.urandom(1_000_000)
    await canvas.images.upload(picture() + sent, progress=lambda done, total: seen.append((done, total)))

    total = len(picture()) + 1_000_000
    assert seen[-1] == (total, total)
    assert len(seen) > 2


async def test_invalid_upload_arguments_are_refused_before_any_request(
    client: Client, canvas: Canvas, tmp_path: Path
) -> None:
    before = client.requests_sent
    with pytest.raises(FileNotFoundError):
        await canvas.images.upload(tmp_path / "nothing.jpg")
    with pytest.raises(IsADirectoryError):
        await canvas.images.upload(tmp_path)
    with pytest.raises(TypeError, match="not int"):
        await canvas.images.upload(5)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"got an unexpected keyword 'colour'\. It takes"):
        await canvas.images.upload(picture(), colour="red")  # type: ignore[call-arg]
    with pytest.raises(ValueError, match="nan"):
        await canvas.images.upload(picture(), depth=float("nan"))

    assert client.requests_sent == before


async def test_invalid_image_or_document_is_a_bad_request(canvas: Canvas) -> None:
    with pytest.raises(BadRequest):
        await canvas.images.upload(b"just text", filename="a.jpg")
    with pytest.raises(BadRequest):
        await canvas.pdfs.upload(picture(), filename="a.pdf")
    with pytest.raises(BadRequest):
        await canvas.images.upload(b"", filename="a.jpg")
    assert await canvas.images.list() == []


@pytest.mark.row("U4")
async def test_file_over_the_limit_of_the_server_is_too_large() -> None:
    async with CanvusServer(max_upload=100_000) as server, Client(server.url, token=server.token) as client:
        canvas = client.canvas(await server.create_canvas("small"))
        with pytest.raises(TooLarge):
            await canvas.images.upload(os.urandom(3_000_000), filename="a.jpg")


async def test_concurrent_uploads_are_bounded_and_all_arrive(server: CanvusServer) -> None:
    async with Client(server.url, token=server.token, limits=Limits(requests=4)) as client:
        canvas = client.canvas(await server.create_canvas("many"))
        images = await asyncio.gather(*(canvas.images.upload(picture(20 + n, 20), wait_ready=True) for n in range(20)))

    assert len({image.hash for image in images}) == 20


def test_from_env_reads_url_and_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CANVUS_URL", raising=False)
    with pytest.raises(ValueError, match="CANVUS_URL is not set"):
        Client.from_env()
    monkeypatch.setenv("CANVUS_URL", "https://canvus.example.com")
    monkeypatch.setenv("CANVUS_TOKEN", "canary-7f3a")
    assert repr(Client.from_env()) == "<Client https://canvus.example.com/api/v1 (<Credentials: token>)>"


@pytest.mark.parametrize("call", [lambda c: c.canvas(""), lambda c: c.canvas("a/b"), lambda c: c.canvas("..")])
def test_invalid_canvas_id_is_refused_immediately(call) -> None:
    with pytest.raises(ValueError, match="canvas id"):
        call(Client("https://canvus.example.com"))


def test_acknowledged_writes_survive_kill_9(tmp_path: Path) -> None:
    """After `kill -9`, everything that the server has acknowledged is still there."""
    program = """
import asyncio, sys
from canvus_async import Client
from canvus_async.server import CanvusServer
async def main():
    async with CanvusServer(data=sys.argv[1]) as server, Client(server.url, token=server.token) as client:
        canvas = client.canvas(await server.create_canvas("kept"))
        image = await canvas.images.upload(sys.stdin.buffer.read(), title="kept", wait_ready=True)
        print(server.token, canvas.id, image.hash, flush=True)
        import os, signal
        os.kill(os.getpid(), signal.SIGKILL)
asyncio.run(main())
"""
    sent = picture()
    done = subprocess.run([sys.executable, "-c", program, tmp_path / "data"], input=sent, capture_output=True)
    token, canvas_id, hash_ = done.stdout.decode().split()

    async def look() -> None:
        async with CanvusServer(data=tmp_path / "data") as server, Client(server.url, token=token) as client:
            canvas = client.canvas(canvas_id)
            (image,) = await canvas.images.list()
            assert (image.title, image.hash) == ("kept", hash_)
            assert await canvas.assets.fetch(hash_) == sent
            assert await canvas.mipmaps.fetch(hash_, 0)

    asyncio.run(look())
