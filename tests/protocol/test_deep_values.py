"""Values that are nested very deeply are a broken line or a gap, never a RecursionError."""

import sys
from bisect import bisect
from typing import Any

import pytest

from canvus_async.models import KINDS, Note, UnknownWidget
from canvus_async.protocol.decoding.decoder import Batch, RecordDecoder
from canvus_async.protocol.decoding.repair import BrokenLine, load
from canvus_async.protocol.merging import SnapshotMerger
from tests.protocol.samples import line, widget, without

DEPTHS = range(100, 2 * sys.getrecursionlimit(), 20)


def deep(fields: dict[str, Any], depth: int) -> bytes:
    """An object with a list in a list, `depth` times, in a field that no kind has."""
    return line({**fields, "junk": "JUNK"}).replace(b'"JUNK"', b"[" * depth + b"]" * depth)


def readable(text: bytes) -> bool:
    try:
        load(text)
    except BrokenLine:
        return False
    return True


def test_object_that_is_read_but_too_deep_to_be_checked_is_a_broken_line() -> None:
    decoder = RecordDecoder[Any](*KINDS)
    reasons: set[str | None] = set()
    for depth in DEPTHS:
        text = deep(widget(depth="high"), depth)  # no Note, so each of its values is looked at
        batch = decoder.line(text)
        assert bool(batch.records) == (batch.broken is None)
        if readable(text):
            reasons.add(batch.broken)

    assert reasons == {None, "nested too deeply"}


@pytest.mark.parametrize("form", ["partial", "whole"])
def test_update_of_an_object_too_deep_to_be_checked_is_a_gap(form: str) -> None:
    gaps: set[str] = set()
    for depth in DEPTHS:
        decoder = RecordDecoder[Any](*KINDS)
        merger = SnapshotMerger(decoder)
        if form == "partial":  # without a field that it needs, nothing of it is checked before the update
            known = deep(without(widget(), "size"), depth)
            update = line({"id": "w1", "widget_type": "Note", "size": "large"})
        else:  # what the whole one leaves out is taken from what is known, which does not fit
            known = deep(without(widget(auto_text_color={"not": "a boolean"}), "size"), depth)
            update = line(without(widget(), "auto_text_color"))
            for _ in range(2):  # so that the decoder expects that it is left out
                decoder.line(update)
        if not readable(known):
            continue
        batch: Batch[Any] = Batch([])
        batch.extend(decoder.line(known))
        merger.snapshot(batch)
        assert type(merger.state["w1"]) is UnknownWidget
        merge = merger.update(decoder.line(update))
        gaps.add(merge.gap)
        assert bool(merge.changes) == (not merge.gap)

    assert gaps == {"", "nested too deeply"}


def test_object_of_an_unknown_type_too_deep_to_be_compared_is_a_gap() -> None:
    """Reading it takes a little less of the stack than looking at its fields again."""
    hologram = widget("Hologram", "h1")
    deepest = bisect(range(20_000), False, key=lambda depth: not readable(deep(hologram, depth))) - 1
    gaps: set[str] = set()
    for depth in range(deepest - 100, deepest + 1):
        merger = SnapshotMerger(decoder := RecordDecoder[Any](*KINDS))
        merger.snapshot(decoder.line(b"[]\n", snapshot=True))
        texts = [deep({**hologram, "title": str(number)}, depth) for number in range(3)]
        for text in (*texts, b"[%b]" % texts[0].strip(), line({"id": "h1", "title": "new"})):
            gaps.add(merger.update(decoder.line(text)).gap)

    assert sys.version_info >= (3, 12) or "nested too deeply" in gaps  # later ones have another stack for C code


def test_nothing_after_a_gap_is_applied() -> None:
    merger = SnapshotMerger(decoder := RecordDecoder[Any](*KINDS))
    merger.snapshot(decoder.line(line([widget()])))
    change = {"id": "unknown", "title": "new"}
    merge = merger.update(decoder.block(line(widget(text="one")) + line(change) + line(widget(text="two"))))

    assert [change.new.text for change in merge.changes] == ["one"]
    assert merge.gap
    assert merger.state["w1"].text == "one"


def test_initial_changes_contain_themselves_and_nothing_else() -> None:
    merger = SnapshotMerger(decoder := RecordDecoder[Any](Note))
    changes = merger.snapshot(decoder.line(line([widget(), widget(id_="w2")]))).changes
    first, second = changes

    assert first in changes
    assert second in changes
    assert first.new not in changes
