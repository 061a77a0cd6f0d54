"""The client and its handles: wiring."""

import os
import ssl as tls
from collections.abc import AsyncGenerator, AsyncIterable, Iterable
from datetime import datetime
from functools import cached_property
from typing import Self

import aiohttp

from canvus_async.bulk import OnError
from canvus_async.credentials import Credentials, TokenFunction, hidden
from canvus_async.exporting import Downloaded
from canvus_async.fetching import Fetcher
from canvus_async.lanes import BulkProgress
from canvus_async.live import Live
from canvus_async.models import ServerInfo, Widget
from canvus_async.options import Limits, Reconnect, Retry, Timeouts
from canvus_async.protocol.names import path_segment
from canvus_async.protocol.retrying import http_date
from canvus_async.protocol.urls import api_root, is_plain_remote
from canvus_async.resources import many
from canvus_async.resources.anchors import Anchors
from canvus_async.resources.assets import Assets
from canvus_async.resources.background import Background
from canvus_async.resources.browsers import Browsers
from canvus_async.resources.canvases import Canvases
from canvus_async.resources.connectors import Connectors
from canvus_async.resources.images import Images
from canvus_async.resources.mipmaps import Mipmaps
from canvus_async.resources.notes import Notes
from canvus_async.resources.pdfs import Pdfs
from canvus_async.resources.sources import IpVideos, RdpConnections, VideoInputs
from canvus_async.resources.tables import Tables
from canvus_async.resources.videos import Videos
from canvus_async.resources.widgets import Widgets
from canvus_async.selecting import Levels, MipmapItem, Pages
from canvus_async.snapshots.taking import Camera, Form
from canvus_async.snapshots.viewing import Region
from canvus_async.store import Cache, MemoryCache
from canvus_async.transport import Transport

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

    def canvas(self, canvas_id: str, /) -> "Canvas":
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


