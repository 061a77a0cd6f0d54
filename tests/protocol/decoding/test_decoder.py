"""Lines and bodies into records: an invalid object affects nothing but itself."""

import copy
import json
import pickle
from typing import Any

import msgspec
import pytest

from canvus_async.models import (
    KINDS,
    CanvasBackground,
    CanvasInfo,
    Connector,
    Image,
    IpVideo,
    MipmapInfo,
    Note,
    Pdf,
    Point,
    RdpConnection,
    ServerInfo,
    Size,
    UnknownWidget,
    Widget,
)
from canvus_async.protocol.decoding.assembling import Patch
from canvus_async.protocol.decoding.decoder import Batch, RecordDecoder
from canvus_async.protocol.decoding.repair import BrokenLine
from tests.protocol.samples import BACKGROUND, COMMON, line, widget, without


@pytest.fixture
def decoder() -> RecordDecoder[Widget]:
    return RecordDecoder(*KINDS)


def only(batch: Batch[Any]) -> Any:
    assert batch.broken is None
    (record,) = batch.records
    return record


def with_text(text: bytes, id_: str = "w1") -> bytes:
    """A line of a note with these bytes as its text."""
    return line([widget(id_=id_, text="HERE")]).replace(b"HERE", text)


def with_depth(token: bytes) -> bytes:
    """A line of two notes, the second with this token as its depth."""
    return line([widget(id_="a"), widget(id_="b", depth="HERE")]).replace(b'"HERE"', token)


# -- valid input --


def test_objects_and_arrays_are_decoded_in_order(decoder: RecordDecoder[Widget]) -> None:
    text = (
        line(widget(id_="a")) + line([widget("Image", "b"), widget("Anchor", "c")]) + line([]) + line([widget(id_="d")])
    )

    batch = decoder.block(text)

    assert [(type(record).__name__, record.id) for record in batch.records] == [
        ("Note", "a"),
        ("Image", "b"),
        ("Anchor", "c"),
        ("Note", "d"),
    ]
    assert batch.plain
    assert batch.broken is None


def test_record_has_its_class_and_equals_one_made_by_hand(decoder: RecordDecoder[Widget]) -> None:
    image = only(decoder.block(line([widget("Image")])))

    assert type(image) is Image
    assert image == Image(
        id="w1",
        location=Point(10, 20),
        size=Size(300, 300),
        depth=1,
        parent_id="root",
        title="A dog",
        original_filename="photo.jpg",
        hash="cbcb439a796b",
    )
    assert pickle.loads(pickle.dumps(image)) == image == copy.deepcopy(image)
    assert msgspec.json.decode(msgspec.json.encode(image), type=Image) == image


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_kind_is_decoded_on_both_paths(kind: type[Widget]) -> None:
    own = {"src": {"id": "a"}, "dst": {"id": "b"}} if kind is Connector else {}
    hyphens = {"host-id": "h", "connection-name": "n", "content-id": "c"}
    least = {**COMMON, **own, **hyphens, "id": "w", "widget_type": kind.__struct_config__.tag}
    decoder = RecordDecoder(*KINDS)

    first = decoder.line(line([least]))
    again = decoder.line(line([least]))
    whole = decoder.line(line([msgspec.to_builtins(again.records[0])]))

    assert type(first.standalone()[0]) is type(again.records[0]) is type(whole.records[0]) is kind
    assert first.standalone() == again.records == whole.records
    assert again.plain
    assert whole.plain


@pytest.mark.row("S2")
def test_crlf_blank_lines_and_spaces_are_ignored(decoder: RecordDecoder[Widget]) -> None:
    text = b"\r\n" + line(widget(id_="a")).replace(b"\n", b" \r\n") + b" \n\n  " + line([widget(id_="b")]) + b"\r\n"

    assert [record.id for record in decoder.block(text).records] == ["a", "b"]


def test_background_has_no_id(decoder: RecordDecoder[Widget]) -> None:
    background = only(decoder.block(line([BACKGROUND])))

    assert type(background) is CanvasBackground
    assert (background.id, background.type, background.grid.visible) == ("", "solid_color", True)


# -- spelling --


@pytest.mark.parametrize("spelling", ["Pdf", "PDF", "pdf", "pDf"])
def test_widget_type_is_case_insensitive(decoder: RecordDecoder[Widget], spelling: str) -> None:
    text = line([{**widget("PDF"), "widget_type": spelling}])

    first, again = only(decoder.block(text)), decoder.block(text)

    assert type(first) is Pdf
    assert first.widget_type == "Pdf"
    assert again.records == [first]
    assert again.plain


@pytest.mark.parametrize("spelling", ["host-id", "host_id"])
def test_hyphenated_fields_are_read_in_both_spellings(decoder: RecordDecoder[Widget], spelling: str) -> None:
    video = only(decoder.block(line([{**without(widget("IpVideo"), "host-id"), spelling: "client"}])))

    assert type(video) is IpVideo
    assert video.host_id == "client"


