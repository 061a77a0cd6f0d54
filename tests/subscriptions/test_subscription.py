"""Subscriptions and mirrors against the embedded server, as a bot uses them."""

import asyncio
import gc
from contextlib import aclosing

import pytest

from canvus_async import Canvas, Change, Client, NotFound, RequestTimeout, Unauthorized
from canvus_async.models import Image, Note
from canvus_async.server import CanvusServer
from tests.files import picture


async def streams(server: CanvusServer, count: int) -> None:
    """Wait until the server has this many open subscriptions."""
    async with asyncio.timeout(5):
        while server.open_streams != count:
            await asyncio.sleep(0.001)


async def test_current_widgets_come_first_then_each_change(canvas: Canvas) -> None:
    note = await canvas.notes.create(text="one", title="T")
    async with aclosing(canvas.notes.subscribe()) as notes:
        assert await anext(notes) == note
        await canvas.notes.update(note.id, text="two")
        changed = await anext(notes)
        await canvas.notes.delete(note.id)
        gone = await anext(notes)

    assert (changed.text, changed.title, changed.deleted) == ("two", "T", False)
    assert (gone.id, gone.text, gone.deleted) == (note.id, "two", True)


async def test_one_widget_can_be_subscribed_to(canvas: Canvas) -> None:
    note, other = await canvas.notes.create(text="a"), await canvas.notes.create(text="b")
    async with aclosing(canvas.widgets.subscribe(note.id)) as states:
        assert await anext(states) == note
        await canvas.notes.update(other.id, text="c")
        await canvas.notes.update(note.id, text="d")
        assert (await anext(states)) == await canvas.notes.get(note.id)


async def test_new_image_is_delivered_again_with_its_hash(canvas: Canvas) -> None:
    async with aclosing(canvas.images.subscribe()) as images:
        image = await canvas.images.upload(picture())
        async for seen in images:
            assert isinstance(seen, Image)
            if seen.hash:
                break
    assert seen == await canvas.images.get(image.id)


async def test_canvases_can_be_subscribed_to(client: Client, canvas: Canvas) -> None:
    async with aclosing(client.canvases.subscribe()) as infos:
        assert (await anext(infos)).id == canvas.id
        await client.canvases.rename(canvas.id, "Renamed")
        assert (await anext(infos)).name == "Renamed"
        await client.canvases.delete(canvas.id)
        assert (await anext(infos)).deleted


async def test_reconnect_yields_only_the_differences(server: CanvusServer, canvas: Canvas) -> None:
    kept, gone = await canvas.notes.create(text="kept"), await canvas.notes.create(text="gone")
    async with aclosing(canvas.notes.subscribe()) as notes:
        assert {(await anext(notes)).text, (await anext(notes)).text} == {"kept", "gone"}
        server.faults.drop_streams()
        await streams(server, 0)
        await canvas.notes.delete(gone.id)
        new = await canvas.notes.create(text="new")
        seen = [await anext(notes), await anext(notes)]

    assert [(note.id, note.deleted) for note in seen] == [(gone.id, True), (new.id, False)]
    assert kept.id not in {note.id for note in seen}


async def test_leaving_the_block_closes_the_connection(server: CanvusServer, canvas: Canvas) -> None:
    await canvas.notes.create()
    for _ in range(3):
        async with aclosing(canvas.notes.subscribe()) as notes:
            async for _note in notes:
                break
        await streams(server, 0)


async def test_dropped_subscription_closes_and_warns(server: CanvusServer, canvas: Canvas) -> None:
    await canvas.notes.create()
    notes = canvas.notes.subscribe()
    await anext(notes)
    with pytest.warns(ResourceWarning, match="dropped without closing"):
        del notes
        gc.collect()
    await streams(server, 0)


