"""Ids by name, by position, or by a record; keywords that are checked and listed; reprs that say what a thing is."""

import inspect
from collections.abc import Awaitable, Callable

import pytest

from canvus_async import Canvas, Client, Point, Size
from tests.files import picture

Call = Callable[[Canvas], Awaitable[object]]


async def test_a_record_is_taken_where_an_id_is_asked(client: Client, canvas: Canvas) -> None:
    note = await canvas.notes.create(text="a")

    assert (await canvas.notes.update(note, text="b")).text == "b"
    assert (await canvas.notes.get(note)).text == "b"
    async with canvas.notes.subscribe(note) as notes:
        assert (await anext(notes)).id == note.id
    copied = await canvas.notes.clone(note, from_canvas=canvas)
    await canvas.notes.delete(copied)
    image = await canvas.images.upload(picture(), filename="a.jpg")
    assert (await canvas.images.wait_ready(image)).hash
    (info,) = await client.canvases.list()
    assert (await client.canvases.rename(info, "other")).name == "other"
    assert client.canvas(info).id == client.canvas(canvas).id == info.id
    assert (await client.canvases.get(canvas)).name == "other"


async def test_ids_and_names_are_taken_by_position_and_by_name(client: Client, canvas: Canvas) -> None:
    made = await client.canvases.create(name="Board")
    note = await canvas.notes.create(text="a")

    assert (await client.canvases.get(canvas_id=made.id)).name == "Board"
    assert (await client.canvases.rename(canvas_id=made.id, name="Other")).name == "Other"
    assert (await canvas.notes.update(widget_id=note.id, text="b")).text == "b"
    await canvas.notes.delete(widget_id=note.id)
    await client.canvases.delete(canvas_id=made)
    assert client.canvas(canvas_id=canvas.id).id == canvas.id


@pytest.mark.parametrize("value", [5, None, b"id", object(), ["id"]])
async def test_anything_else_is_refused_before_any_request(client: Client, canvas: Canvas, value: object) -> None:
    for call in (canvas.notes.get, canvas.notes.delete, client.canvases.get):
        with pytest.raises(TypeError, match="must be a str, or a record or handle with an id"):
            await call(value)  # type: ignore[operator]
    with pytest.raises(TypeError, match="canvas id must be a str, or a record or handle with an id"):
        client.canvas(value)  # type: ignore[arg-type]
    assert client.requests_sent == 0


WRONG: dict[str, tuple[Call, str]] = {
    "tuple": (lambda canvas: canvas.notes.create(location=(1, 2)), r"location=\(1, 2\); it takes a Point"),  # type: ignore[typeddict-item]
    "number as text": (lambda canvas: canvas.notes.create(text=5), r"text=5; it takes a str"),  # type: ignore[typeddict-item]
    "text as size": (lambda canvas: canvas.notes.update("n", size="big"), r"size='big'; it takes a Size"),  # type: ignore[typeddict-item]
    "text as bool": (lambda canvas: canvas.notes.update("n", pinned="yes"), r"pinned='yes'; it takes a bool"),  # type: ignore[typeddict-item]
    "bool as number": (lambda canvas: canvas.notes.create(scale=True), r"scale=True; it takes a number"),
    "text as number": (lambda canvas: canvas.notes.create(depth="1"), r"depth='1'; it takes a number"),  # type: ignore[typeddict-item]
    "record of another kind": (lambda canvas: canvas.notes.create(location=Size(1, 2)), "it takes a Point"),  # type: ignore[typeddict-item]
    "text within a record": (lambda canvas: canvas.notes.create(location=Point("1", 2)), "it takes a Point"),  # type: ignore[arg-type]
    "upload": (lambda canvas: canvas.images.upload(b"x", title=5), "title=5; it takes a str"),  # type: ignore[arg-type]
    "background": (lambda canvas: canvas.background.update(type=1), "type=1; it takes a str"),  # type: ignore[typeddict-item]
}


@pytest.mark.parametrize(("call", "words"), WRONG.values(), ids=WRONG)
async def test_a_value_of_another_type_is_refused_with_the_name_of_the_keyword(
    client: Client, canvas: Canvas, call: Call, words: str
) -> None:
    with pytest.raises(TypeError, match=words):
        await call(canvas)
    assert client.requests_sent == 0


async def test_whole_numbers_are_numbers(canvas: Canvas) -> None:
    note = await canvas.notes.create(location=Point(1, 2), scale=2, depth=3)

    assert (note.location, note.scale, note.depth) == (Point(1, 2), 2, 3)


def test_signatures_list_the_keywords() -> None:
    client = Client("https://canvus.example.com")
    canvas = client.canvas("c1")
    for method, keywords in {
        canvas.notes.create: {"text", "location", "background_color"},
        canvas.notes.update: {"widget_id", "text", "auto_raise"},
        canvas.images.upload: {"file", "title", "location", "wait_ready"},
        canvas.background.update: {"background_color", "haze"},
        canvas.connectors.create: {"src", "dst", "line_width"},
    }.items():
        signature = inspect.signature(method)
        assert keywords <= signature.parameters.keys()
        assert "fields" not in signature.parameters
        assert "<not sent>" in str(signature)


def test_reprs_say_what_a_thing_is() -> None:
    client = Client("https://canvus.example.com")
    canvas = client.canvas("c1")

    assert repr(canvas.notes) == "<Notes of canvas c1>"
    assert repr(canvas.widgets) == "<Widgets of canvas c1>"
    assert repr(canvas.mipmaps) == "<Mipmaps of canvas c1>"
    assert repr(canvas.assets) == "<Assets of canvas c1>"
    assert repr(canvas.background) == "<Background of canvas c1>"
    assert repr(client.canvases) == "<Canvases of https://canvus.example.com/api/v1>"
    assert "c1" in repr(canvas)
