"""The handle on one canvas: wiring."""

import os
from collections.abc import AsyncGenerator, AsyncIterable, Iterable
from functools import cached_property

from canvus_async.bulk import calls
from canvus_async.bulk.export import Downloaded
from canvus_async.bulk.items import Levels, MipmapItem, Pages
from canvus_async.bulk.job import OnError
from canvus_async.content.fetcher import Fetcher
from canvus_async.http.transport import Transport
from canvus_async.models import Widget
from canvus_async.progress import BulkProgress
from canvus_async.protocol.names import path_segment
from canvus_async.resources.anchors import Anchors
from canvus_async.resources.assets import Assets
from canvus_async.resources.background import Background
from canvus_async.resources.browsers import Browsers
from canvus_async.resources.connectors import Connectors
from canvus_async.resources.images import Images
from canvus_async.resources.mipmaps import Mipmaps
from canvus_async.resources.notes import Notes
from canvus_async.resources.pdfs import Pdfs
from canvus_async.resources.sources import IpVideos, RdpConnections, VideoInputs
from canvus_async.resources.tables import Tables
from canvus_async.resources.videos import Videos
from canvus_async.resources.widgets import Widgets
from canvus_async.snapshots.camera import Camera, ImageFormat
from canvus_async.snapshots.view import Region
from canvus_async.subscriptions.live import Live


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
        return calls.download_many(
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
        format: ImageFormat = "png",  # noqa: A002  # the usual word for it
        widgets: Iterable[Widget] | None = None,
    ) -> bytes:
        """A picture of the canvas, `width` pixels wide and as high as the shape of the region asks; a file's bytes.

        `region` is a Rect in canvas units, "content" for all that lies on the canvas, or "canvas" for the whole of it.
        `format` is png, jpeg or webp. `widgets` are those to draw, such as `live.widgets.values()`; without them they
        are listed. Pictures are drawn from the mipmap levels that fit, never from large originals; what cannot be
        fetched becomes a box that says why. The drawing is done in a thread.

        Needs the extra `server` (Pillow). Raises ModuleNotFoundError without it, ValueError for more pixels than can be
        drawn in bounded memory, and what listing the canvas raises.
        """
        taken = await self.camera().take(width=width, region=region, format=format, widgets=widgets)
        return taken.body

    def camera(self) -> Camera:
        """What takes pictures of this canvas, for those who ask also what is missing in them."""
        return Camera(self.widgets, self.background, self.mipmaps)

    def __repr__(self) -> str:
        if "_transport" not in vars(self):
            return "<Canvas>"
        return f"<Canvas {self.id} on {self._transport.root}>"
