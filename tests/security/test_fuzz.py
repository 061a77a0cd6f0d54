"""Any input gives a result or a documented error.

Lines, records, `Retry-After` and file names are fuzzed beside their own tests (`tests/protocol`, `fuzz_stream.py`). To
run more examples: `HYPOTHESIS_EXAMPLES=5000 pytest --timeout 0 tests/security/test_fuzz.py`.
"""

import json
import math
import os
from collections.abc import Iterator
from typing import Any, TypedDict, TypeVar
from urllib.parse import urlsplit

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from yarl import URL

from canvus_async import ApiError, Client, UnexpectedContent
from canvus_async.content.download import content_range
from canvus_async.errors import BY_STATUS, ServerError
from canvus_async.http.credentials import checked
from canvus_async.http.request import Request
from canvus_async.http.secrets import Secret, header_value
from canvus_async.models import KINDS, Image, MipmapInfo, Point, Size, UnknownWidget, Widget
from canvus_async.protocol import responses
from canvus_async.protocol.names import path_segment
from canvus_async.protocol.responses import ResponseReader
from canvus_async.protocol.urls import api_root, is_plain_remote
from canvus_async.protocol.writing import payload

AT = {"method": "GET", "path": "p"}
T = TypeVar("T")

widely = settings(max_examples=int(os.environ.get("HYPOTHESIS_EXAMPLES", "100")), deadline=None)

READER = ResponseReader(redact=str)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
JSON: st.SearchStrategy[Any] = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
FIELDS = sorted({field for kind in KINDS for field in kind.__struct_fields__} | {"widget_type", "msg", "message"})
OBJECTS = st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=8), JSON, max_size=4)
TYPED = st.builds(
    lambda kind, fields: {"widget_type": kind, **fields}, st.sampled_from(["Image", "PDF", "Note", "X"]), OBJECTS
)


def wire(value: Any) -> bytes:
    """JSON as a careless server writes it, with NaN and lone surrogates."""
    return json.dumps(value).encode()


def cut(body: bytes, at: int) -> bytes:
    return body[: at % (len(body) + 1)]