class Canvas:
    """A handle on one canvas, whose id is `id`: what lies on it, by kind. Making one costs nothing and asks nobody.

    Places and sizes are in canvas units, y down, relative to the parent widget; `Layout` works out where things lie on
    the canvas itself. All that is read and written here goes through the client that made the handle.
    """

    def __init__(self, transport: Transport, fetcher: Fetcher, canvas_id: str) -> None:
        path_segment(canvas_id, what="canvas id")
        self.id = canvas_id
        self._transport = transport
        self._fetcher = fetcher

    @cached_property
    def widgets(self) -> Widgets:
        """Everything on the canvas, of every type; read-only (seed 004)."""
        return Widgets(self._transport, self._fetcher, self.id)

    def live(self) -> Live[Widget]:
        """A mirror of everything on the canvas, kept up to date in the background; use it with `async with`.

        Entering it raises NotFound, Unauthorized, Forbidden and the like when the server says so.
        """
        return self.widgets.live()

    @cached_property
    def images(self) -> Images:
        """The pictures: `Image` records, with mipmaps and originals by their `hash` (seed 002)."""
        return Images(self._transport, self._fetcher, self.id)

    @cached_property
    def pdfs(self) -> Pdfs:
        """The documents: `Pdf` records; every page has mipmaps (seed 003)."""
        return Pdfs(self._transport, self._fetcher, self.id)

    @cached_property
    def videos(self) -> Videos:
        """The films: `Video` records, with originals but without mipmaps."""
        return Videos(self._transport, self._fetcher, self.id)

    @cached_property
    def notes(self) -> Notes:
        """The sticky notes: `Note` records."""
        return Notes(self._transport, self._fetcher, self.id)

    @cached_property
    def browsers(self) -> Browsers:
        """The web pages: `Browser` records."""
        return Browsers(self._transport, self._fetcher, self.id)

    @cached_property
    def anchors(self) -> Anchors:
        """The named regions: `Anchor` records."""
        return Anchors(self._transport, self._fetcher, self.id)

    @cached_property
    def connectors(self) -> Connectors:
        """The lines between widgets: `Connector` records."""
        return Connectors(self._transport, self._fetcher, self.id)

    @cached_property
    def tables(self) -> Tables:
        """The tables: `Table` records, and their cells."""
        return Tables(self._transport, self._fetcher, self.id)

    @cached_property
    def video_inputs(self) -> VideoInputs:
        """The capture devices: `VideoInput` records."""
        return VideoInputs(self._transport, self._fetcher, self.id)

    @cached_property
    def ip_videos(self) -> IpVideos:
        """The network videos: `IpVideo` records."""
        return IpVideos(self._transport, self._fetcher, self.id)

    @cached_property
    def rdp_connections(self) -> RdpConnections:
        """The remote desktops: `RdpConnection` records."""
        return RdpConnections(self._transport, self._fetcher, self.id)

    @cached_property
    def background(self) -> Background:
        """What lies behind all that: a colour, a haze or a picture."""
        return Background(self._transport, self.id)

    @cached_property
    def mipmaps(self) -> Mipmaps:
        """Downscaled pictures of images and PDF pages, by hash, as WebP (seed 000)."""
        return Mipmaps(self._fetcher, self.id)

    @cached_property
    def assets(self) -> Assets:
        """Original files, by hash (seed 000)."""
        return Assets(self._fetcher, self.id)

    def download_many(
        self,
        items: Iterable[MipmapItem] | AsyncIterable[MipmapItem],
        /,
        *,
        into: str | os.PathLike[str],
        levels: Levels | None = "all",
        pages: Pages = "all",
        originals: bool = True,
        concurrency: int | None = None,
        on_error: OnError = "yield",
        fsync: bool = False,
        dry_run: bool = False,
        progress: BulkProgress | None = None,
    ) -> AsyncGenerator[Downloaded, None]:
        """Mipmaps (`levels=None`: none) and originals of many widgets into a folder; `async for` over it.

        `items` are widgets, hashes or MipmapRequests, in any iterable or async iterable, which is read as there is room
        for more; a widget without a file is passed over. A result for each file comes as it finishes, with its path or
        its `error`; `on_error="raise"` raises the first error instead. Originals are `into/<hash>.<extension>`, levels
        `into/mipmaps/<hash>-<page>-<level>.webp`, and `into/export.jsonl` has a line for each with the widget that it
        belongs to.

        With `dry_run` nothing is written and no file fetched, only infos of mipmaps are asked for: each result tells by
        `missing` whether its file would be fetched.

        A file at its path is whole. Stopped or killed, run it again: only what is missing is fetched. To leave before
        the end, use it inside `contextlib.aclosing`. `progress` is called with the results so far, the bytes so far,
        and the results in all, None while that is unknown. Raises LocalWriteError for a folder that cannot be written
        to, ValueError for levels that could not be any and, before any request, for a client without a token.
        """
        return many.download_many(
            self._fetcher,
            self.id,
            items,
            into=into,
            levels=levels,
            pages=pages,
            originals=originals,
            concurrency=concurrency,
            on_error=on_error,
            fsync=fsync,
            dry_run=dry_run,
            progress=progress,
        )

    async def snapshot(
        self,
        *,
        width: int = 1920,
        region: Region = "content",
        form: Form = "png",
        widgets: Iterable[Widget] | None = None,
    ) -> bytes:
        """A picture of the canvas, `width` pixels wide and as high as the shape of the region asks; a file's bytes.

        `region` is a Rect in canvas units, "content" for all that lies on the canvas, or "canvas" for the whole of it.
        `form` is png, jpeg or webp. `widgets` are those to draw, such as `live.widgets.values()`; without them they are
        listed. Pictures are drawn from the mipmap levels that fit, never from large originals; what cannot be fetched
        becomes a box that says why. The drawing is done in a thread.

        Needs the extra `server` (Pillow). Raises ModuleNotFoundError without it, ValueError for more pixels than can be
        drawn in bounded memory, and what listing the canvas raises.
        """
        taken = await self.camera().take(width=width, region=region, form=form, widgets=widgets)
        return taken.body

    def camera(self) -> Camera:
        """What takes pictures of this canvas, for those who ask also what is missing in them."""
        return Camera(self.widgets, self.background, self.mipmaps)

    def __repr__(self) -> str:
        if "_transport" not in vars(self):
            return "<Canvas>"
        return f"<Canvas {self.id} on {self._transport.root}>"
