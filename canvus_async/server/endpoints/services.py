"""The parts of a running server that the endpoints use, and the steps that they share."""

from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web

from canvus_async.models import JSON
from canvus_async.server.access import Right, Users, check_right, right_of, sent_token
from canvus_async.server.http.responses import json_response, read_json_object
from canvus_async.server.processing import Processing
from canvus_async.server.refusals import Unauthenticated
from canvus_async.server.rendering.renderer import Renderer
from canvus_async.server.rules.widgets import StoredCanvas
from canvus_async.server.state import State
from canvus_async.server.streams.broadcast import Broadcast, Event
from canvus_async.server.streams.subscriptions import Streams

SLASH = "{slash:/?}"
"""Ends every route: a trailing slash is optional."""

_FALSE = {"false", "0"}
"""Values of the query parameter `subscribe` that turn it off. The API names no values."""


@dataclass(frozen=True, kw_only=True)
class Services:
    """The parts of one running server."""

    state: State
    users: Users
    streams: Streams
    processing: Processing
    renderer: Renderer
    server_id: str
    max_upload: int

    def authorize(self, request: web.Request, needed: Right) -> StoredCanvas:
        """The canvas in the path, if the caller has the right to it. Raises Refused."""
        canvas_id = request.match_info["canvas"]
        user, canvas = self.users.identify(request), self.state.canvases.get(canvas_id)
        if user is None and sent_token(request) and (canvas is None or right_of(None, canvas) < needed):
            raise Unauthenticated("Invalid access token")
        return check_right(user, canvas, canvas_id, needed)

    async def read_authorized(self, request: web.Request, needed: Right) -> tuple[StoredCanvas, dict[str, JSON]]:
        """The canvas in the path and the JSON object in the body. Raises Refused.

        The right is checked before the body is read, and again after it: the canvas may have been deleted, or the right
        withdrawn, while the body arrived.
        """
        self.authorize(request, needed)
        body = await read_json_object(request)
        return self.authorize(request, needed), body

    async def respond(
        self,
        request: web.Request,
        broadcast: Broadcast,
        canvas: StoredCanvas | None,
        snapshot: Callable[[], list[bytes]],
        *,
        size: int = 1,
        single: bool = False,
        matches: Callable[[Event], bool],
    ) -> web.StreamResponse:
        """The response to a GET: the snapshot, or with `?subscribe` the snapshot and all later changes.

        The caller needs the right to view `canvas` (None: to list canvases) as long as the stream is open.

        `snapshot` returns the pieces of the first line. It is a function, so that a stream that is open for hours does
        not keep them in memory. `size`
        is the number of objects in it, `single` means that it is one object and not a list, and `matches` selects the
        events of `broadcast` that are sent.
        """
        if request.query.get("subscribe", "false").lower() in _FALSE or request.method != "GET":
            return json_response(b"".join(snapshot()))
        user = self.users.identify(request)
        return await self.streams.serve(
            request,
            broadcast,
            snapshot=snapshot,
            size=size,
            matches=matches,
            single=single,
            allowed=lambda: self.users.may_follow(user, canvas),
        )