@pytest.fixture(autouse=True, scope="module")
def decoders_of_our_own() -> Iterator[None]:
    """Decoders learn from their input; the ones that are shared by the process must not learn from this input."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(responses, "_decoders", {})
        yield


BODIES = (
    st.binary(max_size=200)
    | (JSON | TYPED | st.lists(TYPED, max_size=2)).map(wire)
    | st.builds(cut, st.lists(TYPED, max_size=2).map(wire), st.integers(0, 400))
)


# -- responses --


@widely
@given(st.integers(100, 999), st.text(max_size=40), st.text(max_size=40), BODIES | OBJECTS.map(wire))
@example(429, "9" * 5000, "", b"")
@example(503, "Fri, 31 Dec 9999 23:59:59 GMT", "Mon, 01 Jan 0001 00:00:00 GMT", b"[" * 100_000)
def test_any_error_response_has_its_class_and_a_printable_message(
    status: int, retry_after: str, date: str, body: bytes
) -> None:
    error = READER.api_error(status, {"Retry-After": retry_after, "Date": date}, body, **AT)

    assert type(error) is BY_STATUS.get(status, ServerError if status >= 500 else ApiError)
    assert str(error).isprintable()
    assert len(error.msg) <= 500
    assert error.retry_after is None or (math.isfinite(error.retry_after) and error.retry_after >= 0)


@widely
@given(BODIES, st.sampled_from([Widget, Image, MipmapInfo]))
@example(b"[" * 100_000, Widget)
@example(b'{"widget_type":' * 50_000, Image)
@example(b'{"resolution":{"width":1e999,"height":1},"max_level":1}', MipmapInfo)
def test_any_body_is_a_record_or_unexpected_content(body: bytes, kind: type[T]) -> None:
    try:
        outcome: object = READER.one(body, kind, **AT)
    except UnexpectedContent as error:
        outcome = error

    assert isinstance(outcome, kind) or (isinstance(outcome, UnexpectedContent) and str(outcome).isprintable())


@widely
@given(BODIES, st.sampled_from([Widget, Image]))
@example(b"[{}]", Widget)
@example(b'[{"id":"a","widget_type":"Image"},{"id":5}]', Image)
@example(b"[" * 100_000, Image)
def test_any_list_is_records_or_unexpected_content(body: bytes, kind: type[Widget]) -> None:
    try:
        records = READER.many(body, kind, **AT)
    except UnexpectedContent:
        return
    assert all(isinstance(record, kind | UnknownWidget) for record in records)


INFOS = st.fixed_dictionaries(
    {
        "resolution": st.fixed_dictionaries({"width": st.floats(), "height": st.floats()}),
        "max_level": st.integers(),
        "pages": st.integers(),
    }
)
SIDES = st.integers(-5, 1 << 70)


@widely
@given(INFOS, SIDES, SIDES)
@example({"resolution": {"width": 4096.0, "height": 3072.0}, "max_level": 1 << 70, "pages": 1}, 1, 1)
@example({"resolution": {"width": -1.0, "height": 0.0}, "max_level": -1, "pages": 0}, 640, 480)
def test_any_mipmap_info_gives_an_existing_level(said: object, width: int, height: int) -> None:
    try:
        info = READER.one(wire(said), MipmapInfo, **AT)
    except UnexpectedContent:
        return
    try:
        level = info.level_for(width, height)
    except ValueError:
        assert width < 1 or height < 1
    else:
        assert 0 <= level <= max(0, info.max_level)


@widely
@example("bytes 0-4/5")
@example("bytes 0-5/5")
@example("bytes 4-0/5")
@example("bytes */5")
@given(st.text(max_size=40) | st.from_regex(r"bytes [-\d*]{0,6}-[-\d]{0,6}/[\d*]{0,25}", fullmatch=True))
def test_any_content_range_is_a_valid_part_or_none(header: str) -> None:
    part = content_range(header)

    assert part is None or 0 <= part.start <= part.last < part.total


# -- arguments --

HOSTS = st.sampled_from(
    ["localhost", "127.0.0.1", "[::1]", "a.example", "127.1", "0x7f.1", "①.example", "a。example", "[::ffff:1.2.3.4]"]
)
URLS = st.builds(
    "".join,
    st.tuples(
        st.sampled_from(["http://", "https://", "HTTP://", "http:/", "http:\\\\", "//", " https://", "ftp://"]),
        st.sampled_from(["", "me@", "me:pw@", "localhost\\@", "localhost#@", "%40"]) | st.text(max_size=3),
        HOSTS | st.text(max_size=8),
        st.sampled_from(["", ":", ":80", ":0", ":99999", ":8x", ":٣"]),
        st.sampled_from(
            ["", "/", "/api/v1", "/api/v1/", "/sub", "/a/../..", "//b", "?q", "#f", "\\b", "/%2e%2e", "/ä"]
        ),
    ),
)


@widely
@given(URLS | st.text(max_size=30))
@example("http://localhost\\.evil.example")
@example("http://[::1]evil.example")
@example("http://evil.example\t.localhost")
@example("http://127.0.0.1:80%40evil.example")
def test_any_url_is_refused_or_has_one_host_for_check_and_connection(url: str) -> None:
    """Otherwise the check for plain http could approve one host, and the token be sent to another."""
    try:
        root = api_root(url)
        client = Client(url)
    except ValueError:
        return

    judged, used = urlsplit(root), client._transport._sender._root
    assert client.url == root
    assert isinstance(is_plain_remote(root), bool)
    assert (judged.scheme, judged.port or used.port) == (used.scheme, used.port)
    assert judged.hostname == used.raw_host
    assert root.endswith("/api/v1")
    assert used.user is None


@widely
@example("..")
@example("a/b")
@example("%2e%2e")
@example("a?x=1")
@given(st.text(max_size=30) | st.from_regex(r"[./%?#\\@;:~+=A-Za-z0-9-]{1,12}", fullmatch=True))
def test_any_id_is_refused_or_one_path_segment(value: str) -> None:
    try:
        segment = path_segment(value, what="id")
    except ValueError:
        return

    transport = Client("https://canvus.example.com")._transport
    for path in (f"canvases/{segment}/images", f"canvases/{segment}/images?subscribe"):
        url = transport._sender._url(Request(method="GET", path=path).path)
        assert url.raw_parts == ("/", "api", "v1", "canvases", segment, "images")
        assert URL(str(url)).parts == url.parts
        assert url.parts[4] == value


class Anything(TypedDict, total=False):
    """Keywords of a method that takes any value."""

    value: object
    other: object


PYTHON: st.SearchStrategy[Any] = st.recursive(
    SCALARS
    | st.binary(max_size=5)
    | st.datetimes()
    | st.uuids()
    | st.decimals()
    | st.complex_numbers()
    | st.builds(Point, st.floats(), st.floats())
    | st.builds(object),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(SCALARS, inner, max_size=3) | st.tuples(inner),
    max_leaves=8,
)


@widely
@given(PYTHON, PYTHON)
@example("\ud800", 1)
@example(10**5000, 1)
@example(Size(float("inf"), 1.0), 1)
def test_any_value_is_sent_as_json_or_refused(value: object, other: object) -> None:
    try:
        body = payload({"value": value, "other": other}, Anything, verb="create")
    except (TypeError, ValueError):
        return

    assert set(msgspec.json.decode(body)) == {"value", "other"}


@widely
@example("\r\nX: y")
@example("\u2028")
@example("ö")
@given(st.text(max_size=20))
def test_any_token_is_refused_without_repeating_it_or_fits_a_header(value: str) -> None:
    marked = f"7f3a{value}"
    try:
        token = checked(Secret(marked), what="token")
    except ValueError as refused:
        shown = str(refused)
    else:
        shown = f"{token!r} {token} {header_value(token)!r} {header_value(token)}"
        assert str(header_value(token)).encode() == marked.strip().encode()
        assert all(32 < byte < 127 for byte in str(header_value(token)).encode())

    assert "7f3a" not in shown


@pytest.mark.parametrize("value", [None, 5, b"bytes", ["list"], object()])
def test_non_string_argument_is_a_typeerror(value: Any) -> None:
    for call in (
        lambda: Client(value),
        lambda: path_segment(value, what="id"),
        lambda: checked(value, what="token"),
        lambda: Client("https://a.example").canvas(value),
    ):
        with pytest.raises(TypeError):
            call()
