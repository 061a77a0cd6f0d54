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
    """One piece of text in one file of the package, and what takes its place."""

    file: str
    old: str
    new: str


class Mutant(NamedTuple):
    """A breakage, and the tests to run against it, as pytest takes them."""

    name: str
    edits: tuple[Edit, ...]
    tests: tuple[str, ...]


def mutant(name: str, file: str, old: str, new: str, *tests: str) -> Mutant:
    """A breakage of a single edit."""
    return Mutant(name, (Edit(file, old, new),), tests)


TRANSPORT, FETCHING, FILES = "tests/test_transport.py", "tests/test_fetching.py", "tests/test_files.py"
UPLOADS, REDIRECTS, CANARY = (
    f"tests/trust/{name}.py" for name in ("test_rows_uploads", "test_redirects", "test_canary")
)
SESSIONS, STREAMS = "tests/trust/test_sessions.py", "tests/streams"

MUTANTS = [
    # requests
    mutant(
        "redirects are followed by aiohttp",
        "transport.py",
        "allow_redirects=False",
        "allow_redirects=True",
        REDIRECTS,
    ),
    mutant(
        "a redirect to another origin is followed for reads",
        "transport.py",
        "if same and request.method in SAFE",
        "if request.method in SAFE",
        REDIRECTS,
    ),
    mutant(
        "the token is among a session's defaults",
        "transport.py",
        "cookie_jar=aiohttp.DummyCookieJar(),",
        "cookie_jar=aiohttp.DummyCookieJar(), headers=self.credentials.headers(self._sender),",
        SESSIONS,
    ),
    mutant(
        "aiohttp's second sending is left on",
        "transport.py",
        "session._retry_connection = False",
        "session._retry_connection = True",
        TRANSPORT,
    ),
    mutant(
        "streams take their connections from the pool of calls",
        "transport.py",
        'name = "streams" if streaming else "calls"',
        'name = "calls"',
        "tests/test_subscription.py",
    ),
    mutant(
        "cookies are kept",
        "transport.py",
        "cookie_jar=aiohttp.DummyCookieJar()",
        "cookie_jar=aiohttp.CookieJar(unsafe=True)",
        SESSIONS,
    ),
    mutant("the environment's proxy is used", "transport.py", "trust_env=False", "trust_env=True", SESSIONS),
    mutant("certificates are not verified", "transport.py", "self._ssl or True", "self._ssl or False", TRANSPORT),
    mutant(
        "a token goes over plain http",
        "protocol/urls.py",
        'if parts.scheme == "https":',
        "if True:",
        TRANSPORT,
        "tests/protocol/test_urls.py",
    ),
    mutant(
        "a POST is repeated after a lost answer",
        "protocol/retrying.py",
        'repeatable = method in SAFE or method == "DELETE"',
        "repeatable = True",
        TRANSPORT,
        UPLOADS,
        "tests/protocol/test_retrying.py",
    ),
    mutant(
        "a lost write is said to have failed",
        "transport.py",
        "if not error.sent or isinstance(error, RedirectRefused):",
        "if True:",
        TRANSPORT,
        UPLOADS,
    ),
    mutant(
        "a Retry-After of any length is waited for",
        "retries.py",
        "if pause is not None and pause > self.options.max_retry_after:",
        "if False:",
        TRANSPORT,
    ),
    mutant(
        "the retry budget is ignored",
        "retries.py",
        "or not self.budget.spend()",
        "or (self.budget.spend(), False)[1]",
        TRANSPORT,
    ),
    mutant(
        "the token function is asked after every 401",
        "transport.py",
        "self.credentials.renewable and not renewed",
        "self.credentials.renewable",
        TRANSPORT,
    ),
    mutant(
        "the token function is never asked again",
        "transport.py",
        "renewed = False",
        "renewed = True",
        TRANSPORT,
    ),
    mutant(
        "a body may be eight times its limit",
        "transport.py",
        "if size > max_bytes:",
        "if size > 8 * max_bytes:",
        TRANSPORT,
        FETCHING,
        "tests/downloads",
    ),
    mutant(
        "a secret's repr shows it",
        "credentials.py",
        "def __repr__(self) -> str:\n        return _HIDDEN",
        "def __repr__(self) -> str:\n        return str.__repr__(self)",
        CANARY,
    ),
    mutant(
        "errors carry the headers that were sent",
        "transport.py",
        "raise self._failure(request, problem) from None",
        "raise self._failure(request, problem) from RuntimeError(str.encode(credential or ''))",
        CANARY,
    ),
    mutant(
        "an id may lead anywhere",
        "protocol/names.py",
        'value in {".", ".."} or len(value) > 256 or _UNTRUSTED_SEGMENT.search(value)',
        "len(value) > 256",
        FETCHING,
        "tests/protocol/test_names.py",
    ),
    mutant(
        "a file that shrinks while it is sent is taken for whole",
        "uploads.py",
        "        if left:\n            raise SourceChanged",
        "        if False:\n            raise SourceChanged",
        UPLOADS,
        "tests/test_client.py",
    ),
    # files
    Mutant(
        "the length of a download is not checked",
        (
            Edit("downloads.py", "if self._expected is not None and self._part.size != self._expected:", "if False:"),
            Edit(
                "downloads.py",
                'raise self._incomplete(f"cut short: {error}") from None',
                "if self._part.size == 0:\n                raise",
            ),
        ),
        (FETCHING, "tests/downloads"),
    ),
    mutant(
        "a download is written under its own name",
        "files.py",
        'f"{name[:150]}{PART}{secrets.token_hex(8)}"',
        "name",
        FILES,
        FETCHING,
    ),
    mutant(
        "a broken download is left behind",
        "files.py",
        "os.unlink(temporary)",
        "os.stat(temporary)",
        FILES,
        FETCHING,
    ),
    Mutant(
        "a picture need not be one",
        (
            Edit("fetching.py", "if not is_webp(body):", "if False:"),
            Edit("downloads.py", "if self._webp and not may_become_webp(self._head):", "if False:"),
            Edit("downloads.py", "if self._webp and len(self._head) < 12:", "if False:"),
        ),
        (FETCHING, "tests/downloads"),
    ),
    mutant(
        "one asker is given what another was",
        "fetching.py",
        "{await self.transport.credentials.identity()}",
        "everybody",
        FETCHING,
    ),
    mutant(
        "everybody who asks makes a request",
        "flights.py",
        "while (flight := self._flights.get(key)) is not None:",
        "while (flight := self._flights.get(key + '?')) is not None:",
        FETCHING,
    ),
    mutant(
        "a server's file name is used as it is",
        "protocol/names.py",
        "return _shorten(clean) or default",
        "return name or default",
        "tests/protocol/test_names.py",
    ),
    # subscriptions
    mutant(
        "silence is not noticed",
        "connection.py",
        "limits.append((now if self._reading_since is None else self._reading_since) + silence)",
        "pass",
        STREAMS,
    ),
    mutant(
        "a broken line is passed over",
        "subscription.py",
        "if batch.broken is not None:\n            raise connection.broken(batch.broken)",
        "pass",
        STREAMS,
    ),
    mutant(
        "what was deleted during an outage stays",
        "protocol/merging.py",
        "gone = known.keys() - fresh.keys()",
        "gone = set[str]()",
        "tests/protocol/test_merging.py",
        "tests/test_subscription.py",
    ),
    mutant(
        "waits begin anew with every connection",
        "protocol/reconnecting.py",
        "if lived >= options.healthy_after:",
        "if True:",
        STREAMS,
        "tests/protocol",
    ),
    mutant(
        "closing the client leaves readers waiting",
        "subscription.py",
        "self._transport.deadlines.endings.add(self._interrupt)",
        "pass",
        "tests/test_subscription.py",
    ),
    mutant(
        "a line may be eight times its limit",
        "subscription.py",
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


def apply(mutant: Mutant, folder: Path) -> str:
    """Break the copy; says what no longer applies, "" if all does."""
    for edit in mutant.edits:
        path = folder / "canvus_async" / edit.file
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        if text.count(edit.old) != 1:
            return f"{edit.file} has {text.count(edit.old)} times: {edit.old}"
        path.write_text(text.replace(edit.old, edit.new), encoding="utf-8")
    return ""


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


def verdict(mutant: Mutant) -> tuple[str, str]:
    """Whether a breakage was "killed", "survives" or is "stale", and by what."""
    with tempfile.TemporaryDirectory(prefix="mutant-") as name:
        folder = Path(name)
        copy(folder)
        if stale := apply(mutant, folder):
            return "stale", stale
        status, said = play(folder, mutant.tests)
    if status == 1 and "::" in said:
        return "killed", said.partition("tests/")[2] or said
    return "survives", said


def sound(mutants: list[Mutant]) -> str:
    """What fails in the tests of these without any breakage, "" if nothing does."""
    with tempfile.TemporaryDirectory(prefix="sound-") as name:
        folder = Path(name)
        copy(folder)
        status, said = play(folder, tuple(sorted({test for mutant in mutants for test in mutant.tests})))
    return said if status else ""


def table(rows: list[tuple[Mutant, str]]) -> str:
    """The breakages and what kills them, for reading."""
    lines = ["", "| what is broken | where | killed by |", "|---|---|---|"]
    for mutant, said in rows:
        files = ", ".join(sorted({f"`{edit.file}`" for edit in mutant.edits}))
        file, _, test = said.partition("::")
        lines.append(f"| {mutant.name} | {files} | `{test}` ({file}) |")
    return "\n".join([*lines, ""])


def main() -> int:
    options = argparse.ArgumentParser(
        prog="mutants", description="Break the package on purpose; the tests must notice."
    )
    options.add_argument("--only", default="", metavar="WORDS")
    options.add_argument("--write", action="store_true", help=f"write the table into {PAGE.name}")
    given = options.parse_args()
    mutants = [mutant for mutant in MUTANTS if given.only in mutant.name]
    if failing := sound(mutants):
        print(f"the tests fail without any breakage: {failing}")
        return 2
    rows: list[tuple[Mutant, str]] = []
    states: list[str] = []
    for mutant in mutants:
        state, said = verdict(mutant)
        states.append(state)
        rows.append((mutant, said))
        print(f"{state:<9} {mutant.name}: {said}", flush=True)
    print(f"{states.count('killed')} of {len(mutants)} killed")
    if given.write and set(states) == {"killed"} and len(mutants) == len(MUTANTS):
        PAGE.write_text(put(PAGE.read_text(encoding="utf-8"), BEGIN, END, table(rows)), encoding="utf-8")
    return 2 if "stale" in states else 1 if "survives" in states else 0


if __name__ == "__main__":
    sys.exit(main())
