"""Every row of the catalogue of faults has a test; every mutant applies to the code and names tests that exist."""

import pytest

from tests import page
from tests.mutants import runner as mutants
from tests.project.rows import ROWS
from tests.seeds import test_coverage as seeds


@pytest.mark.parametrize("row", ROWS)
def test_every_row_has_a_test(row: str) -> None:
    assert page.by_row()[row]


@pytest.mark.parametrize("mutant", mutants.MUTANTS, ids=lambda mutant: mutant.name)
def test_mutant_applies_to_the_code_and_its_tests_exist(mutant: mutants.Mutant) -> None:
    for edit in mutant.edits:
        assert len(list(mutants.places(edit, page.PACKAGE))) == 1, edit.old
    known = {(test.file, test.name) for test in page.written()}
    for test in mutant.tests:
        file, _, name = test.removeprefix("tests/").partition("::")
        assert (page.TESTS / file).exists()
        assert not name or (file, name) in known


def test_page_has_all_rows_mutants_and_seeds() -> None:
    text = page.page()

    assert all(f"| {row} | {what} | `test_" in text for row, what in ROWS.items())
    assert all(f"| {mutant.name} | `" in text for mutant in mutants.MUTANTS)
    assert all(f"## Seed {seed}" in text for seed in seeds.FACTS)
