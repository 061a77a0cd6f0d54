"""Bytes of a connection into batches: the same however they are cut, and with lines decoded whole or in pieces."""

import json
import sys
import tracemalloc
from itertools import pairwise
from types import FrameType
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from canvus_async.models import KINDS, Note, UnknownWidget, Widget
from canvus_async.protocol.decoding import pieces
from canvus_async.protocol.decoding.decoder import Batch, RecordDecoder
from canvus_async.protocol.decoding.reader import LineReader
from canvus_async.protocol.merging import SnapshotMerger
from tests.protocol.samples import BACKGROUND, line, widget, without

LIMIT = 64 << 20
KIB = 1 << 10


@pytest.fixture
def decoder() -> RecordDecoder[Widget]:
    return RecordDecoder(*KINDS)


def read(data: bytes, size: int, decoder: RecordDecoder[Widget] | None = None) -> list[Batch[Widget]]:
    """All batches of an input in chunks of this size."""
    reader = LineReader(decoder or RecordDecoder(*KINDS), limit=LIMIT)
    batches = [batch for start in range(0, len(data), size) for batch in reader.feed(data[start : start + size])]
    return [*batches, *reader.finish()]


def whole(data: bytes) -> list[Widget | UnknownWidget]:
    """The records of a first line, decoded as a whole by a new decoder."""
    return RecordDecoder(*KINDS).line(data.strip(), snapshot=True).standalone()


# -- batches --


@pytest.mark.parametrize("size", [1, 7, 100, 10_000])
def test_first_line_is_a_batch_of_its_own(size: int) -> None:
    data = (
        b"\n" + line([widget(id_="a"), widget(id_="b")]) + b"\n\r\n" + line([widget(id_="c")]) + line(widget(id_="d"))
    )

    batches = read(data, size)

    assert [record.id for record in batches[0].records] == ["a", "b"]
    assert [record.id for batch in batches[1:] for record in batch.records] == ["c", "d"]


def test_last_line_without_lf_counts_unless_truncated(decoder: RecordDecoder[Widget]) -> None:
    data = line([]) + line([widget()]).strip()

    assert [len(batch.records) for batch in read(data, 100)] == [0, 1]
    assert read(data[:-1], 100)[-1].broken
    assert len(read(line([]) + b" \r", 100)) == 1
    assert len(read(line([]) + b"\n \r\n", 100)) == 1


def test_nothing_follows_an_invalid_line_of_the_same_chunk(decoder: RecordDecoder[Widget]) -> None:
    reader = LineReader(decoder, limit=LIMIT)

    (first,) = reader.feed(b"<html>\n" + line([widget()]))

    assert first.broken
    assert first.records == []


@pytest.mark.row("S6")
def test_blank_lines_cost_no_python_call_each(decoder: RecordDecoder[Widget]) -> None:
    reader, steps = LineReader(decoder, limit=LIMIT), 0
    reader.feed(line([]))

    def count(frame: FrameType, event: str, argument: object) -> None:
        nonlocal steps
        steps += 1

    sys.setprofile(count)
    try:
        blank = [reader.feed(b"\n" * (256 * KIB)) for _ in range(20)]
        (batch,) = reader.feed(b"\n" * (128 * KIB) + line([widget()]) + b"\r\n" * (64 * KIB))
    finally:
        sys.setprofile(None)

    assert not any(blank)
    assert len(batch.records) == 1
    assert steps < 2000


@pytest.mark.row("S5")
def test_line_over_the_limit_is_refused_also_in_pieces(decoder: RecordDecoder[Widget]) -> None:
    objects = json.dumps([widget(id_=str(number)) for number in range(100)], separators=(",", ":")).encode()[1:-1]
    reader = LineReader(decoder, limit=1 << 20)
    reader.feed(b"[" + objects)

    fed = 1
    while not reader.overflow:
        assert reader.feed(b"," + objects) == []
        fed += 1
    assert (fed - 1) * len(objects) < 1 << 20 < fed * (len(objects) + 1)
    assert reader.feed(b"]\n[]\n") == []


WIDGETS = st.one_of(
    st.builds(
        widget,
        st.sampled_from(["Note", "Image", "PDF", "Anchor", "IpVideo", "Hologram"]),
        st.sampled_from(["a", "b", "c"]),
        state=st.sampled_from(["normal", "normal", "hidden", "deleted"]),
        title=st.sampled_from(["", "t", "},{", '},{"', "日本\u2028"]),
    ),
    st.builds(lambda id_, title: {"id": id_, "title": title}, st.sampled_from(["a", "b"]), st.sampled_from(["", "u"])),
    st.builds(lambda id_: {"id": id_, "state": "deleted"}, st.sampled_from(["a", "b"])),
    st.builds(lambda id_: without(widget(id_=id_, text="new"), "title"), st.sampled_from(["a", "b"])),
    st.builds(lambda id_: widget(id_=id_, depth="high"), st.sampled_from(["a", "b"])),
    st.just(BACKGROUND),
)
LINES = st.lists(
    st.one_of(
        st.one_of(WIDGETS, st.lists(WIDGETS, max_size=5)).map(line),
        st.sampled_from([b"\n", b"\r\n", b"  \n", b"null\n", b'[{"id":\n', b"[1]\n"]),
        st.just(line([widget(text="HERE")]).replace(b"HERE", rb"\ud800")),
    ),
    max_size=8,
)


