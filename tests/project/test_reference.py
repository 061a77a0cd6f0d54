"""The pages in docs/reference say what the docstrings say."""

import shutil
import subprocess
import sys
from pathlib import Path

from tests.project.pages import ROOT

SCRIPT = "docs/make_reference.py"


def run(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the script of a checkout."""
    return subprocess.run([sys.executable, SCRIPT, *arguments], cwd=root, capture_output=True, text=True)


def test_the_reference_is_up_to_date() -> None:
    done = run(ROOT, "--check")

    assert done.returncode == 0, done.stderr  # it says which pages are stale, and how to write them


def test_a_changed_docstring_is_noticed_and_written(tmp_path: Path) -> None:
    for folder in ("docs", "canvus_async"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("_build", "__pycache__"))
    options = tmp_path / "canvus_async" / "options.py"
    text = options.read_text(encoding="utf-8")
    options.write_text(text.replace('class Retry:\n    """', 'class Retry:\n    """New words. '), encoding="utf-8")

    stale = run(tmp_path, "--check")
    written = run(tmp_path)

    assert stale.returncode == 1
    assert "docs/reference/options.md" in stale.stderr
    assert f"python {SCRIPT}" in stale.stderr
    assert written.returncode == 0, written.stderr
    assert "\nNew words. " in (tmp_path / "docs" / "reference" / "options.md").read_text(encoding="utf-8")
    assert run(tmp_path, "--check").returncode == 0
