"""What each field of a widget accepts: one parser per kind of value, which names the field when it refuses.

A parser takes the field's name and a decoded JSON value, gives the value to keep and raises `Invalid`. Types are
strict: `true` is no number and "1" is none either. Numbers keep the form they were sent in (1 stays 1, 1.0 stays 1.0).
"""

import re
from collections.abc import Callable
from functools import partial
from typing import TypeAlias

from canvus_async.models import JSON
from canvus_async.server.refusals import Invalid

Parser: TypeAlias = Callable[[str, JSON], JSON]

LARGEST = 1e9
"""The largest magnitude that a number may have: in canvas units far beyond any canvas, and safe to calculate with."""

LONGEST_TEXT = 1_000_000
"""Characters of the text of a note, an address or an id."""

LONGEST_NAME = 100_000
"""Characters of a title, a file's name or another name."""

_COLOUR = re.compile(r"#[0-9a-fA-F]{6}(?:[0-9a-fA-F]{2})?")


def number(name: str, value: JSON) -> int | float:
    """A finite number of a sane magnitude."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Invalid(f"{name} must be a number")
    if not -LARGEST <= value <= LARGEST:  # also refuses nan
        raise Invalid(f"{name} must be between -1e9 and 1e9")
    return value


def positive(name: str, value: JSON) -> int | float:
    """A number above 0."""
    checked = number(name, value)
    if checked <= 0:
        raise Invalid(f"{name} must be > 0, got {checked}")
    return checked


def depth(name: str, value: JSON) -> int | float:
    """The z-order among siblings (seed 002: below 1.0 is refused in these words)."""
    checked = number(name, value)
    if checked < 1:
        raise Invalid(f"Depth must be >= 1.0, got {checked}")
    return checked


def integer(name: str, value: JSON) -> int:
    """A whole number, in any spelling that JSON has for one."""
    checked = number(name, value)
    if checked != int(checked):
        raise Invalid(f"{name} must be a whole number")
    return int(checked)


def non_negative_integer(name: str, value: JSON) -> int:
    """A whole number from 0 on."""
    checked = integer(name, value)
    if checked < 0:
        raise Invalid(f"{name} must be >= 0, got {checked}")
    return checked


def pdf_index(name: str, value: JSON) -> int:
    """A page counted from 0 (seed 003: negative ones are refused in these words)."""
    checked = integer(name, value)
    if checked < 0:
        raise Invalid(f"PDF index must be >= 0, got {checked}")
    return checked


def text(name: str, value: JSON, *, longest: int = LONGEST_TEXT) -> str:
    """Any text of at most `longest` characters, also an empty one."""
    if not isinstance(value, str):
        raise Invalid(f"{name} must be a string")
    if len(value) > longest:
        raise Invalid(f"{name} must have at most {longest} characters, got {len(value)}")
    return value


name_text = partial(text, longest=LONGEST_NAME)
"""A title, a file's name or another name."""


def boolean(name: str, value: JSON) -> bool:
    """True or false, not their names."""
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
    """A parser for one of a few words."""

    def parse(name: str, value: JSON) -> str:
        checked = text(name, value)
        if checked not in choices:
            raise Invalid(f"{name} must be one of {', '.join(choices)}")
        return checked

    return parse


def full_object(**parts: Parser) -> Parser:
    """A parser for an object that has all of these fields; others are ignored."""

    def parse(name: str, value: JSON) -> JSON:
        sent = any_object(name, value)
        for part in parts:
            if part not in sent:
                raise Invalid(f"{name}.{part} is missing")
        return {part: check(f"{name}.{part}", sent[part]) for part, check in parts.items()}

    return parse


def partial_object(**parts: Parser) -> Parser:
    """A parser for an object that has some of these fields; others are ignored."""

    def parse(name: str, value: JSON) -> JSON:
        sent = any_object(name, value)
        return {part: check(f"{name}.{part}", sent[part]) for part, check in parts.items() if part in sent}

    return parse


def any_object(name: str, value: JSON) -> dict[str, JSON]:
    """Any JSON object."""
    if not isinstance(value, dict):
        raise Invalid(f"{name} must be an object")
    return value


def playback_state(name: str, value: JSON) -> str:
    """Written in lower case, read in upper case."""
    return str(one_of("stopped", "playing", "paused")(name, value)).upper()


def background_type(name: str, value: JSON) -> str:
    """What lies behind a canvas."""
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
    """One end of a connector: `id` is required, the rest may be left as it is."""
    sent = any_object(name, value)
    if "id" not in sent:
        raise Invalid(f"{name}.id is missing")
    return {"id": text(f"{name}.id", sent["id"])} | any_object(name, _end(name, value))


def grid_size(name: str, value: JSON) -> JSON:
    """Columns and rows of a table, 1 to 100 each."""
    checked = any_object(name, full_object(columns=non_negative_integer, rows=non_negative_integer)(name, value))
    for part, count in checked.items():
        if not isinstance(count, int) or not 1 <= count <= 100:
            raise Invalid(f"{name}.{part} must be between 1 and 100, got {count}")
    return checked
