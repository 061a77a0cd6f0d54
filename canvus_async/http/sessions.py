"""The two connection pools of a client: one for calls, and one without a limit for subscriptions."""

import ssl as tls
import warnings
from collections.abc import AsyncGenerator
from contextlib import suppress

import aiohttp

from canvus_async.errors import ClientClosed
from canvus_async.options import Limits, Timeouts

_HEADERS = {"Accept": "*/*", "User-Agent": "canvus_async"}


class Sessions:
    """The aiohttp sessions of a client, created on first use. They never contain credentials.

    A session that the user passed is used for calls and subscriptions. It is not closed, and its headers and cookies
    are not changed.
    """

    def __init__(
        self,
        limits: Limits,
        timeouts: Timeouts,
        ssl: tls.SSLContext | aiohttp.Fingerprint | None,
        user_session: aiohttp.ClientSession | None,
    ) -> None:
        self._user_session = user_session
        self._limits = limits
        self.timeout = aiohttp.ClientTimeout(total=None, sock_connect=timeouts.connect)
        """Passed with each request: a user's session has its own limits, by default 5 minutes for a whole response."""
        self._ssl = ssl
        self._open: dict[bool, aiohttp.ClientSession] = {}
        self._at_loop_end: AsyncGenerator[None] | None = None
        self._closed = False

    def session(self, *, streaming: bool) -> aiohttp.ClientSession:
        """The session for calls, or with `streaming` the one for subscriptions. Raises ClientClosed if it is closed."""
        session = self._open.get(streaming)
        if session is None:
            if self._closed:
                raise ClientClosed
            if not self._open:
                self._at_loop_end = self._close_with_the_loop()
                with suppress(StopIteration):  # runs up to its `yield` without waiting, which registers it in the loop
                    self._at_loop_end.asend(None).send(None)
            session = self._open[streaming] = self._user_session or self._new(streaming)
            _disable_resending(session)
        if session is self._user_session and session.closed:
            raise ClientClosed("the session that was passed to this client is closed")
        return session

    def _new(self, streaming: bool) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            limit=0 if streaming else self._limits.connections,
            force_close=streaming,  # bytes after the end of a stream must not become the response to another request
            ssl=self._ssl or True,
        )
        return aiohttp.ClientSession(
            connector=connector,
            response_class=_RedactedResponse,
            headers=_HEADERS,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=self.timeout,
            trust_env=False,
        )

    def restart(self) -> None:
        """Drop the sessions of an event loop that has been closed. Raises RuntimeError for a session of the user."""
        if self._user_session is not None and self._open:
            what = "the session that was passed to this client belongs to an event loop that has been closed"
            raise RuntimeError(f"{what}: make a new session and a new Client in this loop")
        self._open = {}

    async def aclose(self) -> None:
        """Close the sessions that were created here. May be called again."""
        self._closed = True
        await self._close_own()

    async def _close_own(self) -> None:
        sessions, self._open = self._open, {}
        for session in sessions.values():
            if session is not self._user_session:
                await session.close()

    async def _close_with_the_loop(self) -> AsyncGenerator[None]:
        """Close the sessions when the event loop shuts down its async generators, which `asyncio.run` does at its end.

        A client at module level is used under one `asyncio.run` after another and cannot be closed in between.
        """
        try:
            yield
        finally:
            if self._user_session is None:
                await self._close_own()

    def warn_if_open(self, what: str) -> None:
        """Issue a ResourceWarning for a client that is garbage-collected while its sessions are open."""
        if self._open and self._user_session is None:
            words = f"{what} was never closed: use `async with` or `await aclose()`"
            warnings.warn(words, ResourceWarning, stacklevel=3)


class _RedactedResponse(aiohttp.ClientResponse):
    """A response whose repr does not show its headers: they may repeat a cookie, and tracebacks may show locals."""

    def __repr__(self) -> str:
        return f"<response {self.status}>"


def _disable_resending(session: aiohttp.ClientSession) -> None:
    """Disable a feature of aiohttp that has no public option.

    If a reused connection was closed by the server, aiohttp silently sends GET, PUT and DELETE requests a second time.
    Then our counts and limits of attempts would be wrong.
    """
    if not hasattr(session, "_retry_connection"):  # a test counts requests, so a renamed attribute is noticed
        raise RuntimeError("this version of aiohttp cannot be prevented from re-sending requests; please report it")
    session._retry_connection = False  # pyright: ignore[reportPrivateUsage]
