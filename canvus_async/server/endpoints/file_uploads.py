"""From a form with a file to a widget or a background that shows it."""

import asyncio

from aiohttp import web

from canvus_async.server.access import Right
from canvus_async.server.endpoints.services import Services
from canvus_async.server.http.uploads import Upload, receive
from canvus_async.server.refusals import Invalid
from canvus_async.server.rendering.renderer import AssetInfo, BrokenAsset, probe
from canvus_async.server.rules import editing
from canvus_async.server.rules.kinds import BACKGROUND, Operation, WidgetKind
from canvus_async.server.rules.widgets import StoredWidget
from canvus_async.server.store.database import StoredAsset


class FileUploads:
    """Takes uploads in: all checks are done before the reply, only the hash is shown later."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._state = services.state

    async def create_widget(self, request: web.Request, kind: WidgetKind) -> StoredWidget:
        """A new widget of that kind from a form. Raises Refused."""
        async with receive(request, self._state.assets.incoming, max_bytes=self._services.max_upload) as upload:
            values = kind.parse({"original_filename": upload.filename} | upload.fields, Operation.CREATE)
            info = await _probe_upload(upload, kind)
            asset = StoredAsset(upload.hash, info.content_type, upload.size)
            async with self._state.assets.adding(upload.path, asset):
                canvas = self._services.authorize(request, Right.EDIT)
                natural_size = (info.width, info.height) if info.width and info.height else None
                widgets = editing.new_widgets(canvas, kind, values, asset=asset.hash, natural_size=natural_size)
                self._state.put(canvas, widgets, asset=asset)
        self._services.processing.schedule(canvas, widgets[0])
        return widgets[0]

    async def set_background(self, request: web.Request) -> StoredWidget:
        """The canvas's background showing a picture from a form. Raises Refused."""
        async with receive(request, self._state.assets.incoming, max_bytes=self._services.max_upload) as upload:
            image = {"fit": upload.fields["fit"]} if "fit" in upload.fields else {}
            values = BACKGROUND.parse({**upload.fields, "image": image}, Operation.UPDATE)
            if values.get("type", "image") != "image":
                raise Invalid("An uploaded background is of type image")
            info = await _probe_upload(upload, BACKGROUND)
            asset = StoredAsset(upload.hash, info.content_type, upload.size)
            async with self._state.assets.adding(upload.path, asset):
                canvas = self._services.authorize(request, Right.EDIT)
                changed, *_ = editing.changed_widgets(canvas, canvas.background, values)
                background = editing.with_image(changed, asset.hash)
                self._state.put(canvas, [background], asset=asset)
        self._services.processing.schedule(canvas, background)
        return background


async def _probe_upload(upload: Upload, kind: WidgetKind) -> AssetInfo:
    try:
        info = await asyncio.to_thread(probe, upload.path)
    except BrokenAsset as error:
        raise Invalid(str(error)) from None
    if info.kind not in kind.file_kinds:
        raise Invalid(f"A file of type {info.content_type} cannot be shown as {kind.type}")
    return info
