"""Takes pictures of a canvas: plans what to draw, fetches the mipmaps, and draws in a thread."""

import asyncio
import threading
from collections.abc import Callable, Iterable
from typing import Literal, NamedTuple, TypeAlias

import anyio.from_thread
import anyio.to_thread

from canvus_async.errors import (
    CanvusError,
    ClientClosed,
    Forbidden,
    NotFound,
    NotSupported,
    TransportError,
    Unauthorized,
)
from canvus_async.models import CanvasBackground, MipmapInfo, Widget
from canvus_async.resources.background import Background
from canvus_async.resources.mipmaps import Mipmaps
from canvus_async.resources.widgets import Widgets
from canvus_async.snapshots.commands import PageImage
from canvus_async.snapshots.plan import Plan, plan
from canvus_async.snapshots.view import Region, check_width

ImageFormat: TypeAlias = Literal["png", "jpeg", "webp"]

LARGEST_LEVEL = 12_000_000
"""Pixels of the largest mipmap level that is fetched. Most of an image drawn larger is outside the picture."""

_REASONS: tuple[tuple[type[Exception], str], ...] = (
    (NotFound, "not found on the server"),
    (NotSupported, "no preview available"),
    (Unauthorized, "no permission to see it"),
    (Forbidden, "no permission to see it"),
    (CanvusError, "it could not be fetched"),
    (ValueError, "invalid hash or page"),
)


class Snapshot(NamedTuple):
    """A picture: the bytes of the file, its size in pixels, and the images missing in it, each with its error."""

    body: bytes
    width: int
    height: int
    missing: dict[PageImage, Exception]

    @property
    def has_transport_errors(self) -> bool:
        """Whether an image is missing because of a connection problem; a later picture may include it."""
        return any(isinstance(error, TransportError) for error in self.missing.values())


class Camera:
    """Takes pictures of one canvas.

    Raises ModuleNotFoundError if Pillow is not installed, before any request.
    """

    def __init__(self, widgets: Widgets, background: Background, mipmaps: Mipmaps) -> None:
        self._widgets = widgets
        self._background = background
        self._mipmaps = mipmaps
        self._draw = _load_painter()

    async def take(
        self,
        *,
        width: int,
        region: Region,
        format: ImageFormat = "png",  # noqa: A002  # the usual word for it
        widgets: Iterable[Widget] | None = None,
    ) -> Snapshot:
        """Take one picture of `widgets`, or of the widgets that the server lists.

        An image that cannot be fetched is drawn as a box with its label and the reason. Raises ValueError for an
        invalid size, region or format, and the errors of `widgets.list()`.
        """
        check_width(width)
        if format not in {"png", "jpeg", "webp"}:
            raise ValueError(f"format must be png, jpeg or webp, not {format!r}")
        shown = await self._widgets.list() if widgets is None else list(widgets)
        background = await self._get_background()
        planned = await anyio.to_thread.run_sync(lambda: plan(shown, width=width, region=region, background=background))
        found = await self._fetch(planned.images)
        missing = {image: body for image, body in found.items() if isinstance(body, Exception)}
        pictures = {image: _reason(body) if isinstance(body, Exception) else body for image, body in found.items()}
        body = await self._draw_in_thread(planned, pictures, format)
        return Snapshot(body, planned.view.width, planned.view.height, missing)

    async def _draw_in_thread(
        self, planned: Plan, pictures: dict[PageImage, bytes | str], image_format: ImageFormat
    ) -> bytes:
        """Draw in a thread, which stops before its next command if this task is cancelled."""
        stopped = threading.Event()

        def checkpoint() -> None:
            anyio.from_thread.check_cancelled()  # does not see a cancellation by asyncio, only by scopes of anyio
            if stopped.is_set():
                raise asyncio.CancelledError

        try:
            return await anyio.to_thread.run_sync(self._draw, planned, pictures, image_format, checkpoint)
        finally:
            stopped.set()

    async def _get_background(self) -> CanvasBackground | None:
        """The background; None if the server does not return it."""
        try:
            return await self._background.get()
        except ClientClosed:
            raise
        except CanvusError:
            return None

    async def _fetch(self, images: list[PageImage]) -> dict[PageImage, bytes | Exception]:
        """Fetch all mipmaps: the bytes or the error of each. The client limits how many it fetches at the same time."""
        found: dict[PageImage, bytes | Exception] = {}

        async def fetch(image: PageImage) -> None:
            try:
                info = await self._mipmaps.info(image.hash, page=image.page)
                found[image] = await self._mipmaps.fetch(image.hash, level_for(info, image), page=image.page)
            except (CanvusError, ValueError) as error:
                found[image] = error

        async with asyncio.TaskGroup() as group:
            for image in images:
                group.create_task(fetch(image))
        for error in found.values():
            if isinstance(error, ClientClosed):
                raise error
        return found


def level_for(info: MipmapInfo, image: PageImage) -> int:
    """The smallest level that is at least as large as the image is drawn, but at most `LARGEST_LEVEL` pixels."""
    width, height = max(1.0, info.resolution.width), max(1.0, info.resolution.height)
    across, down = image.width / width, image.height / height
    if image.fit != "fill":
        across = down = min(across, down) if image.fit == "contain" else max(across, down)
    level = info.level_for(max(1, round(width * across)), max(1, round(height * down)))
    while level < info.max_level and width * height / 4**level > LARGEST_LEVEL:
        level += 1
    return level


def _reason(error: Exception) -> str:
    return next(reason for kind, reason in _REASONS if isinstance(error, kind))


def _load_painter() -> Callable[[Plan, dict[PageImage, bytes | str], ImageFormat, Callable[[], None]], bytes]:
    """The drawing function. Imported when it is needed, because Pillow is in an extra."""
    try:
        from canvus_async.snapshots.painter import encoded, paint  # noqa: PLC0415
    except ModuleNotFoundError as missing:
        if missing.name is None or missing.name.partition(".")[0] != "PIL":
            raise
        text = 'drawing a canvas needs Pillow; run: pip install "canvus-async[server]"'
        raise ModuleNotFoundError(text, name="PIL") from None

    def draw(
        planned: Plan,
        pictures: dict[PageImage, bytes | str],
        image_format: ImageFormat,
        checkpoint: Callable[[], None],
    ) -> bytes:
        return encoded(paint(planned, pictures, checkpoint), image_format)

    return draw
