"""Run a test in an interpreter of its own, for tests that measure memory.

Among the objects of thousands of tests before it, the garbage collector runs less often, and a peak is higher.
"""

import functools
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec

P = ParamSpec("P")

ROOT = Path(__file__).parents[1]
LONGEST = 120.0
"""Seconds that a test may take."""


def alone(test: Callable[P, None]) -> Callable[P, None]:
    """Run a sync test without fixtures in a new interpreter; it fails with the output of that one."""

    @functools.wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        code = f"from {test.__module__} import {test.__name__} as test\ntest.__wrapped__(*{args!r}, **{kwargs!r})"
        command = [sys.executable, "-W", "error", "-c", code]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=LONGEST)
        assert done.returncode == 0, done.stdout + done.stderr

    return run
