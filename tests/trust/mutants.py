"""Would the tests notice? `python -m tests.trust.mutants`: deliberate breakages, each of which some test must kill.

Each is made in a copy of the package, and the tests that should notice run against the copy. One survives when they
pass; then a promise has no test. `--only WORDS` runs those whose names hold the words; `--write` puts the table into
`tests/README.md`. Exit status 1 when any survives, 2 when a breakage no longer applies to the code.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from tests.trust.rows import PAGE, put

ROOT = Path(__file__).parents[2]
BEGIN, END = "<!-- mutants: written by `python -m tests.trust.mutants --write` -->", "<!-- end of mutants -->"
COPIED = ("canvus_async", "tests", "examples", "pyproject.toml", "README.md", "CHANGELOG.md", "CONTRIBUTING.md")
SECONDS = 20
"""How long one test may take before it counts as failed: some breakages make waits endless."""


class Edit(NamedTuple):
    """A piece of text that is once in the package, wherever that is, and what takes its place."""

    old: str
    new: str


class Mutant(NamedTuple):
    """A breakage, and the tests to run against it, as pytest takes them."""

    name: str
    edits: tuple[Edit, ...]
    tests: tuple[str, ...]


class Verdict(NamedTuple):
    """What became of a breakage: "killed", "survives" or "stale"; the files it is in; and the test that killed it."""

    state: str
    files: list[str]
    said: str


def mutant(name: str, old: str, new: str, *tests: str) -> Mutant:
    """A breakage of a single edit."""
    return Mutant(name, (Edit(old, new),), tests)


TRANSPORT, FETCHING, FILES = "tests/test_transport.py", "tests/test_fetching.py", "tests/test_files.py"
UPLOADS, REDIRECTS, CANARY = (
    f"tests/trust/{name}.py" for name in ("test_rows_uploads", "test_redirects", "test_canary")
)
SESSIONS, STREAMS = "tests/trust/test_sessions.py", "tests/streams"

MUTANTS = [
    # requests
    mutant(
        "redirects are followed by aiohttp",
        "allow_redirects=False",
        "allow_redirects=True",
        REDIRECTS,
    ),
    mutant(
        "a redirect to another origin is followed for reads",
        "if same and request.method in SAFE",
        "if request.method in SAFE",
        REDIRECTS,
    ),
    mutant(
        "the token is among a session's defaults",
        "cookie_jar=aiohttp.DummyCookieJar(),",
        "cookie_jar=aiohttp.DummyCookieJar(), headers=self.credentials.headers(self._sender),",
        SESSIONS,
    ),
    mutant(
        "aiohttp's second sending is left on",
        "session._retry_connection = False",
        "session._retry_connection = True",
        TRANSPORT,
    ),
    mutant(
        "streams take their connections from the pool of calls",
        "session = self._sessions.get(streaming)",
        "streaming = False\n        session = self._sessions.get(streaming)",
        "tests/test_subscription.py",
    ),
    mutant(
        "cookies are kept",
        "cookie_jar=aiohttp.DummyCookieJar()",
        "cookie_jar=aiohttp.CookieJar(unsafe=True)",
        SESSIONS,
    ),
    mutant("the environment's proxy is used", "trust_env=False", "trust_env=True", SESSIONS),
    mutant("certificates are not verified", "self._ssl or True", "self._ssl or False", TRANSPORT),
    mutant(
        "a token goes over plain http",
        'if parts.scheme == "https":',
        "if True:",
        TRANSPORT,
        "tests/protocol/test_urls.py",
    ),
    mutant(
        "a POST is repeated after a lost answer",
        'repeatable = method in SAFE or method == "DELETE"',
        "repeatable = True",
        TRANSPORT,
        UPLOADS,
        "tests/protocol/test_retrying.py",
    ),
    mutant(
        "a lost write is said to have failed",
        "if not error.sent or isinstance(error, RedirectRefused):",
        "if True:",
        TRANSPORT,
        UPLOADS,
    ),
    mutant(
        "a Retry-After of any length is waited for",
        "if pause is not None and pause > self.options.max_retry_after:",
        "if False:",
        TRANSPORT,
    ),
    mutant(
        "the retry budget is ignored",
        "or not self.budget.spend()",
        "or (self.budget.spend(), False)[1]",
        TRANSPORT,
    ),
    mutant(
        "the token function is asked after every 401",
        "self.credentials.renewable and not renewed",
        "self.credentials.renewable",
        TRANSPORT,
    ),
    mutant(
        "the token function is never asked again",
        "renewed = False",
        "renewed = True",
        TRANSPORT,
    ),
    mutant(
        "a body may be eight times its limit",
        "if size > max_bytes:",
        "if size > 8 * max_bytes:",
        TRANSPORT,
        FETCHING,
        "tests/downloads",
    ),
    mutant(
        "a secret's repr shows it",
        "def __repr__(self) -> str:\n        return _HIDDEN",
        "def __repr__(self) -> str:\n        return str.__repr__(self)",
        CANARY,
    ),
    mutant(
        "errors carry the headers that were sent",
        "raise failure(request, problem, self.timeouts.connect) from None",
        "raise failure(request, problem, self.timeouts.connect) from RuntimeError(str.encode(credential or ''))",
        CANARY,
    ),
    mutant(
        "an id may lead anywhere",
        'value in {".", ".."} or len(value) > 256 or _UNTRUSTED_SEGMENT.search(value)',
        "len(value) > 256",
        FETCHING,
        "tests/protocol/test_names.py",
    ),
    mutant(
        "a file that changes while it is sent is taken for whole",
        "if left or _stamp(self.file) != before:",
        "if False:",
        UPLOADS,
        "tests/test_client.py",
    ),
    # files
    Mutant(
        "the length of a download is not checked",
        (
            Edit("if self._expected is not None and self._part.size != self._expected:", "if False:"),
            Edit(
                'raise self._incomplete(f"cut short: {error}") from None',
                "if self._part.size == 0:\n                raise",
            ),
        ),
        (FETCHING, "tests/downloads"),
    ),
    mutant(
        "a download is written under its own name",
        'f"{name[:150]}{PART}{secrets.token_hex(8)}"',
        "name",
        FILES,
        FETCHING,
    ),
    mutant(
        "a broken download is left behind",
        "os.unlink(temporary)",
        "os.stat(temporary)",
        FILES,
        FETCHING,
    ),
    Mutant(
        "a picture need not be one",
        (
            Edit("if not is_webp(body):", "if False:"),
            Edit("if self._webp and not may_become_webp(self._head):", "if False:"),
            Edit("if self._webp and len(self._head) < 12:", "if False:"),
        ),
        (FETCHING, "tests/downloads"),
    ),
    mutant(
        "one asker is given what another was",
        "return await self.credentials.identity()",
        "return ''",
        FETCHING,
    ),
    mutant(
        "everybody who asks makes a request",
        "while (flight := self._flights.get(key)) is not None:",
        "while (flight := self._flights.get(key + '?')) is not None:",
        FETCHING,
    ),
    mutant(
        "a server's file name is used as it is",
        "return _shorten(clean) or default",
        "return name or default",
        "tests/protocol/test_names.py",
    ),
    # subscriptions
    mutant(
        "silence is not noticed",
        "limits.append((now if self._reading_since is None else self._reading_since) + silence)",
        "pass",
        STREAMS,
    ),
    mutant(
        "a broken line is passed over",
        "if batch.broken is not None:\n            raise connection.broken(batch.broken)",
        "pass",
        STREAMS,
    ),
    mutant(
        "what was deleted during an outage stays",
        "gone = known.keys() - fresh.keys()",
        "gone = set[str]()",
        "tests/protocol/test_merging.py",
        "tests/test_subscription.py",
    ),
    mutant(
        "waits begin anew with every connection",
        "if lived >= options.healthy_after:",
        "if True:",
        STREAMS,
        "tests/protocol",
    ),
    mutant(
        "closing the client leaves readers waiting",
        "self._transport.deadlines.endings.add(self._interrupt)",
        "pass",
        SESSIONS,
    ),
    mutant(
        "a line may be eight times its limit",
        "limit=self._transport.limits.line",
        "limit=8 * self._transport.limits.line",
        STREAMS,
    ),
]


def copy(folder: Path) -> None:
    """The package and its tests, to break."""
    ignore = shutil.ignore_patterns("__pycache__", ".*")
    for name in COPIED:
        source, target = ROOT / name, folder / name
        if source.is_dir():
            shutil.copytree(source, target, ignore=ignore)
        elif source.exists():
            shutil.copy(source, target)


def apply(mutant: Mutant, folder: Path) -> tuple[list[str], str]:
    """Break the copy; gives the files that were changed, and what no longer applies, "" if all does."""
    changed: list[str] = []
    for edit in mutant.edits:
        texts = {path: path.read_text(encoding="utf-8") for path in (folder / "canvus_async").rglob("*.py")}
        found = [path for path, text in texts.items() if edit.old in text]
        if sum(texts[path].count(edit.old) for path in found) != 1:
            return changed, f"not once in the package, but in {[path.name for path in found]}: {edit.old}"
        found[0].write_text(texts[found[0]].replace(edit.old, edit.new), encoding="utf-8")
        changed.append(str(found[0].relative_to(folder / "canvus_async")))
    return changed, ""


def play(folder: Path, tests: tuple[str, ...]) -> tuple[int, str]:
    """Run tests against the copy; gives pytest's exit status and the first test that failed, or its last words."""
    options = ["-q", "-x", "--tb=no", "--show-capture=no", "-p", "no:cacheprovider", "--timeout", str(SECONDS)]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, *(test for test in tests if (folder / test).exists())],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder), "COLUMNS": "1000", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
    )
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


