"""The canvases of a server (API page "Canvases", developer.multitaction.com/mt-canvus)."""

import builtins

from canvus_async.http.transport import Transport
from canvus_async.models import CanvasInfo
from canvus_async.protocol.names import CanvasId, id_segment
from canvus_async.protocol.responses import decoder_for
from canvus_async.protocol.writing import payload
from canvus_async.resources.collections import listed
from canvus_async.resources.keywords import CanvasFields
from canvus_async.subscriptions.feed import Feed
from canvus_async.subscriptions.subscription import Subscription


class Canvases:
    """The canvases of the server that the user of the client's token may see."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def __repr__(self) -> str:
        return f"<Canvases of {self._transport.root}>"

    async def list(self) -> builtins.list[CanvasInfo]:
        """Every canvas that you may see. Raises Unauthorized without a token."""
        return await listed(self._transport, "canvases", CanvasInfo)

    async def get(self, canvas_id: CanvasId) -> CanvasInfo:
        """One canvas by its id. Raises NotFound if it does not exist or you may not see it."""
        return await self._transport.one("GET", _path(canvas_id), CanvasInfo)

    def subscribe(self, canvas_id: CanvasId | None = None) -> Subscription[CanvasInfo]:
        """Every canvas that you may see, then each one again whenever it changes; with an id, only that canvas.

        The record of a deleted canvas is yielded once more, with `deleted` true. Use the generator inside
        `contextlib.aclosing`. Raises Unauthorized without a token, NotFound if the canvas does not exist or you may not
        see it.
        """
        path = "canvases" if canvas_id is None else _path(canvas_id)
        decoder = decoder_for(CanvasInfo)
        reconnect = self._transport.reconnect
        return Subscription(Feed(self._transport, path, decoder, reconnect=reconnect, keep_unknown=False))

    async def create(self, name: str = "", *, folder_id: str | None = None) -> CanvasInfo:
        """Create a canvas in your home folder, or in the folder `folder_id`, and return it.

        Raises Forbidden if you may not create one there, and OutcomeUnknown if the response is lost: the request is
        never sent twice.
        """
        fields = {"name": name} if folder_id is None else {"name": name, "folder_id": folder_id}
        json = payload(fields, CanvasFields, verb="create")
        return await self._transport.one("POST", "canvases", CanvasInfo, json=json)

    async def rename(self, canvas_id: CanvasId, name: str) -> CanvasInfo:
        """Change the name of a canvas and return the canvas. Raises NotFound, and Forbidden without edit access."""
        json = payload({"name": name}, CanvasFields, verb="rename")
        return await self._transport.one("PATCH", _path(canvas_id), CanvasInfo, json=json)

    async def delete(self, canvas_id: CanvasId) -> None:
        """Delete a canvas permanently, with everything on it. Raises NotFound, and Forbidden unless you own it."""
        await self._transport.call("DELETE", _path(canvas_id))


def _path(canvas_id: CanvasId) -> str:
    return f"canvases/{id_segment(canvas_id, what='canvas id')}"
