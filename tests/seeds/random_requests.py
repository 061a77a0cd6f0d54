"""Random requests generated from the OpenAPI description; most are valid, some contain mistakes.

The ids in a request are placeholders such as `<image>`, which are replaced when it is sent.
"""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import quote

from hypothesis import strategies as st

from tests.server import samples
from tests.server.api import form_body
from tests.server.openapi import DESCRIPTION, WIDGETS, Schema, resolved

UNKNOWN_ID = "00000000-0000-4000-8000-000000000000"
FILES = [
    samples.picture(16, 9),
    samples.SVG,
    samples.document(2),
    samples.MP4,
    b"",
    b"junk",
    samples.picture(9, 9)[:40],
]
FIT = {"<image>", "<pdf>", "<video>", "<note>", "<browser>", "<anchor>", "<table>", "<root>"}
"""Placeholders of widgets that can be parents."""
TOKENS = ["<owner>"] * 12 + ["<editor>"] * 8 + ["<viewer>", "<blocked>", "unknown", "", None]
WRONG_CANVAS_IDS = [[], ["canvas-id: <kept canvas>"], ["canvas-id: é"]]
ODD_HEADERS = [
    ["Range: bytes=2-5"],
    ["Range: bytes=9-2,-"],
    ["Range: bytes=99999999-"],
    ['If-None-Match: "x", *'],
    ["Expect: 100-continue"],
    ["Expect: more"],
    ["Content-Encoding: gzip"],
    ["Accept: nothing"],
]
OPERATIONS = [
    (path, method)
    for path, operations in sorted(DESCRIPTION["paths"].items())
    for method, operation in sorted(operations.items())
    for _ in range(4 if "requestBody" in operation else 1)
]
"""All operations. Those with a body occur four times, because more can be wrong with them."""

VERBS = ["GET", "POST", "PATCH", "DELETE", "PUT", "HEAD", "OPTIONS", "TRACE", "PROPFIND", "BREW", ""]


class Case(NamedTuple):
    """A request with placeholders.

    `operation` is its description, None if it is not described. `fields` is the JSON object in the body, and `schema`
    the schema of that.
    """

    method: str
    target: str
    headers: tuple[str, ...]
    token: str | None
    body: bytes | None
    operation: Schema | None = None
    fields: object = None
    schema: Schema | None = None


WILD_TEXT = st.text(max_size=12) | st.sampled_from(["..", "null", "-1", "\x00", "a/b", "%", "é" * 300, "<script>"])
WILD_JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | WILD_TEXT | st.sampled_from([-1, 0, 1e300, UNKNOWN_ID]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=5,
)


@st.composite
def mostly(
    draw: st.DrawFn, usual: st.SearchStrategy[Any], unusual: st.SearchStrategy[Any], *, once_in: int = 10
) -> Any:
    """`usual`, but once in `once_in` times `unusual`."""
    return draw(usual if draw(st.integers(1, once_in)) < once_in else unusual)


def fitting(schema: Schema) -> st.SearchStrategy[Any]:
    """Values that match a schema."""
    schema = resolved(schema)
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    match schema["type"]:
        case "boolean":
            return st.booleans()
        case "integer":
            return st.integers(schema.get("minimum"), min(schema.get("maximum", 12), 12))
        case "number":
            lowest, above = schema.get("minimum", schema.get("exclusiveMinimum")), "exclusiveMinimum" in schema
            return st.integers(1, 999) | st.floats(lowest, schema.get("maximum"), exclude_min=above)
        case "string" if schema.get("format") == "uuid":
            return st.sampled_from(sorted(FIT))
        case "string" if "pattern" in schema:
            return st.from_regex(schema["pattern"], fullmatch=True, alphabet=st.characters(codec="ascii"))
        case "string":
            return st.text(max_size=12)
        case "array":
            return st.lists(fitting(schema["items"]), max_size=3)
        case _:
            return objects(schema)