def test_hyphenated_fields_may_be_missing(decoder: RecordDecoder[Widget]) -> None:
    fields = {**COMMON, "id": "r", "widget_type": "RdpConnection", "connection_name": "office", "title": "t"}

    assert decoder.one(line(fields)) == RdpConnection(
        id="r",
        location=Point(10, 20),
        size=Size(300, 300),
        depth=1,
        parent_id="root",
        host_id="",
        connection_name="office",
        content_id="",
        title="t",
    )


def test_booleans_and_numbers_may_be_strings(decoder: RecordDecoder[Widget]) -> None:
    note = only(decoder.block(line([widget(pinned="false", depth="7.5", text="false")])))

    assert (note.pinned, note.depth, note.text) == (False, 7.5, "false")


@pytest.mark.parametrize("word", ["NaN", "inf", "-Infinity"])
def test_string_does_not_become_a_non_finite_float(decoder: RecordDecoder[Widget], word: str) -> None:
    assert "float" in only(decoder.block(line([widget(depth=word)]))).error


# -- unknown types and invalid objects --


@pytest.mark.row("S20")
def test_unknown_type_keeps_its_fields(decoder: RecordDecoder[Widget]) -> None:
    sent = widget("Hologram")

    first, again = (only(decoder.block(line([sent]))) for _ in range(2))

    for unknown in (first, again):
        assert isinstance(unknown, UnknownWidget)
        assert (unknown.id, unknown.state, unknown.widget_type) == ("w1", "normal", "Hologram")
        assert unknown.raw == sent
        assert unknown.error == "unknown widget_type 'Hologram'"
    assert first == again
    assert again == first
    assert repr(first) == repr(again).replace(repr(again.raw), repr(first.raw))
    assert pickle.loads(pickle.dumps(again)) == first
    assert copy.deepcopy(again) == again != msgspec.structs.replace(again, state="deleted")


def test_unknown_types_are_learned_with_optional_fields(decoder: RecordDecoder[Widget]) -> None:
    sent = [
        widget("Hologram", "a"),
        without(widget("Hologram", "b"), "title"),
        widget("Hologram", "c", error="e", raw=1, fresh=[1]),
        widget("Hologram", "d", beam=None),
    ]

    for _ in range(2):
        batch = decoder.block(b"".join(line([fields]) for fields in sent))
        assert [unknown.raw for unknown in batch.records] == sent
    assert not any(type(unknown) is UnknownWidget for unknown in batch.records)  # none took the slow path


@pytest.mark.parametrize(
    "fields",
    [
        {"widget_type": "x" * 1000},
        {"widget_type": 'quo"te\\ \n'},
        {"widget_type": ""},
        {"key\n": 1, '"': 2, "\\": 3},
        {"__class__": 1, "__init__": 2, "__post_init__": 3, "__slots__": 4, "field_0": 5, "raw (not sent)": 6},
        {f"key{number}": number for number in range(100)},
        {"state": 5},
    ],
    ids=lambda fields: next(iter(fields)).strip()[:12],
)
def test_hostile_field_names_are_kept_unchanged(decoder: RecordDecoder[Widget], fields: dict[str, Any]) -> None:
    sent = {**widget("Hologram"), **fields}

    for _ in range(3):
        unknown = only(decoder.line(line([sent])))
        assert unknown.raw == sent
        assert len(unknown.error) < 200


def test_number_of_learned_types_is_bounded(decoder: RecordDecoder[Widget]) -> None:
    for number in range(400):
        decoder.line(line([widget("Hologram", widget_type=f"Type{number}")]))
    for number in range(400):
        decoder.line(line([widget("Hologram", **{f"key{number % 80}": 1})]))

    assert len(decoder.complete) < 100
    assert only(decoder.line(line([widget("Hologram", widget_type="Type399")]))).widget_type == "Type399"
    assert type(only(decoder.line(line([widget()])))) is Note


def test_number_of_learning_steps_is_bounded(decoder: RecordDecoder[Widget]) -> None:
    for number in range(60):
        for keys in range(6):
            fields = {f"key{key}": 1 for key in range(keys)}
            decoder.line(line([widget("Hologram", widget_type=f"Type{number}", **fields)]))

    for _ in range(2):
        late = only(decoder.line(line([widget("Hologram", widget_type="Type1", late=1)])))
        assert type(late) is UnknownWidget
        assert late.raw["late"] == 1


