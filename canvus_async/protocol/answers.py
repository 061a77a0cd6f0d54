"""What an answer means: (status, headers, body) in, a record or a typed error out."""

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
_MAX_WORDS = 500
_BEGINNING = 4096
"""Bytes of a body that are looked at for an error; far fewer are shown, so that no secret is shown in half."""

# An element that never ends is one match up to the end of the text, not a new attempt at each "<".
_TAGS = re.compile(r"<(script|style)\b(?:[^<]++|<(?!/\1\s*+>))*+(?:</\1\s*+>)?|<[^<>]*+>", re.IGNORECASE)


class Answers:
    """Reads answers. What a server says gets into an error only as a short printable line, through `redact` first.

    Errors are raised where the body is no variable any more, so that a traceback with locals does not show it.
    """

    def __init__(self, redact: Callable[[str], str]) -> None:
        """`redact` takes out of a text what must not be shown, such as a token that the server repeats."""
        self._redact = redact

    def refusal(self, status: int, headers: Mapping[str, str], body: bytes, *, method: str, path: str) -> ApiError:
        """The error for an answer that says no. The status decides the class, the body's `msg` the words."""
        kind = BY_STATUS.get(status) or (ServerError if status >= 500 else ApiError)
        retry_after = retry_after_seconds(headers.get("Retry-After"), date=headers.get("Date"))
        return kind(status, self.words(body) or "no reason given", method=method, path=path, retry_after=retry_after)

    def words(self, body: bytes) -> str:
        """The reason that a body gives: its `msg`, else `message`, else `error`, else its text; short and printable."""
        try:
            answer: object = msgspec.json.decode(body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return _line(_TAGS.sub(" ", self._redact(body.decode(errors="replace"))[:8192]), _MAX_WORDS)
        if isinstance(answer, dict):
            said = cast("dict[str, object]", answer)
            for key in ("msg", "message", "error"):
                if isinstance(text := said.get(key), str) and text:
                    return self.plain(text)
        return self.plain(answer if isinstance(answer, str) else body.decode(errors="replace")) if answer else ""

    def plain(self, text: str, limit: int = _MAX_WORDS) -> str:
        """Text from a server made fit for a terminal and a log: one line, at most `limit` characters."""
        return _line(self._redact(text), limit)

    def unreadable(self, body: bytes, reason: str, *, method: str, path: str) -> UnexpectedContent:
        """The error for a 2xx answer that is not what the API promises, with the body's beginning."""
        start = self.plain(body[:_BEGINNING].decode(errors="replace"), 200)
        return UnexpectedContent(f"{self.plain(reason)}; the response begins: {start!r}", method=method, path=path)

    def one(self, body: bytes, kind: type[T], *, method: str, path: str) -> T:
        """The record in a 2xx answer. Raises UnexpectedContent when there is none of that kind in it."""
        try:
            record = decoder_for(kind).one(body)
        except BrokenLine as problem:
            reason = self.plain(str(problem), 200)
        else:
            if isinstance(record, kind):
                return record
            reason = record.error if isinstance(record, UnknownWidget) else type(record).__name__
            del record
        error = self.unreadable(body, f"no {kind.__name__} ({reason})", method=method, path=path)
        del body, reason
        raise error

    def many(self, body: bytes, kind: type[T], *, method: str, path: str) -> list[T | UnknownWidget]:
        """The records in a 2xx answer that is a list; objects that do not fit are UnknownWidgets among them.

        Raises UnexpectedContent when it is no list, or one of something else than objects.
        """
        try:
            return decoder_for(kind).many(body)
        except BrokenLine as problem:
            reason = f"no list of {kind.__name__} ({self.plain(str(problem), 200)})"
        error = self.unreadable(body, reason, method=method, path=path)
        del body
        raise error


def _line(text: str, limit: int) -> str:
    """One line of a text, at most `limit` characters, nothing invisible."""
    visible = "".join(char if char.isprintable() else " " for char in text[: 4 * limit])
    line = " ".join(visible.split())
    return line if len(line) <= limit else f"{line[: limit - 1]}…"


_decoders: dict[type, RecordDecoder[Any]] = {}


def decoder_for(kind: type[T]) -> RecordDecoder[T]:
    """The decoder for one kind of record, or for widgets of every kind; kept, because it learns what servers send."""
    if kind not in _decoders:
        _decoders[kind] = RecordDecoder[Any](*KINDS) if kind is Widget else RecordDecoder(kind)
    return cast("RecordDecoder[T]", _decoders[kind])
