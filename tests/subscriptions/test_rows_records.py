"""How objects are read: unknown types, missing fields, deletes, repeated and partial objects."""

import asyncio
import logging
from contextlib import aclosing
from typing import cast

import pytest

from canvus_async.models import Browser, CanvasInfo, Image, Note, UnknownWidget
from tests.raw_server import Exchange
from tests.subscriptions.clock import on_a_jumping_clock
from tests.subscriptions.wire import (
    ends,
    follows,
    gone,
    image,
    keeps_alive,
    line,
    note,
    playing,
    quiet,
    stays,
    take,
    then,
    widget,
)


@pytest.mark.row("S20")
@on_a_jumping_clock
async def test_unknown_type_becomes_an_unknown_widget_with_all_fields() -> None:
    strange = widget("Hologram", "h", beams=[1, {"colour": "red"}])
    changed = {**strange, "beams": []}
    async with playing(then([note("a"), strange], changed)) as (_, _client, canvas), canvas.live() as live:
        seen = [change.new for change in await take(live.changes(), 3)]
        assert await quiet(live.changes(initial=False))

    assert [type(record) for record in seen[:1]] == [Note]
    assert all(isinstance(record, UnknownWidget) and record.widget_type == "Hologram" for record in seen[1:])
    assert [cast("UnknownWidget", record).raw["beams"] for record in seen[1:]] == [strange["beams"], []]


@pytest.mark.row("S21")
@on_a_jumping_clock
async def test_missing_fields_get_defaults_and_extra_fields_are_ignored() -> None:
    """The row keeps extra fields; typed records have no place for them, so a change of only those is no event."""
    lacking = {key: value for key, value in note("a").items() if key not in {"text", "scale", "pinned"}}
    extra = {**note("b"), "from_the_future": {"deep": [1]}}
    async with playing(stays([lacking, extra], {**extra, "from_the_future": 2})) as (_, _client, canvas):
        async with aclosing(canvas.notes.subscribe()) as notes:
            a, b = await take(notes, 2)
            assert await quiet(notes)

    assert (a.text, a.scale, a.pinned) == ("", 1.0, False)
    assert b == type(b)(**{name: getattr(a, name) for name in a.__struct_fields__ if name != "id"}, id="b")


@pytest.mark.row("S22")
@pytest.mark.parametrize(
    "change",
    [{"size": None}, {"location": "here"}, {"title": 5}, {"parent_id": None}, "location"],
    ids=["null", "text for a point", "number for text", "null for an id", "missing required field"],
)
@on_a_jumping_clock
async def test_one_invalid_object_of_1000_becomes_an_unknown_widget(change: dict[str, object] | str) -> None:
    objects = [image(f"{number:04d}") for number in range(1000)]
    objects[500] = (
        {key: value for key, value in objects[500].items() if key != change}
        if isinstance(change, str)
        else {**objects[500], **change}
    )
    async with playing(stays(objects)) as (server, _client, canvas):
        async with aclosing(canvas.widgets.subscribe()) as widgets:
            seen = await take(widgets, 1000)
        assert server.connections == 1

    bad = seen.pop(500)
    assert {type(record) for record in seen} == {Image}
    assert isinstance(bad, UnknownWidget)
    assert (bad.id, bad.raw, bool(bad.error)) == ("0500", objects[500], True)


@pytest.mark.row("S22")
@on_a_jumping_clock
async def test_typed_subscription_leaves_out_invalid_objects_and_logs_them(
    caplog: pytest.LogCaptureFixture,
) -> None:
    objects = [image("a"), image("bad", size=None), widget("Note", "wrong"), image("c")]
    with caplog.at_level(logging.WARNING):
        async with playing(stays(objects)) as (_, _client, canvas), aclosing(canvas.images.subscribe()) as images:
            assert [seen.id for seen in await take(images, 2)] == ["a", "c"]
            assert await quiet(images)
    assert [name in caplog.text for name in ("bad", "wrong")] == [True, True]


@pytest.mark.row("S24")
@on_a_jumping_clock
async def test_unknown_state_is_not_a_delete() -> None:
    async with playing(stays([note("a")], note("a", state="hidden"))) as (_, _client, canvas):
        async with aclosing(canvas.notes.subscribe()) as notes:
            _, hidden = await take(notes, 2)

    assert (hidden.state, hidden.deleted) == ("hidden", False)


@pytest.mark.row("S25")
@on_a_jumping_clock
async def test_unchanged_object_is_no_event() -> None:
    first, second = note("a", text="1"), note("a", text="2")
    async with playing(stays([first], first, [first, first], second, second, note("end"))) as (_, _client, canvas):
        async with aclosing(canvas.notes.subscribe()) as notes:
            seen = await take(notes, 3)

    assert [(record.id, record.text) for record in seen] == [("a", "1"), ("a", "2"), ("end", "")]


@pytest.mark.row("S26")
@on_a_jumping_clock
async def test_delete_is_delivered_once_and_only_of_known_widgets() -> None:
    a = note("a", text="last words")
    lines = gone(note("never")), gone(a), gone(a), {"id": "a", "state": "deleted"}, {**a, "state": "deleted"}, note("z")
    async with playing(stays([a], *lines)) as (_, _client, canvas), aclosing(canvas.notes.subscribe()) as notes:
        seen = await take(notes, 3)

    assert [(record.id, record.deleted) for record in seen] == [("a", False), ("a", True), ("z", False)]
    assert seen[1].text == "last words"


