"""A server that writes literal bytes, because HTTP libraries do not send invalid responses.

A script is an async function of one `Exchange`. The first connection runs the first script, and so on; the last script
serves all later connections. An error in a script is raised at the end of the `async with`.
"""

import asyncio
import contextlib
import json
import socket
import ssl
import struct
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass
class Received:
    """A received request: `target` is the path with its query, header names are in lower case."""

    method: str
    target: str
    headers: dict[str, str] = field(repr=False)
    body: bytes = b""


class Exchange:
    """One connection, seen from the server."""

    def __init__(self, server: "RawServer", reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.server = server
        self.reader = reader
        self.writer = writer

    async def head(self) -> Received:
        """Read the headers of a request, and leave its body unread."""
        block = await self.reader.readuntil(b"\r\n\r\n")
        first, *lines = block.decode("latin-1").split("\r\n")[:-2]
        method, target, _ = first.split(" ")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        received = Received(method, target, headers)
        self.server.requests.append(received)
        self.server.arrived.set()
        return received

    async def request(self) -> Received:
        """Read a whole request."""
        received = await self.head()
        received.body = await self.reader.readexactly(int(received.headers.get("content-length", "0")))
        return received

    async def send(self, *parts: bytes | str) -> None:
        """Write bytes as they are."""
        for part in parts:
            self.writer.write(part.encode() if isinstance(part, str) else part)
        await self.writer.drain()

    async def start(self, status: int = 200, *headers: str) -> None:
        """Write the status line and headers, and nothing more."""
        await self.send("\r\n".join([f"HTTP/1.1 {status} Whatever", *headers, "", ""]))

    async def answer(self, body: bytes | object = b"", status: int = 200, *headers: str) -> None:
        """Write a whole response; anything but bytes is sent as JSON."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        await self.start(status, f"Content-Length: {len(data)}", *headers)
        await self.send(data)

    async def chunk(self, data: bytes) -> None:
        """Write one chunk of a chunked response."""
        await self.send(b"%x\r\n" % len(data), data, b"\r\n")

    async def stream(self, *lines: bytes | object) -> None:
        """Start a chunked response and write each line in a chunk of its own; anything but bytes is sent as JSON."""
        await self.start(200, "Content-Type: application/json", "Transfer-Encoding: chunked")
        for line in lines:
            await self.line(line)

    async def line(self, line: bytes | object) -> None:
        """Write one line of a stream in a chunk of its own."""
        await self.chunk(line if isinstance(line, bytes) else json.dumps(line).encode() + b"\n")

    async def gone(self) -> None:
        """Read and discard until the client has closed its side."""
        with contextlib.suppress(ConnectionError):
            while await self.reader.read(65536):
                pass

    def reset(self) -> None:
        """Close the connection with an RST instead of a FIN."""
        sock: socket.socket = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


Script = Callable[[Exchange], Awaitable[object]]


@dataclass
class RawServer:
    """A running server: its URL, the requests it received, and the number of open connections."""

    url: str
    scripts: tuple[Script, ...]
    requests: list[Received] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    connections: int = 0
    open: int = 0
    closed: asyncio.Condition = field(default_factory=asyncio.Condition)
    failures: list[BaseException] = field(default_factory=list)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        script = self.scripts[min(self.connections, len(self.scripts) - 1)]
        self.connections += 1
        self.open += 1
        try:
            await script(Exchange(self, reader, writer))
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the client closed the connection, as many tests intend
        except Exception as failure:  # raised at the end of `raw_server`
            self.failures.append(failure)
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError, asyncio.CancelledError):
                await writer.wait_closed()
            self.open -= 1
            async with self.closed:
                self.closed.notify_all()

    async def until_open(self, count: int = 0) -> None:
        """Wait until at most `count` connections are open, for at most five real seconds.

        On a clock that jumps, a timeout may expire before the system has delivered what another socket of this process
        has sent, which takes longer on a busy machine.
        """
        last = time.monotonic() + 5
        while True:
            try:
                async with self.closed, asyncio.timeout(5):
                    await self.closed.wait_for(lambda: self.open <= count)
                return
            except TimeoutError:
                if time.monotonic() > last:
                    raise
                time.sleep(0.001)  # let the system deliver

    async def until_requests(self, count: int) -> None:
        """Wait until this many requests have arrived."""
        async with asyncio.timeout(10):
            while len(self.requests) < count:
                self.arrived.clear()
                await self.arrived.wait()


@asynccontextmanager
async def raw_server(*scripts: Script, tls: ssl.SSLContext | None = None) -> AsyncIterator[RawServer]:
    """Run a server on a free local port; raises the first error of a script at the end."""
    running = RawServer("", scripts)
    tasks: set[asyncio.Task[None]] = set()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(running._serve(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(connected, "127.0.0.1", 0, limit=1 << 20, ssl=tls)
    port = server.sockets[0].getsockname()[1]
    running.url = f"{'https' if tls else 'http'}://127.0.0.1:{port}"
    try:
        yield running
    finally:
        server.close()
        for task in tuple(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()
    if running.failures:
        raise running.failures[0]
