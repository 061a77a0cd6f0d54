"""Seed 002 as a user of the client meets it: the examples' answers as records, files and errors."""

import json
from contextlib import aclosing
from pathlib import Path

import pytest

from canvus_async import ApiError, BadRequest, Client, Forbidden, NotFound, Point, Size, Unauthorized
from canvus_async.models import Image
from tests.raw_server import Exchange, raw_server
from tests.seeds import bodies
from tests.seeds.common import FileType
from tests.seeds.sandbox import IMMUTABLE, Sandbox, form_parts, photo, replay, replay_stream

IMAGES = FileType("images", "Image", photo(160, 90), "team-photo.jpg")
CANVAS = "c3d319c2-5eed-456d-acbb-8da46e788157"
IMAGE = "40a30897-57ea-4c35-9bf8-64db7fc710e0"
ADDRESS = f"/api/v1/canvases/{CANVAS}/images"

TEAM_PHOTO = Image(
    id=IMAGE,
    hash="cbcb439a796b",
    location=Point(5130.68, 2164.98),
    size=Size(1280, 720),
    depth=2.0,
    scale=1,
    pinned=False,
    state="normal",
    parent_id="aad4f204-2324-401e-9acf-257d2dad4d99",
    title="Team Photo",
    original_filename="team-photo.jpg",
)
"""The image of the examples as a user gets it."""


async def test_seed_002_the_client_sends_the_token_or_the_cookie_or_neither() -> None:
    async with replay(bodies.IMAGE_LIST) as replayed:
        await replayed.canvas.images.list()
        url = replayed.server.url
        async with Client(url, session_cookie="passport") as by_cookie, Client(url) as guest:
            await by_cookie.canvas(CANVAS).images.list()
            await guest.canvas(CANVAS).images.list()

    by_token, cookie, anonymous = (request.headers for request in replayed.server.requests)
    assert by_token["private-token"] == "YOUR_TOKEN"
    assert "CanvusSession=passport" in cookie["cookie"]
    assert not {"private-token", "cookie"} & anonymous.keys()


async def test_seed_002_streaming_reaches_the_user() -> None:
    (example,) = json.loads(bodies.IMAGE_LIST)
    changed, gone = example | {"title": "Changed"}, example | {"state": "deleted"}

    async with replay_stream([example], b"\n", [changed], b"\n", [gone], canvas_id=CANVAS) as replayed:
        async with aclosing(replayed.canvas.images.subscribe()) as updates:
            first, second, third = [await anext(updates) for _ in range(3)]

    assert first == TEAM_PHOTO
    assert (second.title, second.hash) == ("Changed", TEAM_PHOTO.hash)
    assert third.deleted
    assert replayed.sent == [("GET", f"{ADDRESS}?subscribe")]


async def test_seed_002_streaming_of_one_reaches_the_user() -> None:
    example = json.loads(bodies.IMAGE)

    async with replay_stream(example, b"\n", example | {"pinned": True}, canvas_id=CANVAS) as replayed:
        async with aclosing(replayed.canvas.images.subscribe(IMAGE)) as updates:
            states = [await anext(updates) for _ in range(2)]

    assert [each.pinned for each in states] == [False, True]
    assert replayed.sent == [("GET", f"{ADDRESS}/{IMAGE}?subscribe")]


async def test_seed_002_list_images_reaches_the_user() -> None:
    async with replay(bodies.IMAGE_LIST, canvas_id=CANVAS) as replayed:
        assert await replayed.canvas.images.list() == [TEAM_PHOTO]

    assert replayed.sent == [("GET", ADDRESS)]


async def test_seed_002_get_single_image_reaches_the_user() -> None:
    async with replay(bodies.IMAGE, canvas_id=CANVAS) as replayed:
        image = await replayed.canvas.images.get(IMAGE)

    assert image == TEAM_PHOTO
    assert (image.widget_type, image.deleted) == ("Image", False)
    assert replayed.sent == [("GET", f"{ADDRESS}/{IMAGE}")]


async def test_seed_002_create_image_reaches_the_user() -> None:
    async with replay(bodies.IMAGE_CREATED, canvas_id=CANVAS) as replayed:
        image = await replayed.canvas.images.upload(
            b"a picture", filename="architecture.png", title="Architecture Diagram", depth=3.0
        )

    assert image == Image(
        id="0b79a537-e9a6-4733-9610-a4066f49e01f",
        hash="",
        location=Point(5226.29, 2666.83),
        size=Size(1600, 900),
        depth=3.0,
        parent_id="aad4f204-2324-401e-9acf-257d2dad4d99",
        title="Architecture Diagram",
        original_filename="architecture.png",
    )
    (request,) = replayed.server.requests
    assert (request.method, request.target) == ("POST", ADDRESS)
    assert request.headers["content-type"].startswith("multipart/form-data; boundary=")
    parts = form_parts(request)
    assert json.loads(parts["json"]) == {"title": "Architecture Diagram", "depth": 3.0}
    assert parts["data"] == b"a picture"
    assert b'name="data"; filename="architecture.png"' in request.body


