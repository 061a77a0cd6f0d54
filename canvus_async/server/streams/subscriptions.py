"""Subscriptions: one endless reply each, of JSON on lines of its own.

The first line is what there is now: an array for a list, an object for one thing. Then come arrays with what has
changed, or the object again; always whole objects, with `"state": "deleted"` for what is gone. A lone newline says
every so often that the line is alive. The stream of one thing ends with it, that of a list with its canvas.
"""

import asyncio
from collections.abc import Callable

from aiohttp import web

from canvus_async.server.streams.broadcast import Broadcast, Event, Subscriber

CHUNK_SIZE = 1 << 20
"""Bytes handed over at a time, so that a snapshot of many megabytes does not sit in the socket's buffer twice."""


class Streams:
    """All open subscriptions of a server."""

    def __init__(self, keepalive: float) -> None:
        self._keepalive = keepalive
        self._muted = False
        self._open: dict[Subscriber, None] = {}

    def __len__(self) -> int:
        return len(self._open)

    def abort(self) -> None:
        """Break all of them off."""
        for subscriber in list(self._open):
            subscriber.abort()

    def end(self, *, grace: float) -> None:
        """Finish all of them, and break off those whose reader has not read the rest in `grace` seconds."""
        loop = asyncio.get_running_loop()
        for subscriber in self._open:
            subscriber.end()
            loop.call_later(grace, subscriber.abort)

    def mute(self, on: bool) -> None:
        """Say nothing on any of them, also on new ones, until this is taken back."""
        self._muted = on
        for subscriber in self._open:
            subscriber.mute(on)

    async def serve(
        self,
        request: web.Request,
        broadcast: Broadcast,
        *,
        snapshot: Callable[[], bytes],
        size: int,
        matches: Callable[[Event], bool],
        single: bool,
        token: str | None,
    ) -> web.StreamResponse:
        """Answer with what `snapshot` makes, of `size` things at most, and every later change that is wanted."""
        transport = request.transport
        if transport is None:
            raise ConnectionResetError("the client is gone")
        subscriber = Subscriber(matches, single=single, size=size, abort=transport.abort, token=token)
        subscriber.muted = self._muted
        broadcast.attach(subscriber)
        self._open[subscriber] = None
        try:
            return await self._send(request, subscriber, snapshot() + b"\n")
        finally:
            broadcast.detach(subscriber)
            del self._open[subscriber]

    async def _send(self, request: web.Request, subscriber: Subscriber, line: bytes) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json", "Cache-Control": "no-store"})
        await response.prepare(request)
        for start in range(0, len(line), CHUNK_SIZE):
            await response.write(memoryview(line)[start : start + CHUNK_SIZE])
        del line
        while not subscriber.ended:
            has_lines = await subscriber.wait(self._keepalive)
            await response.write(subscriber.take() if has_lines else b"\n")
        await response.write_eof()
        return response
