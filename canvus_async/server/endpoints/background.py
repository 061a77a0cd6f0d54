"""`/canvases/{id}/background`: the background of a canvas, either colours or an image."""

from aiohttp import web

from canvus_async.protocol.urls import API
from canvus_async.server.access import Right
from canvus_async.server.endpoints.file_uploads import FileUploads
from canvus_async.server.endpoints.services import SLASH, Services
from canvus_async.server.http.responses import json_response
from canvus_async.server.rules import editing
from canvus_async.server.rules.kinds import BACKGROUND, Operation


class BackgroundEndpoints:
    def __init__(self, services: Services, file_uploads: FileUploads) -> None:
        self._services = services
        self._file_uploads = file_uploads

    def routes(self) -> list[web.RouteDef]:
        path = f"{API}/canvases/{{canvas}}/background{SLASH}"
        return [web.get(path, self.get), web.patch(path, self.update), web.post(path, self.upload)]

    async def get(self, request: web.Request) -> web.StreamResponse:
        canvas = self._services.authorize(request, Right.VIEW)
        return await self._services.respond(
            request,
            self._services.state.broadcast(canvas),
            canvas,
            lambda: [canvas.background.raw],
            single=True,
            matches=lambda event: event.kind is BACKGROUND,
        )

    async def update(self, request: web.Request) -> web.StreamResponse:
        """Change the colours or the type."""
        canvas, body = await self._services.read_authorized(request, Right.EDIT)
        background = canvas.background
        changed = editing.changed_widgets(canvas, background, BACKGROUND.parse(body, Operation.UPDATE))
        if changed[0].fields != background.fields:
            self._services.state.put(canvas, changed)
        return json_response(changed[0].raw)

    async def upload(self, request: web.Request) -> web.StreamResponse:
        """Set an image from a form; its hash is published shortly after."""
        return json_response((await self._file_uploads.set_background(request)).raw)
