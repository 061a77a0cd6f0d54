"""Seed 002 through the client; see test_002_003_files_client for what it has in common with seed 003."""

import json

from canvus_async import Client, Point, Size
from canvus_async.models import Image
from tests.raw_server import Exchange, raw_server
from tests.seeds import bodies
from tests.seeds.file_types import IMAGES
from tests.seeds.sandbox import Sandbox, form_parts, photo, replay

PATH = f"/api/v1/canvases/{IMAGES.canvas_id}/images"


async def test_seed_002_client_sends_the_token_the_cookie_or_neither() -> None:
    async with replay(bodies.IMAGE_LIST) as replayed:
        await replayed.canvas.images.list()
        url = replayed.server.url
        async with Client(url, session_cookie="passport") as by_cookie, Client(url) as guest:
            await by_cookie.canvas(IMAGES.canvas_id).images.list()
            await guest.canvas(IMAGES.canvas_id).images.list()

    by_token, cookie, anonymous = (request.headers for request in replayed.server.requests)
    assert by_token["private-token"] == "YOUR_TOKEN"
    assert "CanvusSession=passport" in cookie["cookie"]
    assert not {"private-token", "cookie"} & anonymous.keys()


async def test_seed_002_client_creates_an_image() -> None:
    async with replay(bodies.IMAGE_CREATED, canvas_id=IMAGES.canvas_id) as replayed:
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
    assert (request.method, request.target) == ("POST", PATH)
    assert request.headers["content-type"].startswith("multipart/form-data; boundary=")
    parts = form_parts(request)
    assert json.loads(parts["json"]) == {"title": "Architecture Diagram", "depth": 3.0}
    assert parts["data"] == b"a picture"
    assert b'name="data"; filename="architecture.png"' in request.body


async def test_seed_002_client_waits_for_the_hash(sandbox: Sandbox) -> None:
    async with Client(sandbox.server.url, token=sandbox.server.token) as client:
        canvas = client.canvas(sandbox.canvas_id)
        at_once = await canvas.images.upload(photo(16, 9))
        ready = await canvas.images.upload(photo(16, 9), wait_ready=True)

    assert (at_once.hash, bool(ready.hash)) == ("", True)


async def test_seed_002_client_returns_the_applied_size() -> None:
    async with replay(bodies.IMAGE_UPDATED, canvas_id=IMAGES.canvas_id) as replayed:
        image = await replayed.canvas.images.update(IMAGES.example_id, size=Size(800, 800))

    assert image.size == Size(800, 450), "the applied size, not the requested one"
    assert (image.location, image.pinned) == (Point(2000, 1500), True)
    (request,) = replayed.server.requests
    assert (request.method, request.target) == ("PATCH", f"{PATH}/{IMAGES.example_id}")
    assert request.headers["content-type"] == "application/json"
    assert json.loads(request.body) == {"size": {"width": 800, "height": 800}}


async def test_seed_002_client_sends_only_the_given_fields() -> None:
    async with replay(bodies.IMAGE_UPDATED, canvas_id=IMAGES.canvas_id) as replayed:
        await replayed.canvas.images.update(IMAGES.example_id, location=Point(2000, 1500), pinned=True)
        await replayed.canvas.images.update(IMAGES.example_id, auto_raise=True)

    assert [json.loads(request.body) for request in replayed.server.requests] == [
        {"location": {"x": 2000, "y": 1500}, "pinned": True},
        {"auto_raise": True},
    ]


async def test_seed_002_client_completes_a_partial_response_with_a_get() -> None:
    """The page shows a response with only `size`; if a server sends that, the client requests the whole object."""

    async def answers(exchange: Exchange) -> None:
        await exchange.request()
        await exchange.answer(bodies.IMAGE_RESIZED.encode())
        await exchange.request()
        await exchange.answer(bodies.IMAGE_UPDATED.encode())

    async with raw_server(answers) as server, Client(server.url, token="t") as client:
        image = await client.canvas(IMAGES.canvas_id).images.update(IMAGES.example_id, size=Size(800, 800))

    assert (image.size, image.title) == (Size(800, 450), "Team Photo")
