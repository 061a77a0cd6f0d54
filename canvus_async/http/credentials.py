"""Who the client is to the server: a token, a token function, a session cookie, or nobody."""

import asyncio
import hashlib
import inspect
from collections.abc import Awaitable, Callable
from typing import NoReturn, TypeAlias, TypeVar
from urllib.parse import quote

TokenFunction: TypeAlias = Callable[[], Awaitable[str]]

_HIDDEN = "'***'"
_TELLING = 8
"""Characters from which on a token is looked for in what a server says; shorter ones are found in any text."""


class Secret(str):
    """Text that goes into a header and does not show itself: not in a repr, an f-string, a pickle or a traceback.

    It stays a `str`, because aiohttp takes no other header values and calls `str()` on this one to write it; a table
    of headers that is printed shows this class's repr.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return _HIDDEN

    def __format__(self, spec: str) -> str:
        return format(_HIDDEN, spec)

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a secret is not pickled")


V = TypeVar("V")


def hidden(value: V) -> V | Secret:
    """The same, but text as a Secret, so that it does not show in the locals of a traceback."""
    return Secret(value) if isinstance(value, str) else value


def secret(value: str, *, what: str) -> Secret:
    """`value` without the white space around it. Raises TypeError or ValueError, neither of which repeats it."""
    if not isinstance(value, str):
        raise TypeError(f"{what} must be text, got {type(value).__name__}")
    value = Secret(str.strip(value))
    if not value:
        raise ValueError(f"{what} is empty")
    if not value.isascii() or any(not "!" <= char <= "~" for char in value):
        raise ValueError(f"{what} has white space, control characters or characters outside ASCII in it")
    return value


class Credentials:
    """The headers that authenticate a request, and the digest that tells one asker's cache entries from another's."""

    def __init__(self, token: str | TokenFunction | None, session_cookie: str | None) -> None:
        token, session_cookie = hidden(token), hidden(session_cookie)
        self._function: TokenFunction | None = None
        self._token: Secret | None = None
        self._former: Secret | None = None  # requests that carry it may still be under way
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
        """Whether requests go out without any sign of who asks."""
        return self._function is None and self._token is None and self._cookie is None

    @property
    def renewable(self) -> bool:
        """Whether a 401 is worth asking the token function once more."""
        return self._function is not None

    async def current(self) -> Secret | None:
        """The token or cookie to use now; asks the token function where none is known yet."""
        if self._function is not None and self._token is None:
            await self.renew(None)
        return self._token or self._cookie

    async def renew(self, refused: Secret | None) -> None:
        """Ask the token function for another token, once for all who were refused the same one."""
        async with self._renewal:
            if self._function is None or self._token is not refused:
                return
            answer = self._function()
            if not inspect.isawaitable(answer):
                raise TypeError("the token function must be async: it returned no awaitable")
            self._token, self._former = secret(await answer, what="the token function's answer"), self._token

    def redacted(self, text: str) -> str:
        """What a server said, without the token or cookie that it may have repeated, as it is, in an URL or in JSON."""
        for known in (self._token, self._former, self._cookie and Secret(self._cookie.partition("=")[2])):
            if known and len(known) >= _TELLING:
                for form in (known, quote(known, safe=""), known.replace("/", r"\/")):
                    text = text.replace(form, "***")
        return text

    def headers(self, credential: Secret | None) -> dict[str, str]:
        """The request headers for what `current()` gave."""
        if credential is None:
            return {}
        return {"Cookie" if credential is self._cookie else "Private-Token": credential}

    async def identity(self) -> str:
        """A digest of who asks, for cache keys: the same for the same token, and the token cannot be had from it."""
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