async def test_seed_002_the_client_waits_for_the_hash(sandbox: Sandbox) -> None:
    async with Client(sandbox.server.url, token=sandbox.server.token) as client:
        canvas = client.canvas(sandbox.canvas_id)
        at_once = await canvas.images.upload(photo(16, 9))
        ready = await canvas.images.upload(photo(16, 9), wait_ready=True)

    assert (at_once.hash, bool(ready.hash)) == ("", True)


async def test_seed_002_update_image_resize_aspect_ratio_reaches_the_user() -> None:
    async with replay(bodies.IMAGE_UPDATED, canvas_id=CANVAS) as replayed:
        image = await replayed.canvas.images.update(IMAGE, size=Size(800, 800))

    assert image.size == Size(800, 450), "the applied size, not the one asked for"
    assert (image.location, image.pinned) == (Point(2000, 1500), True)
    (request,) = replayed.server.requests
    assert (request.method, request.target) == ("PATCH", f"{ADDRESS}/{IMAGE}")
    assert request.headers["content-type"] == "application/json"
    assert json.loads(request.body) == {"size": {"width": 800, "height": 800}}


async def test_seed_002_update_image_sends_only_what_is_given() -> None:
    async with replay(bodies.IMAGE_UPDATED, canvas_id=CANVAS) as replayed:
        await replayed.canvas.images.update(IMAGE, location=Point(2000, 1500), pinned=True)
        await replayed.canvas.images.update(IMAGE, auto_raise=True)

    assert [json.loads(request.body) for request in replayed.server.requests] == [
        {"location": {"x": 2000, "y": 1500}, "pinned": True},
        {"auto_raise": True},
    ]


async def test_seed_002_an_answer_of_changed_fields_alone_is_completed_by_a_get() -> None:
    """The part about the size shows an object without the rest; should a server answer like that, a GET follows."""

    async def answers(exchange: Exchange) -> None:
        await exchange.request()
        await exchange.answer(bodies.IMAGE_RESIZED.encode())
        await exchange.request()
        await exchange.answer(bodies.IMAGE_UPDATED.encode())

    async with raw_server(answers) as server, Client(server.url, token="t") as client:
        image = await client.canvas(CANVAS).images.update(IMAGE, size=Size(800, 800))

    assert (image.size, image.title) == (Size(800, 450), "Team Photo")


async def test_seed_002_download_image_reaches_the_user_as_a_file(tmp_path: Path) -> None:
    headers = (
        "Content-Type: image/jpeg",
        'content-disposition: attachment; filename="team-photo.jpg"',
        f"cache-control: {IMMUTABLE}",
    )
    async with replay(IMAGES.content, 200, *headers, canvas_id=CANVAS) as replayed:
        saved = await replayed.canvas.images.download(IMAGE, to=tmp_path / "downloaded-image.jpg")

    assert saved.read_bytes() == IMAGES.content
    assert replayed.sent == [("GET", f"{ADDRESS}/{IMAGE}/download")]


async def test_seed_002_delete_image_is_done_with_an_empty_answer() -> None:
    async with replay(b"", canvas_id=CANVAS) as replayed:
        await replayed.canvas.images.delete(IMAGE)

    assert replayed.sent == [("DELETE", f"{ADDRESS}/{IMAGE}")]


@pytest.mark.parametrize(
    ("status", "error"), [(400, BadRequest), (401, Unauthorized), (403, Forbidden), (404, NotFound)]
)
async def test_seed_002_each_error_reaches_the_user_as_its_class(
    status: int, error: type[ApiError], tmp_path: Path
) -> None:
    async with replay(bodies.IMAGE_ERROR, status) as replayed:
        images = replayed.canvas.images
        for call in (
            images.list(),
            images.get(IMAGE),
            images.upload(b"x"),
            images.update(IMAGE, depth=0.5),
            images.download(IMAGE, to=tmp_path / "a.jpg"),
            *([images.delete(IMAGE)] if status != 404 else []),
        ):
            with pytest.raises(error) as caught:
                await call
            assert (caught.value.status, caught.value.msg) == (status, "Depth must be >= 1.0, got 0.5")
