"""The credentials of a client: a token, a token function, a session cookie, or none."""

import asyncio
import hashlib
import inspect
from collections.abc import Awaitable, Callable
from typing import TypeAlias, TypeVar

from canvus_async.http.secrets import Secret, header_value, problem_of

TokenFunction: TypeAlias = Callable[[], Awaitable[str]]
"""An async function without arguments that returns a token."""

V = TypeVar("V")


def hidden(value: V | str) -> V | Secret:
    """The same value, but a str becomes a Secret, so that a traceback with locals does not show it."""
    return Secret(value) if isinstance(value, str) else value


def checked(value: object, *, what: str) -> Secret:
    """The credential without surrounding white space. Raises TypeError or ValueError; neither shows the value."""
    if not isinstance(value, Secret):
        raise TypeError(f"{what} must be a str, got {type(value).__name__}")
    stripped = Secret(value.reveal().strip())
    if problem := problem_of(stripped.reveal()):
        raise ValueError(f"{what} {problem}")
    return stripped


class Credentials:
    """The authentication headers of requests, and a digest that keeps the cache entries of different users apart."""

    def __init__(
        self,
        token: TokenFunction | Secret | None,
        session_cookie: Secret | None,
        *,
        own_session: bool = True,
    ) -> None:
        """`own_session`: false if the requests use a session of the user, which may have cookies of its own."""
        self._function: TokenFunction | None = None
        self._token: Secret | None = None
        self._previous: Secret | None = None  # still redacted: requests with it may be under way
        self._cookie: Secret | None = None
        self._own_session = own_session
        self.restart()
        if token is not None and session_cookie is not None:
            raise ValueError("give a token or a session_cookie, not both")
        if session_cookie is not None:
            self._cookie = checked(session_cookie, what="session_cookie")
        if callable(token):
            self._function = token
        elif token is not None:
            self._token = checked(token, what="token")

    def restart(self) -> None:
        """Forget what belongs to an event loop that has been closed."""
        self._renewal = asyncio.Lock()

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
            token = hidden(await result)
            self._token, self._previous = checked(token, what="the token function's result"), self._token

    def redacted(self, text: str) -> str:
        """A server's text with *** in place of the token or cookie, in whatever encoding the server repeats it."""
        for known in (self._token, self._previous, self._cookie):
            if known is not None:
                text = known.redacted(text)
        return text

    def headers(self, credential: Secret | None) -> dict[str, str]:
        """The request headers for a result of `current()`."""
        if credential is None:
            return {}
        if credential is self._cookie:
            cookie = header_value(credential, prefix="CanvusSession=", read_by_aiohttp=not self._own_session)
            return {"Cookie": cookie}
        return {"Private-Token": header_value(credential)}

    async def identity(self) -> str:
        """A digest of the credentials, for cache keys. The token cannot be derived from it."""
        credential = await self.current()
        return hashlib.sha256(b"" if credential is None else credential.reveal().encode()).hexdigest()[:16]

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
