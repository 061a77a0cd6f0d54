"""`/canvases/{id}/widgets`, which is read-only, and an endpoint for each kind of widget, such as `/notes`."""

from collections.abc import Mapping

from aiohttp import web

from canvus_async.models import JSON
from canvus_async.protocol.urls import API
from canvus_async.server.access import Right, check_right
from canvus_async.server.endpoints.file_uploads import FileUploads
from canvus_async.server.endpoints.services import SLASH, Services
from canvus_async.server.http.file_responses import file_response
from canvus_async.server.http.responses import json_array, json_response
from canvus_async.server.http.uploads import is_multipart
from canvus_async.server.refusals import Invalid, Missing, WrongMethod
from canvus_async.server.rules import editing, fields
from canvus_async.server.rules.kinds import KIND_BY_PATH, TABLE, TABLE_CELL, Operation, WidgetKind
from canvus_async.server.rules.widgets import StoredCanvas, StoredWidget

GENERIC = "widgets"
"""The path of the endpoint for widgets of all kinds."""


class WidgetEndpoints:
    def __init__(self, services: Services, file_uploads: FileUploads) -> None:
        self._services = services
        self._state = services.state
        self._file_uploads = file_uploads

    def routes(self) -> list[web.RouteDef]:
        """The background's routes must be registered before these, because `{kind}` matches that path too."""
        generic = f"{API}/canvases/{{canvas}}/{{kind:{GENERIC}}}"
        typed = f"{API}/canvases/{{canvas}}/{{kind}}"
        one = f"{typed}/{{widget}}"
        return [
            web.get(generic + SLASH, self.list),
            web.route("*", generic + SLASH, self.refuse),
            web.get(f"{generic}/{{widget}}{SLASH}", self.get),
            web.route("*", f"{generic}/{{widget}}{SLASH}", self.refuse),
            web.get(typed + SLASH, self.list),
            web.post(typed + SLASH, self.create),
            web.get(one + SLASH, self.get),
            web.patch(one + SLASH, self.update),
            web.delete(one + SLASH, self.delete),
            web.get(f"{one}/download{SLASH}", self.download),
            web.get(f"{one}/cells{SLASH}", self.cells),
        ]

    async def list(self, request: web.Request) -> web.StreamResponse:
        """List all widgets, or those of one kind, in the order of their creation."""
        canvas = self._services.authorize(request, Right.VIEW)
        kind = _kind_or_all(request)
        return await self._services.respond(
            request,
            self._state.broadcast(canvas),
            canvas,
            lambda: json_array(each.raw for each in canvas.widgets.values() if kind is None or each.kind is kind),
            size=len(canvas.widgets),
            matches=lambda event: kind is None or event.kind is kind,
        )

    async def get(self, request: web.Request) -> web.StreamResponse:
        canvas = self._services.authorize(request, Right.VIEW)
        widget_id = _widget(request, canvas, _kind_or_all(request)).id
        return await self._services.respond(
            request,
            self._state.broadcast(canvas),
            canvas,
            lambda: [canvas.widgets[widget_id].raw],
            single=True,
            matches=lambda event: event.key == widget_id,
        )

    async def cells(self, request: web.Request) -> web.StreamResponse:
        """List the cells of a table, row by row."""
        canvas = self._services.authorize(request, Right.VIEW)
        if _kind_or_all(request) is not TABLE:
            raise Missing("Only tables have cells")
        table_id = _widget(request, canvas, TABLE).id
        return await self._services.respond(
            request,
            self._state.broadcast(canvas),
            canvas,
            lambda: json_array(each.raw for each in canvas.children(table_id) if each.kind is TABLE_CELL),
            size=len(canvas.widgets),
            matches=lambda event: event.kind is TABLE_CELL and event.parent_id == table_id,
        )

    async def create(self, request: web.Request) -> web.StreamResponse:
        """Create a widget from a form with a file, from JSON fields, or as a clone of another widget."""
        kind = self._authorized_kind(request)
        if kind.file_kinds and is_multipart(request):
            widget = await self._file_uploads.create_widget(request, kind)
            return json_response(widget.raw)
        canvas, body = await self._services.read_authorized(request, Right.EDIT)
        if "source_canvas_id" in body or "source_widget_id" in body:
            return json_response(self._clone(request, canvas, kind, body).raw)
        if kind.file_kinds:
            raise Invalid("The data part with the file is missing: send multipart/form-data")
        widgets = editing.new_widgets(canvas, kind, kind.parse(body, Operation.CREATE))
        self._state.put(canvas, widgets)
        return json_response(widgets[0].raw)

    def _authorized_kind(self, request: web.Request) -> WidgetKind:
        """The kind in the path. The right is checked first: without it, an unknown kind gives 401 or 403, not 404."""
        self._services.authorize(request, Right.EDIT)
        return _kind(request)

    def _clone(
        self, request: web.Request, canvas: StoredCanvas, kind: WidgetKind, body: Mapping[str, JSON]
    ) -> StoredWidget:
        """Copy a widget from a canvas that the user may view. A token is needed even if both canvases are shared."""
        user = self._services.users.require(request)
        for name in ("source_canvas_id", "source_widget_id"):
            if name not in body:
                raise Invalid(f"{name} is missing")
        source_id = fields.text("source_canvas_id", body["source_canvas_id"])
        widget_id = fields.text("source_widget_id", body["source_widget_id"])
        location = fields.point("location", body["location"]) if "location" in body else None
        source = check_right(user, self._state.canvases.get(source_id), source_id, Right.VIEW)
        widget = source.find(widget_id)
        if widget is None:
            raise Missing(f"Widget {widget_id} does not exist")
        if widget.kind is not kind:
            raise Invalid(f"Widget {widget_id} is of type {widget.kind.type}, not {kind.type}")
        if not kind.cloneable:
            raise Invalid(f"Widgets of type {kind.type} cannot be cloned")
        if widget.asset and not self._state.assets.exists(widget.asset):
            raise Invalid(f"The file of widget {widget_id} is not on this server")
        copies = editing.cloned_widgets(source, widget, canvas, location)
        self._state.put(canvas, copies)
        if copies[0].asset != copies[0].hash:
            self._services.processing.schedule(canvas, copies[0])
        return copies[0]

    async def update(self, request: web.Request) -> web.StreamResponse:
        """Change some fields; the response is the whole widget with the values that were applied."""
        kind = self._authorized_kind(request)
        canvas, body = await self._services.read_authorized(request, Right.EDIT)
        widget = _widget(request, canvas, kind)
        values = kind.parse(body, Operation.UPDATE)
        changed = editing.changed_widgets(canvas, widget, values)
        if changed[0].fields != widget.fields:
            self._state.put(canvas, changed)
        return json_response(changed[0].raw)

    async def delete(self, request: web.Request) -> web.StreamResponse:
        """Delete a widget with its descendants and the connectors attached to them."""
        canvas = self._services.authorize(request, Right.EDIT)
        widget = _widget(request, canvas, _kind(request))
        self._state.remove(canvas, editing.widgets_to_remove(canvas, widget))
        return web.Response()

    async def refuse(self, request: web.Request) -> web.StreamResponse:
        """The generic endpoint is read-only."""
        raise WrongMethod(request.method, ["GET"])

    async def download(self, request: web.Request) -> web.StreamResponse:
        """Send the uploaded file of a widget."""
        canvas = self._services.authorize(request, Right.VIEW)
        widget = _widget(request, canvas, _kind_or_all(request))
        asset = self._state.assets.known.get(widget.asset)
        if asset is None:
            raise Missing(f"Widget {widget.id} has no file")
        return file_response(
            request,
            self._state.assets.path(asset),
            etag=asset.hash,
            content_type=asset.content_type,
            filename=widget.filename,
            disposition="attachment",
        )


def _kind_or_all(request: web.Request) -> WidgetKind | None:
    """The kind in the path, None for the generic endpoint."""
    return None if request.match_info["kind"] == GENERIC else _kind(request)


def _kind(request: web.Request) -> WidgetKind:
    name = request.match_info["kind"]
    if name not in KIND_BY_PATH:
        raise Missing(f"Unknown object type {name}")
    return KIND_BY_PATH[name]


def _widget(request: web.Request, canvas: StoredCanvas, kind: WidgetKind | None) -> StoredWidget:
    widget_id = request.match_info["widget"]
    widget = canvas.find(widget_id, kind)
    if widget is None:
        raise Missing(f"{kind.type if kind else 'Widget'} {widget_id} does not exist")
    return widget
