"""The fixtures that look for leaks after every test do find them."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

HEAD = """
import asyncio, socket, tempfile
from tests.conftest import nothing_left_open, nothing_left_running, temporary_folder
kept = []
"""
LEAKS = {
    "a task": ("kept.append(asyncio.create_task(asyncio.sleep(60)))", "left running"),
    "a socket": ("kept.append(socket.socket())", "left open"),
    "a temporary file": ("tempfile.mkstemp()[0] and kept.append(open('/dev/null').close())", "left"),
    "a temporary folder": ("tempfile.mkdtemp()", "left behind"),
}


@pytest.mark.parametrize("leak", LEAKS)
def test_a_planted_leak_fails_the_test(tmp_path: Path, leak: str) -> None:
    line, words = LEAKS[leak]
    module = tmp_path / "test_planted.py"
    module.write_text(f"{HEAD}\nasync def test_it():\n    {line}\n", encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-c", str(ROOT / "pyproject.toml"), "--rootdir", str(tmp_path)]

    done = subprocess.run([*command, "-p", "no:cacheprovider", str(module)], capture_output=True, text=True, cwd=ROOT)

    assert done.returncode == 1
    assert words in done.stdout


def test_a_clean_test_passes(tmp_path: Path) -> None:
    module = tmp_path / "test_clean.py"
    module.write_text(f"{HEAD}\nasync def test_it():\n    await asyncio.sleep(0)\n", encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-c", str(ROOT / "pyproject.toml"), "--rootdir", str(tmp_path)]

    done = subprocess.run([*command, "-p", "no:cacheprovider", str(module)], capture_output=True, text=True, cwd=ROOT)

    assert done.returncode == 0, done.stdout
