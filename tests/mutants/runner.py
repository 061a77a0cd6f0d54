"""Would the tests notice? `python -m tests.mutants`: deliberate breakages, each of which some test must kill.

Each is made in a copy of the package, and the tests that should notice run against the copy. One survives when they
pass; then a promise has no test. `--only WORDS` runs those whose names hold the words, `--part 2/4` a quarter of them;
`--write` puts what was killed by what into the table in `tests/README.md`. Exit status 1 when any survives, 2 when a
breakage no longer applies to the code.
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
from tests.project.page import PAGE, between, put

ROOT = Path(__file__).parents[2]
BEGIN, END = "<!-- mutants: written by `python -m tests.mutants --write` -->", "<!-- end of mutants -->"
COPIED = ("canvus_async", "tests", "examples", "pyproject.toml", "README.md", "CHANGELOG.md", "CONTRIBUTING.md")
SECONDS = 20
"""How long one test may take before it counts as failed: some breakages make waits endless."""
LONGEST = 300
"""How long all of them may take."""

MUTANTS = (*SHELL, *STREAMS)


class Verdict(NamedTuple):
    """What became of a breakage: "killed", "survives" or "stale"; the files it is in; and the test that killed it."""

    state: str
    files: list[str]
    said: str


def copy(folder: Path) -> None:
    """The package and its tests, to break."""
    ignore = shutil.ignore_patterns("__pycache__", ".*")
    for name in COPIED:
        source, target = ROOT / name, folder / name
        if source.is_dir():
            shutil.copytree(source, target, ignore=ignore)
        else:
            shutil.copy(source, target)


def places(edit: Edit, package: Path) -> Iterator[Path]:
    """The files that a piece of text is in, one as often as it is in it."""
    for path in package.rglob("*.py"):
        yield from [path] * path.read_text(encoding="utf-8").count(edit.old)


def apply(mutant: Mutant, folder: Path) -> tuple[list[str], str]:
    """Break the copy; gives the files that were changed, and what no longer applies, "" if all does."""
    package = folder / "canvus_async"
    changed: list[str] = []
    for edit in mutant.edits:
        found = list(places(edit, package))
        if len(found) != 1:
            return changed, f"not once in the package, but in {[path.name for path in found]}: {edit.old}"
        found[0].write_text(found[0].read_text(encoding="utf-8").replace(edit.old, edit.new), encoding="utf-8")
        changed.append(str(found[0].relative_to(package)))
    return changed, ""


def play(folder: Path, tests: tuple[str, ...]) -> tuple[int, str]:
    """Run tests against the copy; gives pytest's exit status and the first test that failed, or its last words."""
    options = ["-q", "-x", "--tb=no", "--show-capture=no", "-p", "no:cacheprovider", "--timeout", str(SECONDS)]
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
        return 0, "the tests did not end"
    failed = re.search(r"^(?:FAILED|ERROR) (\S+?::\w+)", done.stdout, re.MULTILINE)
    last = (done.stdout + done.stderr).strip().splitlines()[-1:]
    return done.returncode, failed[1] if failed else " ".join(last)


def verdict(mutant: Mutant) -> Verdict:
    """What becomes of a breakage."""
    with tempfile.TemporaryDirectory(prefix="mutant-") as name:
        folder = Path(name)
        copy(folder)
        files, stale = apply(mutant, folder)
        if stale:
            return Verdict("stale", files, stale)
        status, said = play(folder, mutant.tests)
    return Verdict("killed" if status == 1 and "::" in said else "survives", files, said)


def sound(mutants: list[Mutant]) -> str:
    """What fails in the tests of these without any breakage, "" if nothing does."""
    with tempfile.TemporaryDirectory(prefix="sound-") as name:
        folder = Path(name)
        copy(folder)
        status, said = play(folder, tuple(sorted({test for mutant in mutants for test in mutant.tests})))
    return said if status else ""


def rows(page: str) -> dict[str, list[str]]:
    """The cells of the table in a page, by the first one: what is broken, where, and what kills it."""
    lines = between(page, BEGIN, END).strip().splitlines()[2:]
    return {cells[0]: cells for cells in (line.strip("| ").split(" | ") for line in lines)}


def written(page: str, verdicts: list[tuple[Mutant, Verdict]]) -> str:
    """A page with what came of these breakages in its table."""
    known = rows(page)
    for mutant, verdict in verdicts:
        file, _, test = verdict.said.removeprefix("tests/").partition("::")
        files = ", ".join(f"`{name}`" for name in sorted(set(verdict.files)))
        known[mutant.name] = [mutant.name, files, f"`{test}` ({file})" if verdict.state == "killed" else verdict.state]
    lines = [f"| {' | '.join(known[mutant.name])} |" for mutant in MUTANTS if mutant.name in known]
    return put(page, BEGIN, END, "\n".join(["", "| what is broken | where | killed by |", "|---|---|---|", *lines, ""]))


def main() -> int:
    options = argparse.ArgumentParser(prog="mutants", description="Break the package; the tests must notice.")
    options.add_argument("--only", default="", metavar="WORDS")
    options.add_argument("--part", default="1/1", metavar="K/N")
    options.add_argument("--write", action="store_true", help=f"write the table into {PAGE.name}")
    given = options.parse_args()
    part, parts = map(int, given.part.split("/"))
    mutants = [mutant for mutant in MUTANTS if given.only in mutant.name][part - 1 :: parts]
    if failing := sound(mutants):
        print(f"the tests fail without any breakage: {failing}")
        return 2
    verdicts: list[tuple[Mutant, Verdict]] = []
    for mutant in mutants:
        start = time.monotonic()
        found = verdict(mutant)
        verdicts.append((mutant, found))
        print(f"{found.state:<9} {mutant.name}: {found.said} ({time.monotonic() - start:.0f} s)", flush=True)
    states = [found.state for _, found in verdicts]
    print(f"{states.count('killed')} of {len(mutants)} killed")
    if given.write:
        PAGE.write_text(written(PAGE.read_text(encoding="utf-8"), verdicts), encoding="utf-8")
    return 2 if "stale" in states else 1 if "survives" in states else 0
