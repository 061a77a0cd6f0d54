"""`canvus upload` and `canvus clone` against a server in this process."""

import json
from pathlib import Path

import pytest

from canvus_async import Canvas
from canvus_async.cli.create import clone, upload
from canvus_async.models import SharedCanvas
from canvus_async.server import CanvusServer
from tests.files import document, picture

VIDEO = b"\0\0\0\x18ftypmp42" + bytes(500)


async def test_upload_places_every_kind_of_file_in_the_grid(
    server: CanvusServer, canvas: Canvas, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "1.mp4").write_bytes(VIDEO)
    (tmp_path / "2.pdf").write_bytes(document(pages=1, size=(200, 100)))
    (tmp_path / "3.png").write_bytes(picture(200, 100, "PNG"))

    await upload(canvas.id, tmp_path, grid=True, as_json=True, url=server.url, token=server.token)

    made = json.loads(capsys.readouterr().out)
    places = [(widget["location"]["x"], widget["location"]["y"]) for widget in made]
    assert [widget["widget_type"] for widget in made] == ["Video", "Pdf", "Image"]
    assert [(x > 0, y > 0) for x, y in places] == [(False, False), (True, False), (False, True)]
    (video,) = await canvas.videos.list()
    assert (video.location.x, video.location.y) == (0, 0)


async def test_upload_puts_the_file_at_the_given_position(
    server: CanvusServer, canvas: Canvas, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "photo.png"
    path.write_bytes(picture(20, 10, "PNG"))

    await upload(canvas.id, path, at="3,-4.5", url=server.url, token=server.token)

    (image,) = await canvas.images.list()
    assert (image.location.x, image.location.y) == (3, -4.5)
    assert capsys.readouterr().out == f"Image {image.id}\n"


async def test_upload_of_a_missing_file_fails_before_any_request(server: CanvusServer, canvas: Canvas) -> None:
    before = len(server.requests)

    with pytest.raises(FileNotFoundError, match=r"nowhere\.png is not a file or folder"):
        await upload(canvas.id, Path("nowhere.png"), url=server.url, token=server.token)

    assert len(server.requests) == before


async def test_clone_of_a_widget_that_cannot_be_copied_lists_what_can(server: CanvusServer, canvas: Canvas) -> None:
    root = next(widget for widget in await canvas.widgets.list() if isinstance(widget, SharedCanvas))

    with pytest.raises(ValueError, match="a SharedCanvas cannot be copied, only Note, Image"):
        await clone(canvas.id, root.id, canvas.id, url=server.url, token=server.token)
