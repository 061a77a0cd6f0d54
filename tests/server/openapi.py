"""An OpenAPI 3.1 description of the embedded server; `python -m tests.server.openapi` prints it.

It covers seeds 000 to 004 and the endpoints that they depend on. The fuzz test generates requests from it and checks
the responses against it, so that it always matches the server.
"""

import json
import sys
from collections.abc import Mapping
from typing import Any, TypeAlias

Schema: TypeAlias = dict[str, Any]


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _object(required: Mapping[str, Schema] | None = None, /, **optional: Schema) -> Schema:
    fields = {**(required or {}), **optional}
    return {"type": "object", "required": sorted(required or {}), "properties": fields}


def _enum(*values: str) -> Schema:
    return {"type": "string", "enum": list(values)}


_TEXT: Schema = {"type": "string"}
_UUID: Schema = {"type": "string", "format": "uuid"}
_FLAG: Schema = {"type": "boolean"}
_NUMBER: Schema = {"type": "number", "minimum": -1e9, "maximum": 1e9}
_POSITIVE: Schema = {"type": "number", "exclusiveMinimum": 0, "maximum": 1e9}
_ORDINAL: Schema = {"type": "integer", "minimum": 0, "maximum": 1_000_000_000}
_COLOUR: Schema = {"type": "string", "pattern": "^#[0-9a-fA-F]{6}([0-9a-fA-F]{2})?$"}
_LEVEL_OR_PAGE: Schema = {"type": "integer", "minimum": 0, "maximum": 999_999_999}

_PLACE: Mapping[str, Schema] = {
    "location": _ref("Point"),
    "size": _ref("Size"),
    "depth": {"type": "number", "minimum": 1, "maximum": 1e9},
    "scale": _POSITIVE,
    "pinned": _FLAG,
    "parent_id": _UUID,
}
"""The fields of all widgets with a place."""

_FILE = {"title": _TEXT, "original_filename": _TEXT}
_GRID: Schema = {"type": "integer", "minimum": 1, "maximum": 100}
_CONNECTOR_END = _object(
    {"id": _UUID},
    rel_location=_ref("Point"),
    auto_location=_FLAG,
    tip=_enum("none", "solid-equilateral-triangle"),
)
_PLAYBACK = {"playback_state": _enum("stopped", "playing", "paused"), "playback_position": _NUMBER, "muted": _FLAG}
_BACKGROUND = {
    "type": _enum("solid_color", "haze", "image"),
    "background_color": _COLOUR,
    "grid": _object(color=_COLOUR, visible=_FLAG),
    "haze": _object(color1=_COLOUR, color2=_COLOUR, scale=_NUMBER, speed=_NUMBER),
    "image": _object(fit=_TEXT),
}


class _Kind:
    """The type of a widget, and the schemas of the bodies that create and update it.

    Both contain the fields `own`; `create` and `update` are fields of only one of them. A create needs those in
    `required`.
    """

    def __init__(
        self,
        type_: str,
        own: Mapping[str, Schema],
        *,
        required: Mapping[str, Schema] | None = None,
        create: Mapping[str, Schema] | None = None,
        update: Mapping[str, Schema] | None = None,
        placed: bool = True,
        file: bool = False,
    ) -> None:
        place = _PLACE if placed else {}
        self.type = type_
        self.file = file
        self.create = _object(required, **place, **own, **(create or {}))
        self.update = _object(**place, **own, **(update or {}), **({"auto_raise": _FLAG} if placed else {}))


_HOST = {"host-id": _TEXT}
WIDGETS: Mapping[str, _Kind] = {
    "images": _Kind("Image", _FILE, file=True),
    "pdfs": _Kind("Pdf", {**_FILE, "index": _ORDINAL}, file=True),
    "videos": _Kind("Video", _FILE, update=_PLAYBACK, file=True),
    "notes": _Kind(
        "Note",
        {
            "text": _TEXT,
            "title": _TEXT,
            "background_color": _COLOUR,
            "text_color": _COLOUR,
            "auto_text_color": _FLAG,
        },
    ),
    "browsers": _Kind(
        "Browser",
        {"url": _TEXT, "title": _TEXT, "transparent_mode": _FLAG, "main_frame_scroll_offset": _ref("Point")},
    ),
    "anchors": _Kind("Anchor", {"anchor_name": _TEXT, "anchor_index": _ORDINAL}),
    "connectors": _Kind(
        "Connector",
        {"type": _enum("curve", "straight", "right-angle"), "line_color": _COLOUR, "line_width": _POSITIVE},
        required={"src": _CONNECTOR_END, "dst": _CONNECTOR_END},
        update={"src": _CONNECTOR_END, "dst": _CONNECTOR_END},
        placed=False,
    ),
    "tables": _Kind("Table", {"title": _TEXT}, create={"grid_size": _object({"columns": _GRID, "rows": _GRID})}),
    "video-inputs": _Kind("VideoInput", {"title": _TEXT}, required={"source": _TEXT, **_HOST}),
    "ip-videos": _Kind("IpVideo", {"title": _TEXT}, required={"source": _TEXT}, create=_HOST, update={"source": _TEXT}),
    "rdp-connections": _Kind("RdpConnection", {"title": _TEXT, "connection-name": _TEXT}, create=_HOST),
}
"""The kinds with an endpoint, by the name in the path."""

