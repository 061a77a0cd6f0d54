"""The help screens, and shell completion."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from canvus_async.cli.app import COMMANDS
from tests.cli.test_app import canvus

NAMES = sorted(command.function.partition(":")[2] for command in COMMANDS)


def test_the_overview_fits_one_screen_and_lists_the_exit_statuses() -> None:
    screen = canvus("--help").stdout

    assert len(screen.splitlines()) <= 24
    assert max(map(len, screen.splitlines())) <= 80
    for name in NAMES:
        assert re.search(rf"│ {name} ", screen)
    assert "Exit status: 0 success, 1 failure, 2 wrong usage, 130 interrupted." in screen


@pytest.mark.parametrize("name", NAMES)
def test_the_help_of_each_command_has_examples_of_it(name: str) -> None:
    screen = canvus(name, "--help").stdout

    _, _, examples = screen.partition("\nExamples:\n")
    assert examples.splitlines()
    assert all(line.startswith(f"  canvus {name}") for line in examples.splitlines())
    assert "TODO" not in screen
    assert re.search(r"--url|--port", screen)


@pytest.mark.skipif(shutil.which("bash") is None, reason="the test runs the completion in bash")
def test_install_completion_installs_working_bash_completion(tmp_path: Path) -> None:
    done = canvus("--install-completion", home=tmp_path)
    assert done.returncode == 0, done.stderr
    (script,) = [path for path in tmp_path.rglob("canvus") if path.is_file()]
    program = f"""
source {script}
complete_it() {{
  COMP_WORDS=("$@"); COMP_CWORD=$(($#-1)); COMPREPLY=()
  _canvus canvus "${{@: -1}}"
  echo "${{COMPREPLY[*]}}"
}}
complete_it canvus sn
complete_it canvus download CANVAS --kind i
complete_it canvus snapshot --wid
"""
    shell = subprocess.run(["bash", "-c", program], capture_output=True, text=True, env={"PATH": os.environ["PATH"]})

    assert shell.stdout.splitlines() == ["snapshot", "images", "--width"], shell.stderr
