"""What `tests/README.md` says is true: every row has its tests, every breakage its place and a test that kills it."""

from pathlib import Path

import pytest

import canvus_async
from tests.mutants import runner as mutants
from tests.project import rows
from tests.project.page import PAGE, between, written

PACKAGE = Path(canvus_async.__file__).parent


@pytest.mark.parametrize("row", rows.ROWS)
def test_every_row_of_what_can_go_wrong_has_a_test(row: str) -> None:
    assert rows.by_row()[row]


def test_no_test_is_named_by_a_row_that_is_not_there() -> None:
    assert rows.by_row().keys() == rows.ROWS.keys()


def test_the_table_of_rows_is_as_the_tests_are_named() -> None:
    page = PAGE.read_text(encoding="utf-8")

    assert between(page, rows.BEGIN, rows.END) == rows.table(), "write it anew: python -m tests.project.rows"


def test_the_table_of_breakages_names_all_of_them_and_tests_that_exist() -> None:
    table = mutants.rows(PAGE.read_text(encoding="utf-8"))

    assert list(table) == [mutant.name for mutant in mutants.MUTANTS]
    known = {f"`{name}` ({file})" for file, name in written()}
    assert {killer for _, _, killer in table.values()} <= known


@pytest.mark.parametrize("mutant", mutants.MUTANTS, ids=lambda mutant: mutant.name)
def test_a_breakage_still_applies_to_the_code_and_its_tests_exist(mutant: mutants.Mutant) -> None:
    for edit in mutant.edits:
        assert len(list(mutants.places(edit, PACKAGE))) == 1, edit.old
    known = set(written())
    for test in mutant.tests:
        file, _, name = test.removeprefix("tests/").partition("::")
        assert (mutants.ROOT / "tests" / file).exists()
        assert not name or (file, name) in known
