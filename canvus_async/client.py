"""The client: checks its arguments and puts its parts together."""

import ssl as tls
from datetime import datetime
from functools import cached_property
from typing import Literal, Self

import aiohttp

from canvus_async.canvas import Canvas
from canvus_async.content.cache import Cache, MemoryCache
from canvus_async.content.disk import Disk, DiskMode
from canvus_async.content.fetcher import Fetcher
from canvus_async.environment import url_and_options
from canvus_async.http.credentials import Credentials, TokenFunction, hidden
from canvus_async.http.transport import Transport
from canvus_async.models import ServerInfo
from canvus_async.options import Limits, Reconnect, Retry, Timeouts
from canvus_async.protocol.names import CanvasId, id_of
from canvus_async.protocol.retrying import http_date
from canvus_async.protocol.urls import api_root, is_plain_remote
from canvus_async.resources.canvases import Canvases


class Client:
    """A client for one server, with one user's credentials. Use it with `async with`.

    `url` is the server's URL, with or without `/api/v1`. `token` is a Private-Token, or an async function that returns
    one; the function is called again once after a 401. `session_cookie` is the value of a CanvusSession cookie. Without
    both, the client is anonymous, for canvases with link sharing. Credentials are sent only to the origin of `url`, and
    over plain http only to this machine, unless `allow_insecure` is true.

    `cache` stores mipmaps and their infos: by default 64 MiB in memory; None disables it. `disk` says where downloads
    work with the disk: "auto" in the event loop while the disk is measured to be fast, "threads" never there. `ssl` is
    an SSLContext or an aiohttp.Fingerprint that is trusted instead of the system's certificate authorities.

    `session` is an aiohttp session to use for all requests. The client does not close it. Its connector limits the
    connections of calls and subscriptions together. The client uses its own time limits and disables aiohttp's silent
    re-sending of requests on it. Certificates are checked as the session does, so `ssl` cannot be combined with it.

    Raises TypeError and ValueError for invalid arguments. Every call raises a TransportError if there is no response,
    Unauthorized, Forbidden or another ApiError for an error status, UnexpectedContent for a response that cannot be
    read, and ClientClosed once the client is closed; the documentation of a call names only further errors.
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
        cache: Cache | Literal["memory"] | None = "memory",
        ssl: tls.SSLContext | aiohttp.Fingerprint | None = None,
        session: aiohttp.ClientSession | None = None,
        allow_insecure: bool = False,
        disk: DiskMode = "auto",
    ) -> None:
        if session is not None and ssl is not None:
            raise ValueError("give either ssl= or session=: a session has TLS settings of its own, in its connector")
        hidden_token, hidden_cookie = hidden(token), hidden(session_cookie)
        del token, session_cookie  # a traceback with locals would show them
        root = api_root(url)
        credentials = Credentials(hidden_token, hidden_cookie, own_session=session is None)
        if is_plain_remote(root) and not credentials.anonymous and not allow_insecure:
            what = f"credentials would be sent unencrypted to {root}"
            raise ValueError(
                f"{what}; use https, or pass allow_insecure=True (CANVUS_ALLOW_INSECURE=1) if you trust the network"
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
        self._fetcher = Fetcher(self._transport, MemoryCache() if cache == "memory" else cache, Disk(disk))

    @classmethod
    def from_env(cls) -> Self:
        """A client from the environment variables CANVUS_URL, CANVUS_TOKEN and those of `environment.VARIABLES`.

        Only CANVUS_URL is required. Raises ValueError for a missing or invalid variable, and names it.
        """
        url, options = url_and_options()
        return cls(url, **options)

    @property
    def url(self) -> str:
        """The root of the server's API, such as "https://canvus.example.com/api/v1"."""
        return self._transport.root

    @property
    def requests_sent(self) -> int:
        """The number of requests sent so far, retries and followed redirects included."""
        return self._transport.sent

    @cached_property
    def canvases(self) -> Canvases:
        """The canvases of the server."""
        return Canvases(self._transport)

    def canvas(self, canvas_id: CanvasId) -> Canvas:
        """A handle on one canvas, by its id or its record; no request is made. Raises ValueError for an invalid id."""
        return Canvas(self._transport, self._fetcher, id_of(canvas_id, what="canvas id"))

    async def server_info(self) -> ServerInfo:
        """The server's version and the API versions that it supports; needs no token.

        Raises NotFound or UnexpectedContent if the server at `url` is not a Canvus server.
        """
        return await self._transport.one("GET", "server-info", ServerInfo)

    async def server_time(self) -> datetime | None:
        """The server's time in UTC, to the second; None if its responses have no Date header. Needs no token.

        Raises NotFound if the server at `url` is not a Canvus server.
        """
        return http_date((await self._transport.headers("server-info")).get("Date", ""))

    async def aclose(self) -> None:
        """End all calls and subscriptions with ClientClosed, and close the connections. May be called again."""
        await self._transport.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.aclose()

    def __del__(self) -> None:
        if "_transport" in vars(self):
            self._transport.sessions.warn_if_open(repr(self))

    def __repr__(self) -> str:
        if "_transport" not in vars(self):  # the constructor has raised, and something prints its frames
            return "<Client>"
        return f"<Client {self.url} ({self._transport.credentials})>"
