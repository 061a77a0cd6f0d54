"""Parsers for the values of fields.

A parser takes the name of a field and a decoded JSON value, and returns the value to store. It raises `Invalid` with
the field's name. Types are strict: neither `true` nor "1" is a number. Numbers keep their form: 1 stays 1 and 1.0 stays
1.0.
"""

import re
from collections.abc import Callable
from functools import partial
from typing import TypeAlias

from canvus_async.models import JSON
from canvus_async.server.refusals import Invalid

Parser: TypeAlias = Callable[[str, JSON], JSON]

LARGEST = 1e9
"""The largest magnitude of a number: far beyond the size of any canvas, and no calculation with it overflows."""

LONGEST_TEXT = 1_000_000
"""Characters of the text of a note, a URL or an id."""

LONGEST_NAME = 100_000
"""Characters of a title, a file name or another name."""

_COLOUR = re.compile(r"#[0-9a-fA-F]{6}(?:[0-9a-fA-F]{2})?")


def number(name: str, value: JSON) -> int | float:
    """A finite number that is not too large."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Invalid(f"{name} must be a number")
    if not -LARGEST <= value <= LARGEST:  # also false for NaN
        raise Invalid(f"{name} must be between -1e9 and 1e9")
    return value


def positive(name: str, value: JSON) -> int | float:
    """A number above 0."""
    checked = number(name, value)
    if checked <= 0:
        raise Invalid(f"{name} must be > 0, got {checked}")
    return checked


def depth(name: str, value: JSON) -> int | float:
    """The z-order among siblings. The API's page gives this message."""
    checked = number(name, value)
    if checked < 1:
        raise Invalid(f"Depth must be >= 1.0, got {checked}")
    return checked


def integer(name: str, value: JSON) -> int:
    """An integer; 2.0 and 2e0 are accepted too."""
    checked = number(name, value)
    if checked != int(checked):
        raise Invalid(f"{name} must be an integer")
    return int(checked)


def non_negative_integer(name: str, value: JSON) -> int:
    """An integer of 0 or more."""
    checked = integer(name, value)
    if checked < 0:
        raise Invalid(f"{name} must be >= 0, got {checked}")
    return checked


def pdf_index(name: str, value: JSON) -> int:
    """A page number, counted from 0. The API's page gives this message."""
    checked = integer(name, value)
    if checked < 0:
        raise Invalid(f"PDF index must be >= 0, got {checked}")
    return checked


def text(name: str, value: JSON, *, longest: int = LONGEST_TEXT) -> str:
    """A string of at most `longest` characters, which may be empty."""
    if not isinstance(value, str):
        raise Invalid(f"{name} must be a string")
    if len(value) > longest:
        raise Invalid(f"{name} must have at most {longest} characters, got {len(value)}")
    return value


name_text = partial(text, longest=LONGEST_NAME)
"""A title, a file name or another name."""


def boolean(name: str, value: JSON) -> bool:
    """True or false; numbers and strings are refused."""
    if not isinstance(value, bool):
        raise Invalid(f"{name} must be true or false")
    return value


def colour(name: str, value: JSON) -> str:
    """A colour as "#rrggbb" or "#rrggbbaa"."""
    checked = text(name, value)
    if not _COLOUR.fullmatch(checked):
        raise Invalid(f'{name} must be a colour such as "#rrggbb" or "#rrggbbaa"')
    return checked


def one_of(*choices: str) -> Parser:
    """A parser for a string that is one of the choices."""

    def parse(name: str, value: JSON) -> str:
        checked = text(name, value)
        if checked not in choices:
            raise Invalid(f"{name} must be one of {', '.join(choices)}")
        return checked

    return parse


def full_object(**parsers: Parser) -> Parser:
    """A parser for an object in which these fields are required; other fields are ignored."""

    def parse(name: str, value: JSON) -> JSON:
        sent = any_object(name, value)
        for key in parsers:
            if key not in sent:
                raise Invalid(f"{name}.{key} is missing")
        return {key: parser(f"{name}.{key}", sent[key]) for key, parser in parsers.items()}

    return parse


def partial_object(**parsers: Parser) -> Parser:
    """A parser for an object in which these fields are optional; other fields are ignored."""

    def parse(name: str, value: JSON) -> JSON:
        sent = any_object(name, value)
        return {key: parser(f"{name}.{key}", sent[key]) for key, parser in parsers.items() if key in sent}

    return parse


def any_object(name: str, value: JSON) -> dict[str, JSON]:
    """An object with any keys."""
    if not isinstance(value, dict):
        raise Invalid(f"{name} must be an object")
    return value


def playback_state(name: str, value: JSON) -> str:
    """Clients send it in lower case and get it in upper case."""
    return str(one_of("stopped", "playing", "paused")(name, value)).upper()


def background_type(name: str, value: JSON) -> str:
    """The type of a background. The message is one that real servers send."""
    checked = text(name, value)
    if checked not in {"solid_color", "haze", "image"}:
        raise Invalid(f"Unsupported type: {checked}")
    return checked


point = full_object(x=number, y=number)
size = full_object(width=positive, height=positive)
_rel_point = full_object(x=number, y=number)
_end = partial_object(
    rel_location=_rel_point,
    auto_location=boolean,
    tip=one_of("none", "solid-equilateral-triangle"),
)


def connector_end(name: str, value: JSON) -> JSON:
    """One end of a connector; only `id` is required."""
    sent = any_object(name, value)
    if "id" not in sent:
        raise Invalid(f"{name}.id is missing")
    return {"id": text(f"{name}.id", sent["id"])} | any_object(name, _end(name, value))


def grid_size(name: str, value: JSON) -> JSON:
    """The number of columns and rows of a table, 1 to 100 each."""
    checked = any_object(name, full_object(columns=non_negative_integer, rows=non_negative_integer)(name, value))
    for key, count in checked.items():
        if not isinstance(count, int) or not 1 <= count <= 100:
            raise Invalid(f"{name}.{key} must be between 1 and 100, got {count}")
    return checked
