"""Does the package work with the lowest versions that it admits? `python -m tests.lowest [PYTEST ARGUMENTS]`.

Reads the bounds of everything that is needed at run time, the extras `server` and `cli` included, out of
`pyproject.toml`, makes an environment with exactly those and the newest tools to test with, and runs the suite there
with this interpreter. Exit status is pytest's.
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
"""The extra that is not for run time."""


def project() -> dict[str, Any]:
    """What `pyproject.toml` says of the project."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def at_run_time(metadata: dict[str, Any]) -> Iterator[Requirement]:
    """What is needed at run time, by the package or by an extra of it for its users."""
    optional = metadata["optional-dependencies"]
    for line in [*metadata["dependencies"], *optional["server"], *optional["cli"]]:
        requirement = Requirement(line)
        if requirement.name != metadata["name"]:
            yield requirement


def lowest(requirement: Requirement) -> str:
    """The same pinned to the lowest version that it admits. Raises ValueError where it does not say which."""
    bounds = [part.version for part in requirement.specifier if part.operator in {">=", "==", "~="}]
    if len(bounds) != 1:
        raise ValueError(f"{requirement}: says no lowest version")
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
