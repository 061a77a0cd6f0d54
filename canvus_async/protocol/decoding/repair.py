"""Text that msgspec does not decode: split into its elements, repaired where possible, read as plain objects.

Servers may send what strict JSON forbids: half of a surrogate pair (any user can type one), bytes that are not UTF-8,
NaN, or numbers that no float can hold. One such value must not cost the rest of a line that holds a whole canvas.
"""

import json
import math
import re
from typing import Any, cast

import msgspec

from canvus_async.models import JSON

Text = bytes | bytearray | memoryview | msgspec.Raw

UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What msgspec raises for input that is not JSON of the requested type."""

_MAX_INTEGER_DIGITS = 300
_MAX_REASON = 200
_ESCAPE = re.compile(
    rb"\\(?:u(?:[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(?P<lone>[dD][89a-fA-F][0-9a-fA-F]{2}))|.)",
    re.DOTALL,
)
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
# The closing quote is optional, so that an unfinished string is one long match and not one attempt per character.
_STRING_OR_CONSTANT = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|-?(?:NaN|Infinity)', re.DOTALL)

_array = msgspec.json.Decoder(list[msgspec.Raw])
_any = msgspec.json.Decoder(msgspec.Raw)
_object: msgspec.json.Decoder[dict[str, JSON]] = msgspec.json.Decoder(dict[str, Any])


class BrokenLine(ValueError):
    """A line or response body that cannot be read. Its message names types and fields, never their content."""


def describe(problem: BaseException) -> str:
    """The message of a decoding error, short enough for a log."""
    return "nested too deeply" if isinstance(problem, RecursionError) else str(problem)[:_MAX_REASON]


def split(text: Text) -> list[msgspec.Raw]:
    """The elements of a JSON array, or the text itself if it is another value. Raises BrokenLine if it is not JSON."""
    elements = split_unrepaired(text)
    if elements is not None:
        return elements
    try:
        return _split(repair(bytes(text)))
    except UNREADABLE as problem:
        raise BrokenLine(describe(problem)) from None


def split_unrepaired(text: Text) -> list[msgspec.Raw] | None:
    """The same as `split()` for text that needs no repair; None for other text."""
    try:
        return _split(text)
    except UNREADABLE:
        return None


def _split(text: Text) -> list[msgspec.Raw]:
    if isinstance(text, bytes | bytearray) and text.startswith(b"{"):
        return [_any.decode(text)]
    try:
        return _array.decode(text)
    except msgspec.ValidationError:
        return [_any.decode(text)]


def load(text: Text) -> dict[str, JSON]:
    """A JSON object as a dict. Numbers that no float can hold stay text. Raises BrokenLine for anything else."""
    try:
        return _object.decode(text)
    except UNREADABLE:
        pass
    try:
        value = json.loads(repair(bytes(text)), parse_float=_float, parse_int=_integer)
    except (ValueError, RecursionError) as problem:
        raise BrokenLine(describe(problem)) from None
    if not isinstance(value, dict):
        raise BrokenLine("something other than an object")
    return cast("dict[str, JSON]", value)


def _float(digits: str) -> float | str:
    return value if math.isfinite(value := float(digits)) else digits


def _integer(digits: str) -> int | str:
    return int(digits) if len(digits) <= _MAX_INTEGER_DIGITS else digits


def repair(text: bytes) -> bytes:
    """The text with U+FFFD in place of invalid characters, and null in place of NaN and Infinity.

    Returns `text` itself if there is nothing to repair.
    """
    try:
        text.decode()
    except UnicodeDecodeError:
        text = text.decode(errors="replace").encode()
    if _SURROGATE.search(text):
        text = _ESCAPE.sub(_replace_lone_surrogate, text)
    if b"NaN" in text or b"Infinity" in text:
        text = _STRING_OR_CONSTANT.sub(_replace_constant, text)
    return text


def _replace_lone_surrogate(escape: re.Match[bytes]) -> bytes:
    return escape[0] if escape["lone"] is None else rb"\ufffd"


def _replace_constant(token: re.Match[bytes]) -> bytes:
    return token[0] if token[0].startswith(b'"') else b"null"