@pytest.mark.row("S22")
@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"size": None}, "Expected `object`, got `null`"),
        ({"depth": "high"}, "Expected `float`, got `str`"),
        ({"location": {"x": 1}}, "missing required field `y`"),
        ({"text": ["secret" * 100]}, "Expected `str`, got `array`"),
    ],
)
def test_one_invalid_object_of_1000_becomes_an_unknown_widget(
    decoder: RecordDecoder[Widget], change: dict[str, Any], words: str
) -> None:
    sent = [widget(id_=str(number)) for number in range(1000)]
    sent[500] |= change

    batch = decoder.block(line(sent))

    assert [type(record) for record in batch.records].count(Note) == 999
    unknown = batch.records[500]
    assert isinstance(unknown, UnknownWidget)
    assert (unknown.id, unknown.raw) == ("500", sent[500])
    assert words in unknown.error
    assert "secret" not in unknown.error


@pytest.mark.row("S22")
def test_object_without_a_required_field_becomes_an_unknown_widget(
    decoder: RecordDecoder[Widget],
) -> None:
    sent = without(widget(), "size")

    (unknown,) = decoder.line(line([sent]), snapshot=True).standalone()

    assert isinstance(unknown, UnknownWidget)
    assert unknown.raw == sent
    assert "`size`" in unknown.error


@pytest.mark.row("S21")
def test_missing_optional_and_extra_fields_are_accepted(decoder: RecordDecoder[Widget]) -> None:
    sent = without(widget(glow={"deep": [1, {"x": None}]}), "title", "text_color")

    (note,) = decoder.line(line([sent]), snapshot=True).standalone()

    assert type(note) is Note
    assert (note.text, note.title, note.text_color) == ("hello", "", "")


def test_partial_object_becomes_a_patch(decoder: RecordDecoder[Widget]) -> None:
    patch = only(decoder.block(line([{"id": "w1", "text": "new", "widget_type": "NOTE"}])))

    assert isinstance(patch, Patch)
    assert (patch.key, patch.record) == ("w1", None)
    assert patch.fields == {"id": "w1", "text": "new", "widget_type": "NOTE"}
    assert decoder.omittable == {}  # it is no example of what whole notes leave out


def test_omitted_field_is_learned_after_the_first_time(decoder: RecordDecoder[Widget]) -> None:
    text = line([without(widget(), "title")])

    first, again = only(decoder.block(text)), decoder.block(text)

    assert isinstance(first, Patch)
    assert first.record == only(again)
    assert again.plain
    assert [field.name for field in decoder.omittable[Note]] == ["title"]
    assert "title" not in again.fields(0)


# -- invalid lines --


BROKEN = {
    "invalid JSON": b'[{"id":]\n',
    "truncated": b'[{"id":"a","widget_type":"Note"\n',
    "null": b"null\n",
    "a number": b"5\n",
    "a string": b'"text"\n',
    "an array of numbers": b"[1,2]\n",
    "an array within an array": line([[widget()]]),
    "an array with a null": line([widget(), None]),
    "two documents": line(widget()).strip() + b" " + line(widget(id_="b")),
    "two documents, no space": line([widget()]).strip() + line([widget(id_="b")]),
    "no id": line([without(widget(), "id")]),
    "an id that is a number": line([widget(id_=5)]),  # type: ignore[arg-type]
    "an id that is null": line([widget("Hologram", None)]),  # type: ignore[arg-type]
    "an error response": b'{"msg":"Permission denied"}\n',
    "deep nesting": b"[" * 200_000 + b"]" * 200_000 + b"\n",
    "deep nesting in a field": line([widget(deep="HERE")]).replace(b'"HERE"', b"[" * 200_000 + b"]" * 200_000),
    "a raw NUL": with_text(b"\x00"),
    "a byte order mark in the middle": b"\xef\xbb\xbf" + line([widget()]),
}


@pytest.mark.row("S14", "S18", "S23")
@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN)
def test_invalid_line_is_reported_and_records_before_it_are_kept(decoder: RecordDecoder[Widget], text: bytes) -> None:
    batch = decoder.block(line([widget(id_="before")]) + text + line([widget(id_="after")]))

    assert [record.id for record in batch.records] == ["before"]
    assert batch.broken
    assert len(batch.broken) <= 200
    assert decoder.line(text.strip()).broken
    assert not decoder.block(line([widget(id_="after")])).broken


@pytest.mark.row("S15", "S16")
@pytest.mark.parametrize(
    ("bytes_", "text"),
    [
        (rb"\ud800", "�"),
        (rb"a\udfffb\ud83d\ude00", "a�b\U0001f600"),
        (rb"\ud83d\ud83d\ude00", "�\U0001f600"),
        (rb"\\ud800 \ud800", r"\ud800 �"),
        (b"\xff", "�"),
        (b"\xc0\x80", "��"),
        (b"caf\xe9", "caf�"),
    ],
)
def test_invalid_characters_become_replacement_characters(
    decoder: RecordDecoder[Widget], bytes_: bytes, text: str
) -> None:
    batch = decoder.block(line([widget(id_="a")]) + with_text(bytes_, "b") + line([widget(id_="c")]))

    assert batch.broken is None
    assert [record.id for record in batch.records] == ["a", "b", "c"]
    note = batch.records[1]
    assert type(note) is Note
    assert note.text == text
    assert decoder.one(with_text(bytes_).strip()[1:-1]).text == text  # type: ignore[union-attr]


