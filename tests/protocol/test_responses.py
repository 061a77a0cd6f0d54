"""Error responses become typed errors with a readable message, whatever their form."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canvus_async.errors import (
    ApiError,
    BadRequest,
    Conflict,
    Forbidden,
    NotFound,
    NotSupported,
    RateLimited,
    ServerError,
    TooLarge,
    Unauthorized,
)
from canvus_async.protocol.responses import ResponseReader

READER = ResponseReader(redact=lambda text: text.replace("secret", "***"))


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, BadRequest),
        (401, Unauthorized),
        (402, ApiError),
        (403, Forbidden),
        (404, NotFound),
        (405, ApiError),
        (409, Conflict),
        (413, TooLarge),
        (429, RateLimited),
        (500, ServerError),
        (501, NotSupported),
        (503, ServerError),
        (599, ServerError),
    ],
)
def test_status_decides_the_error_class(status: int, kind: type[ApiError]) -> None:
    error = READER.api_error(status, {"Retry-After": "7"}, b'{"msg": "no"}', method="GET", path="canvases")

    assert type(error) is kind
    assert (error.status, error.msg, error.method, error.path, error.retry_after) == (
        status,
        "no",
        "GET",
        "canvases",
        7,
    )
    assert str(error) == f"GET canvases: {status} no"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"msg": "Depth must be >= 1.0, got 0.5"}', "Depth must be >= 1.0, got 0.5"),
        (b'{"message": "401 Unauthorized"}', "401 Unauthorized"),
        (b'{"error": "WidgetType IpVideo is not supported"}', "WidgetType IpVideo is not supported"),
        (b'{"error": "c", "message": "b", "msg": "a"}', "a"),
        (b'{"msg": 5, "error": "e"}', "e"),
        (b'"just text"', "just text"),
        (b"Bad Gateway", "Bad Gateway"),
        (b"<html><style>b {color: red}</style><h1>502</h1>\n<p>nginx</p></html>", "502 nginx"),
        (b"", ""),
        (b"\xff\xfe", "\ufffd\ufffd"),
    ],
)
def test_message_is_found_in_every_known_form(body: bytes, said: str) -> None:
    assert READER.message(body) == said


def test_message_is_shortened_and_has_no_control_characters() -> None:
    assert READER.printable("\x1b[31mred\x1b[0m \u202eback\nline\t\ttab") == "[31mred [0m back line tab"
    assert len(READER.message(b"x" * 100_000)) == 500


def test_empty_error_body_still_has_a_message() -> None:
    assert str(READER.api_error(502, {}, b"", method="GET", path="p")) == "GET p: 502 no reason given"


@given(st.binary(max_size=200))
def test_any_body_gives_a_printable_message(body: bytes) -> None:
    assert READER.message(body).isprintable()


def test_deep_nesting_gives_a_message() -> None:
    assert READER.message(b"[" * 200_000).startswith("[[[")


@pytest.mark.parametrize("filler", ["", "x" * 196, " " * 3000, "<p> " * 2047])
def test_shortening_does_not_leave_half_a_secret(filler: str) -> None:
    page = f"{filler}secret</p>".encode()

    said = [READER.message(page), str(READER.unexpected_content(page, "no secret", method="GET", path="p"))]
    assert not [text for text in said if "sec" in text]


def test_json_escaped_secret_is_redacted() -> None:
    assert READER.message(b'{"msg": "no \\u0073ecret"}') == "no ***"
