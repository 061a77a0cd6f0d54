"""The handle on one canvas, which creates its resources when they are first used."""

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
    """A handle on the canvas `id`, with an attribute for each kind of widget. Creating one makes no request.

    Locations and sizes are in canvas units, y down, relative to the parent widget; `Layout` computes locations on the
    canvas. All requests are made by the client that created the handle.
    """

    def __init__(self, transport: Transport, fetcher: Fetcher, canvas_id: str) -> None:
        path_segment(canvas_id, what="canvas id")
        self.id = canvas_id
        self._transport = transport
        self._fetcher = fetcher

    @cached_property
    def widgets(self) -> Widgets:
        """Everything on the canvas, of every type; read-only."""
        return Widgets(self._transport, self._fetcher, self.id)

    def live(self) -> Live[Widget]:
        """A local copy of everything on the canvas, kept up to date in the background; use it with `async with`.

        Entering the block raises NotFound, Unauthorized, Forbidden and other ApiErrors that are not temporary.
        """
        return self.widgets.live()

    @cached_property
    def images(self) -> Images:
        """The images: `Image` records. Use their `hash` with `mipmaps` and `assets`."""
        return Images(self._transport, self._fetcher, self.id)

    @cached_property
    def pdfs(self) -> Pdfs:
        """The PDF documents: `Pdf` records. Every page has mipmaps."""
        return Pdfs(self._transport, self._fetcher, self.id)

    @cached_property
    def videos(self) -> Videos:
        """The videos: `Video` records. They have original files, but no mipmaps."""
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
        """The background of the canvas: a colour, a haze or an image."""
        return Background(self._transport, self.id)

    @cached_property
    def mipmaps(self) -> Mipmaps:
        """Downscaled images and PDF pages by hash, as WebP."""
        return Mipmaps(self._fetcher, self.id)

    @cached_property
    def assets(self) -> Assets:
        """Original files by hash."""
        return Assets(self._fetcher, self.id)

    def download_many(
        self,
        items: Iterable[MipmapItem] | AsyncIterable[MipmapItem],
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
        """Download mipmaps and original files of many widgets to a folder; use it with `async for`.

        `items` are widgets, hashes or MipmapRequests in any iterable or async iterable, which is read only as fast as
        items are processed. Widgets without a file are skipped. `levels` and `pages` apply to items without their own:
        a number, a collection of numbers (those that exist are downloaded), or "all"; `levels` may also be
        `Fit(width, height)` in pixels, or None for no mipmaps. At most `concurrency` files are downloaded at the same
        time, and never more than the client's Limits allow.

        Original files are saved as `into/<hash>.<extension>`, levels as `into/mipmaps/<hash>-<page>-<level>.webp`;
        `into/export.jsonl` has a line for each file with the widget that shows it. A file appears at its path only when
        it is complete. Existing files are not fetched again, so an interrupted run can be repeated to complete it. With
        `fsync`, each file survives a power failure once its result is yielded.

        Each file yields a result when it is complete, with its path or an `error`; `on_error="raise"` raises the first
        error instead. `progress` is called with the results so far, the bytes so far, and the results in all (None
        while unknown). With `dry_run` nothing is written, and only mipmap infos are requested; `missing` is true in the
        results of files that would be fetched. Use the generator inside `contextlib.aclosing` if you may leave the loop
        early.

        Raises LocalWriteError if the folder cannot be written, ValueError or TypeError for invalid arguments and,
        before any request, ValueError for a client without a token.
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
        """A picture of the canvas as the bytes of an image file, `width` pixels wide.

        `region` is a Rect in canvas units, "content" for the area with widgets, or "canvas" for the whole canvas; its
        shape determines the height. `format` is the file format: "png", "jpeg" or "webp". `widgets` are the widgets to
        draw, for example `live.widgets.values()`; by default they are listed. Images are drawn from mipmap levels of
        the necessary size. What cannot be fetched is drawn as a box with the reason. A thread does the drawing.

        Needs the extra `server` (Pillow); raises ModuleNotFoundError without it. Raises ValueError for more pixels than
        can be drawn in bounded memory, and the errors of `widgets.list()`, for example NotFound.
        """
        taken = await self.camera().take(width=width, region=region, format=format, widgets=widgets)
        return taken.body

    def camera(self) -> Camera:
        """A Camera, whose snapshots also report what could not be drawn."""
        return Camera(self.widgets, self.background, self.mipmaps)

    def __repr__(self) -> str:
        if "_transport" not in vars(self):
            return "<Canvas>"
        return f"<Canvas {self.id} on {self._transport.root}>"