def missing(schema: Schema) -> st.SearchStrategy[Any]:
    """Values that almost match a schema, and some of other types."""
    schema = resolved(schema)
    near: list[Any] = [None, [], {}, "", "x", 5, True]
    match schema["type"]:
        case "boolean":
            near = ["true", "false", 1, 0, None]
        case "integer" | "number":
            lowest, highest = schema.get("minimum", schema.get("exclusiveMinimum", 0)), schema.get("maximum", 1e9)
            near = [lowest - 1, lowest - 0.5, 0, -0.0, highest * 2, 1e300, 10**400, 1.5, "1", True, None]
        case "string" if schema.get("format") == "uuid":
            near = ["", UNKNOWN_ID, "<connector>", "<kept note>", "<canvas>", 5, None]
        case "string" if "pattern" in schema:
            near = ["", "#12345", "#1234567", "123456", "#gggggg", "#123456\n", 5, None]
        case "object" if schema["properties"]:
            name = st.sampled_from(sorted(schema["properties"]))
            inner = name.flatmap(lambda name: missing(schema["properties"][name]).map(lambda value: {name: value}))
            whole = st.builds(dict.__or__, objects(schema), inner)
            return whole | inner | st.sampled_from(near)
    return st.sampled_from(near)


@st.composite
def objects(draw: st.DrawFn, schema: Schema, *, wild: bool = False) -> dict[str, Any]:
    """Objects that match a schema. `wild` ones have invalid fields, and may have unknown or lack required fields."""
    properties: Mapping[str, Schema] = schema["properties"]
    optional = sorted(properties.keys() - set(schema["required"]))
    some = st.lists(st.sampled_from(optional), unique=True, max_size=4) if optional else st.just(list[str]())
    names = [*schema["required"], *draw(some)]
    value = {name: draw(fitting(properties[name])) for name in names}
    if wild and properties:
        for name in draw(st.lists(st.sampled_from(sorted(properties)), min_size=1, max_size=2)):
            value[name] = draw(missing(properties[name]))
        value |= draw(mostly(st.just({}), st.dictionaries(st.text(max_size=6), WILD_JSON, max_size=2)))
        for name in draw(mostly(st.just([]), st.lists(st.sampled_from(sorted(properties)), max_size=1))):
            value.pop(name, None)
    return value


@st.composite
def json_bodies(draw: st.DrawFn, schema: Schema) -> tuple[bytes, object]:
    """A JSON body and the object in it; sometimes it is not JSON."""
    schema = resolved(schema)
    value = draw(mostly(st.booleans().flatmap(lambda wild: objects(schema, wild=wild)), WILD_JSON, once_in=20))
    text = json.dumps(value, ensure_ascii=draw(st.booleans())).encode(errors="surrogatepass")
    return draw(mostly(st.just((text, value)), st.binary(max_size=40).map(lambda junk: (junk, None)), once_in=30))


@st.composite
def forms(draw: st.DrawFn, schema: Schema) -> tuple[str, bytes, object]:
    """The content type and the body of a form, most often with a file and fields, and the object in it."""
    fields_text, fields = draw(json_bodies(schema["properties"]["json"]))
    name = draw(mostly(st.just("a.png"), WILD_TEXT)).translate(dict.fromkeys(map(ord, '"\r\n\0')))
    file, about = ("data", draw(st.sampled_from(FILES)), name), ("json", fields_text, None)
    usual = st.sampled_from([(file, about), (about, file), (file,)])
    parts = draw(mostly(usual, st.lists(st.sampled_from([file, about, ("", b"", None)]), max_size=4)))
    body = form_body(*parts)
    body = draw(mostly(st.just(body), st.integers(0, len(body)).map(lambda end: body[:end])))
    boundary = draw(mostly(st.just("limit"), st.sampled_from(["", "other", '"']), once_in=40))
    return f"multipart/form-data; boundary={boundary}", body, fields if about in parts else None


