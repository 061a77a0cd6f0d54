"""What is between a client and a server in company networks: a TLS terminator, and a proxy."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass
class Relay:
    """A running relay: its URL, the request lines it received, and every byte that clients sent through it."""

    url: str = ""
    asked: list[str] = field(default_factory=list)
    seen: bytearray = field(default_factory=bytearray)


async def _copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter, seen: bytearray | None = None) -> None:
    with contextlib.suppress(ConnectionError, ssl.SSLError):
        while chunk := await source.read(65536):
            if seen is not None:
                seen += chunk
            sink.write(chunk)
            await sink.drain()
    sink.close()


@asynccontextmanager
async def _relay(relay: Relay, to: str | None, tls: ssl.SSLContext | None) -> AsyncIterator[Relay]:
    """Forward bytes to the address `to`, or without one, to the address that the client asks the proxy for."""
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = b""
        target = to
        if target is None:
            head = await reader.readuntil(b"\r\n\r\n")
            relay.asked.append(head.partition(b"\r\n")[0].decode())
            method, where, _ = relay.asked[-1].split(" ")
            target = f"//{where}" if method == "CONNECT" else where
            if method == "CONNECT":
                writer.write(b"HTTP/1.1 200 Connected\r\n\r\n")
                head = b""
            relay.seen += head
        address = urlsplit(target)
        there, back = await asyncio.open_connection(address.hostname, address.port)
        back.write(head)
        try:
            await asyncio.gather(_copy(reader, back, relay.seen), _copy(there, writer))
        finally:
            for side in (back, writer):
                side.transport.abort()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(serve(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    listener = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=tls)
    relay.url = f"{'https' if tls else 'http'}://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    try:
        yield relay
    finally:
        listener.close()
        for task in tuple(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await listener.wait_closed()


def tls_in_front_of(url: str, context: ssl.SSLContext) -> contextlib.AbstractAsyncContextManager[Relay]:
    """Serve the server at `url` over https, with the certificate of `context`."""
    return _relay(Relay(), url, context)


def proxy() -> contextlib.AbstractAsyncContextManager[Relay]:
    """An HTTP proxy: tunnels for https, and plain http forwarded."""
    return _relay(Relay(), None, None)
