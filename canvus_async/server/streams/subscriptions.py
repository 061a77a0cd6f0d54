"""Subscriptions: responses that stay open and send one JSON value per line.

The first line is the snapshot: an array for a list, an object for a single object. Each later line is an array of
changed objects, or the changed object. Objects are always complete; a deleted one has `"state": "deleted"`. A blank
line is sent after a time without changes, so that the client can detect a lost connection. The stream of an object ends
when it is deleted, the stream of a list when its canvas is, and any stream when its subscriber loses the right to it.
"""

import asyncio
from collections.abc import Callable, Iterator

from aiohttp import web

from canvus_async.server.refusals import Busy
from canvus_async.server.streams.broadcast import Broadcast, Event, Subscriber

CHUNK_SIZE = 1 << 18
"""Bytes per write, so that a snapshot of many megabytes is not copied for each subscriber who does not read."""

STALLED_AFTER = 60.0
"""Seconds after which a subscriber is disconnected who does not read `CHUNK_SIZE` bytes."""

MAX_STREAMS = 1000
"""Open subscriptions of a server."""


class Streams:
    """All open subscriptions of a server."""

    def __init__(self, keepalive: float) -> None:
        self.check_loop: Callable[[], None] = lambda: None
        """Raises RuntimeError in another event loop than that of the server."""
        self._keepalive = keepalive
        self._muted = False
        self._open: dict[Subscriber, None] = {}

    def __len__(self) -> int:
        return len(self._open)

    def abort(self) -> None:
        """Abort all connections."""
        self.check_loop()
        for subscriber in list(self._open):
            subscriber.abort()

    def end(self, *, grace: float) -> None:
        """End all streams. Abort the connections whose client has not read the rest after `grace` seconds."""
        loop = asyncio.get_running_loop()
        for subscriber in self._open:
            subscriber.end()
            loop.call_later(grace, subscriber.abort)

    def check_rights(self) -> None:
        """End the streams whose subscribers have lost their right to them."""
        for subscriber in self._open:
            subscriber.check_right()

    def mute(self, on: bool) -> None:
        """Send nothing on any stream, including new ones, while muted."""
        self.check_loop()
        self._muted = on
        for subscriber in self._open:
            subscriber.mute(on)

    async def serve(
        self,
        request: web.Request,
        broadcast: Broadcast,
        *,
        snapshot: Callable[[], list[bytes]],
        size: int,
        matches: Callable[[Event], bool],
        single: bool,
        allowed: Callable[[], bool],
    ) -> web.StreamResponse:
        """Respond with the snapshot, then with every later event that matches. The arguments are as in `Subscriber`.

        Raises Busy if too many streams are open.
        """
        if len(self._open) >= MAX_STREAMS:
            raise Busy(f"More than {MAX_STREAMS} subscriptions are open")
        transport = request.transport
        if transport is None:
            raise ConnectionResetError("the client has disconnected")
        subscriber = Subscriber(matches, single=single, size=size, abort=transport.abort, allowed=allowed)
        subscriber.muted = self._muted
        broadcast.attach(subscriber)
        self._open[subscriber] = None
        try:
            return await self._send(request, subscriber, [*snapshot(), b"\n"])
        finally:
            broadcast.detach(subscriber)
            del self._open[subscriber]

    async def _send(self, request: web.Request, subscriber: Subscriber, line: list[bytes]) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json", "Cache-Control": "no-store"})
        await response.prepare(request)
        try:
            for chunk in _chunks(line):
                if not subscriber.check_right():
                    subscriber.abort()  # an end here would look like a complete line
                    return response
                await _write(response, chunk)
            chunk = b""  # `_chunks` has emptied `line`, so that a large snapshot does not stay in memory
            while not subscriber.finished:
                has_lines = await subscriber.wait(self._keepalive)
                for chunk in _chunks(subscriber.take(CHUNK_SIZE)) if has_lines else [b"\n"]:
                    await _write(response, chunk)
        except TimeoutError:
            subscriber.abort()
            return response
        await response.write_eof()
        return response


async def _write(response: web.StreamResponse, chunk: bytes) -> None:
    async with asyncio.timeout(STALLED_AFTER):
        await response.write(chunk)


def _chunks(pieces: list[bytes]) -> Iterator[bytes]:
    """Join and cut pieces to chunks of at most `CHUNK_SIZE`. Each piece is released as soon as it has been joined."""
    pieces.reverse()
    batch = bytearray()
    while pieces:
        piece = pieces.pop()
        for start in range(0, len(piece), CHUNK_SIZE):
            part = memoryview(piece)[start : start + CHUNK_SIZE]
            if len(batch) + len(part) > CHUNK_SIZE:
                yield bytes(batch)
                batch.clear()
            batch += part
    if batch:
        yield bytes(batch)
