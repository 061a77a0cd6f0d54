"""Break the client on purpose, one way at a time, and see that the tests notice: `python -m tests.streams.mutants`.

Each mutant is the package with one piece of text replaced, in a folder of its own. Prints a table; exits with 1 where
one survives, and fails where a text to replace is not there any more.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
RANDOM = "tests/streams/test_random.py"


class Mutant(NamedTuple):
    """A deliberate mistake: in `module`, `text` becomes `instead`; `tests` are to notice."""

    name: str
    module: str
    text: str
    instead: str
    tests: str = RANDOM


MUTANTS = (
    Mutant(
        "no deletes after a reconnect",
        "protocol/merging.py",
        "gone = known.keys() - fresh.keys()",
        "gone = set[str]()",
    ),
    Mutant(
        "a broken line is passed over",
        "subscription.py",
        "raise connection.broken(batch.broken)",
        "connection.broken(batch.broken)",
    ),
    Mutant(
        "no watchdog",
        "connection.py",
        "self.close(self._late())",
        "self._late()",
    ),
    Mutant(
        "waits are short again after every connect",  # nothing that is known is wrong then, so chance cannot tell
        "protocol/reconnecting.py",
        "if lived >= options.healthy_after:",
        "if lived >= 0.0:",
        "tests/streams/test_rows_connections.py -k s13",
    ),
    Mutant(
        "what came before a broken line is not told",
        "subscription.py",
        "elif merge.changes:",
        "elif merge.changes and batch.broken is None:",
    ),
    Mutant(
        "others have a turn between a change and its telling",
        "subscription.py",
        "            self._merge(connection, batch)\n",
        "            self._merge(connection, batch)\n            await asyncio.sleep(0)\n",
        "tests/streams/test_rows_consumers.py -k joins",
    ),
    Mutant(
        "a cancellation between reading and applying",
        "subscription.py",
        "        self.last_activity = clock()\n",
        "        self.last_activity = clock()\n        await asyncio.sleep(0)\n",
        "tests/streams/test_rows_consumers.py -k s49",
    ),
    Mutant(
        "part of something unknown is no gap",
        "subscription.py",
        "        if merge.gap:\n            raise _Gap(merge.gap)\n",
        "",
        "tests/streams/test_rows_records.py -k s29",
    ),
    Mutant(
        "a change back is told",
        "protocol/pending.py",
        "return None if old == new else",
        "return",
    ),
    Mutant(
        "a cut-off line counts as broken",
        "connection.py",
        "if self._is_json else batches",
        "if False else batches",
        "tests/streams/test_rows_connections.py -k s12",
    ),
    Mutant(
        "the connection is left open at the end",
        "subscription.py",
        "            connection.close()\n",
        "            pass\n",
        "tests/streams/test_rows_endings.py -k s51",
    ),
)


def outcome(mutant: Mutant, folder: Path) -> str:
    """The first test that fails with a mutant, "" where none does."""
    shutil.copytree(ROOT / "canvus_async", folder / "canvus_async", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "tests", folder / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    module = folder / "canvus_async" / mutant.module
    source = module.read_text(encoding="utf-8")
    count = source.count(mutant.text)
    assert count == 1, f"{mutant.name}: {mutant.text!r} is in {mutant.module} {count} times"
    module.write_text(source.replace(mutant.text, mutant.instead), encoding="utf-8")

    run = [sys.executable, "-m", "pytest", "-x", "-q", "--tb=no", "-p", "no:cacheprovider", *mutant.tests.split()]
    environment = {**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    found = subprocess.run(
        [sys.executable, "-c", "import canvus_async; print(canvus_async.__file__)"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert found.startswith(str(folder)), f"another package is tested: {found}"
    done = subprocess.run(run, cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode in {0, 1}, done.stdout + done.stderr
    failed = re.search(r"^FAILED tests/streams/(\S+)", done.stdout, re.MULTILINE)
    return failed[1] if failed else ""


def main(*names: str) -> int:
    """Test the mutants with one of these words in their names, all where none is given."""
    survivors = 0
    print(f"{'mutant':55} killed by")
    for mutant in MUTANTS:
        if names and not any(name in mutant.name for name in names):
            continue
        with tempfile.TemporaryDirectory() as folder:
            killer = outcome(mutant, Path(folder))
        survivors += not killer
        print(f"{mutant.name:55} {killer or 'SURVIVES'}", flush=True)
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
