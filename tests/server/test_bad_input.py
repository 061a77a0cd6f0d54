"""Invalid requests get a JSON error with a `msg`, and never status 500."""

import asyncio
import json
import logging
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from canvus_async.server.http.responses import decode_json_object
from canvus_async.server.refusals import Invalid
from canvus_async.server.rules.kinds import BACKGROUND, WIDGET_KINDS, Operation
from canvus_async.server.rules.widgets import encode
from tests.server.api import Api


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "", 404),
        ("GET", "nothing", 404),
        ("GET", "canvases/x/y/z/w/v", 404),
        ("PUT", "canvases", 405),
        ("DELETE", "canvases", 405),
        ("POST", "server-info", 405),
        ("POST", "mipmaps/00", 405),
        ("PATCH", "{}/notes", 405),
        ("PROPFIND", "{}/notes", 405),
        ("GET", "{}/notes/x/cells", 404),
        ("GET", "{}/colorpresets", 404),
        ("POST", "{}/nothing", 404),
        ("PATCH", "{}/widgets/x", 405),
        ("GET", "{}/notes/%00", 404),
        ("GET", "{}/notes/%ff%fe", 404),
        ("GET", "{}/notes/" + "x" * 4000, 404),
        ("GET", "canvases/%2e%2e%2f%2e%2e", 404),
    ],
)
async def test_an_unknown_path_or_method_gives_a_json_error(
    api: Api, canvas: str, method: str, path: str, status: int
) -> None:
    response = await api.call(method, path.format(canvas))

    assert (response.status, bool(response.msg)) == (status, True)
    assert ("Allow" in response.headers) == (status == 405)


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b"null",
        b"5",
        b'"text"',
        b'{"text": "\xff"}',
        b'{"text": "\\ud800"}',
        b'{"location": {"x": NaN, "y": 0}}',
        b'{"location": {"x": Infinity, "y": 0}}',
        b'{"location": {"x": 1e999, "y": 0}}',
        b'{"location": {"x": ' + b"9" * 5000 + b', "y": 0}}',
        b'{"depth": -1e308}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'\xef\xbb\xbf{"text": "x"}',
        b"{} {}",
        b"\x00",
    ],
    ids=range(17),
)
async def test_a_body_that_is_not_a_json_object_is_refused(api: Api, canvas: str, body: bytes) -> None:
    note = (await api.post(f"{canvas}/notes", {"text": "kept"})).json
    for method, path in (("POST", f"{canvas}/notes"), ("PATCH", f"{canvas}/notes/{note['id']}"), ("POST", "canvases")):
        response = await api.call(method, path, data=body, headers={"Content-Type": "application/json"})
        assert response.status == 400 or (path == "canvases" and response.status == 200), response.body
        assert response.status == 200 or response.msg

    assert (await api.get(f"{canvas}/notes")).json == [note]


async def test_a_body_that_is_too_large_is_refused(api: Api, canvas: str) -> None:
    response = await api.call("POST", f"{canvas}/notes", data=BytesIO(b'{"text": "%s"}' % (b"x" * (17 << 20))))

    assert (response.status, bool(response.msg)) == (413, True)


@pytest.mark.parametrize(
    "broken",
    [
        "nonsense\r\n\r\n",
        "GET /api/v1/canvases HTTP/1.1\r\nPrivate-Token: {token}\0\r\n\r\n",
        "GET /api/v1/canvases HTTP/1.1\r\nPrivate-Token {token}\r\n\r\n",
        "GET /api/v1/canvases HTTP/1.1\r\nPrivate-Token: {token}" + "x" * 20_000 + "\r\n\r\n",
        (
            "POST /api/v1/{canvas}/notes HTTP/1.1\r\nPrivate-Token: {token}\r\n"
            "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n"
        ),
        "POST /api/v1/{canvas}/notes HTTP/1.1\r\nPrivate-Token: {token}\r\nContent-Length: -1\r\n\r\n",
    ],
    ids=["no request", "zero", "no colon", "too long", "chunks", "negative"],
)
async def test_a_malformed_request_gives_a_json_error_and_its_token_is_not_logged(
    api: Api, canvas: str, broken: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    sent = broken.format(token=api.server.token, canvas=canvas).encode("latin-1")
    reader, writer = await asyncio.open_connection("127.0.0.1", int(api.server.url.rpartition(":")[2]))
    writer.write(sent)

    async with asyncio.timeout(10):
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        body = await reader.readexactly(int(head.partition("content-length: ")[2].split("\r\n")[0]))
    writer.close()
    await writer.wait_closed()
    assert head.split()[1] == "400"
    assert "content-type: application/json" in head
    assert list(json.loads(body)) == ["msg"]
    assert api.server.token not in caplog.text
    assert api.server.token.encode() not in body


async def test_an_error_can_quote_lone_surrogates(api: Api, canvas: str) -> None:
    response = await api.call("GET", f"{canvas}/notes/%ED%A0%80")

    assert (response.status, bool(response.msg)) == (404, True)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
NAMES = sorted({name for kind in (*WIDGET_KINDS, BACKGROUND) for name in kind.all_fields})
BODIES = st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=5), JSON, max_size=4)


@settings(max_examples=300, deadline=None)
@given(
    kind=st.sampled_from([*WIDGET_KINDS, BACKGROUND]),
    operation=st.sampled_from([Operation.CREATE, Operation.UPDATE]),
    body=BODIES,
)
def test_any_object_is_parsed_or_refused(kind: Any, operation: Operation, body: dict[str, Any]) -> None:
    try:
        values = kind.parse(body, operation)
    except Invalid:
        return

    assert values.keys() <= kind.all_fields.keys()
    assert encode(values)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_are_decoded_or_refused(body: bytes) -> None:
    try:
        value = decode_json_object(body, "body")
    except Invalid:
        return

    assert isinstance(value, dict)


async def test_no_field_value_causes_a_server_error(api: Api, canvas: str) -> None:
    """Send each known field with many kinds of values to each endpoint."""
    wild: list[Any] = [None, True, -1, 0, 2.5, 1e12, "", "x", "#ffffff", [], {}, {"x": 1, "y": 2}, {"id": "x"}]
    wild += [{"width": 5, "height": 5}, {"columns": 1, "rows": 1}, {"rel_location": 1}, [{}], {"": None}]
    seen: set[int] = set()
    for kind in WIDGET_KINDS:
        for name in kind.all_fields:
            for value in wild:
                response = await api.post(f"{canvas}/{kind.path}", {name: value})
                seen.add(response.status)
                assert response.status == 200 or (response.status == 400 and response.msg), (
                    kind.path,
                    name,
                    value,
                    response.body,
                )
    for name in BACKGROUND.all_fields:
        for value in wild:
            assert (await api.patch(f"{canvas}/background", **{name: value})).status in {200, 400}

    assert seen == {200, 400}
    assert (await api.get(f"{canvas}/widgets")).status == 200
