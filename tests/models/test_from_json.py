"""`models.from_json()` reads what the API sends, and what msgspec makes of records."""

import json

import msgspec
import pytest

from canvus_async.models import KINDS, Image, Note, Pdf, UnknownWidget, Widget, from_json
from tests.subscriptions.wire import image, note, widget


def test_text_bytes_and_objects_are_read_alike() -> None:
    objects = [note("a", text="hi"), image("b")]
    text = json.dumps(objects)

    records = from_json(text)

    assert [type(record) for record in records] == [Note, Image]
    assert from_json(text.encode()) == from_json(objects) == from_json(tuple(objects)) == records
    assert from_json(json.dumps(objects[0])) == from_json(objects[0]) == records[:1]


def test_records_survive_encoding() -> None:
    records = from_json(
        [note("a", text="日"), image("b"), widget("IpVideo", "c", **{"host-id": "w", "source": "rtsp"})]
    )

    assert from_json(msgspec.json.encode(records)) == records
    assert from_json(msgspec.to_builtins(records)) == records


@pytest.mark.parametrize("spelling", ["PDF", "Pdf", "pdf"])
def test_any_spelling_of_a_type_is_read(spelling: str) -> None:
    (record,) = from_json(widget(spelling, "a", title="", original_filename="", hash="", index=0))

    assert isinstance(record, Pdf)


def test_what_does_not_fit_is_an_unknown_widget_and_not_an_error() -> None:
    alien, broken = from_json([widget("Alien", "a", antennae=2), {"id": "b", "widget_type": "Note", "state": "normal"}])

    assert isinstance(alien, UnknownWidget)
    assert isinstance(broken, UnknownWidget)
    assert alien.raw["antennae"] == 2
    assert from_json(msgspec.json.encode([alien]))[0].raw == alien.raw  # type: ignore[attr-defined]


@pytest.mark.parametrize("data", [b"", "nope", "5", "[1]", '"text"', "null", [5]])
def test_anything_else_is_a_value_error(data) -> None:
    with pytest.raises(ValueError, match=r"."):
        from_json(data)


def test_an_empty_list_has_no_widgets() -> None:
    assert from_json("[]") == []
    assert all(issubclass(kind, Widget) for kind in KINDS)
