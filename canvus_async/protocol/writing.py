"""What is sent: keywords turned into a JSON object, refused before the request where they could not be right."""

import json
from collections.abc import Mapping

import msgspec


def payload(fields: Mapping[str, object], allowed: type, *, verb: str) -> bytes:
    """The JSON object for the keywords of `verb`, which must be names of the TypedDict `allowed`.

    Raises TypeError for another name and for a value that JSON has no form for, ValueError for nan and infinity.
    """
    names = allowed.__annotations__
    if unknown := [name for name in fields if name not in names]:
        raise TypeError(f"{verb}() has no keyword {', '.join(unknown)}; it takes {', '.join(sorted(names))}")
    try:
        return json.dumps(msgspec.to_builtins(dict(fields)), allow_nan=False, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise ValueError(f"{verb}(): a text holds half a character (a lone surrogate), which cannot be sent") from None
    except ValueError:
        raise ValueError(f"{verb}(): nan and infinity cannot be sent: {_not_finite(fields)}") from None


def _not_finite(fields: Mapping[str, object]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in fields.items() if _has_no_form(value))


def _has_no_form(value: object) -> bool:
    try:
        json.dumps(msgspec.to_builtins(value), allow_nan=False)
    except ValueError:
        return True
    return False
