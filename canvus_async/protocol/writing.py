"""What is sent: keywords turned into a JSON object, refused before the request where they could not be right."""

import json
from collections.abc import Mapping

import msgspec

WIRE_NAMES = {"host_id": "host-id", "connection_name": "connection-name"}
"""Keywords that the wire spells with a hyphen."""


def payload(fields: Mapping[str, object], allowed: type, *, verb: str) -> bytes:
    """The JSON object for the keywords of `verb`, which must be names of the TypedDict `allowed`.

    Raises TypeError for another name and for a value that JSON has no form for, ValueError for nan and infinity.
    """
    names = allowed.__annotations__
    if unknown := [name for name in fields if name not in names]:
        raise TypeError(f"{verb}() has no keyword {', '.join(unknown)}; it takes {', '.join(sorted(names))}")
    try:
        values = {WIRE_NAMES.get(name, name): _builtins(value) for name, value in fields.items()}
        return json.dumps(values, allow_nan=False, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise ValueError(f"{verb}(): a text holds half a character (a lone surrogate), which cannot be sent") from None
    except ValueError:
        raise ValueError(f"{verb}(): nan and infinity cannot be sent: {_not_finite(fields)}") from None


def _builtins(value: object) -> object:
    """A value as JSON has it; what a record leaves at None is left out, since no field of one may be null."""
    if isinstance(value, msgspec.Struct):
        return {name: part for name, part in msgspec.to_builtins(value).items() if part is not None}
    return msgspec.to_builtins(value)


def _not_finite(fields: Mapping[str, object]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in fields.items() if _has_no_form(value))


def _has_no_form(value: object) -> bool:
    try:
        json.dumps(_builtins(value), allow_nan=False)
    except ValueError:
        return True
    return False
