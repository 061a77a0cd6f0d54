"""`canvus watch` without `--json`: the line for each change."""

import asyncio

import pytest

from canvus_async import Canvas, Point, Size
from canvus_async.cli.watch import change_line, label, watch
from canvus_async.models import Anchor, Browser, Image, Note, PlacedWidget, UnknownWidget, Widget
from canvus_async.models.changes import Change
from canvus_async.server import CanvusServer

NOTE = Note(id="n1", text="hello", location=Point(1, 2.5), size=Size(300, 200), parent_id="", depth=0)


async def next_line(capsys: pytest.CaptureFixture[str]) -> str:
    """Wait until `watch` has printed something."""
    async with asyncio.timeout(10):
        while not (printed := capsys.readouterr().out):
            await asyncio.sleep(0.001)
    return printed


async def test_watch_prints_a_line_per_change(
    server: CanvusServer, canvas: Canvas, capsys: pytest.CaptureFixture[str]
) -> None:
    watching = asyncio.create_task(watch(canvas.id, kind="notes", url=server.url, token=server.token))
    while not server.open_streams:
        await asyncio.sleep(0.001)

    note = await canvas.notes.create(text="[red]one\ntwo", location=Point(5, 6), size=Size(300, 200))
    assert await next_line(capsys) == f"+ Note         {note.id} “[red]one two” at 5,6 300x200\n"
    await canvas.notes.update(note.id, text="three", location=Point(7, 6))
    assert await next_line(capsys) == f"~ Note         {note.id} “three” at 7,6 300x200 [location, text]\n"
    await canvas.notes.delete(note.id)
    assert await next_line(capsys) == f"- Note         {note.id} “three”\n"

    watching.cancel()
    await asyncio.wait([watching])


async def test_watch_without_a_kind_prints_all_widgets_of_the_canvas(
    server: CanvusServer, canvas: Canvas, capsys: pytest.CaptureFixture[str]
) -> None:
    watching = asyncio.create_task(watch(canvas.id, url=server.url, token=server.token))

    assert (await next_line(capsys)).startswith("+ SharedCanvas ")

    watching.cancel()
    await asyncio.wait([watching])


def test_a_change_during_an_outage_is_marked() -> None:
    line = change_line(Change("deleted", "n1", NOTE, None, resync=True)).plain

    assert line == "- Note         n1 “hello” (changed while the connection was lost)"


def test_a_widget_whose_type_changed_has_no_list_of_changed_fields() -> None:
    old = Image(id="n1", location=Point(0, 0), size=Size(1, 1), parent_id="", depth=0)

    assert change_line(Change("updated", "n1", old, NOTE)).plain == "~ Note         n1 “hello” at 1,2.5 300x200"


def test_a_widget_without_a_type_and_a_label_is_unknown() -> None:
    widget = UnknownWidget(id="x", raw={"id": "x"}, error="no widget_type")

    assert change_line(Change[Widget]("created", "x", None, widget)).plain == "+ unknown      x"


PLACE = {"location": Point(0, 0), "size": Size(1, 1), "parent_id": "", "depth": 0}


@pytest.mark.parametrize(
    ("widget", "text"),
    [
        (Image(id="a", title="Title", original_filename="a.png", **PLACE), "Title"),
        (Image(id="a", original_filename="a.png", **PLACE), "a.png"),
        (Anchor(id="a", anchor_name="Anchor", **PLACE), "Anchor"),
        (Browser(id="a", url="https://example.com", **PLACE), "https://example.com"),
        (Note(id="a", text="\x1b[2J\u202eabc", **PLACE), " [2J abc"),
        (Note(id="a", text="x" * 60, **PLACE), "x" * 60),
        (Note(id="a", text="x" * 61, **PLACE), "x" * 59 + "…"),
        (PlacedWidget(id="a", **PLACE), ""),
    ],
)
def test_the_label_is_the_first_text_of_a_widget_in_a_short_printable_line(widget: Widget, text: str) -> None:
    assert label(widget) == text
