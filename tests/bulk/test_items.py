"""Which files an item of a bulk job stands for."""

from pathlib import Path
from typing import Any, cast

import pytest

from canvus_async import Canvas, Client
from canvus_async.bulk.items import Content, levels_of, numbers
from canvus_async.bulk.planner import FileRequest, Planner
from canvus_async.models import MipmapInfo, Size, Video
from canvus_async.server import CanvusServer
from tests.files import picture

FILM = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + bytes(1000)


def test_single_number_counts_although_there_is_no_such_level_or_page() -> None:
    assert levels_of(MipmapInfo(Size(100, 100), 2, 1), 7) == [7]
    assert numbers(3, 1) == [3]


async def test_request_for_one_file_is_expanded_to_itself() -> None:
    planner = Planner(cast("Any", None), "c1", levels=None, pages=0, originals=True)
    (request,) = planner.plan("aa")

    assert request == FileRequest("aa", Content("aa"))
    assert await planner.expand(request) == [request]


async def test_pages_that_an_image_does_not_have_are_left_out_without_a_request(
    server: CanvusServer, canvas: Canvas
) -> None:
    image = await canvas.images.upload(picture(), filename="a.jpg", wait_ready=True)
    server.requests.clear()
    results = [result async for result in canvas.mipmaps.fetch_many([image], levels=0, pages=[1, 2])]

    assert results == []
    assert server.requests == []


async def test_video_has_an_original_and_no_mipmaps(server: CanvusServer, canvas: Canvas, tmp_path: Path) -> None:
    video = await canvas.videos.upload(FILM, filename="a.mp4", wait_ready=True)
    assert isinstance(video, Video)
    server.requests.clear()

    assert [result async for result in canvas.mipmaps.fetch_many([video])] == []
    (saved,) = [result async for result in canvas.download_many([video], into=tmp_path)]

    assert saved.path == tmp_path / f"{video.hash}.mp4"
    assert saved.path.read_bytes() == FILM
    assert not [request for request in server.requests if "/mipmaps/" in request.path]


async def test_download_of_neither_levels_nor_originals_is_refused_before_any_request(tmp_path: Path) -> None:
    async with Client("http://127.0.0.1:9", token="t") as client:
        with pytest.raises(ValueError, match="originals=True"):
            client.canvas("c1").download_many(["aa"], into=tmp_path, levels=None, originals=False)
