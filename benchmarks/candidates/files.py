"""Functions for candidates that write files: complete files, and a slow disk."""

import os
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

from benchmarks.jobs import FetchJob


def save_whole(path: str, body: bytes) -> None:
    """Write to a temporary name and rename, so that no partial file is visible."""
    temporary = f"{path}.tmp"
    with open(temporary, "wb", buffering=0) as file:  # noqa: PTH123  # the cheapest way
        file.write(body)
    os.replace(temporary, path)  # noqa: PTH105


def whole_files(path: str, size: int) -> int:
    """The number of files of the right size in a folder, minus the number of other files."""
    return sum(1 if entry.stat().st_size == size else -1 for entry in os.scandir(path))


@contextmanager
def slow_disk(seconds: float) -> Generator[None]:
    """Delay every write to a file, in every thread, as on a busy network share."""
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
    """The folder of the job; created if it does not exist."""
    os.makedirs(job.folder, exist_ok=True)  # noqa: PTH103
    return job.folder
