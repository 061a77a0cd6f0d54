"""The limit: asyncio Protocols that send a request, read the body by its Content-Length, and repeat."""

import asyncio
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

from benchmarks.candidates.limit_streams import address
from benchmarks.jobs import TOKEN, AssetJob, Delivered, FetchJob
from benchmarks.watch import Watch


class _Fetching(asyncio.Protocol):
    """One connection with one request after another until `paths` ends; each body is passed to `on_body`."""

    def __init__(self, paths: Iterator[str], on_body: Callable[[bytes], None]) -> None:
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._paths = paths
        self._on_body = on_body
        self._parts: list[bytes] = []
        self._left = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._request()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(exc or ConnectionError("the body was truncated"))

    def _request(self) -> None:
        path = next(self._paths, None)
        if path is None:
            self.done.set_result(None)
            return
        head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nPrivate-Token: {TOKEN}\r\ncanvas-id: c\r\n\r\n"
        self._transport.write(head.encode())

    def data_received(self, data: bytes) -> None:
        if not self._parts:
            end = data.index(b"\r\n\r\n") + 4  # the load server sends the head in one piece
            self._left = int(data[data.index(b"Content-Length: ") + 16 : end - 4])
            data = data[end:]
        self._parts.append(data)
        self._left -= len(data)
        if not self._left:
            body = b"".join(self._parts)
            self._parts = []
            self._on_body(body)
            self._request()


async def fetch(job: FetchJob, watch: Watch) -> Delivered:
    """Each body into memory."""
    host, port = address(job.url)
    paths = (f"/api/v1/mipmaps/{hash_}/0" for hash_ in job.hashes())
    fetched = 0

    def count(body: bytes) -> None:
        nonlocal fetched
        fetched += len(body) == job.size

    loop = asyncio.get_running_loop()
    watch.start()
    connections = [
        await loop.create_connection(lambda: _Fetching(paths, count), host, port) for _ in range(job.concurrency)
    ]
    for _, protocol in connections:
        await protocol.done
    watch.stop()
    for transport, _ in connections:
        transport.abort()
    return Delivered(fetched)


class _Saving(asyncio.Protocol):
    """One body, written in the event loop as it arrives."""

    def __init__(self, job: AssetJob, file: int) -> None:
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.size = 0
        self._job = job
        self._file = file
        self._in_body = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        head = f"GET /api/v1/assets/{self._job.hash} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
        cast("asyncio.Transport", transport).write(head.encode())

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(exc or ConnectionError("the body was truncated"))

    def data_received(self, data: bytes) -> None:
        part = memoryview(data)
        if not self._in_body:
            part = part[data.index(b"\r\n\r\n") + 4 :]
            self._in_body = True
        os.write(self._file, part)
        self.size += len(part)
        if self.size >= self._job.size and not self.done.done():
            self.done.set_result(None)


async def save(job: AssetJob, watch: Watch) -> Delivered:
    """One large body to a file."""
    host, port = address(job.url)
    file = os.open(job.path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    watch.start()
    transport, protocol = await asyncio.get_running_loop().create_connection(lambda: _Saving(job, file), host, port)
    await protocol.done
    watch.stop()
    transport.abort()
    os.close(file)
    return finished(job, protocol.size)


def finished(job: AssetJob, size: int) -> Delivered:
    """The size of the file; the file is deleted."""
    path = Path(job.path)
    there = path.stat().st_size
    path.unlink()
    return Delivered(min(size, there))
