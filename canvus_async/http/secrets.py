"""Text that does not show itself: not in a repr, a log, a pickle, or a traceback that prints local variables."""

import html
import re
from collections.abc import Iterator
from typing import Self

from aiohttp import http_writer
from multidict import CIMultiDict

_MASK = "***"
_MIN_REDACTED = 8
"""Secrets shorter than this are not redacted: they would match ordinary text."""


class Secret:
    """A token or cookie. `reveal()` is called only in the expression that needs the text, never for a variable.

    It is deliberately not a `str`: reporters shorten long strings by slicing them, and a slice of a subclass of `str`
    is a plain `str` that shows its content.
    """

    __slots__ = ("_pattern", "_text")

    def __init__(self, text: str) -> None:
        self._text = text
        self._pattern: re.Pattern[str] | None = None

    def reveal(self) -> str:
        """The text."""
        return self._text

    def redacted(self, text: str) -> str:
        """A text with *** in place of this secret, in any encoding in which a server could repeat it."""
        if len(self._text) < _MIN_REDACTED:
            return text
        if self._pattern is None:
            self._pattern = re.compile("".join(f"(?:{'|'.join(_encodings(char))})" for char in self._text))
        return self._pattern.sub(_MASK, text)

    def __repr__(self) -> str:
        return f"'{_MASK}'"

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __reduce__(self) -> str:
        raise TypeError("a Secret cannot be pickled")


def _encodings(char: str) -> Iterator[str]:
    """Patterns for one printable ASCII character in plain text, URLs, HTML, JSON, and the repr of str and bytes."""
    code = ord(char)
    yield re.escape(char)
    yield rf"\\{re.escape(char)}"
    yield f"(?i:%{code:02x})"
    yield rf"(?i:\\x{code:02x}|\\u{code:04x})"
    yield f"(?i:&#0*{code};|&#x0*{code:x};)"
    if (named := html.escape(char)) != char:
        yield re.escape(named)
    if char == "'":
        yield "&apos;"


class SecretHeader(str):
    """A header value whose text is ***, and whose `str()` is the secret.

    aiohttp accepts only a `str` as a header value and calls `str()` on a subclass when it writes the header. Everything
    else that handles the value, such as a recorder of requests or a slice of it in a report, sees the mask.
    """

    __slots__ = ("_prefix", "_secret")
    _prefix: str
    _secret: Secret

    def __new__(cls, secret: Secret, prefix: str = "") -> Self:
        """`prefix` is written before the secret."""
        self = super().__new__(cls, _MASK)
        self._secret = secret
        self._prefix = prefix
        return self

    def __str__(self) -> str:
        return f"{self._prefix}{self._secret.reveal()}"

    def __format__(self, spec: str) -> str:
        return format(_MASK, spec)

    def __repr__(self) -> str:
        return f"'{_MASK}'"

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __reduce__(self) -> tuple[type[str], tuple[str]]:
        return str, (_MASK,)


class PlainHeader(str):
    """A header value that is the secret and only hides its repr, for code of aiohttp that reads header values."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"'{_MASK}'"

    def __reduce__(self) -> tuple[type[str], tuple[str]]:
        return str, (_MASK,)


def header_value(secret: Secret, *, prefix: str = "", read_by_aiohttp: bool = False) -> str:
    """The value of a header, masked where aiohttp allows it.

    `read_by_aiohttp`: aiohttp parses the value, as it does with cookies that it merges with those of a session.
    """
    if read_by_aiohttp or not _writer_calls_str():
        return PlainHeader(f"{prefix}{secret.reveal()}")
    return SecretHeader(secret, prefix)


def _writer_calls_str() -> bool:
    """Whether the header writer of this aiohttp calls `str()`; the one in pure Python concatenates instead."""
    global _calls_str  # noqa: PLW0603
    if _calls_str is None:
        serialize = getattr(http_writer, "_serialize_headers", None)
        probe: CIMultiDict[str] = CIMultiDict({"X": SecretHeader(Secret("probe"))})
        _calls_str = serialize is not None and b"probe" in serialize("", probe)
    return _calls_str


_calls_str: bool | None = None


def problem_of(text: str) -> str:
    """What is wrong with a credential, without repeating it; "" if it can be sent in a header."""
    if not text:
        return "is empty"
    if not text.isascii() or any(not "!" <= char <= "~" for char in text):
        return "contains white space, control characters or characters outside ASCII"
    return ""