_SCHEMAS: dict[str, Schema] = {
    "Error": {**_object({"msg": _TEXT}), "additionalProperties": False},
    "Point": _object({"x": _NUMBER, "y": _NUMBER}),
    "Size": _object({"width": _POSITIVE, "height": _POSITIVE}),
    "MipmapInfo": _object(
        {
            "resolution": _object({"width": _GRID | {"maximum": 1_000_000}, "height": _GRID | {"maximum": 1_000_000}}),
            "max_level": _ORDINAL,
            "pages": _GRID | {"maximum": 1_000_000},
        }
    ),
    "Canvas": _object(
        {
            "id": _UUID,
            "name": _TEXT,
            "folder_id": _TEXT,
            "access": _enum("view", "edit", "owner"),
            "mode": _enum("normal", "demo"),
            "state": _enum("normal"),
            "in_trash": _FLAG,
            "asset_size": {"type": "integer", "minimum": 0},
            "preview_hash": _TEXT,
            "created_at": _TEXT,
            "modified_at": _TEXT,
        }
    ),
    "CanvasCreate": _object(name=_TEXT),
    "CanvasUpdate": _object(name=_TEXT, mode=_enum("normal", "demo")),
    "ServerInfo": _object({"api": {"type": "array", "items": _TEXT}, "version": _TEXT, "server_id": _UUID}),
    "Widget": _object({"widget_type": _TEXT, "state": _enum("normal")}, id=_UUID),
    "PlacedWidget": _object(
        {
            "id": _UUID,
            "widget_type": _TEXT,
            "state": _enum("normal"),
            "location": _ref("Point"),
            "size": _ref("Size"),
            "depth": _NUMBER,
            "scale": _POSITIVE,
            "pinned": _FLAG,
            "parent_id": _TEXT,
        }
    ),
    "Background": _object({"widget_type": _enum("CanvasBackground"), "state": _enum("normal"), **_BACKGROUND}),
    "BackgroundFields": _object(**_BACKGROUND),
    "Clone": _object({"source_canvas_id": _UUID, "source_widget_id": _UUID}, location=_ref("Point")),
}
for _name, _kind in WIDGETS.items():
    _base = _SCHEMAS["Widget" if _name == "connectors" else "PlacedWidget"]
    _more = {"hash": _TEXT, "title": _TEXT, "original_filename": _TEXT} if _kind.file else {}
    _SCHEMAS[_kind.type] = _object({**_base["properties"], "widget_type": _enum(_kind.type), **_more})
    _SCHEMAS[f"{_kind.type}Create"] = _kind.create
    _SCHEMAS[f"{_kind.type}Update"] = _kind.update


def _parameter(name: str, place: str, schema: Schema, *, required: bool = False) -> Schema:
    return {"name": name, "in": place, "required": required or place == "path", "schema": schema}


def _json(schema: Schema) -> Schema:
    return {"content": {"application/json": {"schema": schema}}}


def _form(fields: Schema) -> Schema:
    parts = _object({"data": {"type": "string", "contentMediaType": "application/octet-stream"}}, json=fields)
    return {"content": {"multipart/form-data": {"schema": parts}}}


_EMPTY: Schema = {}
_BYTES: Schema = {"content": {"application/octet-stream": {}}}
_CANVAS = _parameter("canvas_id", "path", _UUID)
_SUBSCRIBE = _parameter("subscribe", "query", _FLAG)
_READ, _WRITE = (401, 403, 404), (400, 401, 403, 404, 413)


def _operation(
    summary: str, *parameters: Schema, answer: Schema, refusals: tuple[int, ...], body: Schema | None = None
) -> Schema:
    responses = {"200": {"description": "done", **answer}}
    responses |= {str(status): {"description": "refused", **_json(_ref("Error"))} for status in refusals}
    operation: Schema = {"summary": summary, "parameters": list(parameters), "responses": responses}
    return operation if body is None else {**operation, "requestBody": body}


def _list(schema: Schema) -> Schema:
    return _json({"type": "array", "items": schema})


def _assets() -> Schema:
    hash_ = _parameter("hash", "path", {"type": "string", "pattern": "^[0-9a-f]{12,64}$"})
    canvas = _parameter("canvas-id", "header", _UUID, required=True)
    page, level = _parameter("page", "query", _LEVEL_OR_PAGE), _parameter("level", "path", _LEVEL_OR_PAGE)
    bytes_, refusals = {**_BYTES, "headers": {"Cache-Control": {"required": True}}}, (401, 403, 404)
    info = _operation(
        "mipmap info", hash_, canvas, page, answer=_json(_ref("MipmapInfo")), refusals=(*refusals, 400, 501)
    )
    one = _operation("mipmap level", hash_, level, canvas, page, answer=bytes_, refusals=(*refusals, 400, 501))
    asset = _operation("asset", hash_, canvas, answer=bytes_, refusals=refusals)
    return {"/mipmaps/{hash}": {"get": info}, "/mipmaps/{hash}/{level}": {"get": one}, "/assets/{hash}": {"get": asset}}


