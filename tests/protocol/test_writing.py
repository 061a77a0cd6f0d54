"""Keywords are checked before they are sent."""

from decimal import Decimal
from enum import StrEnum
from typing import TypedDict

import msgspec
import pytest

from canvus_async.models import ConnectorEnd, Point, Size
from canvus_async.protocol.writing import payload
from canvus_async.resources.keywords import ConnectorUpdate, ImageUpdate, PdfUpdate


def test_keywords_become_json_and_omitted_ones_are_not_sent() -> None:
    body = payload({"location": Point(1, 2.5), "size": Size(3, 4), "title": "日"}, ImageUpdate, verb="update")

    assert msgspec.json.decode(body) == {
        "location": {"x": 1, "y": 2.5},
        "size": {"width": 3, "height": 4},
        "title": "日",
    }
    assert payload({}, ImageUpdate, verb="update") == b"{}"


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("location", (1, 2), "got location=(1, 2); it takes a Point"),
        ("location", Size(1, 2), "it takes a Point"),
        ("location", {"x": 1}, "it takes a Point (Object missing required field `y`)"),
        ("location", Point("1", 2), "it takes a Point (Expected `float`, got `str` - at `$.x`)"),
        ("location", Point(object(), 2), "it takes a Point (object cannot be sent as JSON)"),
        ("size", "big", "got size='big'; it takes a Size"),
        ("title", 5, "got title=5; it takes a str"),
        ("title", b"a", "it takes a str"),
        ("title", None, "got title=None; it takes a str (leave it out to send nothing)"),
        ("pinned", "yes", "got pinned='yes'; it takes a bool"),
        ("pinned", 1, "it takes a bool"),
        ("scale", True, "got scale=True; it takes a number"),
        ("scale", "2", "it takes a number"),
        ("scale", Decimal(2), "it takes a number"),
        ("index", 1.5, "it takes an int"),
        ("index", True, "it takes an int"),
    ],
)
def test_a_value_of_another_type_is_refused_with_the_type_that_is_taken(name: str, value: object, message: str) -> None:
    with pytest.raises(TypeError, match=r"^update\(\) got " + name) as refused:
        payload({name: value}, PdfUpdate, verb="update")
    assert message in str(refused.value)


def test_ints_are_numbers_and_subclasses_are_sent_as_their_base_class() -> None:
    class Number(float):
        """Like numpy.float64."""

    class Text(str):
        __slots__ = ()

    class Kind(StrEnum):
        CURVE = "curve"

    fields = {"scale": 2, "depth": Number(1.5), "title": Text("a"), "location": Point(Number(1), 2)}
    body = payload(fields, ImageUpdate, verb="update")
    assert msgspec.json.decode(body) == {"scale": 2, "depth": 1.5, "title": "a", "location": {"x": 1.0, "y": 2}}
    assert payload({"type": Kind.CURVE}, ConnectorUpdate, verb="update") == b'{"type": "curve"}'


def test_a_dict_with_the_fields_of_a_record_is_accepted() -> None:
    body = payload({"location": {"x": 1, "y": 2}}, ImageUpdate, verb="update")
    assert msgspec.json.decode(body) == {"location": {"x": 1, "y": 2}}


def test_inherited_keywords_are_accepted() -> None:
    assert payload({"auto_raise": True}, ImageUpdate, verb="update") == b'{"auto_raise": true}'


def test_unknown_keyword_is_named() -> None:
    with pytest.raises(
        TypeError,
        match=r"update\(\) got an unexpected keyword 'titel'; did you mean 'title'\? It takes auto_raise, depth",
    ):
        payload({"titel": "red"}, ImageUpdate, verb="update")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_nan_and_infinity_are_refused_by_name(value: float) -> None:
    with pytest.raises(ValueError, match=r"nan and infinity cannot be sent: location=Point"):
        payload({"depth": 1.0, "location": Point(0, value)}, ImageUpdate, verb="update")


def test_lone_surrogate_is_refused() -> None:
    with pytest.raises(ValueError, match="surrogate"):
        payload({"title": "\ud800"}, ImageUpdate, verb="update")


def test_unserialisable_value_is_a_typeerror() -> None:
    class Anything(TypedDict, total=False):
        thing: object

    with pytest.raises(TypeError):
        payload({"thing": object()}, Anything, verb="create")


def test_hyphens_are_restored_and_unset_fields_are_left_out() -> None:
    class Fields(TypedDict, total=False):
        host_id: str
        src: ConnectorEnd

    body = payload({"host_id": "wall", "src": ConnectorEnd(id="a")}, Fields, verb="create")

    assert msgspec.json.decode(body) == {"host-id": "wall", "src": {"id": "a", "auto_location": True, "tip": "none"}}
