"""Keywords are checked before they are sent."""

from typing import TypedDict

import msgspec
import pytest

from canvus_async.models import ConnectorEnd, Point, Size
from canvus_async.protocol.writing import payload
from canvus_async.resources.keywords import ImageUpdate


def test_keywords_become_json_and_omitted_ones_are_not_sent() -> None:
    body = payload({"location": Point(1, 2.5), "size": Size(3, 4), "title": "日"}, ImageUpdate, verb="update")

    assert msgspec.json.decode(body) == {
        "location": {"x": 1, "y": 2.5},
        "size": {"width": 3, "height": 4},
        "title": "日",
    }
    assert payload({}, ImageUpdate, verb="update") == b"{}"


def test_none_is_sent_as_null() -> None:
    assert payload({"title": None}, ImageUpdate, verb="update") == b'{"title": null}'


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
