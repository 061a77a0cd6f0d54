"""The client and its handles: wiring."""

import os
import ssl as tls
from datetime import datetime
from functools import cached_property
from typing import Self

import aiohttp

from canvus_async.canvas import Canvas
from canvus_async.content.cache import Cache, MemoryCache
from canvus_async.content.fetcher import Fetcher
from canvus_async.http.credentials import Credentials, TokenFunction, hidden
from canvus_async.http.transport import Transport
from canvus_async.models import ServerInfo
from canvus_async.options import Limits, Reconnect, Retry, Timeouts
from canvus_async.protocol.retrying import http_date
from canvus_async.protocol.urls import api_root, is_plain_remote
from canvus_async.resources.canvases import Canvases

_DEFAULT_CACHE = MemoryCache(max_bytes=1)
"""Stands for "a MemoryCache of the client's own" in the signature; never used as a cache."""


class Client:
    """One server and one asker: the session manager that everything else hangs on. Use it with `async with`.

    `url` is the server's address with or without `/api/v1`. `token` is a Private-Token or an async function that
    returns one (asked again once after a 401); `session_cookie` is the value of a CanvusSession cookie; with neither
    the client is anonymous, for canvases with link sharing. The token is sent to the origin of `url` only, and over
    plain http only to this machine unless `allow_insecure` is true.

    `cache` keeps mipmaps and their infos (64 MiB in memory unless given; None turns it off). `ssl` is a context or an
    aiohttp.Fingerprint to trust instead of the system's authorities. `session` is an aiohttp session to use for all
    requests; it is not closed, its connector bounds the connections of calls and subscriptions together, and its
    silent second sending of requests is switched off. Time limits are this client's, not the session's; trust is the
    session's own matter, so `ssl` cannot go with it.

    Raises TypeError and ValueError for arguments that could not work. Every call raises a TransportError where no
    answer comes, Unauthorized, Forbidden or another ApiError where the server says no, UnexpectedContent for an answer
    that cannot be read, and ClientClosed once the client is closed; what its own words name comes besides.
    """

    def __init__(
        self,
        url: str,
        *,
        token: str | TokenFunction | None = None,
        session_cookie: str | None = None,
        timeouts: Timeouts | None = None,
        limits: Limits | None = None,
        retry: Retry | None = None,
        reconnect: Reconnect | None = None,
        cache: Cache | None = _DEFAULT_CACHE,
        ssl: tls.SSLContext | aiohttp.Fingerprint | None = None,
        session: aiohttp.ClientSession | None = None,
        allow_insecure: bool = False,
    ) -> None:
        if session is not None and ssl is not None:
            raise ValueError("ssl= belongs to the connector of the session that you pass: give one of the two")
        token, session_cookie = hidden(token), hidden(session_cookie)
        root = api_root(url)
        credentials = Credentials(token, session_cookie)
        if is_plain_remote(root) and not credentials.anonymous and not allow_insecure:
            raise ValueError(
                f"{root} would carry the token in the clear: use https, or pass allow_insecure=True if the way is safe"
            )
        self._transport = Transport(
            root,
            credentials=credentials,
            timeouts=timeouts or Timeouts(),
            limits=limits or Limits(),
            retry=retry or Retry(),
            reconnect=reconnect or Reconnect(),
            ssl=ssl,
            session=session,
        )
        self._fetcher = Fetcher(self._transport, MemoryCache() if cache is _DEFAULT_CACHE else cache)

    @classmethod
    def from_env(cls) -> Self:
        """A client for `CANVUS_URL`, with `CANVUS_TOKEN` if it is set, and every option at its default.

        Raises ValueError without a CANVUS_URL.
        """
        url = os.environ.get("CANVUS_URL")
        if not url:
            raise ValueError("the environment variable CANVUS_URL is not set; it holds the address of the server")
        return cls(url, token=os.environ.get("CANVUS_TOKEN") or None)

    @property
    def url(self) -> str:
        """The root of the server's API, such as "https://canvus.example.com/api/v1"."""
        return self._transport.root

    @property
    def requests_sent(self) -> int:
        """How many requests went out so far, retries and followed redirects included."""
        return self._transport.sent

    @cached_property
    def canvases(self) -> Canvases:
        """The canvases of the server."""
        return Canvases(self._transport)

    def canvas(self, canvas_id: str, /) -> Canvas:
        """A handle on one canvas; no request is made. Raises ValueError for an empty or impossible id."""
        return Canvas(self._transport, self._fetcher, canvas_id)

    async def server_info(self) -> ServerInfo:
        """The server's version and the API versions it speaks; needs no token.

        Raises NotFound or UnexpectedContent where there is a server, but not of Canvus.
        """
        return await self._transport.one("GET", "server-info", ServerInfo)

    async def server_time(self) -> datetime | None:
        """What the server's clock says, in UTC and to the second; None where its answers do not tell. Needs no token.

        Raises NotFound where there is a server, but not of Canvus.
        """
        return http_date((await self._transport.headers("server-info")).get("Date", ""))

    async def aclose(self) -> None:
        """End every call and subscription with ClientClosed, then close the connections. May be called again."""
        await self._transport.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.aclose()

    def __del__(self) -> None:
        if "_transport" in vars(self):
            self._transport.sessions.warn_if_open(repr(self))

    def __repr__(self) -> str:
        if "_transport" not in vars(self):  # looked at while the constructor raises
            return "<Client>"
        return f"<Client {self.url} ({self._transport.credentials})>"
