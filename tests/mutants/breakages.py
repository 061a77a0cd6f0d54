"""What a deliberate breakage of the package is; `tests.mutants` makes them."""

from typing import NamedTuple


class Edit(NamedTuple):
    """A piece of text that is once in the package, wherever that is, and what takes its place."""

    old: str
    new: str


class Mutant(NamedTuple):
    """A breakage, and the tests to run against it, as pytest takes them."""

    name: str
    edits: tuple[Edit, ...]
    tests: tuple[str, ...]


def mutant(name: str, old: str, new: str, *tests: str) -> Mutant:
    """A breakage of a single edit."""
    return Mutant(name, (Edit(old, new),), tests)