def _widgets(name: str, kind: _Kind) -> Schema:
    every, widget = f"/canvases/{{canvas_id}}/{name}", _parameter("widget_id", "path", _UUID)
    shown, create, update = (_ref(f"{kind.type}{tail}") for tail in ("", "Create", "Update"))
    body = _form(create) if kind.file else _json(create)
    body["content"].setdefault("application/json", {"schema": _ref("Clone")})
    paths = {
        every: {
            "get": _operation(f"list {name}", _CANVAS, _SUBSCRIBE, answer=_list(shown), refusals=_READ),
            "post": _operation(f"create in {name}", _CANVAS, answer=_json(shown), refusals=_WRITE, body=body),
        },
        f"{every}/{{widget_id}}": {
            "get": _operation(f"get of {name}", _CANVAS, widget, _SUBSCRIBE, answer=_json(shown), refusals=_READ),
            "patch": _operation(
                f"update of {name}", _CANVAS, widget, answer=_json(shown), refusals=_WRITE, body=_json(update)
            ),
            "delete": _operation(f"delete of {name}", _CANVAS, widget, answer=_EMPTY, refusals=_READ),
        },
    }
    if kind.file:
        download = _operation(f"download of {name}", _CANVAS, widget, answer=_BYTES, refusals=_READ)
        paths[f"{every}/{{widget_id}}/download"] = {"get": download}
    return paths


def _canvases() -> Schema:
    canvas, create, update = _json(_ref("Canvas")), _json(_ref("CanvasCreate")), _json(_ref("CanvasUpdate"))
    background, upload = _json(_ref("Background")), _form(_object(fit=_TEXT, type=_enum("image")))
    widget = _parameter("widget_id", "path", _UUID)
    generic = "/canvases/{canvas_id}/widgets"
    return {
        "/server-info": {"get": _operation("server", answer=_json(_ref("ServerInfo")), refusals=())},
        "/canvases": {
            "get": _operation("list canvases", _SUBSCRIBE, answer=_list(_ref("Canvas")), refusals=(401, 403)),
            "post": _operation("create a canvas", answer=canvas, refusals=(400, 401, 403, 413), body=create),
        },
        "/canvases/{canvas_id}": {
            "get": _operation("get a canvas", _CANVAS, _SUBSCRIBE, answer=canvas, refusals=_READ),
            "patch": _operation("change a canvas", _CANVAS, answer=canvas, refusals=_WRITE, body=update),
            "delete": _operation("delete a canvas", _CANVAS, answer=_EMPTY, refusals=_READ),
        },
        "/canvases/{canvas_id}/background": {
            "get": _operation("background", _CANVAS, _SUBSCRIBE, answer=background, refusals=_READ),
            "patch": _operation(
                "change the background",
                _CANVAS,
                answer=background,
                refusals=_WRITE,
                body=_json(_ref("BackgroundFields")),
            ),
            "post": _operation("upload a background", _CANVAS, answer=background, refusals=_WRITE, body=upload),
        },
        generic: {"get": _operation("list widgets", _CANVAS, _SUBSCRIBE, answer=_list(_ref("Widget")), refusals=_READ)},
        f"{generic}/{{widget_id}}": {
            "get": _operation("get a widget", _CANVAS, widget, _SUBSCRIBE, answer=_json(_ref("Widget")), refusals=_READ)
        },
        "/canvases/{canvas_id}/tables/{widget_id}/cells": {
            "get": _operation("cells", _CANVAS, widget, _SUBSCRIBE, answer=_list(_ref("PlacedWidget")), refusals=_READ)
        },
    }


def _paths() -> Schema:
    paths = _canvases() | _assets()
    for name, kind in WIDGETS.items():
        paths |= _widgets(name, kind)
    return paths


DESCRIPTION: Schema = {
    "openapi": "3.1.0",
    "info": {"title": "The embedded Canvus server", "version": "1"},
    "servers": [{"url": "/api/v1"}],
    "security": [{"token": []}, {"cookie": []}, {}],
    "paths": _paths(),
    "components": {
        "schemas": _SCHEMAS,
        "securitySchemes": {
            "token": {"type": "apiKey", "in": "header", "name": "Private-Token"},
            "cookie": {"type": "apiKey", "in": "cookie", "name": "CanvusSession"},
        },
    },
}


def resolved(schema: Schema) -> Schema:
    """Resolve a reference to a schema."""
    while "$ref" in schema:
        schema = DESCRIPTION["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


if __name__ == "__main__":
    json.dump(DESCRIPTION, sys.stdout, indent=1)
