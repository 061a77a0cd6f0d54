"""Taking a picture of a canvas: plan it, fetch the mipmaps that it needs, and have a thread draw it."""

import asyncio
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
"""Pixels: of what is drawn larger than that a smaller level is fetched, since most of it lies outside the picture."""

_REASONS: tuple[tuple[type[Exception], str], ...] = (
    (NotFound, "the server does not have it"),
    (NotSupported, "there is no preview of it"),
    (Unauthorized, "not yours to see"),
    (Forbidden, "not yours to see"),
    (CanvusError, "it could not be fetched"),
    (ValueError, "it cannot be asked for"),
)


class Snapshot(NamedTuple):
    """A picture as the bytes of a file, its size in pixels, and what is missing in it, with the error for each."""

    body: bytes
    width: int
    height: int
    missing: dict[PageImage, Exception]

    @property
    def has_transport_errors(self) -> bool:
        """Whether something is missing only because the server could not be reached."""
        return any(isinstance(error, TransportError) for error in self.missing.values())


class Camera:
    """Takes pictures of one canvas.

    Raises ModuleNotFoundError without Pillow, before any request.
    """

    def __init__(self, widgets: Widgets, background: Background, mipmaps: Mipmaps) -> None:
        self._widgets = widgets
        self._background = background
        self._mipmaps = mipmaps
        self._draw = _drawing()

    async def take(
        self,
        *,
        width: int,
        region: Region,
        format: ImageFormat = "png",  # noqa: A002  # the usual word for it
        widgets: Iterable[Widget] | None = None,
    ) -> Snapshot:
        """One picture, of `widgets` or of what the server lists.

        What cannot be fetched is drawn as a labelled box. Raises ValueError for a size or region that is no picture,
        and what listing the canvas raises.
        """
        check_width(width)
        if format not in {"png", "jpeg", "webp"}:
            raise ValueError(f"format must be png, jpeg or webp, not {format!r}")
        shown = await self._widgets.list() if widgets is None else list(widgets)
        background = await self._behind()
        planned = await anyio.to_thread.run_sync(lambda: plan(shown, width=width, region=region, background=background))
        found = await self._fetch(planned.images)
        missing = {image: body for image, body in found.items() if isinstance(body, Exception)}
        pictures = {image: _reason(body) if isinstance(body, Exception) else body for image, body in found.items()}
        body = await anyio.to_thread.run_sync(self._draw, planned, pictures, format)
        return Snapshot(body, planned.view.width, planned.view.height, missing)

    async def _behind(self) -> CanvasBackground | None:
        """The background, None where the server does not tell."""
        try:
            return await self._background.get()
        except ClientClosed:
            raise
        except CanvusError:
            return None

    async def _fetch(self, images: list[PageImage]) -> dict[PageImage, bytes | Exception]:
        """Every mipmap or the error in its place; the client's limits bound how many at a time."""
        found: dict[PageImage, bytes | Exception] = {}

        async def fetch(one: PageImage) -> None:
            try:
                info = await self._mipmaps.info(one.hash, page=one.page)
                found[one] = await self._mipmaps.fetch(one.hash, level_for(info, one), page=one.page)
            except (CanvusError, ValueError) as error:
                found[one] = error

        async with asyncio.TaskGroup() as group:
            for one in images:
                group.create_task(fetch(one))
        for error in found.values():
            if isinstance(error, ClientClosed):
                raise error
        return found


def level_for(info: MipmapInfo, image: PageImage) -> int:
    """The smallest level that is no smaller than it is drawn; of huge ones, one of at most `LARGEST_LEVEL` pixels."""
    width, height = max(1.0, info.resolution.width), max(1.0, info.resolution.height)
    across, down = image.width / width, image.height / height
    if image.fit != "fill":
        across = down = min(across, down) if image.fit == "contain" else max(across, down)
    level = info.level_for(max(1, round(width * across)), max(1, round(height * down)))
    while level < info.max_level and width * height / 4**level > LARGEST_LEVEL:
        level += 1
    return level


def _reason(error: Exception) -> str:
    return next(words for kind, words in _REASONS if isinstance(error, kind))


def _drawing() -> Callable[[Plan, dict[PageImage, bytes | str], ImageFormat], bytes]:
    """What draws; looked for only now, because Pillow is in an extra."""
    try:
        from canvus_async.snapshots.painter import encoded, paint  # noqa: PLC0415
    except ModuleNotFoundError as missing:
        if missing.name is None or missing.name.partition(".")[0] != "PIL":
            raise
        words = 'pictures of a canvas are drawn with Pillow: pip install "canvus-async[server]"'
        raise ModuleNotFoundError(words, name="PIL") from None

    def draw(planned: Plan, pictures: dict[PageImage, bytes | str], image_format: ImageFormat) -> bytes:
        return encoded(paint(planned, pictures, anyio.from_thread.check_cancelled), image_format)

    return draw
