"""The JSON that is sent: keywords checked before the request and encoded as an object."""

import difflib
import json
import reprlib
from collections.abc import Collection, Mapping
from functools import cache
from types import UnionType
from typing import get_type_hints

import msgspec

WIRE_NAMES = {"host_id": "host-id", "connection_name": "connection-name"}
"""Keywords whose names have a hyphen in the API."""

_SCALARS: Mapping[type, tuple[type | UnionType, str]] = {
    str: (str, "a str"),
    int: (int, "an int"),
    float: (int | float, "a number"),
    bool: (bool, "a bool"),
}
"""What is accepted for the types of JSON, and their names in errors."""

_shorten = reprlib.Repr()
_shorten.maxstring = _shorten.maxother = 100


def payload(fields: Mapping[str, object], allowed: type, *, verb: str) -> bytes:
    """The keywords of the call `verb` as a JSON object. Names and types must be those of the TypedDict `allowed`.

    Raises TypeError for another name or type, ValueError for nan and infinity.
    """
    types = _types(allowed)
    if unknown := [name for name in fields if name not in types]:
        raise TypeError(_unexpected(unknown, types, verb=verb))
    for name, value in fields.items():
        _check_type(name, value, types[name], verb=verb)
    try:
        values = {WIRE_NAMES.get(name, name): _builtins(value) for name, value in fields.items()}
        return json.dumps(values, allow_nan=False, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise ValueError(
            f"{verb}(): a text contains a lone surrogate (half a character), which cannot be sent"
        ) from None
    except ValueError:
        raise ValueError(f"{verb}(): nan and infinity cannot be sent: {_not_finite(fields)}") from None


def _unexpected(unknown: list[str], names: Collection[str], *, verb: str) -> str:
    """The message for keywords that a call does not have, with the names that were probably meant."""
    listed = ", ".join(map(repr, unknown))
    what = f"an unexpected keyword {listed}" if len(unknown) == 1 else f"unexpected keywords {listed}"
    similar = [match for name in unknown for match in difflib.get_close_matches(name, names, n=1)]
    hint = f"; did you mean {', '.join(map(repr, similar))}?" if similar else "."
    return f"{verb}() got {what}{hint} It takes {', '.join(sorted(names))}"


@cache
def _types(allowed: type) -> dict[str, type]:
    """The keywords of a TypedDict and their types."""
    return get_type_hints(allowed)


def _check_type(name: str, value: object, expected: type, *, verb: str) -> None:
    """Raise TypeError unless a value is of the expected type. An int is also a float, but a bool is no number."""
    if expected in _SCALARS:
        allowed, what = _SCALARS[expected]
        reason = "" if isinstance(value, allowed) and isinstance(value, bool) == (expected is bool) else what
    else:
        what = f"a {expected.__name__}"
        reason = _misfit(value, expected)
    if reason:
        if value is None:
            reason = "leave it out to send nothing"
        detail = "" if reason == what or not isinstance(value, expected | Mapping | None) else f" ({reason})"
        raise TypeError(f"{verb}() got {name}={_shorten.repr(value)}; it takes {what}{detail}")


def _misfit(value: object, expected: type) -> str:
    """Why a value does not fit a record class; "" if it does. Records do not check their fields when created."""
    if isinstance(value, msgspec.Struct) and not isinstance(value, expected):
        return "another class"
    try:
        msgspec.convert(_builtins(value), expected)
    except (msgspec.ValidationError, TypeError, OverflowError) as problem:
        return str(problem)
    return ""


def _builtins(value: object) -> object:
    """A value as plain JSON types. Fields of a record that are None are left out: the API accepts no null for them."""
    if isinstance(value, msgspec.Struct):
        parts: dict[str, object] = msgspec.to_builtins(value, enc_hook=_plain)
        return {name: part for name, part in parts.items() if part is not None}
    return msgspec.to_builtins(value, enc_hook=_plain)


def _plain(value: object) -> object:
    """A value of a subclass, such as numpy.float64, as its base class."""
    for kind in (str, int, float):
        if isinstance(value, kind):
            return kind(value)
    raise TypeError(f"{type(value).__name__} cannot be sent as JSON")


def _not_finite(fields: Mapping[str, object]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in fields.items() if not _is_finite(value))


def _is_finite(value: object) -> bool:
    try:
        json.dumps(_builtins(value), allow_nan=False)
    except ValueError:
        return False
    return True
