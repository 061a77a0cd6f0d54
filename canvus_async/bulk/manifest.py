"""`export.jsonl`: the files in a folder of downloads, and the widgets that show them.

A line is `{"hash": …, "page": 0, "level": 2, "path": "mipmaps/….webp", "bytes": 20480, "widgets": ["…"]}`; page and
level are null for an original file. A line is added when its file is complete; a file that is shown by several widgets
has a line for each. Lines are only appended, each in a single write, so several processes may use the same folder. If a
process is killed between writing a file and its line, the next run adds the line.
"""

import errno
import os
import stat
import time
from array import array
from bisect import bisect_left
from collections.abc import Sequence
from pathlib import Path

import msgspec

from canvus_async.content.filesystem import write_error

NAME = "export.jsonl"
_MAX_LINE = 1 << 16
_MOMENT = 0.01
"""Seconds, far more than a system needs to write one line."""

# Others may write to the folder: a link planted under the manifest's name is not followed, and opening a FIFO does not
# wait for its other end.
_OPEN_FLAGS = getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


class Entry(msgspec.Struct, frozen=True, gc=False):
    """A line of the manifest. `path` is relative to the folder, with "/" between its parts."""

    hash: str
    page: int | None
    level: int | None
    path: str
    bytes: int
    widgets: Sequence[str] = ()


class Manifest:
    """The manifest of one folder. In memory it keeps digests of the lines only: eight bytes for each fact."""

    def __init__(self, folder: str, *, writable: bool = True) -> None:
        """Open and read the file; if `writable`, create it where it is missing. Blocking. Raises LocalWriteError."""
        self.path = str(Path(folder) / NAME)
        self._known = _Digests()
        self._encode = msgspec.json.Encoder().encode
        self._writable = writable
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND if writable else os.O_RDONLY
        self._fd = -1
        if not writable and not Path(self.path).exists():
            return
        try:
            self._fd = os.open(self.path, flags | _OPEN_FLAGS, 0o666)
            try:
                if not stat.S_ISREG(os.fstat(self._fd).st_mode):
                    raise OSError(errno.EINVAL, "is not a regular file")
                self._read()
            except BaseException:
                os.close(self._fd)
                raise
        except OSError as problem:
            raise write_error(problem, self.path) from None

    def _read(self) -> None:
        decode = msgspec.json.Decoder(Entry).decode
        line = b"\n"
        with open(self._fd, "rb", closefd=False) as file:
            while part := file.readline(_MAX_LINE):
                line = part
                try:
                    self.remember(decode(line))
                except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
                    continue  # truncated by a power failure, or written by another program
            if self._writable and not line.endswith(b"\n"):
                time.sleep(_MOMENT)  # another process may be in the middle of writing this line
                if not file.read().endswith(b"\n"):
                    os.write(self._fd, b"\n")

    def may_be_complete(self, path: str, size: int) -> bool:
        """Whether a file of this size may be complete: a line has this size, or there is no line for the file.

        Files are renamed to their final path when they are complete, so only a power failure can leave a truncated one
        there, if it was written without `fsync`.
        """
        return size > 0 and (_digest(path, size) in self._known or _digest(path) not in self._known)

    def append(self, entry: Entry) -> None:
        """Append a line. Blocking. Raises LocalWriteError."""
        try:
            os.write(self._fd, self._encode(entry) + b"\n")
        except OSError as problem:
            raise write_error(problem, self.path) from None

    def remember(self, entry: Entry) -> bool:
        """Remember the facts of a line. True if one of them is new."""
        self._known.add(_digest(entry.path))
        new = self._known.add(_digest(entry.path, entry.bytes))
        for widget in entry.widgets:
            new |= self._known.add(_digest(entry.path, entry.bytes, widget))
        return new

    def close(self) -> None:
        """Close the file."""
        if self._fd >= 0:
            os.close(self._fd)


def _digest(*facts: object) -> int:
    """64 bits that identify a fact. They are used in this process only, so Python's own hash is sufficient."""
    return hash(facts) & 0xFFFF_FFFF_FFFF_FFFF


class _Digests:
    """A set of 64-bit numbers that takes eight bytes for each; Python's own set takes eighty."""

    def __init__(self) -> None:
        self._buckets = [array("Q") for _ in range(1 << 12)]

    def add(self, digest: int) -> bool:
        """Add a number. False if it was already there."""
        bucket = self._buckets[digest >> 52]
        index = bisect_left(bucket, digest)
        if index < len(bucket) and bucket[index] == digest:
            return False
        bucket.insert(index, digest)
        return True

    def __contains__(self, digest: int) -> bool:
        bucket = self._buckets[digest >> 52]
        index = bisect_left(bucket, digest)
        return index < len(bucket) and bucket[index] == digest
