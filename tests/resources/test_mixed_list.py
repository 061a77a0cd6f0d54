"""A list of known types, unknown types and invalid objects."""

import json
import logging

import pytest

from canvus_async import Client, UnexpectedContent
from canvus_async.models import KINDS, Image, Pdf, UnknownWidget, Widget
from tests.raw_server import Exchange, raw_server

PLACE = {
    "location": {"x": 1, "y": 2},
    "size": {"width": 3, "height": 4},
    "depth": 1,
    "parent_id": "root",
    "pinned": False,
    "scale": 1,
    "state": "normal",
}
HOSTED = {"host-id": "wall", "connection-name": "PC", "content-id": ""}
ENDS = {"src": {"id": "a"}, "dst": {"id": "b"}}
TYPES = [str(kind.__struct_config__.tag) for kind in KINDS]

ONE_OF_EACH = [
    {"id": f"id-{name}", "widget_type": name, **PLACE, **HOSTED, **ENDS} for name in TYPES if name != "Connector"
]
CONNECTOR = {"id": "id-Connector", "widget_type": "Connector", "state": "normal", **ENDS}
UNKNOWN = [
    {"id": "new-1", "widget_type": "Hologram", **PLACE, "phase": 0.5},
    {"id": "new-2", "widget_type": "Whiteboard", "state": "normal", "ink": ["red"]},
]
BROKEN = [
    {"id": "bad-1", "widget_type": "Note", **PLACE, "text": 5},
    {"id": "bad-2", "widget_type": "Image", **PLACE, "location": None},
    {"id": "bad-3", "widget_type": "Pdf", **PLACE, "depth": "deep"},
]
SPELLED = {"id": "id-PDF", "widget_type": "PDF", **PLACE}


def serves(body: object):
    async def script(exchange: Exchange) -> None:
        while True:
            await exchange.request()
            await exchange.answer(body)

    return script


async def test_mixed_list_keeps_order_and_types() -> None:
    mixed = [
        BROKEN[0],
        *ONE_OF_EACH[:7],
        UNKNOWN[0],
        CONNECTOR,
        BROKEN[1],
        *ONE_OF_EACH[7:],
        UNKNOWN[1],
        BROKEN[2],
        SPELLED,
    ]
    async with raw_server(serves(mixed)) as server, Client(server.url) as client:
        widgets = await client.canvas("c1").widgets.list()

    assert [widget.id for widget in widgets] == [item["id"] for item in mixed]
    by_id: dict[str, Widget] = {widget.id: widget for widget in widgets}
    for kind in KINDS:
        assert type(by_id[f"id-{kind.__struct_config__.tag}"]) is kind
    assert isinstance(by_id["id-PDF"], Pdf)
    for item in UNKNOWN + BROKEN:
        widget = by_id[str(item["id"])]
        assert isinstance(widget, UnknownWidget)
        assert widget.raw == json.loads(json.dumps(item))
        assert widget.widget_type == item["widget_type"]
        assert widget.error
    assert "text" in by_id["bad-1"].error


async def test_typed_list_leaves_out_invalid_objects_and_logs_them(caplog: pytest.LogCaptureFixture) -> None:
    good = {"id": "good", "widget_type": "Image", **PLACE}
    async with raw_server(serves([BROKEN[1], good])) as server, Client(server.url) as client:
        with caplog.at_level(logging.WARNING, "canvus_async"):
            images = await client.canvas("c1").images.list()

    assert [(type(image), image.id) for image in images] == [(Image, "good")]
    (record,) = caplog.records
    assert "bad-2" in record.getMessage()


async def test_invalid_object_requested_by_id_raises_unexpected_content() -> None:
    async with raw_server(serves(BROKEN[1])) as server, Client(server.url) as client:
        with pytest.raises(UnexpectedContent, match="not a valid Image"):
            await client.canvas("c1").images.get("bad-2")
        assert isinstance(await client.canvas("c1").widgets.get("bad-2"), UnknownWidget)
