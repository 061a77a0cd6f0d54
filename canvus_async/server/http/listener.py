"""Accepts connections.

asyncio's own server logs a traceback for each attempt to accept while the process has no free file descriptor: up to a
megabyte of log per second. This one logs a line, waits, and tries again.
"""

import asyncio
import logging
import socket
from collections.abc import Callable

BACKLOG = 128
"""Connections that the system keeps until they are accepted."""

RETRY_AFTER = 0.5
"""Seconds until the next attempt after an error."""

LOG_EVERY = 60.0
"""Seconds between two lines of log about such errors."""

_log = logging.getLogger(__name__)


class Listener:
    """The listening sockets of a server, and one task for each that accepts connections."""

    def __init__(self, make_connection: Callable[[], asyncio.Protocol]) -> None:
        self._make_connection = make_connection
        self._sockets: list[socket.socket] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._next_log = 0.0

    @property
    def addresses(self) -> list[tuple[str, int]]:
        """The addresses and ports that the server listens on."""
        return [each.getsockname()[:2] for each in self._sockets]

    async def open(self, host: str, port: int) -> None:
        """Start to listen. Raises OSError."""
        loop = asyncio.get_running_loop()
        bound = await loop.create_server(self._make_connection, host, port, start_serving=False)
        try:
            self._sockets = [each.dup() for each in bound.sockets]
        finally:
            bound.close()
        for each in self._sockets:
            each.setblocking(False)
            each.listen(BACKLOG)
        self._tasks = [loop.create_task(self._accept(each)) for each in self._sockets]

    async def aclose(self) -> None:
        """Stop to listen. Open connections are not closed."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        for each in self._sockets:
            each.close()

    async def _accept(self, listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                accepted, _ = await loop.sock_accept(listening)
            except ConnectionError:
                continue  # the client left before it was accepted
            except OSError as error:
                self._report(error)
                await asyncio.sleep(RETRY_AFTER)
                continue
            try:
                await loop.connect_accepted_socket(self._make_connection, accepted)
            except OSError:
                accepted.close()

    def _report(self, error: OSError) -> None:
        now = asyncio.get_running_loop().time()
        if now >= self._next_log:
            self._next_log = now + LOG_EVERY
            _log.error("cannot accept connections, and will try again every %s s: %s", RETRY_AFTER, error)
