"""Invalid lines: they are no event and are not skipped; a resync delivers what they would have said."""

import logging
from contextlib import aclosing
from typing import cast

import pytest

from canvus_async import UnexpectedContent
from canvus_async.models import Note, UnknownWidget
from tests.subscriptions.clock import on_a_jumping_clock
from tests.subscriptions.wire import ends, line, note, playing, quiet, stays, take, then

LOST = note("a", text="what the broken line said")
DEEP = b"[" * 200_000 + b"]" * 200_000


async def resynced_after(broken: bytes, *, bad_lines: int = 1) -> None:
    """Check that a line triggers a resync, and that the mirror then gets exactly what it missed."""
    first, later = note("a"), note("b")
    block = line({**first, "title": "before"}) + broken + line(note("never", text="after a gap"))
    scripts = then([first], block), stays([LOST, later])
    async with playing(*scripts) as (server, _client, canvas), canvas.notes.live() as live:
        changes = live.changes(initial=False)
        seen = await take(changes, 3)
        assert await quiet(changes)
        assert (server.connections, live.counters.bad_lines, live.counters.resyncs) == (2, bad_lines, 1)
        assert {key: seen.text for key, seen in live.widgets.items()} == {"a": LOST["text"], "b": ""}

    assert [(change.kind, change.id, change.resync) for change in seen] == [
        ("updated", "a", False),  # whole lines before the invalid one count, although they arrived in the same chunk
        ("created", "b", True),
        ("updated", "a", True),
    ]
    assert seen[2].old == seen[0].new


@pytest.mark.row("S14")
@pytest.mark.parametrize(
    "broken",
    [
        pytest.param(b"{no json}\n", id="invalid"),
        pytest.param(line(LOST)[:-40] + b"\n", id="truncated"),
        pytest.param(line(LOST).rstrip() + b" " + line(LOST), id="two documents"),
        pytest.param(line(LOST).rstrip() + line(LOST), id="two documents without a space"),
        pytest.param(b"null\n", id="null"),
        pytest.param(b"17\n", id="number"),
        pytest.param(b'"text"\n', id="text"),
        pytest.param(b'[1, "two", null]\n', id="array of no objects"),
        pytest.param(b"[" + line(LOST).rstrip() + b", 17]\n", id="array of an object and a number"),
    ],
)
@on_a_jumping_clock
async def test_invalid_line_triggers_resync(broken: bytes) -> None:
    await resynced_after(broken)


@pytest.mark.row("S14")
@on_a_jumping_clock
async def test_five_invalid_lines_in_a_row_end_the_subscription() -> None:
    async with playing(stays([note("a")], b"{broken}\n")) as (server, _client, canvas):
        async with aclosing(canvas.notes.subscribe()) as notes:
            assert (await anext(notes)).id == "a"
            with pytest.raises(UnexpectedContent, match="unreadable line"):
                await anext(notes)
        assert server.connections == 5


@pytest.mark.row("S14")
@on_a_jumping_clock
async def test_invalid_snapshot_after_a_reconnect_changes_nothing() -> None:
    scripts = ends([note("a")]), stays(b'[{"id": "a"\n'), stays(b"null\n"), stays([note("a"), note("b")])
    async with playing(*scripts) as (server, _client, canvas), canvas.notes.live() as live:
        first, second = await take(live.changes(), 2)
        assert (server.connections, live.counters.bad_lines, live.counters.resyncs) == (4, 2, 1)

    assert [(change.kind, change.id, change.resync) for change in (first, second)] == [
        ("created", "a", False),
        ("created", "b", True),
    ]