def table(verdicts: list[tuple[Mutant, Verdict]]) -> str:
    """The breakages and what kills them, for reading."""
    lines = ["", "| what is broken | where | killed by |", "|---|---|---|"]
    for mutant, verdict in verdicts:
        file, _, test = verdict.said.removeprefix("tests/").partition("::")
        files = ", ".join(f"`{name}`" for name in sorted(set(verdict.files)))
        lines.append(f"| {mutant.name} | {files} | `{test}` ({file}) |")
    return "\n".join([*lines, ""])


def main() -> int:
    options = argparse.ArgumentParser(prog="mutants", description="Break the package; the tests must notice.")
    options.add_argument("--only", default="", metavar="WORDS")
    options.add_argument("--write", action="store_true", help=f"write the table into {PAGE.name}")
    given = options.parse_args()
    mutants = [mutant for mutant in MUTANTS if given.only in mutant.name]
    if failing := sound(mutants):
        print(f"the tests fail without any breakage: {failing}")
        return 2
    verdicts: list[tuple[Mutant, Verdict]] = []
    for mutant in mutants:
        found = verdict(mutant)
        verdicts.append((mutant, found))
        print(f"{found.state:<9} {mutant.name}: {found.said}", flush=True)
    states = [found.state for _, found in verdicts]
    print(f"{states.count('killed')} of {len(mutants)} killed")
    if given.write and set(states) == {"killed"} and len(mutants) == len(MUTANTS):
        PAGE.write_text(put(PAGE.read_text(encoding="utf-8"), BEGIN, END, table(verdicts)), encoding="utf-8")
    return 2 if "stale" in states else 1 if "survives" in states else 0


if __name__ == "__main__":
    sys.exit(main())
