"""The folder for the files of benchmarks: on a memory disk if there is room, because disks are not measured."""

import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

_MEMORY_DISK = Path("/dev/shm")


@contextmanager
def scratch(room: int) -> Generator[Path]:
    """A folder for `room` bytes. Nothing is removed before the end, because removing slows down later runs."""
    fits = _MEMORY_DISK.is_dir() and shutil.disk_usage(_MEMORY_DISK).free > 2 * room
    with tempfile.TemporaryDirectory(prefix="canvus-benchmarks-", dir=_MEMORY_DISK if fits else None) as folder:
        yield Path(folder)
