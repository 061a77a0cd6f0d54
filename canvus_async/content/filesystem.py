"""File system calls that the modules of this room share, and their errors as ours."""

import errno
import os
import re
import stat
import time

from canvus_async.errors import LocalWriteError

PART = ".part-"

ABANDONED = 24 * 3600.0
"""Seconds after which a temporary file counts as left behind by a killed process."""

_MAX_VECTORS = 512
"""Chunks in one call of `os.writev()`; systems have a limit, usually 1024."""

_TEMPORARY_NAME = re.compile(rf".+{re.escape(PART)}[0-9a-f]{{16}}")

_CANNOT_SYNC = {errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EROFS}

_MAX_STEM = 200
"""Bytes of the target's name in the name of the temporary file; file systems allow 255 bytes."""


def write_error(problem: OSError, path: str) -> LocalWriteError:
    """The LocalWriteError for an error of the operating system, with its errno."""
    what = f"cannot be written: {problem.strerror or problem}"
    return LocalWriteError(what, path=path, errno=problem.errno, strerror=problem.strerror)


def write_all(fd: int, chunks: list[bytes]) -> None:
    """Write all chunks, with few system calls."""
    for start in range(0, len(chunks), _MAX_VECTORS):
        vector = chunks[start : start + _MAX_VECTORS]
        written = os.writev(fd, vector) if hasattr(os, "writev") else 0  # not available on Windows
        if written < sum(map(len, vector)):  # the call wrote only a part, for example because the disk is nearly full
            rest = memoryview(b"".join(vector))[written:]
            while rest:
                rest = rest[os.write(fd, rest) :]


def sync(fd: int) -> None:
    """Make an open file survive a power failure, on file systems that can sync it."""
    try:
        os.fsync(fd)
    except OSError as problem:
        if problem.errno not in _CANNOT_SYNC:
            raise


def sync_folder(folder: str) -> None:
    """Make the names in a folder survive a power failure, on systems and file systems that can sync a folder."""
    if hasattr(os, "O_DIRECTORY"):
        try:
            fd = os.open(folder or ".", os.O_RDONLY | os.O_DIRECTORY)
        except PermissionError:
            return  # a folder that may be written but not read: the file itself is synced
        try:
            sync(fd)
        finally:
            os.close(fd)


def shortened(name: str) -> str:
    """The beginning of a file name, so short that the name of the temporary file has at most 255 bytes."""
    encoded = os.fsencode(name)
    return name if len(encoded) <= _MAX_STEM else encoded[:_MAX_STEM].decode(errors="ignore")


def sweep(folder: str | os.PathLike[str], *, older: float = ABANDONED) -> int:
    """Remove the temporary files that killed processes left in a folder. Returns their number.

    `older` is the minimum age in seconds, a day by default.
    """
    removed = 0
    before = time.time() - older
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if _TEMPORARY_NAME.fullmatch(entry.name) and entry.stat(follow_symlinks=False).st_mtime < before:
                    os.unlink(entry.path)  # noqa: PTH108
                    removed += 1
    except OSError:
        return removed  # not important: another process may be removing them too, or the folder may be read-only
    return removed


def check_owner(path: str) -> None:
    """Refuse a folder whose content other users control."""
    if not hasattr(os, "getuid"):
        return  # Windows: access is a matter of the folder's access control list
    found = os.stat(path)  # noqa: PTH116
    if found.st_uid not in {os.getuid(), 0}:
        raise PermissionError(f"{path} belongs to another user: choose a folder of your own for the cache")
    if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise PermissionError(f"{path} can be written by other users: remove that permission (chmod go-w {path})")