@pytest.mark.row("S19")
@pytest.mark.parametrize("token", [b"1e999", b"-1E400", b"1" * 10_000, b"NaN", b"Infinity", b"-Infinity"])
def test_invalid_number_makes_one_unknown_widget(decoder: RecordDecoder[Widget], token: bytes) -> None:
    batch = decoder.block(with_depth(token))

    good, unknown = batch.records
    assert type(good) is Note
    assert isinstance(unknown, UnknownWidget)
    assert unknown.id == "b"
    assert unknown.raw["depth"] in {None, token.decode()}
    assert "float" in unknown.error or "out of range" in unknown.error
    json.dumps(unknown.raw, allow_nan=False)


@pytest.mark.row("S19")
def test_nan_and_infinity_inside_a_string_are_kept(decoder: RecordDecoder[Widget]) -> None:
    good = widget(id_="a", text='NaN "Infinity" \\')

    batch = decoder.block(line([good, widget(id_="b", depth="HERE")]).replace(b'"HERE"', b"NaN"))

    assert batch.records[0].text == good["text"]  # type: ignore[union-attr]


def test_unfinished_string_of_quotes_is_refused_in_linear_time(decoder: RecordDecoder[Widget]) -> None:
    assert decoder.line(b'[{"depth":NaN,"text":"' + rb"\"" * 500_000).broken  # would take hours in quadratic time


# -- one kind, other records, bodies --


def test_typed_decoder_marks_other_kinds(decoder: RecordDecoder[Widget]) -> None:
    images = RecordDecoder(Image)
    text = line([widget("Image", "a"), widget("Note", "b"), widget("Image", "c", depth=None)])

    for _ in range(2):
        first, note, broken = images.line(text).records
        assert type(first) is Image
        assert isinstance(note, UnknownWidget)
        assert note.error == "widget_type 'Note', not Image"
        assert isinstance(broken, UnknownWidget)
        assert "null" in broken.error


def test_typed_decoder_needs_no_widget_type(decoder: RecordDecoder[Widget]) -> None:
    assert type(only(RecordDecoder(Image).line(line(without(widget("Image"), "widget_type"))))) is Image
    assert type(only(RecordDecoder(Pdf).line(line(without(widget("PDF"), "widget_type"))))) is Pdf
    assert isinstance(only(decoder.line(line(without(widget("Image"), "widget_type")))), Patch)


def test_records_other_than_widgets() -> None:
    sent = {"id": "c", "name": "Demo", "access": "owner", "asset_size": 5}
    decoder = RecordDecoder(CanvasInfo)

    assert decoder.many(line([sent])) == [CanvasInfo(id="c", name="Demo", access="owner", asset_size=5)]
    assert type(decoder.many(line([sent]))[0]) is CanvasInfo
    assert decoder.block(line({**sent, "asset_size": "many"})).broken
    assert RecordDecoder(ServerInfo).one(b'{"api":["v1.2"],"more":1}') == ServerInfo(api=("v1.2",))
    assert RecordDecoder(MipmapInfo).one(
        b'{"resolution":{"width":1,"height":2},"max_level":0,"pages":3}'
    ) == MipmapInfo(Size(1, 2), 0, 3)
    with pytest.raises(BrokenLine, match="max_level"):
        RecordDecoder(MipmapInfo).one(b'{"resolution":{"width":1,"height":2}}')


def test_body_may_span_many_lines(decoder: RecordDecoder[Widget]) -> None:
    sent = [widget(), widget("Hologram", "h"), BACKGROUND]
    body = b"\xef\xbb\xbf" + json.dumps(sent, indent=2).encode()

    note, hologram, background = decoder.many(body)

    assert type(note) is Note
    assert isinstance(hologram, UnknownWidget)
    assert type(background) is CanvasBackground
    assert decoder.one(json.dumps(sent[0], indent=2).encode()) == note


@pytest.mark.parametrize("body", [b"", b"{}", b"null", b"<html>", line(widget()), b'{"msg":"no"}', b"[1]", b"[{}]"])
def test_body_that_is_not_a_list_of_objects_is_refused(decoder: RecordDecoder[Widget], body: bytes) -> None:
    with pytest.raises(BrokenLine):
        decoder.many(body)


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"<html>", line([widget()]), b'{"msg":"no"}', b"{}{}"])
def test_body_that_is_not_an_object_is_refused(decoder: RecordDecoder[Widget], body: bytes) -> None:
    with pytest.raises(BrokenLine):
        decoder.one(body)
