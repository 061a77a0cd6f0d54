"""The fixtures that look for leaks after every async test find them, and sync tests do without them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

MODULE = """
import asyncio, socket, tempfile
import pytest
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

@pytest.fixture
async def leaking():
    kept.append(asyncio.create_task(asyncio.sleep(60)))

def test_sync_with_an_async_fixture(leaking):
    pass

def test_sync(request):
    assert not [name for name in request.fixturenames if name.startswith("nothing_left")]
"""


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The report of pytest on a module with leaks in it."""
    module = tmp_path_factory.mktemp("planted") / "test_planted.py"
    module.write_text(MODULE, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-c", str(ROOT / "pyproject.toml"), "--rootdir", str(module.parent)]
    options = ["-rA", "--tb=line", "-p", "tests.conftest", "-p", "no:cacheprovider", str(module)]
    wide = {**os.environ, "COLUMNS": "2000"}  # pytest shortens the reasons to fit the terminal
    return subprocess.run([*command, *options], capture_output=True, text=True, cwd=ROOT, env=wide).stdout


@pytest.mark.parametrize(
    ("leak", "words"),
    [
        ("task", "left running"),
        ("socket", "left open"),
        ("file", "left open"),
        ("folder", "left behind"),
        ("sync_with_an_async_fixture", "left running"),
    ],
)
def test_planted_leak_fails_the_test(report: str, leak: str, words: str) -> None:
    (line,) = [line for line in report.splitlines() if line.startswith("ERROR") and f"::test_{leak} " in line]

    assert words in line


@pytest.mark.parametrize("name", ["clean", "clean_again", "sync"])
def test_clean_tests_pass(report: str, name: str) -> None:
    lines = [line for line in report.splitlines() if line.endswith(f"::test_{name}") or f"::test_{name} " in line]

    assert [line.partition(" ")[0] for line in lines] == ["PASSED"]
