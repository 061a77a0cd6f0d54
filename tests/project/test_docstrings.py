"""What users read in their editors: every public name says what it is, every call that asks a server what it raises."""

import inspect
import re
from collections.abc import Iterator
from functools import cached_property

import pytest

import canvus_async
from canvus_async import Canvas, Client, models, server
from canvus_async.resources import keywords
from canvus_async.snapshots.camera import Camera

MODULES = (canvus_async, models, server)
INTERNAL = {"Faults.answer"}
"""Public to the rest of the server only."""


def members(owner: type) -> Iterator[tuple[str, object]]:
    """The public methods and properties that a class of ours has, with those of its bases."""
    for base in reversed(owner.__mro__):
        if base.__module__.startswith("canvus_async"):
            for name, member in vars(base).items():
                plain = inspect.unwrap(getattr(member, "__func__", member))
                if not name.startswith("_") and isinstance(member, property | cached_property | classmethod):
                    yield f"{base.__name__}.{name}", member
                elif not name.startswith("_") and inspect.isfunction(plain):
                    yield f"{base.__name__}.{name}", plain


def resources() -> set[type]:
    """The client, the canvas, and what their properties lead to."""
    found = {Client, Canvas, Camera}
    for owner in (Client, Canvas):
        for member in vars(owner).values():
            if isinstance(member, cached_property):
                found.add(inspect.get_annotations(member.func, eval_str=True)["return"])
    return found


def documented() -> dict[str, object]:
    """Everything public by name."""
    names = {f"{module.__name__}.{name}": getattr(module, name) for module in MODULES for name in module.__all__}
    classes = {owner for owner in names.values() if inspect.isclass(owner)} | resources()
    return {
        **{name: thing for name, thing in names.items() if inspect.isclass(thing) or inspect.isfunction(thing)},
        **{name: member for owner in classes for name, member in members(owner) if name not in INTERNAL},
        **{f"keywords.{name}": thing for name, thing in vars(keywords).items() if name.endswith(("Fields", "Update"))},
    }


PUBLIC = documented()
CALLS = {
    name: member for owner in resources() for name, member in members(owner) if inspect.iscoroutinefunction(member)
}


@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_a_public_name_says_in_one_line_what_it_is(name: str) -> None:
    lines = inspect.cleandoc(PUBLIC[name].__doc__ or "").splitlines()

    assert lines, "no docstring"
    assert lines[0].endswith((".", ":")), "the first line is no sentence"
    assert lines[1:2] in ([], [""]), "the first line goes on"


@pytest.mark.parametrize("name", sorted(name for name in CALLS if not name.endswith(".aclose")))
def test_a_call_that_asks_a_server_says_what_it_raises(name: str) -> None:
    assert re.search(r"\b[Rr]aises\s+\w+", inspect.cleandoc(CALLS[name].__doc__ or ""))
