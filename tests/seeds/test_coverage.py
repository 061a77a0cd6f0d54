"""Every endpoint, parameter, field, status, message and rule of the seeds has tests that show it, and they exist."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.seeds import bodies
from tests.seeds.commands import COMMANDS, Command
from tests.seeds.facts import FACTS, KINDS

HERE = Path(__file__).parent

STATUSES = {
    "000": {200, 400, 401, 403, 404, 501},
    "001": {400, 401, 403, 404, 501},
    "002": {200, 400, 401, 403, 404},
    "003": {200, 400, 401, 403, 404},
    "004": {200, 400, 401, 404},
}
"""The statuses that each seed names."""


def written_tests() -> set[str]:
    """The names of the test functions in this folder, read without running anything."""
    return {
        node.name
        for path in HERE.glob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
    }


def whole_names(seed: str, names: str) -> list[str]:
    """The whole names of the tests of a row."""
    return [name if name.startswith("test_") else f"test_seed_{seed}_{name}" for name in names.split()]


def named(seed: str, kind: str) -> set[str]:
    """The first words of a seed's rows of that kind: the name that each is about."""
    return {fact.split(" (")[0] for row_kind, fact, _ in FACTS[seed] if row_kind == kind}


def fields_in(value: Any, prefix: str = "") -> Iterator[str]:
    """Every field of an example, those of objects in it behind a dot."""
    if isinstance(value, list):
        for each in value:
            yield from fields_in(each, prefix)
    elif isinstance(value, dict):
        for name, each in value.items():
            yield prefix + name
            yield from fields_in(each, f"{prefix}{name}.")


def endpoint(command: Command) -> str:
    """A command's method and address as the seeds write them."""
    path = command.path.partition("?")[0]
    path = re.sub(r"/canvases/[^/]+", "/canvases/:canvas_id", path)
    path = re.sub(r"/(image|pdf|widget)s/[^/]+", r"/\1s/:\1_id", path)
    path = re.sub(r"/(mipmaps|assets)/[^/]+", r"/\1/:hash", path)
    return f"{command.method} {re.sub(r':hash/[0-9]+$', ':hash/:level', path)}"


def sent_fields(command: Command) -> Iterator[str]:
    """Every field that a command sends as JSON."""
    texts = [value for name, value, is_file in command.parts if name == "json" and not is_file]
    for text in [*texts, *([command.body] if command.body else [])]:
        yield from fields_in(json.loads(text))


def tables() -> list[str]:
    """The lines of a table for each seed: every statement with its tests. `python -m tests.page` prints them."""
    lines: list[str] = []
    for seed, rows in FACTS.items():
        lines += [*([""] if lines else []), f"## Seed {seed}", "", "| | statement | tests |", "|---|---|---|"]
        for kind in KINDS:
            for _, fact, names in (row for row in rows if row[0] == kind):
                tests = "<br>".join(f"`{name}`" for name in whole_names(seed, names))
                lines.append(f"| {kind} | {fact.replace('<', '&lt;')} | {tests} |")
    return lines


@pytest.mark.parametrize("seed", FACTS)
def test_every_row_names_tests_that_exist(seed: str) -> None:
    written = written_tests()

    for kind, fact, names in FACTS[seed]:
        assert kind in KINDS
        assert names, f"nothing shows {fact}"
        for name in whole_names(seed, names):
            assert name in written, f"{fact}: there is no {name}"


@pytest.mark.parametrize("seed", FACTS)
def test_every_test_of_a_seed_shows_some_fact_of_it(seed: str) -> None:
    used = {name for _, _, names in FACTS[seed] for name in whole_names(seed, names)}

    assert {name for name in written_tests() if name.startswith(f"test_seed_{seed}_")} <= used


@pytest.mark.parametrize("seed", FACTS)
def test_no_fact_is_there_twice(seed: str) -> None:
    facts = [(kind, fact) for kind, fact, _ in FACTS[seed]]

    assert len(set(facts)) == len(facts)


@pytest.mark.parametrize("seed", FACTS)
def test_every_endpoint_of_an_example_has_a_row(seed: str) -> None:
    used = {endpoint(example.command) for example in COMMANDS.values() if example.seed == seed}

    assert used <= named(seed, "endpoint")


@pytest.mark.parametrize("seed", FACTS)
def test_every_field_of_an_example_has_a_row(seed: str) -> None:
    fields = {name for body in bodies.BY_SEED[seed] for name in fields_in(json.loads(body))}
    for example in COMMANDS.values():
        if example.seed == seed:
            fields |= set(sent_fields(example.command))

    assert fields <= named(seed, "field") | named(seed, "parameter")


@pytest.mark.parametrize("seed", FACTS)
def test_every_header_query_and_part_of_an_example_has_a_row(seed: str) -> None:
    commands = [example.command for example in COMMANDS.values() if example.seed == seed]
    used = {name for command in commands for name in command.headers}
    used |= {name for command in commands for name, _, _ in command.parts}
    used |= {
        pair.partition("=")[0] for command in commands for pair in command.url.partition("?")[2].split("&") if pair
    }

    assert used <= {name.partition(":")[0] for name in named(seed, "parameter")}


@pytest.mark.parametrize("seed", FACTS)
def test_every_status_of_a_seed_has_a_row(seed: str) -> None:
    assert {int(fact.split()[0]) for kind, fact, _ in FACTS[seed] if kind == "status"} == STATUSES[seed]


@pytest.mark.parametrize("seed", FACTS)
def test_every_message_of_an_example_has_a_row(seed: str) -> None:
    rows = named(seed, "message")
    for body in bodies.BY_SEED[seed]:
        example = json.loads(body)
        if "msg" in example:
            said = re.sub(r"got .*", "got <value>", example["msg"])
            assert any(said in row for row in rows), said
