"""The asyncio client for the Canvus REST API: typed records, bounded and verified fetches, typed errors.

    async with Client("https://canvus.example.com", token=TOKEN) as client:
        canvas = client.canvas(canvas_id)
        for image in await canvas.images.list():
            webp = await canvas.mipmaps.fetch_fit(image.hash, width=640, height=480)

Records are in `canvus_async.models`, the server to test against in `canvus_async.server` (extra `server`).
"""

from canvus_async.bulk.calls import Fetched
from canvus_async.bulk.export import Downloaded
from canvus_async.bulk.items import Fit, Levels, MipmapRequest, Pages
from canvus_async.bulk.job import OnError
from canvus_async.canvas import Canvas
from canvus_async.client import Client
from canvus_async.content.asset_stream import AssetStream
from canvus_async.content.cache import Cache, MemoryCache
from canvus_async.content.disk import DiskMode
from canvus_async.content.disk_cache import CacheStats, DiskCache
from canvus_async.errors import (
    ApiError,
    BadRequest,
    CanvusError,
    ClientClosed,
    Conflict,
    ConnectFailed,
    ConnectionLost,
    CorruptDownload,
    DownloadError,
    Forbidden,
    IncompleteDownload,
    LineTooLong,
    LocalWriteError,
    NotFound,
    NotSupported,
    OutcomeUnknown,
    ProtocolError,
    RateLimited,
    RedirectRefused,
    RequestTimeout,
    ServerError,
    SourceChanged,
    Stalled,
    TooLarge,
    TransportError,
    Unauthorized,
    UnexpectedContent,
)
from canvus_async.http.credentials import TokenFunction
from canvus_async.http.multipart import Uploadable
from canvus_async.models import Point, Rect, Size
from canvus_async.models.changes import Change
from canvus_async.models.layout import Layout
from canvus_async.options import Limits, Reconnect, Retry, Timeouts
from canvus_async.progress import BulkProgress, Progress
from canvus_async.protocol.names import safe_filename
from canvus_async.snapshots.camera import Camera, ImageFormat, Snapshot
from canvus_async.snapshots.view import Region
from canvus_async.subscriptions.connection import Counters
from canvus_async.subscriptions.feed import Status
from canvus_async.subscriptions.live import Live
from canvus_async.subscriptions.subscription import Subscription

__all__ = [
    "ApiError",
    "AssetStream",
    "BadRequest",
    "BulkProgress",
    "Cache",
    "CacheStats",
    "Camera",
    "Canvas",
    "CanvusError",
    "Change",
    "Client",
    "ClientClosed",
    "Conflict",
    "ConnectFailed",
    "ConnectionLost",
    "CorruptDownload",
    "Counters",
    "DiskCache",
    "DiskMode",
    "DownloadError",
    "Downloaded",
    "Fetched",
    "Fit",
    "Forbidden",
    "ImageFormat",
    "IncompleteDownload",
    "Layout",
    "Levels",
    "Limits",
    "LineTooLong",
    "Live",
    "LocalWriteError",
    "MemoryCache",
    "MipmapRequest",
    "NotFound",
    "NotSupported",
    "OnError",
    "OutcomeUnknown",
    "Pages",
    "Point",
    "Progress",
    "ProtocolError",
    "RateLimited",
    "Reconnect",
    "Rect",
    "RedirectRefused",
    "Region",
    "RequestTimeout",
    "Retry",
    "ServerError",
    "Size",
    "Snapshot",
    "SourceChanged",
    "Stalled",
    "Status",
    "Subscription",
    "Timeouts",
    "TokenFunction",
    "TooLarge",
    "TransportError",
    "Unauthorized",
    "UnexpectedContent",
    "Uploadable",
    "safe_filename",
]
