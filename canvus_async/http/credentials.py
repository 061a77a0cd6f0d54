"""The credentials of a client: a token, a token function, a session cookie, or none."""

import asyncio
import hashlib
import inspect
from collections.abc import Awaitable, Callable
from typing import NoReturn, TypeAlias, TypeVar
from urllib.parse import quote

TokenFunction: TypeAlias = Callable[[], Awaitable[str]]
"""An async function without arguments that returns a token."""

_HIDDEN = "'***'"
_MIN_REDACTED = 8
"""Tokens shorter than this are not redacted: they would match ordinary text."""


class Secret(str):
    """Text for a header that hides itself in a repr, an f-string, a traceback with locals; it cannot be pickled.

    It is a `str`, because aiohttp accepts no other header values. aiohttp writes it with `str()`, which returns the
    secret; printing a dict of headers uses `repr()`, which does not.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return _HIDDEN

    def __format__(self, spec: str) -> str:
        return format(_HIDDEN, spec)

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a Secret cannot be pickled")


V = TypeVar("V")


def hidden(value: V) -> V | Secret:
    """The same value, but a str becomes a Secret, so that a traceback with locals does not show it."""
    return Secret(value) if isinstance(value, str) else value


def secret(value: str, *, what: str) -> Secret:
    """The value without surrounding white space. Raises TypeError or ValueError; neither shows the value."""
    if not isinstance(value, str):
        raise TypeError(f"{what} must be a str, got {type(value).__name__}")
    value = Secret(str.strip(value))
    if not value:
        raise ValueError(f"{what} is empty")
    if not value.isascii() or any(not "!" <= char <= "~" for char in value):
        raise ValueError(f"{what} contains white space, control characters or characters outside ASCII")
    return value


class Credentials:
    """The authentication headers of requests, and a digest that keeps the cache entries of different users apart."""

    def __init__(self, token: str | TokenFunction | None, session_cookie: str | None) -> None:
        token, session_cookie = hidden(token), hidden(session_cookie)
        self._function: TokenFunction | None = None
        self._token: Secret | None = None
        self._previous: Secret | None = None  # still redacted: requests with it may be under way
        self._cookie: Secret | None = None
        self._renewal = asyncio.Lock()
        if token is not None and session_cookie is not None:
            raise ValueError("give a token or a session_cookie, not both")
        if session_cookie:
            self._cookie = secret("CanvusSession=" + session_cookie, what="session_cookie")
        if callable(token):
            self._function = token
        elif token is not None:
            self._token = secret(token, what="token")

    @property
    def anonymous(self) -> bool:
        """Whether requests are sent without credentials."""
        return self._function is None and self._token is None and self._cookie is None

    @property
    def renewable(self) -> bool:
        """Whether there is a token function that can be called after a 401."""
        return self._function is not None

    async def current(self) -> Secret | None:
        """The token or cookie to send now; calls the token function if no token is known yet."""
        if self._function is not None and self._token is None:
            await self.renew(None)
        return self._token or self._cookie

    async def renew(self, refused: Secret | None) -> None:
        """Call the token function, once for all requests whose `refused` token was the same."""
        async with self._renewal:
            if self._function is None or self._token is not refused:
                return  # another request has renewed it in the meantime
            result = self._function()
            if not inspect.isawaitable(result):
                raise TypeError("the token function must be async, but it returned no awaitable")
            self._token, self._previous = secret(await result, what="the token function's result"), self._token

    def redacted(self, text: str) -> str:
        """A server's text with *** in place of the token or cookie, also where it is quoted as in URLs and JSON."""
        for known in (self._token, self._previous, self._cookie and Secret(self._cookie.partition("=")[2])):
            if known and len(known) >= _MIN_REDACTED:
                for form in (known, quote(known, safe=""), known.replace("/", r"\/")):
                    text = text.replace(form, "***")
        return text

    def headers(self, credential: Secret | None) -> dict[str, str]:
        """The request headers for a result of `current()`."""
        if credential is None:
            return {}
        return {"Cookie" if credential is self._cookie else "Private-Token": credential}

    async def identity(self) -> str:
        """A digest of the credentials, for cache keys. The token cannot be derived from it."""
        credential = await self.current()
        return hashlib.sha256(str.encode(credential or "")).hexdigest()[:16]

    def __repr__(self) -> str:
        kind = (
            "token function"
            if self._function
            else "token"
            if self._token
            else "cookie"
            if self._cookie
            else "anonymous"
        )
        return f"<Credentials: {kind}>"
