"""The canvases of a server (developer.multitaction.com/mt-canvus)."""

import builtins
from collections.abc import AsyncGenerator

from canvus_async.http.transport import Transport
from canvus_async.models import CanvasInfo
from canvus_async.protocol.names import path_segment
from canvus_async.protocol.responses import decoder_for
from canvus_async.protocol.writing import payload
from canvus_async.resources.collections import listed
from canvus_async.resources.keywords import CanvasFields
from canvus_async.subscriptions.feed import Feed
from canvus_async.subscriptions.subscription import Subscription


class Canvases:
    """What canvases there are, for whoever the client's token stands for."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def list(self) -> builtins.list[CanvasInfo]:
        """Every canvas that you may see. Raises Unauthorized without a token."""
        return await listed(self._transport, "canvases", CanvasInfo)

    async def get(self, canvas_id: str, /) -> CanvasInfo:
        """One canvas by its id. Raises NotFound when it is not there or not yours to see."""
        return await self._transport.one("GET", _path(canvas_id), CanvasInfo)

    def subscribe(self, canvas_id: str | None = None, /) -> AsyncGenerator[CanvasInfo, None]:
        """Every canvas that you may see as it is, then each as it changes; with an id, that canvas only.

        One that is gone comes once more with `deleted` true. Use it with `contextlib.aclosing`. Raises Unauthorized
        without a token, NotFound for a canvas that is not there or not yours to see.
        """
        path = "canvases" if canvas_id is None else _path(canvas_id)
        decoder = decoder_for(CanvasInfo)
        reconnect = self._transport.reconnect
        return Subscription(Feed(self._transport, path, decoder, reconnect=reconnect, keep_unknown=False))

    async def create(self, name: str = "", /, *, folder_id: str | None = None) -> CanvasInfo:
        """Make a canvas, in your home folder unless `folder_id` names another; returns it as it is.

        Raises Forbidden where you may not, and OutcomeUnknown when the answer is lost: it is never sent twice.
        """
        fields = {"name": name} if folder_id is None else {"name": name, "folder_id": folder_id}
        json = payload(fields, CanvasFields, verb="create")
        return await self._transport.one("POST", "canvases", CanvasInfo, json=json)

    async def rename(self, canvas_id: str, name: str, /) -> CanvasInfo:
        """Give a canvas another name; returns it as it now is. Raises NotFound, and Forbidden without edit access."""
        json = payload({"name": name}, CanvasFields, verb="rename")
        return await self._transport.one("PATCH", _path(canvas_id), CanvasInfo, json=json)

    async def delete(self, canvas_id: str, /) -> None:
        """Remove a canvas and all that is on it, for good. Raises NotFound, and Forbidden unless you own it."""
        await self._transport.call("DELETE", _path(canvas_id))


def _path(canvas_id: str) -> str:
    return f"canvases/{path_segment(canvas_id, what='canvas id')}"
