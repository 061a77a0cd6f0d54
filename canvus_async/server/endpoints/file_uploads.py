"""Creates widgets and sets backgrounds from uploaded files."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import NamedTuple

from aiohttp import web

from canvus_async.models import JSON
from canvus_async.server.access import Right
from canvus_async.server.endpoints.services import Services
from canvus_async.server.http.uploads import Upload, receive
from canvus_async.server.refusals import Invalid
from canvus_async.server.rendering.renderer import AssetInfo, BrokenAsset, probe
from canvus_async.server.rules import editing
from canvus_async.server.rules.kinds import BACKGROUND, Operation, WidgetKind
from canvus_async.server.rules.widgets import StoredCanvas, StoredWidget
from canvus_async.server.store.database import StoredAsset


class _Received(NamedTuple):
    """An uploaded file in its final place, and the checked fields that were sent with it."""

    canvas: StoredCanvas
    fields: dict[str, JSON]
    asset: StoredAsset
    info: AssetInfo


class FileUploads:
    """Everything is checked before the response is sent; only the hash appears later (see `Processing`)."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._state = services.state

    async def create_widget(self, request: web.Request, kind: WidgetKind) -> StoredWidget:
        """Create a widget of that kind from a form. Raises Refused."""

        def parse(upload: Upload) -> dict[str, JSON]:
            return kind.parse({"original_filename": upload.filename} | upload.fields, Operation.CREATE)

        async with self._received(request, kind, parse) as (canvas, fields, asset, info):
            natural_size = (info.width, info.height) if info.width and info.height else None
            widgets = editing.new_widgets(canvas, kind, fields, asset=asset.hash, natural_size=natural_size)
            self._state.put(canvas, widgets, asset=asset)
        self._services.processing.schedule(canvas, widgets[0])
        return widgets[0]

    async def set_background(self, request: web.Request) -> StoredWidget:
        """Show an image from a form as the background of the canvas. Raises Refused."""
        async with self._received(request, BACKGROUND, _background_fields) as (canvas, fields, asset, _):
            changed, *_ = editing.changed_widgets(canvas, canvas.background, fields)
            background = editing.with_image(changed, asset.hash)
            self._state.put(canvas, [background], asset=asset)
        self._services.processing.schedule(canvas, background)
        return background

    @asynccontextmanager
    async def _received(
        self, request: web.Request, kind: WidgetKind, parse: Callable[[Upload], dict[str, JSON]]
    ) -> AsyncGenerator[_Received, None]:
        """Receive a file and move it to its final place; it is removed at the end unless it was registered.

        As in `Services.read_authorized`, the right is checked before the body is read and again after it.
        """
        self._services.authorize(request, Right.EDIT)
        assets = self._state.assets
        async with receive(request, assets.create_incoming, max_bytes=self._services.max_upload) as upload:
            fields = parse(upload)
            info = await _probe_upload(upload, kind)
            asset = StoredAsset(upload.hash, info.content_type, upload.size)
            async with assets.adding(upload.path, asset):
                yield _Received(self._services.authorize(request, Right.EDIT), fields, asset, info)


def _background_fields(upload: Upload) -> dict[str, JSON]:
    """The form has `fit` at the top level, the background below `image`."""
    image = {"fit": upload.fields["fit"]} if "fit" in upload.fields else {}
    fields = BACKGROUND.parse({**upload.fields, "image": image}, Operation.UPDATE)
    if fields.get("type", "image") != "image":
        raise Invalid("An uploaded background is of type image")
    return fields


async def _probe_upload(upload: Upload, kind: WidgetKind) -> AssetInfo:
    try:
        info = await asyncio.to_thread(probe, upload.path)
    except BrokenAsset as error:
        raise Invalid(str(error)) from None
    if info.kind not in kind.file_kinds:
        raise Invalid(f"A file of type {info.content_type} cannot be shown as {kind.type}")
    return info
