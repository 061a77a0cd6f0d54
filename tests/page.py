"""What the tests show, as one page: `python -m tests.page` prints it, `--output FILE` writes it to a file.

It has the rows of the catalogue of faults with their tests, the mutants with the tests that should kill them, and the
statements of the seeds with their tests. It is read from the sources; no test runs.
"""

import argparse
import ast
import functools
import sys
from pathlib import Path
from typing import NamedTuple

import canvus_async
from tests.mutants.runner import MUTANTS, Mutant, places
from tests.project.rows import ROWS
from tests.seeds import test_coverage as seeds

TESTS = Path(__file__).parent
PACKAGE = Path(canvus_async.__file__).parent


class Test(NamedTuple):
    """A test function: its file relative to `tests`, its name, and the ids of the rows that it is marked with."""

    file: str
    name: str
    rows: tuple[str, ...] = ()


def marked(node: ast.FunctionDef | ast.AsyncFunctionDef) -> tuple[str, ...]:
    """The ids in a function's `@pytest.mark.row(...)`."""
    calls = [each for each in node.decorator_list if isinstance(each, ast.Call)]
    marks = [call for call in calls if ast.unparse(call.func) == "pytest.mark.row"]
    return tuple(ast.literal_eval(argument) for mark in marks for argument in mark.args)


@functools.cache
def written() -> tuple[Test, ...]:
    """Every test function, read from the sources."""
    return tuple(
        Test(path.relative_to(TESTS).as_posix(), node.name, marked(node))
        for path in sorted(TESTS.rglob("test_*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
    )


def by_row() -> dict[str, list[Test]]:
    """The tests of each row."""
    return {row: [test for test in written() if row in test.rows] for row in ROWS}


def rows_table() -> list[str]:
    """Every row with its tests."""
    lines = ["## What can go wrong", "", "| row | what goes wrong | tests |", "|---|---|---|"]
    for row, tests in by_row().items():
        names = "<br>".join(f"`{test.name}` ({test.file})" for test in tests)
        lines.append(f"| {row} | {ROWS[row]} | {names} |")
    return lines


def edited(mutant: Mutant) -> str:
    """The files of the package that a mutant changes."""
    files = {path.relative_to(PACKAGE).as_posix() for edit in mutant.edits for path in places(edit, PACKAGE)}
    return ", ".join(f"`{file}`" for file in sorted(files))


def mutants_table() -> list[str]:
    """Every mutant with the tests that should kill it."""
    lines = ["## Mutants", "", "| mutant | where | killed by a test in |", "|---|---|---|"]
    for mutant in MUTANTS:
        tests = "<br>".join(f"`{test.removeprefix('tests/')}`" for test in mutant.tests)
        lines.append(f"| {mutant.name} | {edited(mutant)} | {tests} |")
    return lines


def page() -> str:
    """The whole page, as Markdown."""
    return "\n".join(["# What the tests show", "", *rows_table(), "", *mutants_table(), "", *seeds.tables(), ""])


def main() -> None:
    options = argparse.ArgumentParser(prog="page", description="What the tests show, as one page of Markdown.")
    options.add_argument("--output", type=Path, metavar="FILE", help="write to this file instead of printing")
    given = options.parse_args()
    if given.output is None:
        sys.stdout.write(page())
    else:
        given.output.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
