"""The search for the token finds it in every place that it searches."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.security.planted import PLANTS

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def outcomes() -> str:
    """The report of pytest on all planted tokens."""
    command = [sys.executable, "-m", "pytest", "-q", "-rA", "--tb=no", "--show-capture=no", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*command, "tests/security/planted.py"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "1000"},
    )
    assert done.returncode == 1, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("place", PLANTS)
def test_planted_token_fails_the_test_and_is_located(outcomes: str, place: str) -> None:
    said = re.search(rf"^ERROR \S+test_planted\[{re.escape(place)}\] - (.*)$", outcomes, re.MULTILINE)

    assert said
    assert "the token is in" in said[1]
    assert place in said[1]


def test_clean_test_passes(outcomes: str) -> None:
    assert "PASSED tests/security/planted.py::test_nothing_planted" in outcomes
    assert "test_nothing_planted -" not in outcomes
