"""Test with the lowest versions of the dependencies: `python -m tests.lowest [PYTEST ARGUMENTS]`.

Reads the lower bounds of all run-time dependencies, the extras `server` and `cli` included, from `pyproject.toml`,
makes an environment with exactly these versions and the newest test tools, and runs the suite there with this
interpreter. The exit status is that of pytest.
"""

import os
import subprocess
import sys
import tempfile
import tomllib
import venv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
TOOLS = "dev"
"""The extra with the test tools."""


def project() -> dict[str, Any]:
    """The table `project` of `pyproject.toml`."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def at_run_time(metadata: dict[str, Any]) -> Iterator[Requirement]:
    """The run-time dependencies of the package and of its extras `server` and `cli`."""
    optional = metadata["optional-dependencies"]
    for line in [*metadata["dependencies"], *optional["server"], *optional["cli"]]:
        requirement = Requirement(line)
        if requirement.name != metadata["name"]:
            yield requirement


def lowest(requirement: Requirement) -> str:
    """The requirement pinned to its lower bound. Raises ValueError if it has none."""
    bounds = [part.version for part in requirement.specifier if part.operator in {">=", "==", "~="}]
    if len(bounds) != 1:
        raise ValueError(f"{requirement}: has no lower bound")
    return f"{requirement.name}=={bounds[0]}"


def main(arguments: list[str]) -> int:
    metadata = project()
    pinned = [lowest(requirement) for requirement in at_run_time(metadata)]
    tools = [line for line in metadata["optional-dependencies"][TOOLS] if Requirement(line).name != metadata["name"]]
    with tempfile.TemporaryDirectory(prefix="lowest-") as folder:
        venv.create(folder, with_pip=True)
        python = Path(folder, "Scripts" if os.name == "nt" else "bin", "python")
        install = [python, "-m", "pip", "install", "--quiet", *pinned, *tools]
        subprocess.run([*install, "--editable", f"{ROOT}[cli]"], check=True)
        print(" ".join(pinned), flush=True)
        return subprocess.run([python, "-m", "pytest", "-p", "no:cacheprovider", *arguments], cwd=ROOT).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