@settings(max_examples=200, deadline=None)
@given(st.lists(WIDGETS, max_size=5), LINES, st.lists(st.integers(0, 1 << 16), max_size=12))
def test_same_changes_however_the_lines_are_cut(
    first: list[dict[str, Any]], lines: list[bytes], cuts: list[int]
) -> None:
    data = line(first) + b"".join(lines)
    edges = [0, *sorted(place % (len(data) + 1) for place in cuts), len(data)]

    def outcome(chunks: list[bytes]) -> tuple[object, ...]:
        decoder = RecordDecoder(*KINDS)
        reader, merger = LineReader(decoder, limit=LIMIT), SnapshotMerger(decoder)
        changes: list[object] = []
        for batch in (batch for chunk in chunks for batch in reader.feed(chunk)):
            merge = merger.update(batch) if changes else merger.snapshot(batch)
            changes += [*merge.changes, merge.gap]
            if merge.gap or batch.broken is not None:
                break
        return [change for change in changes if change], dict(merger.state), merge.gap or batch.broken

    assert outcome([data[start:end] for start, end in pairwise(edges)]) == outcome([data])


# -- one long line in pieces --


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces, "PIECE", 200)
    monkeypatch.setattr("canvus_async.protocol.decoding.reader.PIECE", 200)


NESTED = st.recursive(
    st.sampled_from([None, 1, "", "},{", '},{"', "]", '"}],[{"', "\\", "日本"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["a", '},{"']), inner, max_size=3),
    max_leaves=8,
)
ODD = st.builds(
    lambda kind, id_, nested, title: widget(kind, id_, nested=nested, title=title),
    st.sampled_from(["Note", "Hologram", "PDF"]),
    st.sampled_from("abcdef"),
    NESTED,
    st.sampled_from(["t", "},{", '},{"', '},{"' * 20]),
)


@pytest.mark.usefixtures("small_pieces")
@settings(max_examples=200, deadline=None)
@given(
    st.lists(ODD | WIDGETS, min_size=1, max_size=30),
    st.sampled_from([(",", ":"), (", ", ": "), (" ,\t", " : ")]),
    st.integers(1, 700),
)
@example([widget(nested=[{"a": 1}] * 300)], (",", ":"), 64)
@example([widget(title='},{"' * 100)] * 3, (",", ":"), 64)
def test_decoding_in_pieces_equals_decoding_whole(
    sent: list[dict[str, Any]], separators: tuple[str, str], size: int
) -> None:
    data = json.dumps(sent, separators=separators).encode() + b"\n"

    first = read(data, size)[0]

    assert first.broken is None
    assert first.standalone() == whole(data)


