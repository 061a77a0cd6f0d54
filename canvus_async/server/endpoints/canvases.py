"""`/server-info` and `/canvases`: list, get, create, rename and delete canvases."""

from uuid import uuid4

from aiohttp import web

from canvus_async.protocol.urls import API
from canvus_async.server.access import Right, right_of
from canvus_async.server.endpoints.services import SLASH, Services
from canvus_async.server.http.responses import json_array, json_response, read_json_object
from canvus_async.server.refusals import Denied
from canvus_async.server.rules import fields
from canvus_async.server.rules.widgets import encode
from canvus_async.server.store.database import User
from canvus_async.server.streams.broadcast import Event

VERSION = "3.1.0"
API_VERSIONS = ("v1.1", "v1.2", "v1.3")

_MODE = fields.one_of("normal", "demo")


class CanvasEndpoints:
    def __init__(self, services: Services) -> None:
        self._services = services
        self._state = services.state

    def routes(self) -> list[web.RouteDef]:
        all_, one = f"{API}/canvases{SLASH}", f"{API}/canvases/{{canvas}}{SLASH}"
        return [
            web.get(f"{API}/server-info{SLASH}", self.info),
            web.get(all_, self.list),
            web.post(all_, self.create),
            web.get(one, self.get),
            web.patch(one, self.update),
            web.delete(one, self.delete),
        ]

    async def info(self, request: web.Request) -> web.StreamResponse:
        """Describe the server; no token is needed."""
        info = {"api": API_VERSIONS, "version": VERSION, "server_id": self._services.server_id}
        return json_response(encode(info))

    async def list(self, request: web.Request) -> web.StreamResponse:
        """List the canvases that the user may see."""
        users = self._services.users
        user = users.require(request)

        def snapshot() -> list[bytes]:
            rights = ((canvas, right_of(user, canvas)) for canvas in self._state.canvases.values())
            return json_array(self._state.canvas_json(canvas, right) for canvas, right in rights if right)

        def matches(event: Event) -> bool:
            return event.canvas is not None and event.right is users.right_now(user, event.canvas)

        return await self._services.respond(
            request,
            self._state.list_broadcast,
            None,
            snapshot,
            size=len(self._state.canvases),
            matches=matches,
        )

    async def get(self, request: web.Request) -> web.StreamResponse:
        canvas = self._services.authorize(request, Right.VIEW)
        users = self._services.users
        user = users.identify(request)
        return await self._services.respond(
            request,
            self._state.list_broadcast,
            canvas,
            lambda: [self._state.canvas_json(canvas, users.right_now(user, canvas))],
            single=True,
            matches=lambda event: event.canvas is canvas and event.right is users.right_now(user, canvas),
        )

    async def create(self, request: web.Request) -> web.StreamResponse:
        """Create a canvas. Any role but "view" may."""
        self._require_creator(request)
        body = await read_json_object(request)
        user = self._require_creator(request)  # the user may have been changed while the body arrived
        name = fields.name_text("name", body.get("name", "New canvas"))
        canvas_id = str(uuid4())
        user = self._services.users.grant(user, canvas_id)
        canvas = self._state.create_canvas(name, canvas_id)
        return json_response(self._state.canvas_json(canvas, right_of(user, canvas)))

    def _require_creator(self, request: web.Request) -> User:
        user = self._services.users.require(request)
        if user.role == "view":
            raise Denied("Permission denied")
        return user

    async def update(self, request: web.Request) -> web.StreamResponse:
        """Change the name or the mode."""
        canvas, body = await self._services.read_authorized(request, Right.EDIT)
        name = fields.name_text("name", body["name"]) if "name" in body else None
        mode = str(_MODE("mode", body["mode"])) if "mode" in body else None
        if name is not None or mode is not None:
            self._state.change_canvas(canvas, name=name, mode=mode)
        right = right_of(self._services.users.identify(request), canvas)
        return json_response(self._state.canvas_json(canvas, right))

    async def delete(self, request: web.Request) -> web.StreamResponse:
        """Delete a canvas with all its widgets."""
        self._state.delete_canvas(self._services.authorize(request, Right.OWNER))
        return web.Response()
