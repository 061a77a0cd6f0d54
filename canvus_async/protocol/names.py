"""Names from elsewhere made safe: file names for the disk, ids and hashes for a URL's path."""

import re
import unicodedata
from urllib.parse import quote

from pathvalidate import sanitize_filename

MAX_NAME_BYTES = 200
_LONGEST_READ = 1024
"""Characters of a name that are looked at: normalizing a long run of combining marks takes quadratic time."""

_EXTENSION = 16
"""Bytes of the longest suffix that is kept as an extension when a name is shortened."""

_INVISIBLE = {"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"}
_UNTRUSTED_SEGMENT = re.compile(r"[^A-Za-z0-9._~@+=-]")


def safe_filename(name: str, *, default: str = "file") -> str:
    """A file name that is one portable path part of at most 200 bytes; `default` if nothing of `name` is left.

    Folders are cut off, then control, format and bidirectional characters, names reserved on Windows, leading dots and
    dashes and trailing dots and spaces are removed; the extension survives shortening. NFC, so that twins are one.
    """
    base = name.replace("\\", "/").rsplit("/", 1)[-1]
    if len(base) > _LONGEST_READ:
        base = base[: _LONGEST_READ - 2 * _EXTENSION] + base[-2 * _EXTENSION :]
    base = unicodedata.normalize("NFC", base)
    visible = "".join(char for char in base if unicodedata.category(char) not in _INVISIBLE)
    clean = str(sanitize_filename(_shorten(visible), platform="universal")).strip().lstrip(".- ").rstrip(". ")
    return _shorten(clean) or default


def _shorten(name: str) -> str:
    if len(name.encode()) <= MAX_NAME_BYTES:
        return name
    stem, dot, extension = name.rpartition(".")
    if not dot or not stem or len(extension.encode()) > _EXTENSION:
        stem, extension = name, ""
    tail = f".{extension}" if extension else ""
    room = MAX_NAME_BYTES - len(tail.encode())
    return stem.encode()[:room].decode(errors="ignore").rstrip(". ") + tail


def path_segment(value: str, *, what: str) -> str:
    """An id or hash as one part of a URL's path. `what` names it in errors.

    Raises TypeError for anything but text and ValueError for text that is empty or would lead elsewhere: a slash, a
    dot segment, a percent sign, a query, white space, or a character outside ASCII.
    """
    if not isinstance(value, str):
        raise TypeError(f"{what} must be text, got {type(value).__name__}")
    if not value:
        raise ValueError(f"{what} is empty")
    if value in {".", ".."} or len(value) > 256 or _UNTRUSTED_SEGMENT.search(value):
        raise ValueError(f"{what} {value[:64]!r} is not one that a server gives out")
    return quote(value, safe="")
