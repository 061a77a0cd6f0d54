"""What candidates that write files have in common: whole files, also on a slow disk."""

import os
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

from benchmarks.jobs import FetchJob


def save_whole(path: str, body: bytes) -> None:
    """Under another name, then renamed: what one does so that nobody sees half a file."""
    temporary = f"{path}.tmp"
    with open(temporary, "wb", buffering=0) as file:  # noqa: PTH123  # the cheapest way
        file.write(body)
    os.replace(temporary, path)  # noqa: PTH105


def whole_files(path: str, size: int) -> int:
    """How many files of the right size are in a folder; anything else there counts against them."""
    return sum(1 if entry.stat().st_size == size else -1 for entry in os.scandir(path))


@contextmanager
def slow_disk(seconds: float) -> Generator[None]:
    """Every write to a file takes so much longer, in whichever thread it runs, as on a busy network share."""
    if not seconds:
        yield
        return
    fast: dict[str, Callable[..., Any]] = {name: getattr(os, name) for name in ("write", "writev") if hasattr(os, name)}

    def slow(write: Callable[..., Any]) -> Callable[..., Any]:
        def wait_and_write(fd: int, data: Any) -> Any:
            time.sleep(seconds)
            return write(fd, data)

        return wait_and_write

    for name, write in fast.items():
        setattr(os, name, slow(write))
    try:
        yield
    finally:
        for name, write in fast.items():
            setattr(os, name, write)


def folder(job: FetchJob) -> str:
    """The job's folder, made if it is not there."""
    os.makedirs(job.folder, exist_ok=True)  # noqa: PTH103
    return job.folder
