"""Mutation tests: `python -m tests.mutants` breaks the package deliberately; some test must fail each time.

Each breakage is made in a copy of the package, and the tests that should notice it run against the copy. A mutant
survives when they pass: then a promise has no test. `--only WORDS` runs those whose names contain the words,
`--part 2/4` a quarter of them. Exit status 1 when any survives, 2 when a breakage no longer applies to the code.
`python -m tests.page` lists them with the tests that should notice.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.mutants.breakages import Edit, Mutant
from tests.mutants.client import SHELL
from tests.mutants.subscriptions import STREAMS

ROOT = Path(__file__).parents[2]
COPIED = ("canvus_async", "tests", "examples", "pyproject.toml", "README.md", "CHANGELOG.md", "CONTRIBUTING.md")
SECONDS = 20
"""Time limit of one test: some breakages make it wait forever."""
LONGEST = 300
"""Time limit of all tests of one mutant."""

MUTANTS = (*SHELL, *STREAMS)


class Verdict(NamedTuple):
    """What became of a breakage: "killed", "survives" or "stale"; and the test that killed it, or why none did."""

    state: str
    said: str


def copy(folder: Path) -> None:
    """Copy the package and its tests, to break them."""
    ignore = shutil.ignore_patterns("__pycache__", ".*")
    for name in COPIED:
        source, target = ROOT / name, folder / name
        if source.is_dir():
            shutil.copytree(source, target, ignore=ignore)
        else:
            shutil.copy(source, target)


def places(edit: Edit, package: Path) -> Iterator[Path]:
    """The files that contain a piece of text, each as often as it contains it."""
    for path in package.rglob("*.py"):
        yield from [path] * path.read_text(encoding="utf-8").count(edit.old)


def apply(mutant: Mutant, folder: Path) -> str:
    """Break the copy; returns what no longer applies, "" if all does."""
    package = folder / "canvus_async"
    for edit in mutant.edits:
        found = list(places(edit, package))
        if len(found) != 1:
            return f"not once in the package, but in {[path.name for path in found]}: {edit.old}"
        found[0].write_text(found[0].read_text(encoding="utf-8").replace(edit.old, edit.new), encoding="utf-8")
    return ""


def play(folder: Path, tests: tuple[str, ...]) -> tuple[int, str]:
    """Run tests against the copy; returns pytest's exit status and the first test that failed, or its last line."""
    options = ["-q", "-x", "--tb=no", "--show-capture=no", "--timeout", str(SECONDS)]
    options += ["-p", "no:cacheprovider", "-p", "no:randomly"]
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", *options, *tests],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(folder), "COLUMNS": "1000", "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            timeout=LONGEST,
        )
    except subprocess.TimeoutExpired:
        return 0, "the tests did not end in time"
    failed = re.search(r"^(?:FAILED|ERROR) (\S+?::\w+)", done.stdout, re.MULTILINE)
    last = (done.stdout + done.stderr).strip().splitlines()[-1:]
    return done.returncode, failed[1] if failed else " ".join(last)


def verdict(mutant: Mutant) -> Verdict:
    """Make a breakage and run its tests."""
    with tempfile.TemporaryDirectory(prefix="mutant-") as name:
        folder = Path(name)
        copy(folder)
        if stale := apply(mutant, folder):
            return Verdict("stale", stale)
        status, said = play(folder, mutant.tests)
    return Verdict("killed" if status == 1 and "::" in said else "survives", said)


def sound(mutants: list[Mutant]) -> str:
    """Run the tests of these mutants without any breakage; returns what fails, "" if nothing does."""
    with tempfile.TemporaryDirectory(prefix="sound-") as name:
        folder = Path(name)
        copy(folder)
        status, said = play(folder, tuple(sorted({test for mutant in mutants for test in mutant.tests})))
    return said if status else ""


def main() -> int:
    options = argparse.ArgumentParser(prog="mutants", description="Break the package; the tests must notice.")
    options.add_argument("--only", default="", metavar="WORDS")
    options.add_argument("--part", default="1/1", metavar="K/N")
    given = options.parse_args()
    part, parts = map(int, given.part.split("/"))
    mutants = [mutant for mutant in MUTANTS if given.only in mutant.name][part - 1 :: parts]
    if failing := sound(mutants):
        print(f"the tests fail without any breakage: {failing}")
        return 2
    states: list[str] = []
    for mutant in mutants:
        start = time.monotonic()
        found = verdict(mutant)
        states.append(found.state)
        print(f"{found.state:<9} {mutant.name}: {found.said} ({time.monotonic() - start:.0f} s)", flush=True)
    print(f"{states.count('killed')} of {len(mutants)} killed")
    return 2 if "stale" in states else 1 if "survives" in states else 0
