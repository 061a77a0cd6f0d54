"""What snapshots and updates change: the invariants that every consumer may rely on."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from canvus_async.models import KINDS, Anchor, CanvasBackground, CanvasInfo, Image, Note, Pdf, UnknownWidget
from canvus_async.models.changes import Change
from canvus_async.protocol.decoding.decoder import RecordDecoder
from canvus_async.protocol.merging import Merge, SnapshotMerger
from tests.protocol.samples import BACKGROUND, line, widget, without


class Canvas:
    """A merger that is fed with objects, as if they were lines of a connection."""

    def __init__(self, *kinds: type[Any], keep_unknown: bool = True) -> None:
        self.decoder = RecordDecoder[Any](*(kinds or KINDS))
        self.merger = SnapshotMerger(self.decoder, keep_unknown=keep_unknown)

    def snapshot(self, *objects: object) -> Merge[Any]:
        return self.merger.snapshot(self.decoder.line(line(list(objects)), snapshot=True))

    def update(self, *objects: object) -> Merge[Any]:
        return self.merger.update(self.decoder.block(b"".join(map(line, objects))))

    def one(self, *objects: object) -> Change[Any]:
        (change,) = self.update(*objects).changes
        return change


@pytest.fixture
def canvas() -> Canvas:
    canvas = Canvas()
    canvas.snapshot(widget(), widget("Image", "i1"), widget("Hologram", "h1"), BACKGROUND)
    return canvas


def kinds(merge: Merge[Any]) -> list[tuple[str, str]]:
    assert not merge.gap
    return [(change.kind, change.id) for change in merge.changes]


# -- snapshots --


def test_first_snapshot_gives_initial_creates() -> None:
    canvas = Canvas()

    merge = canvas.snapshot(widget(), BACKGROUND)

    assert kinds(merge) == [("created", "w1"), ("created", "CanvasBackground")]
    assert all(change.initial and not change.resync and change.old is None for change in merge.changes)
    assert list(canvas.merger.state) == ["w1", "CanvasBackground"]
    assert type(canvas.merger.state["CanvasBackground"]) is CanvasBackground


def test_snapshot_after_an_empty_one_is_a_resync() -> None:
    canvas = Canvas()

    assert not canvas.snapshot().changes
    assert [change.resync for change in canvas.snapshot(widget()).changes] == [True]


def test_later_snapshot_gives_only_differences_deletes_first(canvas: Canvas) -> None:
    merge = canvas.snapshot(widget(), widget("Image", "i1", title="new"), widget(id_="w2"), BACKGROUND)

    assert kinds(merge) == [("deleted", "h1"), ("created", "w2"), ("updated", "i1")]
    assert all(change.resync and not change.initial for change in merge.changes)
    deleted, _, updated = merge.changes
    assert deleted.new is None
    assert deleted.record.deleted
    assert deleted.record.raw["beam"] == {"colour": "red", "on": True}
    assert (updated.old.title, updated.new.title) == ("A dog", "new")


@pytest.mark.row("S31")
def test_empty_snapshot_deletes_everything(canvas: Canvas) -> None:
    assert [kind for kind, _ in kinds(canvas.snapshot())] == ["deleted"] * 4
    assert canvas.merger.state == {}


@pytest.mark.row("S30")
def test_last_object_of_an_id_in_a_snapshot_wins(canvas: Canvas) -> None:
    merge = canvas.snapshot(
        widget(text="early"),
        widget("Image", "i1"),
        widget(text="late"),
        widget("Image", "i1", state="deleted"),
        BACKGROUND,
    )

    assert kinds(merge) == [("deleted", "i1"), ("deleted", "h1"), ("updated", "w1")]
    assert canvas.merger.state["w1"].text == "late"


def test_invalid_objects_of_a_snapshot_become_unknown_widgets(canvas: Canvas) -> None:
    merge = canvas.snapshot(widget(depth="high"), without(widget("Image", "i1"), "size"))

    assert kinds(merge) == [("deleted", "h1"), ("deleted", "CanvasBackground"), ("updated", "w1"), ("updated", "i1")]
    assert all(isinstance(canvas.merger.state[id_], UnknownWidget) for id_ in ("w1", "i1"))
    assert all(change.type_changed is False for change in merge.changes)


def test_invalid_snapshot_changes_nothing(canvas: Canvas) -> None:
    before = dict(canvas.merger.state)

    merge = canvas.merger.snapshot(canvas.decoder.line(b'[{"id":'))

    assert (merge.changes, bool(merge.gap)) == ([], True)
    assert canvas.merger.state == before


def test_state_is_one_read_only_object(canvas: Canvas) -> None:
    state = canvas.merger.state
    canvas.snapshot(widget(id_="other"))

    assert list(state) == ["other"]
    with pytest.raises(TypeError):
        state["x"] = widget()  # type: ignore[index]


# -- updates --


def test_update_has_old_and_new(canvas: Canvas) -> None:
    before = canvas.merger.state["w1"]

    change = canvas.one(widget(text="new"))

    assert (change.kind, change.id, change.old, change.resync, change.initial) == (
        "updated",
        "w1",
        before,
        False,
        False,
    )
    assert change.new is change.record is canvas.merger.state["w1"]
    assert change.new.text == "new"


@pytest.mark.row("S25")
def test_unchanged_object_is_no_change(canvas: Canvas) -> None:
    again = [widget(), widget("Image", "i1"), widget("Hologram", "h1"), BACKGROUND]

    assert kinds(canvas.update(*again)) == []
    assert kinds(canvas.snapshot(*again)) == []
    assert kinds(canvas.update(dict(reversed(widget("Hologram", "h1").items())))) == []


@pytest.mark.parametrize("gone", [{"id": "w1", "state": "deleted"}, widget(state="deleted", text="last")])
def test_delete_has_the_last_known_record(canvas: Canvas, gone: dict[str, Any]) -> None:
    change = canvas.one(gone)

    assert (change.kind, change.new) == ("deleted", None)
    assert (change.record.state, change.record.text, type(change.record)) == ("deleted", "hello", Note)
    assert "w1" not in canvas.merger.state


@pytest.mark.parametrize("gone", [{"id": "h1", "state": "deleted"}, widget("Hologram", "h1", state="deleted")])
def test_delete_of_an_unknown_type(canvas: Canvas, gone: dict[str, Any]) -> None:
    change = canvas.one(gone)

    assert (change.kind, change.record.deleted, change.record.widget_type) == ("deleted", True, "Hologram")


@pytest.mark.row("S26")
def test_delete_of_an_unknown_id_is_no_change(canvas: Canvas) -> None:
    gone = {"id": "w1", "state": "deleted"}

    assert kinds(canvas.update(gone, gone, {**gone, "id": "never"}, widget(id_="never", state="deleted"))) == [
        ("deleted", "w1")
    ]


@pytest.mark.row("S24")
def test_unknown_state_is_not_a_delete(canvas: Canvas) -> None:
    assert canvas.one(widget(state="hidden")).new.state == "hidden"
    assert canvas.one({"id": "w1", "text": "x"}).new.state == "hidden"


@pytest.mark.row("S27")
def test_created_again_after_a_delete(canvas: Canvas) -> None:
    merge = canvas.update({"id": "w1", "state": "deleted"}, widget(text="second life"))

    assert kinds(merge) == [("deleted", "w1"), ("created", "w1")]


@pytest.mark.row("S32")
def test_id_may_change_its_type(canvas: Canvas) -> None:
    change = canvas.one(widget("Image", "w1"))

    assert (change.kind, type(change.old), type(change.new), change.type_changed) == ("updated", Note, Image, True)
    back = canvas.one(widget("Hologram", "w1"))
    assert (back.old, back.new.raw, back.type_changed) == (change.new, widget("Hologram", "w1"), True)


def test_canvas_records_are_merged_alike() -> None:
    canvas = Canvas(CanvasInfo)
    canvas.snapshot({"id": "c", "name": "Demo", "access": "edit"})

    assert canvas.one({"id": "c", "name": "New"}).new == CanvasInfo(id="c", name="New", access="edit")
    assert canvas.one({"id": "c", "access": ""}).new == CanvasInfo(id="c", name="New", access="")
    assert canvas.one({"id": "c", "state": "deleted"}).record.name == "New"
    assert canvas.update({"id": "d", "asset_size": {}}).changes == []


# -- partial objects --


@pytest.mark.row("S28")
@pytest.mark.parametrize("typed", [True, False])
def test_partial_object_is_merged_into_the_known_record(canvas: Canvas, typed: bool) -> None:
    sent = {"id": "w1", "text": "new", "pinned": "true"} | ({"widget_type": "NOTE"} if typed else {})

    change = canvas.one(sent)

    assert type(change.new) is Note
    assert (change.new.text, change.new.pinned, change.new.title, change.old.text) == ("new", True, "a title", "hello")


@pytest.mark.row("S28")
def test_partial_object_of_an_unknown_type_is_merged(canvas: Canvas) -> None:
    for sent in ({"id": "h1", "beam": None}, {"id": "h1", "widget_type": "Hologram", "beam": 7, "points:erase": 2}):
        change = canvas.one(sent)
        assert isinstance(change.new, UnknownWidget)
        assert change.new.raw == change.old.raw | sent
    assert kinds(canvas.update(sent)) == []


def test_omitted_field_keeps_its_value_and_empty_field_does_not(canvas: Canvas) -> None:
    for round_ in ("first", "once it is known that titles are left out"):
        assert canvas.one(without(widget(text=round_), "title")).new.title == "a title"
    assert kinds(canvas.update(without(widget(text=round_), "title"))) == []
    assert canvas.one(widget(text=round_, title="")).new.title == ""


def test_omitted_fields_in_arrays_keep_their_values(canvas: Canvas) -> None:
    canvas.update(without(widget(), "title"))  # known from now on
    partial = without(widget(text="new"), "title")

    merge = canvas.update(widget(id_="w2"), [widget("Image", "i1", title="x"), partial], widget(id_="w3", title=""))

    assert kinds(merge) == [("created", "w2"), ("updated", "i1"), ("updated", "w1"), ("created", "w3")]
    assert merge.changes[2].new.title == "a title"


def test_omitted_fields_of_an_unknown_type_keep_their_values(canvas: Canvas) -> None:
    for _ in range(2):
        canvas.update(widget("Hologram", "h1", glow=1), without(widget("Hologram", "h1"), "beam"))
        assert canvas.merger.state["h1"].raw == widget("Hologram", "h1", glow=1)


def test_omitted_hyphenated_fields_keep_their_values() -> None:
    canvas = Canvas()
    canvas.snapshot(widget("IpVideo", "v"))

    assert canvas.one(without(widget("IpVideo", "v", title="new"), "host-id")).new.host_id == "client"
    assert canvas.one({"id": "v", "host_id": "other"}).new.host_id == "other"


def test_invalid_change_makes_an_unknown_widget_until_a_valid_one(canvas: Canvas) -> None:
    broken = canvas.one({"id": "w1", "depth": "high"}).new
    good = canvas.one({"id": "w1", "depth": 5})

    assert isinstance(broken, UnknownWidget)
    assert broken.raw["text"] == "hello"
    assert good.old is broken
    assert (type(good.new), good.new.depth, good.new.text) == (Note, 5, "hello")


@pytest.mark.row("S29")
@pytest.mark.parametrize(
    "sent",
    [
        {"id": "never", "text": "x"},
        {"id": "never", "widget_type": "Note", "text": "x"},
        {"id": "w1", "widget_type": "Image", "title": "x"},
    ],
)
def test_partial_object_of_an_unknown_id_is_a_gap(canvas: Canvas, sent: dict[str, Any]) -> None:
    before = dict(canvas.merger.state)

    merge = canvas.update(widget(id_="w2"), sent, widget(id_="w3"))

    assert merge.gap
    assert [change.id for change in merge.changes] == ["w2"]
    assert dict(canvas.merger.state) == before | {"w2": merge.changes[0].new}


def test_object_with_all_required_fields_is_no_gap(canvas: Canvas) -> None:
    new = canvas.one(without(widget("PDF", "p"), "title", "pinned")).new

    assert (type(new), new.title, new.pinned) == (Pdf, "", False)


# -- one kind --


def test_typed_merger_leaves_out_other_objects_and_keeps_its_state() -> None:
    canvas = Canvas(Image, keep_unknown=False)
    first = canvas.snapshot(widget("Image", "a"), widget("Note", "b"), widget("Image", "c", depth=None))
    assert kinds(first) == [("created", "a")]
    assert [refused.id for refused in first.skipped] == ["b", "c"]

    for _ in range(2):
        odd = canvas.update(widget("Image", "a", depth=None), widget("Hologram", "a"), {"id": "a", "depth": "x"})
        assert kinds(odd) == []
        assert [refused.id for refused in odd.skipped] == ["a", "a", "a"]
        again = canvas.snapshot(widget("Image", "a", size=5), widget("Hologram", "h"), widget("Hologram", "a"))
        assert kinds(again) == []
    assert canvas.one(widget("Image", "a", title="new")).old.title == "A dog"
    assert kinds(canvas.snapshot(widget("Image", "a", size=5, state="deleted"))) == [("deleted", "a")]


# -- invariants --


OPS = st.lists(
    st.tuples(
        st.sampled_from(
            ["create", "change", "change", "part", "part", "retype", "delete", "bare delete", "same", "cut", "resync"]
        ),
        st.sampled_from("abcd"),
        st.sampled_from(["Note", "Image", "PDF", "Hologram", "IpVideo"]),
        st.sampled_from(["", "t", "u"]),
    ),
    max_size=40,
)


class Server:
    """A canvas that reports its changes as whole or partial objects."""

    def __init__(self) -> None:
        self.widgets: dict[str, dict[str, Any]] = {}

    def play(self, op: str, id_: str, kind: str, title: str) -> dict[str, Any] | None:
        """Apply an operation; returns the object that is sent, or None."""
        old = self.widgets.get(id_)
        if op in {"create", "retype"}:
            if (op == "create") == (old is not None):
                return None
            self.widgets[id_] = widget(kind, id_, title=title)
            return self.widgets[id_]
        if old is None:
            return {"id": id_, "state": "deleted"} if op == "bare delete" else None
        if op in {"change", "part"}:
            self.widgets[id_] = old | {"title": title, "depth": float(len(title))}
            part = {"id": id_, "title": title, "depth": float(len(title))}
            return self.widgets[id_] if op == "change" else part
        if op in {"delete", "bare delete"}:
            del self.widgets[id_]
            return {**old, "state": "deleted"} if op == "delete" else {"id": id_, "state": "deleted"}
        return old if op == "same" else None


def fold(seen: dict[str, Any], merge: Merge[Any]) -> None:
    """Apply changes as a consumer does, and check the invariants."""
    for change in merge.changes:
        assert change.old == seen.get(change.id)
        assert change.old != change.new
        assert change.kind == ("created" if change.old is None else "deleted" if change.new is None else "updated")
        assert change.record.state == ("deleted" if change.new is None else change.new.state)
        if change.new is None:
            del seen[change.id]
        else:
            seen[change.id] = change.new


@settings(max_examples=200, deadline=None)
@given(OPS, st.integers(1, 12))
def test_any_sequence_with_disconnects_ends_equal_to_the_server(
    ops: list[tuple[str, str, str, str]], size: int
) -> None:
    canvas, server, seen = Canvas(), Server(), dict[str, Any]()
    fold(seen, canvas.snapshot())
    connected, waiting = True, list[object]()

    def check() -> None:
        fold(seen, canvas.update(*waiting))
        waiting.clear()
        truth = RecordDecoder[Any](*KINDS).many(line(list(server.widgets.values())))
        assert seen == dict(canvas.merger.state) == {record.id: record for record in truth}

    for op in ops:
        if op[0] == "resync":
            waiting.clear()
            connected = True
            merge = canvas.snapshot(*server.widgets.values())
            assert all(change.resync for change in merge.changes)
            order = [change.kind for change in merge.changes]
            assert order == sorted(order, key=["deleted", "created", "updated"].index)
            fold(seen, merge)
            check()
            continue
        sent = server.play(*op)
        if op[0] == "cut":
            connected = False
            waiting.clear()
        elif sent is not None and connected:
            waiting.append(sent)
        if connected and len(waiting) >= size:
            check()
    fold(seen, canvas.snapshot(*server.widgets.values()))
    waiting.clear()
    check()


def test_cost_of_a_change_does_not_grow_with_the_canvas() -> None:
    """Counts accesses to the state, so copying or iterating it would be noticed."""

    class Counting(dict[str, Any]):
        looks = 0

        def __iter__(self) -> Any:
            raise AssertionError("iterated over the whole state")

        def get(self, *args: Any) -> Any:
            Counting.looks += 1
            return super().get(*args)

    canvas = Canvas()
    canvas.snapshot(*(widget(id_=str(number)) for number in range(2000)))
    canvas.merger._known = Counting(canvas.merger._known)

    canvas.update(*(widget(id_=str(number), text="new") for number in range(100)))

    assert Counting.looks == 100


@pytest.mark.parametrize("taught", [False, True])
def test_result_does_not_depend_on_what_the_decoder_has_learned(taught: bool) -> None:
    decoder = RecordDecoder(*KINDS)
    if taught:
        decoder.line(line(without(widget("Anchor", "other"), "anchor_name")))
    merger = SnapshotMerger(decoder)
    merger.snapshot(decoder.line(line([without(widget("Anchor", "w3"), "parent_id")]), snapshot=True))
    merger.update(decoder.line(line(without(widget("Anchor", "w3"), "anchor_name"))))

    anchor = merger.state["w3"]
    assert isinstance(anchor, Anchor)
    assert anchor.anchor_name == widget("Anchor", "w3")["anchor_name"]


@pytest.mark.row("S23")
def test_empty_id_triggers_resync(canvas: Canvas) -> None:
    before = dict(canvas.merger.state)

    assert canvas.update(widget("Note", "", text="whose?")).gap == "an object without an id"
    assert canvas.snapshot(widget("Note", "", text="whose?")).gap == "an object without an id"
    assert dict(canvas.merger.state) == before
