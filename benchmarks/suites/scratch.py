"""Where benchmarks put their files: a memory disk with room if there is one; disks are not what is measured."""

import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

_MEMORY_DISK = Path("/dev/shm")


@contextmanager
def scratch(room: int) -> Generator[Path]:
    """A folder for `room` bytes; nothing in it is removed before the end, because that slows down what comes after."""
    fits = _MEMORY_DISK.is_dir() and shutil.disk_usage(_MEMORY_DISK).free > 2 * room
    with tempfile.TemporaryDirectory(prefix="canvus-benchmarks-", dir=_MEMORY_DISK if fits else None) as folder:
        yield Path(folder)
