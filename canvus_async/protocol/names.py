"""Untrusted names made safe: file names for the disk, ids and hashes for the path of a URL."""

import re
import unicodedata
from typing import Protocol, TypeAlias
from urllib.parse import quote

from pathvalidate import sanitize_filename

MAX_NAME_BYTES = 200
_MAX_EXAMINED = 1024
"""Characters of a name that are examined: normalizing a long run of combining marks takes quadratic time."""

_MAX_EXTENSION = 16
"""Bytes of the longest suffix that is kept as an extension when a name is shortened."""

_MAX_SEGMENT = 256
_INVISIBLE = {"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"}
_UNSAFE_IN_SEGMENT = re.compile(r"[^A-Za-z0-9._~@+=-]")


def safe_filename(name: str, *, default: str = "file") -> str:
    """A safe, portable file name of at most 200 bytes; `default` if nothing of `name` is left.

    Removed are: folders; control, format and bidirectional characters; names that Windows reserves; leading dots and
    dashes; trailing dots and spaces. A name that is too long keeps its extension. The result is in Unicode form NFC, so
    that names that look the same are the same.
    """
    base = name.replace("\\", "/").rsplit("/", 1)[-1]
    if len(base) > _MAX_EXAMINED:
        base = base[: _MAX_EXAMINED - 2 * _MAX_EXTENSION] + base[-2 * _MAX_EXTENSION :]
    base = unicodedata.normalize("NFC", base)
    visible = "".join(char for char in base if unicodedata.category(char) not in _INVISIBLE)
    clean = str(sanitize_filename(_shorten(visible), platform="universal")).strip().lstrip(".- ").rstrip(". ")
    return _shorten(clean) or default


def _shorten(name: str) -> str:
    if len(name.encode()) <= MAX_NAME_BYTES:
        return name
    stem, dot, extension = name.rpartition(".")
    if not dot or not stem or len(extension.encode()) > _MAX_EXTENSION:
        stem, extension = name, ""
    tail = f".{extension}" if extension else ""
    room = MAX_NAME_BYTES - len(tail.encode())
    return stem.encode()[:room].decode(errors="ignore").rstrip(". ") + tail


def path_segment(value: str, *, what: str) -> str:
    """An id or hash as one segment of a URL's path. `what` names it in errors, for example "widget id".

    Raises TypeError unless it is a str. Raises ValueError if it is empty, longer than 256 characters, or would change
    the URL: a slash, a dot segment, a percent sign, a query, white space, or a character outside ASCII.
    """
    if not isinstance(value, str):
        raise TypeError(f"{what} must be a str, got {type(value).__name__}")
    if not value:
        raise ValueError(f"{what} is empty")
    if len(value) > _MAX_SEGMENT:
        raise ValueError(f"{what} is longer than {_MAX_SEGMENT} characters")
    if value in {".", ".."}:
        raise ValueError(f"{what} is {value!r}, which is a relative path and not an id")
    if _UNSAFE_IN_SEGMENT.search(value):
        raise ValueError(f"{what} {value[:64]!r} contains characters that an id cannot have")
    return quote(value, safe="")


class HasId(Protocol):
    """An object with an id: a record of a widget or a canvas, or a handle on a canvas."""

    @property
    def id(self) -> str:
        """The id."""
        ...


WidgetId: TypeAlias = str | HasId
"""A widget: its id, or its record."""

CanvasId: TypeAlias = str | HasId
"""A canvas: its id, its record, or a handle on it."""


def id_of(value: str | HasId, *, what: str) -> str:
    """An id, given as itself or as an object that has it. Raises TypeError for anything else."""
    if isinstance(value, str):
        return value
    found: object = getattr(value, "id", None)
    kind = type(value).__name__
    if found is None:
        raise TypeError(f"{what} must be a str, or a record or handle with an id, got {kind}")
    if not isinstance(found, str):
        raise TypeError(f"{what} (the id of a {kind}) must be a str, got {type(found).__name__}")
    if not found:
        raise ValueError(f"{what} (the id of a {kind}) is empty")
    return found


def id_segment(value: str | HasId, *, what: str) -> str:
    """An id, given as itself or as an object that has it, as one part of a URL's path; see `path_segment()`."""
    return path_segment(id_of(value, what=what), what=what)
