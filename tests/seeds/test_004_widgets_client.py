"""Seed 004, the page on generic widgets and cloning, through the client."""

import json
from contextlib import aclosing

import pytest

from canvus_async import ApiError, BadRequest, Client, NotFound, Point, Size, Unauthorized
from canvus_async.models import BY_TYPE, Anchor, Image, Note, SharedCanvas, UnknownWidget
from tests.seeds import bodies
from tests.seeds.facts import WIDGET_TYPES
from tests.seeds.sandbox import Sandbox, photo, replay, replay_stream

CANVAS = "3ad9ece4-28be-4e19-9f9a-1a01a4dbae28"
ROOT = "eab4c3da-0fc3-46f2-a7a7-bf9d16494348"
DOG = "2a59b935-02b6-47dc-820c-caab1de64247"
ADDRESS = f"/api/v1/canvases/{CANVAS}/widgets"

A_DOG = Image(
    id=DOG,
    hash="cbcb439a796b",
    location=Point(5291.9, 2564.2),
    size=Size(100, 100),
    depth=0,
    parent_id=ROOT,
    title="A dog",
    original_filename="photo.jpg",
)
"""The image of the examples as the client returns it."""


@pytest.mark.parametrize("name", WIDGET_TYPES)
async def test_seed_004_client_decodes_every_type(name: str) -> None:
    (root, *_) = json.loads(bodies.WIDGET_LIST)
    more = {"host-id": "", "connection-name": "", "content-id": "", "src": {"id": "a"}, "dst": {"id": "b"}}

    async with replay(json.dumps([root | more | {"widget_type": name}])) as replayed:
        (widget,) = await replayed.canvas.widgets.list()

    assert not isinstance(widget, UnknownWidget)
    assert type(widget) is BY_TYPE[name.lower()]
    assert widget.widget_type.lower() == name.lower()


async def test_seed_004_client_subscribes() -> None:
    listed = json.loads(bodies.WIDGET_LIST)
    _, dog, note, _ = listed

    async with replay_stream(listed, b"\n", [dog | {"title": "A cat"}], [note | {"state": "deleted"}]) as replayed:
        async with aclosing(replayed.canvas.widgets.subscribe()) as updates:
            states = [await anext(updates) for _ in range(6)]

    assert [each.widget_type for each in states] == ["SharedCanvas", "Image", "Note", "Anchor", "Image", "Note"]
    assert isinstance(states[4], Image)
    assert states[4].title == "A cat"
    assert [each.deleted for each in states] == [False] * 5 + [True]
    assert replayed.sent == [("GET", f"{ADDRESS}?subscribe")]


async def test_seed_004_client_lists_widgets() -> None:
    async with replay(bodies.WIDGET_LIST) as replayed:
        widgets = await replayed.canvas.widgets.list()

    common = {"depth": 0, "parent_id": ROOT}
    assert widgets == [
        SharedCanvas(id=ROOT, location=Point(0, 0), size=Size(9600, 5400), depth=0, parent_id=""),
        A_DOG,
        Note(
            id="dc3ca5b6-0fb4-4628-bf4e-2008087b9430",
            location=Point(5997.6, 3253.6),
            size=Size(300, 300),
            background_color="#ffffff",
            text="Remember to review the Q3 numbers",
            **common,
        ),
        Anchor(
            id="5da69125-a5f5-417d-8d8d-a633a0499560",
            location=Point(4676.8, 2432.8),
            size=Size(1200, 800),
            anchor_name="Overview",
            anchor_index=0,
            **common,
        ),
    ]
    assert replayed.sent == [("GET", ADDRESS)]


async def test_seed_004_client_gets_a_widget() -> None:
    async with replay(bodies.WIDGET) as replayed:
        assert await replayed.canvas.widgets.get(DOG) == A_DOG

    assert replayed.sent == [("GET", f"{ADDRESS}/{DOG}")]


async def test_seed_004_client_clones(sandbox: Sandbox) -> None:
    image = await sandbox.upload("images", photo(16, 9), "photo.jpg", title="A dog")
    other = await sandbox.server.create_canvas("Other")

    async with Client(sandbox.server.url, token=sandbox.server.token) as client:
        copy = await client.canvas(other).images.clone(
            image["id"], from_canvas=client.canvas(sandbox.canvas_id), location=Point(100, 200)
        )

    assert isinstance(copy, Image)
    assert (copy.hash, copy.title, copy.location) == (image["hash"], "A dog", Point(100, 200))


@pytest.mark.parametrize("placed", [False, True])
async def test_seed_004_client_sends_the_clone_bodies_of_the_examples(placed: bool) -> None:
    async with replay(bodies.WIDGET) as replayed:
        await replayed.canvas.images.clone(
            "uuid-of-widget-to-clone",
            from_canvas="uuid-of-source-canvas",
            **({"location": Point(100, 200)} if placed else {}),
        )

    (request,) = replayed.server.requests
    assert (request.method, request.target) == ("POST", f"/api/v1/canvases/{CANVAS}/images")
    assert json.loads(request.body) == json.loads(bodies.CLONE_PLACED_REQUEST if placed else bodies.CLONE_REQUEST)


@pytest.mark.parametrize(("status", "error"), [(400, BadRequest), (401, Unauthorized), (404, NotFound)])
async def test_seed_004_client_raises_the_class_of_each_error(status: int, error: type[ApiError]) -> None:
    async with replay(bodies.WIDGET_ERROR, status) as replayed:
        for call in (
            replayed.canvas.widgets.list(),
            replayed.canvas.widgets.get(DOG),
            replayed.canvas.notes.clone(DOG, from_canvas=CANVAS),
        ):
            with pytest.raises(error) as caught:
                await call
            assert (caught.value.status, caught.value.msg) == (status, "error description")
