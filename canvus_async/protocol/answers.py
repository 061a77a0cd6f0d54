"""What an answer means: (status, headers, body) in, a record or a typed error out."""

import re
from collections.abc import Mapping
from typing import Any, TypeVar, cast

import msgspec

from canvus_async.errors import BY_STATUS, ApiError, ServerError, UnexpectedContent
from canvus_async.models import KINDS, UnknownWidget, Widget
from canvus_async.protocol.decoding import RecordDecoder
from canvus_async.protocol.repair import BrokenLine
from canvus_async.protocol.retrying import retry_after_seconds

T = TypeVar("T")
_MAX_WORDS = 500
_TAGS = re.compile(r"<(script|style)\b.*?</\1\s*>|<[^>]*>", re.DOTALL | re.IGNORECASE)


def refusal(status: int, headers: Mapping[str, str], body: bytes, *, method: str, path: str) -> ApiError:
    """The error for an answer that says no. The status decides the class, the body's `msg` the words."""
    kind = BY_STATUS.get(status) or (ServerError if status >= 500 else ApiError)
    retry_after = retry_after_seconds(headers.get("Retry-After"), date=headers.get("Date"))
    return kind(status, words(body) or "no reason given", method=method, path=path, retry_after=retry_after)


def words(body: bytes) -> str:
    """The reason that a body gives: its `msg`, else `message`, else `error`, else its text; short and printable."""
    try:
        answer: object = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return plain(_TAGS.sub(" ", body[:8192].decode(errors="replace")))
    if isinstance(answer, dict):
        said = cast("dict[str, object]", answer)
        for key in ("msg", "message", "error"):
            if isinstance(text := said.get(key), str) and text:
                return plain(text)
    return plain(answer if isinstance(answer, str) else body.decode(errors="replace")) if answer else ""


def plain(text: str, limit: int = _MAX_WORDS) -> str:
    """Text from a server made fit for a terminal and a log: one line, at most `limit` characters, nothing invisible."""
    visible = "".join(char if char.isprintable() else " " for char in text[: 4 * limit])
    line = " ".join(visible.split())
    return line if len(line) <= limit else f"{line[: limit - 1]}…"


def unreadable(body: bytes, reason: str, *, method: str, path: str) -> UnexpectedContent:
    """The error for a 2xx answer that is not what the API promises, with the body's beginning."""
    start = plain(body[:1000].decode(errors="replace"), 200)
    return UnexpectedContent(f"{reason}; the answer begins: {start!r}", method=method, path=path)


def one(body: bytes, kind: type[T], *, method: str, path: str) -> T:
    """The record in a 2xx answer. Raises UnexpectedContent when there is none of that kind in it."""
    try:
        record = decoder_for(kind).one(body)
    except BrokenLine as problem:
        reason = plain(str(problem), 200)
    else:
        if isinstance(record, kind):
            return record
        reason = record.error if isinstance(record, UnknownWidget) else type(record).__name__
    raise unreadable(body, f"no {kind.__name__} ({reason})", method=method, path=path)


def many(body: bytes, kind: type[T], *, method: str, path: str) -> list[T | UnknownWidget]:
    """The records in a 2xx answer that is a list; objects that do not fit are UnknownWidgets among them.

    Raises UnexpectedContent when it is no list, or one of something else than objects.
    """
    try:
        return decoder_for(kind).many(body)
    except BrokenLine as problem:
        reason = f"no list of {kind.__name__} ({plain(str(problem), 200)})"
    raise unreadable(body, reason, method=method, path=path)


_decoders: dict[type, RecordDecoder[Any]] = {}


def decoder_for(kind: type[T]) -> RecordDecoder[T]:
    """The decoder for one kind of record, or for widgets of every kind; kept, because it learns what servers send."""
    if kind not in _decoders:
        _decoders[kind] = RecordDecoder[Any](*KINDS) if kind is Widget else RecordDecoder(kind)
    return cast("RecordDecoder[T]", _decoders[kind])
