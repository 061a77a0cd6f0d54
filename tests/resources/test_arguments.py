"""What callers may pass: records in place of ids, arguments by name, and what is refused before any request."""

import asyncio
import inspect
import types
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from pathlib import Path

import pytest

from canvus_async import Canvas, Client, Fit, NotFound
from canvus_async.models import CanvasBackground, Note
from tests.files import picture


async def test_records_are_accepted_where_widget_ids_are_asked(canvas: Canvas) -> None:
    note = await canvas.notes.create(text="a")

    changed = await canvas.notes.update(note, text="b")
    assert await canvas.notes.get(note) == changed
    assert (changed.id, changed.text) == (note.id, "b")
    async with asyncio.timeout(10), aclosing(canvas.notes.subscribe(note)) as notes:
        assert await anext(notes) == changed
    copy = await canvas.notes.clone(note, from_canvas=canvas)
    assert (copy.text, copy.id != note.id) == ("b", True)
    await canvas.notes.delete(note)
    with pytest.raises(NotFound):
        await canvas.notes.get(note)


async def test_records_of_files_and_tables_are_accepted_in_place_of_ids(canvas: Canvas, tmp_path: Path) -> None:
    sent = picture()
    image = await canvas.images.upload(sent, filename="a.jpg")

    assert (await canvas.images.wait_ready(image)).hash
    assert (await canvas.images.download(image, to=tmp_path / "a.jpg")).read_bytes() == sent
    assert len(await canvas.tables.cells(await canvas.tables.create())) == 4


async def test_records_and_handles_are_accepted_where_canvas_ids_are_asked(client: Client) -> None:
    info = await client.canvases.create(name="Board")

    assert client.canvas(info).id == info.id == client.canvas(client.canvas(info)).id
    assert (await client.canvases.rename(info, name="Wall")).name == "Wall"
    assert (await client.canvases.get(client.canvas(info))).name == "Wall"
    async with asyncio.timeout(10), aclosing(client.canvases.subscribe(info)) as canvases:
        assert (await anext(canvases)).name == "Wall"
    await client.canvases.delete(info)
    with pytest.raises(NotFound):
        await client.canvases.get(info)


async def test_ids_names_and_hashes_may_be_given_by_name(client: Client, canvas: Canvas) -> None:
    note = await canvas.notes.create()
    image = await canvas.images.upload(file=picture(), filename="a.jpg", wait_ready=True)

    assert (await canvas.notes.update(widget_id=note.id, text="b")).text == "b"
    assert (await canvas.notes.get(widget_id=note.id)).text == "b"
    assert (await client.canvases.get(canvas_id=canvas.id)).id == client.canvas(canvas_id=canvas.id).id
    assert (await canvas.mipmaps.info(hash=image.hash)).max_level >= 0
    assert await canvas.mipmaps.fetch(hash=image.hash, level=0) == await canvas.mipmaps.fetch(image.hash, 0)
    assert await canvas.assets.fetch(hash=image.hash)
    results = [each async for each in canvas.mipmaps.fetch_many(items=[image], levels=Fit(8, 8))]
    assert [each.error for each in results] == [None]
    await canvas.notes.delete(widget_id=note.id)


@pytest.mark.parametrize(
    ("wrong", "refusal"),
    [
        (None, (TypeError, "widget id must be a str, or a record or handle with an id, got NoneType")),
        (5, (TypeError, "widget id must be a str, or a record or handle with an id, got int")),
        (Note, (TypeError, "widget id .the id of a StructMeta. must be a str")),
        (types.SimpleNamespace(id=5), (TypeError, "widget id .the id of a SimpleNamespace. must be a str, got int")),
        (CanvasBackground(), (ValueError, "widget id .the id of a CanvasBackground. is empty")),
        ("", (ValueError, "widget id is empty")),
    ],
)
@pytest.mark.parametrize("call", ["get", "delete", "update", "clone", "wait_ready", "download", "subscribe"])
async def test_what_has_no_id_is_refused_before_any_request(
    client: Client, canvas: Canvas, call: str, wrong: object, refusal: tuple[type[Exception], str]
) -> None:
    if (call, wrong) == ("subscribe", None):
        return  # every widget
    more = {"clone": {"from_canvas": canvas}, "download": {"to": "a"}}
    method: Callable[..., Awaitable[object]] = getattr(canvas.images, call)
    sent = client.requests_sent
    with pytest.raises(refusal[0], match=refusal[1]):
        await method(wrong, **more.get(call, {}))
    assert client.requests_sent == sent


async def test_a_canvas_without_an_id_is_refused_before_any_request(client: Client, canvas: Canvas) -> None:
    sent = client.requests_sent
    wrong: list[object] = [5, types.SimpleNamespace(id=None)]
    for value in wrong:
        call: Callable[..., Awaitable[object]]
        for call in (client.canvases.get, client.canvases.delete):
            with pytest.raises(TypeError, match="canvas id"):
                await call(value)
        with pytest.raises(TypeError, match="canvas id"):
            client.canvas(value)
        with pytest.raises(TypeError, match="canvas id"):
            await canvas.notes.clone("id", from_canvas=value)
    assert client.requests_sent == sent


async def test_values_of_a_wrong_type_are_refused_before_any_request(client: Client, canvas: Canvas) -> None:
    sent = client.requests_sent
    with pytest.raises(TypeError, match=r"update\(\) got location=\(1, 2\); it takes a Point"):
        await canvas.notes.update("id", location=(1, 2))
    with pytest.raises(TypeError, match=r"create\(\) got text=5; it takes a str"):
        await canvas.notes.create(text=5)
    with pytest.raises(TypeError, match=r"upload\(\) got scale=True; it takes a number"):
        await canvas.images.upload(picture(), filename="a.jpg", scale=True)
    with pytest.raises(TypeError, match=r"create\(\) got src='id'; it takes a ConnectorEnd"):
        await canvas.connectors.create(src="id", dst="id")
    with pytest.raises(TypeError, match=r"update\(\) got haze='red'; it takes a BackgroundHaze"):
        await canvas.background.update(haze="red")
    with pytest.raises(TypeError, match=r"create\(\) got name=5; it takes a str"):
        await client.canvases.create(name=5)
    assert client.requests_sent == sent


def test_positional_only_arguments_are_gone_from_public_methods() -> None:
    for kind in (Client, Canvas, *map(type, parts())):
        for name, method in inspect.getmembers(kind, inspect.isfunction):
            if not name.startswith("_"):
                kinds = [each.kind for each in inspect.signature(method).parameters.values()]
                assert inspect.Parameter.POSITIONAL_ONLY not in kinds, f"{kind.__name__}.{name}"


def parts() -> list[object]:
    """The objects that a client and a canvas give out."""
    client = Client("https://canvus.example.com")
    canvas = client.canvas("c1")
    names = [name for name, value in vars(Canvas).items() if hasattr(value, "attrname")]
    return [client.canvases, *(getattr(canvas, name) for name in names)]
