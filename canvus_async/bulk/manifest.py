"""`export.jsonl`: which file holds what, and which widgets show it; a line is added once its file is whole.

A line is `{"hash": …, "page": 0, "level": 2, "path": "mipmaps/….webp", "bytes": 20480, "widgets": ["…"]}`; page and
level are null for an original file, and a content shown by several widgets has a line for each. Lines are only ever
added, each in one write, so that processes may share a folder and a kill at any time does no harm: the file is there
without its line, and the next run adds it.
"""

import os
import time
from array import array
from bisect import bisect_left
from collections.abc import Sequence
from pathlib import Path

import msgspec

from canvus_async.content.part_file import write_error

NAME = "export.jsonl"
_LONGEST_LINE = 1 << 16
_MOMENT = 0.01
"""Seconds, far more than a system needs to write one line."""


class Entry(msgspec.Struct, frozen=True, gc=False):
    """A line. `path` is relative to the folder, with "/" between its parts."""

    hash: str
    page: int | None
    level: int | None
    path: str
    bytes: int
    widgets: Sequence[str] = ()


class Manifest:
    """The lines of one folder: all that is remembered of each is eight bytes for each thing that it says."""

    def __init__(self, folder: str, *, adding: bool = True) -> None:
        """Read what is there, and be ready to add unless `adding` is false. Blocking. Raises LocalWriteError."""
        self.path = str(Path(folder) / NAME)
        self._known = _Digests()
        self._encode = msgspec.json.Encoder().encode
        self._adding = adding
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND if adding else os.O_RDONLY
        self._fd = -1
        if not adding and not Path(self.path).exists():
            return
        try:
            self._fd = os.open(self.path, flags | getattr(os, "O_BINARY", 0), 0o666)
            try:
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
            while part := file.readline(_LONGEST_LINE):
                line = part
                try:
                    self._learn(decode(line))
                except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
                    continue  # cut off by a power cut, or not ours
            if self._adding and not line.endswith(b"\n"):
                time.sleep(_MOMENT)  # another process may be in the middle of writing this line
                if not file.read().endswith(b"\n"):
                    os.write(self._fd, b"\n")

    def believes(self, path: str, size: int) -> bool:
        """Whether a file of that size may be whole: a line says so, or none says anything else of it.

        A file at its path is always whole, except that a power cut may take the content of one that was not synced.
        """
        return size > 0 and (_digest(path, size) in self._known or _digest(path) not in self._known)

    def record(self, entry: Entry) -> None:
        """Add a line, unless all that it says is known. Raises LocalWriteError."""
        if self._learn(entry):
            try:
                os.write(self._fd, self._encode(entry) + b"\n")
            except OSError as problem:
                raise write_error(problem, self.path) from None

    def _learn(self, entry: Entry) -> bool:
        self._known.add(_digest(entry.path))
        new = self._known.add(_digest(entry.path, entry.bytes))
        for widget in entry.widgets:
            new |= self._known.add(_digest(entry.path, entry.bytes, widget))
        return new

    def close(self) -> None:
        """Let go of the file."""
        if self._fd >= 0:
            os.close(self._fd)


def _digest(*what: object) -> int:
    """64 bits of what is said; only within this process, so Python's own hash will do."""
    return hash(what) & 0xFFFF_FFFF_FFFF_FFFF


class _Digests:
    """A set of 64-bit numbers in eight bytes each, where Python's own takes eighty."""

    def __init__(self) -> None:
        self._buckets = [array("Q") for _ in range(1 << 12)]

    def add(self, digest: int) -> bool:
        """Put one in; False if it was there."""
        bucket = self._buckets[digest >> 52]
        place = bisect_left(bucket, digest)
        if place < len(bucket) and bucket[place] == digest:
            return False
        bucket.insert(place, digest)
        return True

    def __contains__(self, digest: int) -> bool:
        bucket = self._buckets[digest >> 52]
        place = bisect_left(bucket, digest)
        return place < len(bucket) and bucket[place] == digest