@pytest.mark.row("S15")
@pytest.mark.parametrize(
    ("sent", "read"),
    [(b"a\xffb", "a\ufffdb"), (b"a\xc0\xafb", "a\ufffd\ufffdb"), (b"a\xed\xa0\x80b", "a\ufffd\ufffd\ufffdb")],
    ids=["no UTF-8", "overlong", "encoded surrogate"],
)
@on_a_jumping_clock
async def test_invalid_utf8_becomes_replacement_characters(sent: bytes, read: str) -> None:
    """The row allows a resync; here the invalid bytes become U+FFFD, as in a browser."""
    update = line(note("b", text="HERE")).replace(b"HERE", sent)
    snapshot = b"[" + line(note("a", text="HERE")).replace(b"HERE", sent).rstrip() + b"]\n"
    async with playing(stays(snapshot, update)) as (server, _client, canvas):
        async with aclosing(canvas.notes.subscribe()) as notes:
            assert [(seen.id, seen.text) for seen in await take(notes, 2)] == [("a", read), ("b", read)]
            assert server.connections == 1


@pytest.mark.row("S15")
@on_a_jumping_clock
async def test_raw_nul_triggers_resync() -> None:
    await resynced_after(line(note("a", text="HERE")).replace(b"HERE", b"\0"))


@pytest.mark.row("S16")
@on_a_jumping_clock
async def test_lone_surrogate_becomes_a_replacement_character() -> None:
    """Any user can type one. The row also asks for a warning; there is none, because nobody could act on it."""
    update = line(note("b", text="HERE")).replace(b"HERE", rb"x\ud83d \ud83c\udf89 \\ud800")
    async with playing(stays([note("a")], update)) as (server, _client, canvas):
        async with aclosing(canvas.notes.subscribe()) as notes:
            assert (await take(notes, 2))[1].text == "x\ufffd 🎉 \\ud800"
            assert server.connections == 1


@pytest.mark.row("S18")
@pytest.mark.parametrize("place", ["a line", "a field"])
@on_a_jumping_clock
async def test_deep_nesting_triggers_resync(place: str) -> None:
    await resynced_after(DEEP + b"\n" if place == "a line" else line(note("a")).replace(b'"Note"', DEEP))


@pytest.mark.row("S19")
@pytest.mark.parametrize("number", [b"1e999", b"-1e999", b"7" * 10_000, b"NaN", b"-Infinity"])
@on_a_jumping_clock
async def test_invalid_number_makes_one_unknown_widget(number: bytes) -> None:
    """The row allows a resync for NaN; here it is read as null, so only its object is affected."""
    odd = line(note("odd", depth=123456789)).replace(b"123456789", number).rstrip()
    snapshot = b"[" + line(note("a")).rstrip() + b", " + odd + b", " + line(note("b")).rstrip() + b"]\n"
    async with playing(stays(snapshot)) as (server, _client, canvas):
        async with aclosing(canvas.widgets.subscribe()) as widgets:
            a, unknown, b = await take(widgets, 3)
            assert server.connections == 1

    assert (type(a), type(b)) == (Note, Note)
    assert isinstance(unknown, UnknownWidget)
    assert (unknown.id, unknown.widget_type, unknown.raw["title"]) == ("odd", "Note", "")
    assert unknown.error


@pytest.mark.row("S23")
@pytest.mark.parametrize("odd", [{"id": 5}, {"id": None}, {"id": []}, {}], ids=repr)
@on_a_jumping_clock
async def test_object_without_id_triggers_resync(odd: dict[str, object]) -> None:
    fields = {key: value for key, value in note(text="no id").items() if key != "id"}
    await resynced_after(line({**fields, **odd}))


@pytest.mark.row("S23")
@on_a_jumping_clock
async def test_empty_id_triggers_resync() -> None:
    await resynced_after(line(note("") | {"id": ""}), bad_lines=0)


@on_a_jumping_clock
async def test_errors_and_logs_do_not_quote_widgets(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    private = note("a", text="my diary")
    for script in (stays([private], line(private)[:-30] + b"\n"), stays(line([private])[:-30] + b"\n")):
        async with playing(script) as (_, _client, canvas), aclosing(canvas.notes.subscribe()) as notes:
            with pytest.raises(UnexpectedContent) as caught:
                while True:
                    cast("Note", await anext(notes))
        assert "diary" not in str(caught.value)
    assert "diary" not in caplog.text
