"""The two pools of connections that a client has: one for calls, and one without limit for subscriptions."""

import ssl as tls
import warnings

import aiohttp

from canvus_async.errors import ClientClosed
from canvus_async.options import Limits, Timeouts

_HEADERS = {"Accept": "*/*", "User-Agent": "canvus_async"}


class Sessions:
    """aiohttp's sessions, made when first needed; they know nothing of who asks.

    A session that was `given` serves both pools, and is neither changed in what it sends nor closed.
    """

    def __init__(
        self,
        limits: Limits,
        timeouts: Timeouts,
        ssl: tls.SSLContext | aiohttp.Fingerprint | None,
        given: aiohttp.ClientSession | None,
    ) -> None:
        self.given = given
        self._limits = limits
        self.timeout = aiohttp.ClientTimeout(total=None, sock_connect=timeouts.connect)
        """For each request: a session that was given has limits of its own, by default 5 minutes for a whole answer."""
        self._ssl = ssl
        self._open: dict[bool, aiohttp.ClientSession] = {}
        self._closed = False

    def session(self, *, streaming: bool) -> aiohttp.ClientSession:
        """The session for one of the two. Raises ClientClosed where it is closed."""
        session = self._open.get(streaming)
        if session is None:
            if self._closed:
                raise ClientClosed
            session = self._open[streaming] = self.given or self._new(streaming)
            _without_resend(session)
        if session is self.given and session.closed:
            raise ClientClosed("the session given to this client is closed")
        return session

    def _new(self, streaming: bool) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            limit=0 if streaming else self._limits.connections,
            force_close=streaming,  # what a server sends after the end of a stream is not the answer to anything
            ssl=self._ssl or True,
        )
        return aiohttp.ClientSession(
            connector=connector,
            response_class=_Answer,
            headers=_HEADERS,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=self.timeout,
            trust_env=False,
        )

    async def aclose(self) -> None:
        """Close the sockets of the sessions that were made here. May be called again."""
        self._closed = True
        sessions, self._open = self._open, {}
        for session in sessions.values():
            if session is not self.given:
                await session.close()

    def warn_if_open(self, what: str) -> None:
        """A ResourceWarning for a client that is collected with sockets open."""
        if self._open and self.given is None:
            words = f"{what} was never closed: use `async with` or `await aclose()`"
            warnings.warn(words, ResourceWarning, stacklevel=3)


class _Answer(aiohttp.ClientResponse):
    """An answer that does not show its headers, which may repeat a cookie, in a traceback with locals."""

    def __repr__(self) -> str:
        return f"<answer {self.status}>"


def _without_resend(session: aiohttp.ClientSession) -> None:
    """Switch off aiohttp's silent second sending of GET, PUT and DELETE after a drop; it has no public switch."""
    if not hasattr(session, "_retry_connection"):  # a test counts requests and would tell
        raise RuntimeError("this aiohttp cannot be told not to re-send requests; please report its version")
    session._retry_connection = False  # pyright: ignore[reportPrivateUsage]
