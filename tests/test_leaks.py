"""The fixtures that look for leaks after every test do find them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

MODULE = """
import asyncio, socket, tempfile
from tests.conftest import nothing_left_open, nothing_left_running, temporary_folder
kept = []

async def test_clean():
    await asyncio.sleep(0)

async def test_task():
    kept.append(asyncio.create_task(asyncio.sleep(60)))

async def test_socket():
    kept.append(socket.socket())

async def test_file():
    kept.append(tempfile.NamedTemporaryFile(delete=False))

async def test_folder():
    tempfile.mkdtemp()

async def test_clean_again():
    await asyncio.sleep(0)
"""


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What pytest says of a module with leaks in it."""
    module = tmp_path_factory.mktemp("planted") / "test_planted.py"
    module.write_text(MODULE, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-c", str(ROOT / "pyproject.toml"), "--rootdir", str(module.parent)]
    options = ["-rA", "--tb=line", "-p", "no:cacheprovider", str(module)]
    wide = {**os.environ, "COLUMNS": "2000"}  # pytest cuts a line's reason to fit the terminal
    return subprocess.run([*command, *options], capture_output=True, text=True, cwd=ROOT, env=wide).stdout


@pytest.mark.parametrize(
    ("leak", "words"),
    [("task", "left running"), ("socket", "left open"), ("file", "left open"), ("folder", "left behind")],
)
def test_a_planted_leak_fails_the_test(report: str, leak: str, words: str) -> None:
    (line,) = [line for line in report.splitlines() if line.startswith("ERROR") and f"::test_{leak} " in line]

    assert words in line


def test_clean_tests_pass_before_and_after(report: str) -> None:
    for name in ("clean", "clean_again"):
        assert f"::test_{name}" in report
        assert not [line for line in report.splitlines() if line.startswith("ERROR") and f"::test_{name} " in line]