def path_values(path: str, parameter: Schema) -> st.SearchStrategy[str]:
    """Values of a parameter in a path."""
    name = parameter["name"]
    if name == "canvas_id":
        return st.sampled_from(["<canvas>"] * 20 + ["<kept canvas>", UNKNOWN_ID])
    if name == "widget_id":
        kind = next((kind for kind in WIDGETS if f"/{kind}/" in path), "")
        own = [f"<{WIDGETS[kind].type.lower()}>"] if kind else sorted({*FIT, "<connector>"})
        return st.sampled_from(own * 20 + ["<note>", "<kept note>", UNKNOWN_ID])
    if name == "hash":
        return st.sampled_from(["<image hash>", "<pdf hash>", "<video hash>", "<wall hash>", "<kept hash>", "00" * 6])
    return st.integers(-1, 5).map(str)


@st.composite
def targets(draw: st.DrawFn, path: str, parameters: list[Schema]) -> tuple[str, bool]:
    """A target with its query, and whether it certainly belongs to that path."""
    certain, query = True, list[str]()
    for parameter in parameters:
        name, wild = parameter["name"], WILD_TEXT.map(lambda text: quote(text, safe=""))
        if parameter["in"] == "path":
            value = draw(mostly(path_values(path, parameter), wild, once_in=20))
            certain = certain and value not in {"", ".", ".."}
            path = path.replace(f"{{{name}}}", value)
        elif parameter["in"] == "query" and draw(st.integers(1, 10)) <= (2 if name == "subscribe" else 6):
            query.append(f"{name}={draw(mostly(st.integers(-1, 3).map(str), wild))}")
    slash = draw(mostly(st.just(""), st.just("/")))
    return f"/api/v1{path}{slash}{'?' if query else ''}{'&'.join(query)}", certain


@st.composite
def bodies(draw: st.DrawFn, content: Mapping[str, Schema]) -> tuple[list[str], bytes, object, Schema]:
    """A body of one of the accepted types: its header, the bytes, the object in it, and the schema of the object."""
    kind = draw(st.sampled_from(sorted(content)))
    schema = content[kind]["schema"]
    if kind == "multipart/form-data":
        kind, body, fields = draw(forms(schema))
        schema = schema["properties"]["json"]
    else:
        body, fields = draw(json_bodies(schema))
    other = st.sampled_from(["", "text/plain", "multipart/form-data"])
    return [f"Content-Type: {draw(mostly(st.just(kind), other, once_in=40))}"], body, fields, schema


@st.composite
def described(draw: st.DrawFn) -> Case:
    """A request for an operation in the description."""
    path, method = draw(st.sampled_from(OPERATIONS))
    operation = DESCRIPTION["paths"][path][method]
    target, certain = draw(targets(path, operation["parameters"]))
    headers, body, fields, schema = list[str](), None, None, None
    if "requestBody" in operation:
        headers, body, fields, schema = draw(bodies(operation["requestBody"]["content"]))
    if any(parameter["name"] == "canvas-id" for parameter in operation["parameters"]):
        headers += draw(mostly(st.just(["canvas-id: <canvas>"]), st.sampled_from(WRONG_CANVAS_IDS)))
    headers += draw(mostly(st.just([]), st.sampled_from(ODD_HEADERS)))
    token = draw(st.sampled_from(TOKENS))
    known = operation if certain else None
    return Case(method.upper(), target, tuple(headers), token, body, known, fields, schema)


@st.composite
def undescribed(draw: st.DrawFn) -> Case:
    """Any request: other methods, other paths, random bytes as a body."""
    case = draw(described())
    method = draw(st.sampled_from(VERBS))
    safe = st.text(st.characters(min_codepoint=33, max_codepoint=255), max_size=30)
    target = draw(st.just(case.target) | safe.map("/api/v1/".__add__) | safe | st.just(case.target.replace("/", "//")))
    header = draw(st.lists(st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=20), max_size=2))
    return Case(method, target, (*case.headers, *header), case.token, draw(st.none() | st.binary(max_size=200)))


CASES = mostly(described(), undescribed())
