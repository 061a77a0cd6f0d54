"""A mutant: a deliberate breakage of the package, which `tests.mutants` makes."""

from typing import NamedTuple


class Edit(NamedTuple):
    """A piece of text that occurs exactly once in the package, and its replacement."""

    old: str
    new: str


class Mutant(NamedTuple):
    """A breakage, and the tests to run against it, as arguments of pytest."""

    name: str
    edits: tuple[Edit, ...]
    tests: tuple[str, ...]


def mutant(name: str, old: str, new: str, *tests: str) -> Mutant:
    """A mutant with a single edit."""
    return Mutant(name, (Edit(old, new),), tests)