@pytest.mark.row("S26")
@on_a_jumping_clock
async def test_delete_of_a_canvas_is_delivered_once() -> None:
    lines = {"id": "c", "name": "New"}, {"id": "c", "state": "deleted"}, {"id": "x", "state": "deleted"}
    async with playing(stays([{"id": "c", "name": "Old", "mode": "normal"}], *lines)) as (_, client, _canvas):
        async with aclosing(client.canvases.subscribe()) as canvases:
            seen = await take(canvases, 3)
            assert await quiet(canvases)

    assert seen[0] == CanvasInfo(id="c", name="Old")
    assert [(info.name, info.deleted) for info in seen] == [("Old", False), ("New", False), ("New", True)]


@pytest.mark.row("S27")
@on_a_jumping_clock
async def test_changes_between_two_reads_are_merged() -> None:
    back, brief = note("back", text="1"), note("brief")
    lines = back, gone(back), brief, gone(brief), {**back, "text": "2"}, note("last")
    async with playing(then([note("a")], *lines)) as (_, _client, canvas), canvas.notes.live() as live:
        changes = live.changes(initial=False)
        await live.wait_for(lambda seen: seen.id == "last")
        seen = await take(changes, 2)
        assert await quiet(changes)

    assert [(change.kind, change.id, cast("Note", change.new).text) for change in seen] == [
        ("created", "back", "2"),
        ("created", "last", ""),
    ]


@pytest.mark.row("S28")
@on_a_jumping_clock
async def test_partial_object_is_merged_into_the_known_record() -> None:
    whole = note("a", text="1", title="T", pinned=True)
    parts = {"id": "a", "text": "2"}, {"id": "a", "widget_type": "Note", "title": "", "depth": 7}
    async with playing(then([whole], *parts)) as (_, _client, canvas), canvas.live() as live:
        changes = live.changes()
        first = await anext(changes)
        batches = [await anext(changes)]
        assert [change.old for change in batches] == [first.new]

    new = cast("Note", batches[0].new)  # both parts arrived together, so they are one change
    assert (new.text, new.title, new.depth, new.pinned) == ("2", "", 7, True)
    assert new.location == cast("Note", first.new).location


@pytest.mark.row("S29")
@on_a_jumping_clock
async def test_partial_object_of_an_unknown_id_triggers_resync() -> None:
    loop = asyncio.get_running_loop()
    whole = note("b", text="whole", title="T")
    part = then([note("a")], {"id": "b", "widget_type": "Note", "text": "whole"})
    async with playing(part, stays([note("a"), whole])) as (server, _client, canvas):
        async with aclosing(canvas.widgets.subscribe()) as widgets:
            began = loop.time()
            _, seen = await take(widgets, 2)
            assert loop.time() - began < 2
            assert await quiet(widgets)
        assert server.connections == 2

    assert isinstance(seen, Note)
    assert (seen.id, seen.text, seen.title) == ("b", "whole", "T")


@pytest.mark.row("S29")
@on_a_jumping_clock
async def test_repeated_resyncs_back_off() -> None:
    loop = asyncio.get_running_loop()
    connected: list[float] = []

    async def script(exchange: Exchange) -> None:
        connected.append(loop.time())
        await exchange.request()
        await exchange.stream([note("a")], {"id": "b", "text": "part of what is never sent whole"})
        await keeps_alive(exchange)

    async with playing(script) as (_, _client, canvas), aclosing(canvas.notes.subscribe()) as notes:
        assert (await anext(notes)).id == "a"
        assert await quiet(notes, 3600)

    assert 150 < len(connected) < 400  # 0 to 30 s apart, 15 on average


@pytest.mark.row("S30")
@on_a_jumping_clock
async def test_last_object_of_an_id_in_a_snapshot_wins() -> None:
    snapshot = [note("a", text="1"), note("b"), note("a", text="2"), note("c"), gone(note("c")), gone(note("d"))]
    async with playing(stays(snapshot)) as (_, _client, canvas), aclosing(canvas.notes.subscribe()) as notes:
        seen = await take(notes, 2)
        assert await quiet(notes)

    assert {record.id: record.text for record in seen} == {"a": "2", "b": ""}


@pytest.mark.row("S31")
@on_a_jumping_clock
async def test_empty_snapshot_after_a_reconnect_deletes_everything() -> None:
    """A guard against it (`max_resync_deletes` in the row) is left to the caller, who can check `Change.resync`."""
    async with playing(ends([note("a"), note("b")]), stays([])) as (_, _client, canvas), canvas.notes.live() as live:
        changes = await take(live.changes(), 4)
        assert not live.widgets

    assert [(change.kind, change.id, change.resync) for change in changes[2:]] == [
        ("deleted", "a", True),
        ("deleted", "b", True),
    ]


@pytest.mark.row("S32")
@on_a_jumping_clock
async def test_id_may_change_its_type() -> None:
    browser = widget("Browser", "a", url="https://example.com", title="", transparent_mode=False)
    for script in ((then([note("a")], browser),), (ends([note("a")]), stays([browser]))):
        async with playing(*script) as (_, _client, canvas), canvas.live() as live:
            _, change = await take(live.changes(), 2)

        assert (change.kind, change.type_changed) == ("updated", True)
        assert (type(change.old), type(change.new)) == (Note, Browser)


@on_a_jumping_clock
async def test_lines_in_one_chunk_are_delivered_in_order() -> None:
    block = b"".join(line(note("a", text=str(number))) for number in range(20))

    async def all_at_once(exchange: Exchange) -> None:
        await exchange.chunk(block)
        await exchange.gone()

    async with playing(follows([], all_at_once)) as (_, _client, canvas), aclosing(canvas.notes.subscribe()) as notes:
        assert [record.text for record in await take(notes, 20)] == [str(number) for number in range(20)]
