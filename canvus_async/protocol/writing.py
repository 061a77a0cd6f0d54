"""The JSON that is sent: keywords checked before the request and encoded as an object."""

import difflib
import functools
import json
import typing
from collections.abc import Collection, Mapping

import msgspec

WIRE_NAMES = {"host_id": "host-id", "connection_name": "connection-name"}
"""Keywords whose names have a hyphen in the API."""


def payload(fields: Mapping[str, object], allowed: type, *, verb: str) -> bytes:
    """The keywords of the call `verb` as a JSON object. Their names must be those of the TypedDict `allowed`.

    Raises TypeError for another name and for a value of another type than the TypedDict says, ValueError for nan and
    infinity. None is always accepted: it is sent as null.
    """
    names = allowed.__annotations__
    if unknown := [name for name in fields if name not in names]:
        raise TypeError(_unexpected(unknown, names, verb=verb))
    for name, value in fields.items():
        _check_type(name, value, _hints(allowed)[name], verb=verb)
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


@functools.cache
def _hints(allowed: type) -> Mapping[str, object]:
    return typing.get_type_hints(allowed)


def _check_type(name: str, value: object, kind: object, *, verb: str) -> None:
    """Raise TypeError for a value of another type. An int is a float too, a bool is not a number."""
    if value is None:
        return
    try:
        msgspec.convert(_builtins(value), kind)
    except (msgspec.ValidationError, TypeError) as problem:
        expected = getattr(kind, "__name__", str(kind))
        reason = f" ({problem})" if isinstance(value, msgspec.Struct | Mapping) else ""
        raise TypeError(f"{verb}() got {name}={value!r}; it takes a {expected}{reason}") from None


def _builtins(value: object) -> object:
    """A value as plain JSON types. Fields of a record that are None are left out: the API accepts no null for them."""
    if isinstance(value, msgspec.Struct):
        return {name: part for name, part in msgspec.to_builtins(value).items() if part is not None}
    return msgspec.to_builtins(value)


def _not_finite(fields: Mapping[str, object]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in fields.items() if not _is_finite(value))


def _is_finite(value: object) -> bool:
    try:
        json.dumps(_builtins(value), allow_nan=False)
    except ValueError:
        return False
    return True
