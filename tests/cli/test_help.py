"""What the command line says about itself."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from canvus_async.cli.app import COMMANDS
from tests.cli.test_app import canvus

NAMES = sorted(command.function.partition(":")[2] for command in COMMANDS)


def test_the_overview_is_one_screen_and_tells_the_exit_statuses() -> None:
    screen = canvus("--help").stdout

    assert len(screen.splitlines()) <= 24
    assert max(map(len, screen.splitlines())) <= 80
    for name in NAMES:
        assert re.search(rf"│ {name} ", screen)
    assert "0 done, 1 something failed,\n2 wrong usage, 130 interrupted" in screen


@pytest.mark.parametrize("name", NAMES)
def test_each_command_has_examples_that_begin_with_it(name: str) -> None:
    said = canvus(name, "--help").stdout

    _, _, examples = said.partition("\nExamples:\n")
    assert examples.splitlines()
    assert all(line.startswith(f"  canvus {name}") for line in examples.splitlines())
    assert "TODO" not in said
    assert re.search(r"--url|--port", said)


@pytest.mark.skipif(shutil.which("bash") is None, reason="completion is tried in bash")
def test_completion_is_installed_and_completes(tmp_path: Path) -> None:
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
