"""Widgets as a server sends them, and lines of them."""

import json
from typing import Any

COMMON: dict[str, Any] = {
    "depth": 1.0,
    "location": {"x": 10.0, "y": 20.0},
    "parent_id": "root",
    "pinned": False,
    "scale": 1.0,
    "size": {"height": 300.0, "width": 300.0},
    "state": "normal",
}
OWN: dict[str, dict[str, Any]] = {
    "Note": {
        "auto_text_color": True,
        "background_color": "#ffffffff",
        "text": "hello",
        "text_color": "#000000ff",
        "title": "a title",
    },
    "Image": {"hash": "cbcb439a796b", "original_filename": "photo.jpg", "title": "A dog"},
    "PDF": {"hash": "aa", "index": 2, "original_filename": "a.pdf", "title": "A paper"},
    "Anchor": {"anchor_index": 3, "anchor_name": "Overview"},
    "IpVideo": {"host-id": "client", "source": "rtsp://x", "title": "cam"},
    "Hologram": {"beam": {"colour": "red", "on": True}, "title": "shiny"},
}
BACKGROUND: dict[str, Any] = {
    "background_color": "#00000000",
    "grid": {"color": "#fff", "visible": True},
    "haze": None,
    "image": None,
    "state": "normal",
    "type": "solid_color",
    "widget_type": "CanvasBackground",
}


def widget(kind: str = "Note", id_: str = "w1", **fields: Any) -> dict[str, Any]:
    """A whole widget with its keys in order, as servers send them."""
    return dict(sorted({**COMMON, **OWN[kind], "id": id_, "widget_type": kind, **fields}.items()))


def without(fields: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name not in names}


def line(value: object) -> bytes:
    """One line of JSON with its LF, as compact as servers write it."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"
