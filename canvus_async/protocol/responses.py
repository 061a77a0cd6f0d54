"""What a response means: its status, headers and body become a record or a typed error."""

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

import msgspec

from canvus_async.errors import BY_STATUS, ApiError, ServerError, UnexpectedContent
from canvus_async.models import KINDS, UnknownWidget, Widget
from canvus_async.protocol.decoding.decoder import RecordDecoder
from canvus_async.protocol.decoding.repair import BrokenLine
from canvus_async.protocol.retrying import retry_after_seconds

T = TypeVar("T")
_MAX_MESSAGE = 500
"""Characters of a server's message that an error shows."""

_MAX_EXCERPT = 200
"""Characters of an unexpected body that an error shows."""

_EXAMINED = 4096
"""Bytes of an unexpected body that are redacted. Far more than are shown, so that no secret is shown in part."""

# Possessive quantifiers: an element that never ends is one long match instead of a new attempt at each "<".
_TAGS = re.compile(r"<(script|style)\b(?:[^<]++|<(?!/\1\s*+>))*+(?:</\1\s*+>)?|<[^<>]*+>", re.IGNORECASE)


class ResponseReader:
    """Reads response bodies, and makes errors of those that are refusals or cannot be read.

    Text from a server is redacted and shortened to one printable line before it goes into an error. Errors are raised
    after the body's variable has been deleted, so that a traceback that prints locals does not show the body.
    """

    def __init__(self, redact: Callable[[str], str]) -> None:
        """`redact` removes secrets from a text, for example a token that the server repeats in its error message."""
        self._redact = redact

    def api_error(self, status: int, headers: Mapping[str, str], body: bytes, *, method: str, path: str) -> ApiError:
        """The error for a response with an error status: the status decides its class, the body its message."""
        kind = BY_STATUS.get(status) or (ServerError if status >= 500 else ApiError)
        retry_after = retry_after_seconds(headers.get("Retry-After"), date=headers.get("Date"))
        return kind(
            status,
            self.message(body) or "no reason given",
            method=method,
            path=path,
            retry_after=retry_after,
            from_api=_is_json_object(body),
        )

    def message(self, body: bytes) -> str:
        """The message in an error body: its `msg`, else `message`, else `error`, else its text without HTML tags."""
        try:
            value: object = msgspec.json.decode(body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return _one_line(_TAGS.sub(" ", self._redact(body.decode(errors="replace"))[:8192]), _MAX_MESSAGE)
        if isinstance(value, dict):
            fields = cast("dict[str, object]", value)
            for key in ("msg", "message", "error"):
                if isinstance(text := fields.get(key), str) and text:
                    return self.printable(text)
        return self.printable(value if isinstance(value, str) else body.decode(errors="replace")) if value else ""

    def printable(self, text: str, limit: int = _MAX_MESSAGE) -> str:
        """A server's text, redacted and safe for a terminal or a log: one line of at most `limit` characters."""
        return _one_line(self._redact(text), limit)

    def unexpected_content(self, body: bytes, reason: str, *, method: str, path: str) -> UnexpectedContent:
        """The error for a 2xx response that is not what the API promises; it quotes the beginning of the body."""
        start = self.printable(body[:_EXAMINED].decode(errors="replace"), _MAX_EXCERPT)
        return UnexpectedContent(f"{self.printable(reason)}; the response begins: {start!r}", method=method, path=path)

    def one(self, body: bytes, kind: type[T], *, method: str, path: str) -> T:
        """The record in the body of a 2xx response. Raises UnexpectedContent if it is not a record of that kind."""
        try:
            record = decoder_for(kind).one(body)
        except BrokenLine as problem:
            reason = self.printable(str(problem), _MAX_EXCERPT)
        else:
            if isinstance(record, kind):
                return record
            reason = record.error if isinstance(record, UnknownWidget) else f"got {type(record).__name__}"
            del record
        error = self.unexpected_content(body, f"not a valid {kind.__name__} ({reason})", method=method, path=path)
        del body, reason
        raise error

    def many(self, body: bytes, kind: type[T], *, method: str, path: str) -> list[T | UnknownWidget]:
        """The records in the body of a 2xx response. An object that does not fit its type becomes an UnknownWidget.

        Raises UnexpectedContent if the body is not a list of objects.
        """
        try:
            return decoder_for(kind).many(body)
        except BrokenLine as problem:
            reason = f"not a list of {kind.__name__} ({self.printable(str(problem), _MAX_EXCERPT)})"
        error = self.unexpected_content(body, reason, method=method, path=path)
        del body
        raise error


def _is_json_object(body: bytes) -> bool:
    """Whether an error body is an object, as all error bodies of the API are."""
    try:
        return isinstance(msgspec.json.decode(body), dict)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return False


def _one_line(text: str, limit: int) -> str:
    visible = "".join(char if char.isprintable() else " " for char in text[: 4 * limit])
    line = " ".join(visible.split())
    return line if len(line) <= limit else f"{line[: limit - 1]}…"


_decoders: dict[type, RecordDecoder[Any]] = {}


def decoder_for(kind: type[T]) -> RecordDecoder[T]:
    """The shared decoder for one record class; for Widget, the one for widgets of every kind.

    Shared by the whole process, because a decoder becomes faster as it learns what servers send.
    """
    if kind not in _decoders:
        _decoders[kind] = RecordDecoder[Any](*KINDS) if kind is Widget else RecordDecoder(kind)
    return cast("RecordDecoder[T]", _decoders[kind])