async def test_missing_canvas_and_wrong_token_raise_typed_errors(server: CanvusServer, client: Client) -> None:
    nowhere = client.canvas("3ad9ece4-28be-4e19-9f9a-1a01a4dbae28")
    with pytest.raises(NotFound):
        await anext(nowhere.images.subscribe())
    async with Client(server.url, token="wrong") as stranger:
        with pytest.raises(Unauthorized):
            await anext(stranger.canvases.subscribe())


# -- the mirror --


async def test_mirror_holds_the_canvas_and_follows_changes(canvas: Canvas) -> None:
    note = await canvas.notes.create(text="one")
    async with canvas.live() as live:
        assert live.widgets[note.id] == note
        assert live.status == "live"
        changes = live.changes(initial=False)
        await canvas.notes.update(note.id, text="two")
        change = await anext(changes)
        assert isinstance(change.new, Note)
        assert (change.kind, change.old, change.new.text, change.resync) == ("updated", note, "two", False)
        assert live.widgets[note.id] == change.new
        assert live.last_activity is not None

    assert live.status == "closed"


async def test_changes_start_with_current_widgets_and_add_up_to_the_mirror(
    server: CanvusServer, canvas: Canvas
) -> None:
    notes = [await canvas.notes.create(text=str(n)) for n in range(5)]
    async with canvas.notes.live() as live:
        changes, folded = live.changes(), {}
        for _ in notes:
            change = await anext(changes)
            assert change.initial
            folded[change.id] = change.new
        server.faults.drop_streams()
        await canvas.notes.delete(notes[0].id)
        change = await anext(changes)
        assert (change.kind, change.id) == ("deleted", notes[0].id)
        del folded[change.id]
        assert folded == dict(live.widgets)
        assert live.counters.reconnects >= 0


async def test_slow_consumer_gets_the_net_change(canvas: Canvas) -> None:
    note = await canvas.notes.create(text="0")
    async with canvas.notes.live() as live:
        slow, quick = live.changes(initial=False), live.changes(initial=False)
        for number in range(1, 6):
            await canvas.notes.update(note.id, text=str(number))
            assert (await anext(quick)).new.text == str(number)
        change = await anext(slow)

    assert (change.old.text, change.new.text) == ("0", "5")


async def test_batches_give_all_pending_changes(canvas: Canvas) -> None:
    async with canvas.notes.live() as live:
        batches = live.batches()
        first = await canvas.notes.create(text="1")
        second = await canvas.notes.create(text="2")
        seen: list[Change[Note]] = []
        while len(seen) < 2:
            seen += await anext(batches)

    assert [change.id for change in seen] == [first.id, second.id]


async def test_wait_for_finds_current_and_later_widgets(canvas: Canvas) -> None:
    await canvas.notes.create(title="ready")
    async with canvas.live() as live:
        assert await live.wait_for(lambda w: w.title == "ready")
        waiting = asyncio.create_task(live.wait_for(lambda w: isinstance(w, Note) and w.text == "go", timeout=5))
        await canvas.notes.create(text="go")
        assert isinstance(await waiting, Note)
        with pytest.raises(RequestTimeout, match="no widget matched"):
            await live.wait_for(lambda w: w.title == "never", timeout=0.05)
        with pytest.raises(AttributeError):
            await live.wait_for(lambda w: w.titel == "typo", timeout=5)


async def test_mirror_raises_when_it_cannot_start(server: CanvusServer, client: Client) -> None:
    with pytest.raises(NotFound):
        async with client.canvas("3ad9ece4-28be-4e19-9f9a-1a01a4dbae28").live():
            pass
    await streams(server, 0)


async def test_end_of_the_mirror_reaches_its_consumers(server: CanvusServer, client: Client, canvas: Canvas) -> None:
    async with canvas.notes.live() as live:
        consumer = asyncio.create_task(anext(live.changes()))
        await asyncio.sleep(0)
    with pytest.raises(StopAsyncIteration):
        await consumer

    with pytest.raises(NotFound):
        async with canvas.notes.live() as live:
            await client.canvases.delete(canvas.id)
            async for _change in live.changes():
                pass
    await streams(server, 0)
