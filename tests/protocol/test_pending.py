"""Changes that are pending for a slow consumer: merged, in order, and correct."""

from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from canvus_async.models import CanvasInfo
from canvus_async.models.changes import Change
from canvus_async.protocol.pending import PendingChanges


def canvas(name: str) -> CanvasInfo:
    return CanvasInfo(id="c", name=name)


def created(id_: str, name: str, *, initial: bool = False) -> Change[CanvasInfo]:
    return Change("created", id_, None, canvas(name), False, initial)


def updated(id_: str, old: str, new: str, *, resync: bool = False) -> Change[CanvasInfo]:
    return Change("updated", id_, canvas(old), canvas(new), resync)


def deleted(id_: str, old: str) -> Change[CanvasInfo]:
    return Change("deleted", id_, canvas(old), None)


def net(*changes: Change[CanvasInfo]) -> list[Change[CanvasInfo]]:
    pending = PendingChanges[CanvasInfo]()
    for change in changes:
        pending.push_all([change])
    return [pending.pop() for _ in range(len(pending))]


def test_created_and_deleted_cancel_out() -> None:
    assert net(created("a", "1"), updated("a", "1", "2"), deleted("a", "2")) == []


def test_change_back_cancels_out() -> None:
    assert net(updated("a", "1", "2"), updated("a", "2", "1")) == []
    assert net(deleted("a", "1"), created("a", "1")) == []


def test_deleted_and_created_again_is_an_update() -> None:
    assert net(deleted("a", "1"), created("a", "2")) == [updated("a", "1", "2")]


@pytest.mark.row("S27")
def test_created_deleted_created_is_created_with_the_last_value() -> None:
    assert net(created("a", "1"), deleted("a", "1"), created("a", "3")) == [created("a", "3")]


def test_initial_item_that_changes_stays_initial() -> None:
    assert net(created("a", "1", initial=True), updated("a", "1", "2")) == [created("a", "2", initial=True)]


def test_resync_change_stays_a_resync_change() -> None:
    assert net(updated("a", "1", "2", resync=True), updated("a", "2", "3")) == [updated("a", "1", "3", resync=True)]


def test_id_keeps_its_place_when_it_changes_again() -> None:
    waiting = net(created("a", "1"), created("b", "1"), updated("a", "1", "2"), deleted("b", "1"), created("b", "9"))

    assert waiting == [created("a", "2"), created("b", "9")]


@pytest.mark.row("S48")
def test_many_changes_of_few_ids_stay_few() -> None:
    pending = PendingChanges[CanvasInfo]()
    for number in range(10_000):
        pending.push_all([updated(str(number % 50), str(number), str(number + 50))])

    assert len(pending) == 50


def test_pop_of_an_empty_queue_raises_keyerror() -> None:
    with pytest.raises(KeyError):
        PendingChanges[CanvasInfo]().pop()


STEPS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from("abc"), st.sampled_from([None, "1", "2", "3"])),
        st.just("pop"),
    ),
    max_size=60,
)


@settings(max_examples=200, deadline=None)
@given(STEPS)
def test_pending_changes_add_up_for_a_slow_consumer(steps: list[tuple[str, str | None] | str]) -> None:
    pending = PendingChanges[CanvasInfo]()
    truth, seen, order = dict[str, CanvasInfo](), dict[str, CanvasInfo](), list[str]()

    def pop() -> None:
        change = pending.pop()
        assert change.id == order.pop(0)
        assert change.old == seen.get(change.id)
        assert change.old != change.new
        assert change.kind == ("created" if change.old is None else "deleted" if change.new is None else "updated")
        if change.new is None:
            del seen[change.id]
        else:
            seen[change.id] = change.new

    for step in steps:
        if step == "pop":
            if pending:
                pop()
            continue
        id_, name = step
        old, new = truth.get(id_), None if name is None else canvas(name)
        if old == new:
            continue
        kind: Literal["created", "updated", "deleted"]
        kind = "created" if old is None else "deleted" if new is None else "updated"
        pending.push_all([Change(kind, id_, old, new)])
        if new is None:
            del truth[id_]
        else:
            truth[id_] = new
        differs = truth.get(id_) != seen.get(id_)
        if differs and id_ not in order:
            order.append(id_)
        elif not differs and id_ in order:
            order.remove(id_)
        assert len(pending) == len(order) == sum(truth.get(key) != seen.get(key) for key in "abc")
    while pending:
        pop()
    assert seen == truth


CHANGES = st.lists(
    st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from([None, "1", "2", "3"])), max_size=6), max_size=12
)


@given(CHANGES, st.integers(0, 2))
def test_push_all_equals_single_pushes(blocks: list[list[tuple[str, str | None]]], taken: int) -> None:
    together, single = PendingChanges[CanvasInfo](), PendingChanges[CanvasInfo]()
    for block in blocks:
        changes = [
            deleted(id_, "0") if name is None else updated(id_, "0", name) if id_ < "d" else created(id_, name)
            for id_, name in block
        ]
        together.push_all(changes)
        for change in changes:
            single.push_all([change])
        for _ in range(min(taken, len(single))):
            assert (together.unmerged.popleft() if together.unmerged else together.pop()) == single.pop()
    assert [together.pop() for _ in range(len(together))] == [single.pop() for _ in range(len(single))]