class Watched(RecordDecoder[Widget]):
    """Records how many bytes it, and the cheap scan before it, are given at a time."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(*KINDS)
        self.read: list[int] = []
        self.looked: list[int] = []
        look = pieces.split_unrepaired
        monkeypatch.setattr(pieces, "split_unrepaired", lambda text: (self.looked.append(len(text)), look(text))[1])

    def fast(self, text: bytes | bytearray, *, snapshot: bool) -> Batch[Widget] | None:
        self.read.append(len(text))
        return super().fast(text, snapshot=snapshot)


def test_long_line_is_decoded_while_it_arrives(monkeypatch: pytest.MonkeyPatch) -> None:
    data = line([widget(id_=str(number)) for number in range(5000)])
    decoder = Watched(monkeypatch)
    reader = LineReader(decoder, limit=LIMIT)

    early = [reader.feed(data[start : start + 64 * KIB]) for start in range(0, len(data) - 64 * KIB, 64 * KIB)]
    assert not any(early)
    assert sum(decoder.read) > len(data) - 200 * KIB
    (batch,) = reader.feed(data[len(early) * 64 * KIB :])
    assert [record.id for record in batch.records] == [str(number) for number in range(5000)]
    assert batch.plain


@pytest.mark.parametrize(
    ("separators", "fields"),
    [
        ((",", ":"), {}),
        ((", ", ": "), {}),
        ((",", ":"), {"title": '},{"'}),
        ((",", ":"), {"areas": [{"a": 1}, {"b": 2}]}),
        ((",", ":"), {"text": "HERE"}),
    ],
    ids=["compact", "spaced", "text that ends like an object", "nested objects", "half a surrogate pair"],
)
def test_no_step_decodes_more_than_a_few_pieces(
    separators: tuple[str, str], fields: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = [widget(id_=str(number), **fields) for number in range(10_000)]
    data = json.dumps(sent, separators=separators).encode().replace(b"HERE", rb"\ud800") + b"\n"
    decoder = Watched(monkeypatch)

    first = read(data, 64 * KIB, decoder)[0]

    assert len(first.records) == 10_000
    assert max(decoder.read) < 3 * pieces.PIECE


@pytest.mark.parametrize(
    "fields",
    [
        {"text": "},{" * 100_000},
        {"text": '},{"' * 100_000},
        {"title": '},{"', "parent_id": '},{"'},
        {"cells": [{"text": "cell", "row": 1}] * 30_000},
    ],
    ids=["objects", "quotes", "ends of strings", "a large array"],
)
def test_false_boundaries_take_linear_time(fields: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    data = line([widget(**fields)] * 8)
    decoder = Watched(monkeypatch)
    monkeypatch.setattr(pieces, "PIECE", 4 * KIB)
    monkeypatch.setattr("canvus_async.protocol.decoding.reader.PIECE", 4 * KIB)

    first = read(data, 4 * KIB, decoder)[0]

    assert len(first.records) == 8
    assert sum(decoder.read) < 1.5 * len(data)
    assert sum(decoder.looked) < 8 * len(data)


@pytest.mark.usefixtures("small_pieces")
@pytest.mark.parametrize(
    "ending",
    [b"", b"}", b",", b",]", b"]]", b"] []", b",5]", b',{"id":5}]', b',{"no":"id"}]', b",null]", b', {"id":"z"'],
)
def test_invalid_long_line_gives_no_records(ending: bytes) -> None:
    objects = b",".join(line(widget(id_=str(number))).strip() for number in range(50))

    (first,) = read(b"[" + objects + ending, 300)

    assert first.broken
    assert first.records == []


@pytest.mark.usefixtures("small_pieces")
def test_object_without_id_early_in_a_long_line_invalidates_it() -> None:
    objects = [widget(id_=str(number)) for number in range(50)]
    objects[3] = without(objects[3], "id")

    (first,) = read(line(objects), 300)

    assert first.broken == "an object without an id"
    assert first.records == []


@pytest.mark.usefixtures("small_pieces")
def test_omitted_fields_in_later_long_lines_keep_their_values(decoder: RecordDecoder[Widget]) -> None:
    merger, reader = SnapshotMerger(decoder), LineReader(decoder, limit=LIMIT)
    ids = [str(number) for number in range(50)]
    (first,) = reader.feed(line([widget(id_=id_) for id_ in ids]))
    merger.snapshot(first)
    for _ in range(2):  # the second time, the decoder has learned that titles are left out
        for start in range(0, len(text := line([without(widget(id_=id_), "title") for id_ in ids])), 300):
            for batch in reader.feed(text[start : start + 300]):
                assert merger.update(batch).changes == []

    assert {note.title for note in merger.state.values() if isinstance(note, Note)} == {"a title"}


def test_huge_object_takes_linear_time(decoder: RecordDecoder[Widget]) -> None:
    sent = [
        widget(),
        widget("Hologram", "big", cells=[{"text": "cell", "row": row} for row in range(200_000)]),
        widget(),
    ]

    first = read(line(sent), 64 * KIB, decoder)[0]

    assert [record.raw == sent[1] for record in first.records if isinstance(record, UnknownWidget)] == [True]


@pytest.mark.row("S4")
def test_long_line_uses_little_more_memory_than_its_records(
    decoder: RecordDecoder[Widget],
) -> None:
    data = line([widget(id_=f"w{number}", text="x" * 100) for number in range(30_000)])
    tracemalloc.start()
    try:
        reader = LineReader(decoder, limit=LIMIT)
        batches = [
            batch for start in range(0, len(data), 256 * KIB) for batch in reader.feed(data[start : start + 256 * KIB])
        ]
        held, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert len(batches[0].records) == 30_000
    assert peak < held + (2 << 20)  # the whole line is never in memory


def test_repeated_snapshot_uses_memory_only_for_differences(decoder: RecordDecoder[Widget]) -> None:
    sent = [widget(id_=f"w{number}", text="x" * 100) for number in range(5_000)]
    merger = SnapshotMerger(decoder)
    (first,) = LineReader(decoder, limit=LIMIT).feed(line(sent))
    merger.snapshot(first)
    del first
    before = dict(merger.state)
    sent[7]["text"] = "changed"
    data = line(sent)
    tracemalloc.start()
    try:
        reader = LineReader(decoder, limit=LIMIT, known=merger.state)
        batches = [
            batch for start in range(0, len(data), 64 * KIB) for batch in reader.feed(data[start : start + 64 * KIB])
        ]
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    (change,) = merger.snapshot(batches[0]).changes
    assert (change.id, change.old) == ("w7", before["w7"])
    assert {key for key, record in merger.state.items() if record is not before[key]} == {"w7"}
    assert held < len(data) // 2  # a second copy would take twice the line
