"""The limit: an asyncio Protocol that parses HTTP chunks itself, and msgspec on whole blocks of lines.

It keeps no state, does not reconnect, checks nothing, and fails at the first unknown type.
"""

import asyncio
import time
from collections.abc import Callable
from itertools import chain, compress
from operator import attrgetter, ne
from typing import Any, TypeAlias, Union, cast
from urllib.parse import urlsplit

import msgspec

from benchmarks import plans
from benchmarks.jobs import TOKEN, Delivered, PacedJob, ResyncJob, StreamJob, punctuality
from benchmarks.plans import Stream
from benchmarks.watch import Watch
from canvus_async.models import KINDS, Note, PlacedWidget, Widget

_Line: TypeAlias = list[Widget] | Widget

_one = cast("Any", Union)[KINDS]
_decoder: "msgspec.json.Decoder[_Line]" = msgspec.json.Decoder(cast("Any", Union)[_one, cast("Any", list)[_one]])
_id_of = attrgetter("id")


class Blocks(asyncio.Protocol):
    """One GET with a chunked response; each block of complete lines is passed to `on_block`, a failure to `done`."""

    def __init__(self, path: str, on_block: Callable[[memoryview], None], done: "asyncio.Future[None]") -> None:
        self._done = done
        self._request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nPrivate-Token: {TOKEN}\r\n\r\n".encode()
        self._on_block = on_block
        self._rest = b""
        self._line = b""
        self._left: int = 0
        self._in_body = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        cast("asyncio.Transport", transport).write(self._request)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._done.done():
            self._done.set_exception(exc or ConnectionError("the stream ended"))

    def data_received(self, data: bytes) -> None:
        if self._rest:
            data = self._rest + data
            self._rest = b""
        at = 0
        if not self._in_body:
            at = data.find(b"\r\n\r\n") + 2
            if at < 2:
                self._rest = data
                return
            self._in_body = True
        view, length, left = memoryview(data), len(data), self._left
        parts: list[bytes | memoryview] = [self._line]
        while True:
            if left:
                stop = at + left
                parts.append(view[at:stop])
                if stop >= length:
                    left = stop - length
                    break
                at = stop
            # next: the end of the previous chunk or of the head, and the length of the next chunk
            end = data.find(b"\r\n", at + 2)
            if end < 0:
                left, self._rest = 0, data[at:]
                break
            left = int(data[at + 2 : end], 16)
            at = end + 2
        self._left = left
        body = b"".join(parts)
        cut = body.rfind(b"\n") + 1
        self._line = body[cut:]
        if cut:
            self._on_block(memoryview(body)[:cut])


def address(url: str) -> tuple[str, int]:
    """The host and the port of a load server."""
    parts = urlsplit(url)
    if parts.hostname is None or parts.port is None:
        raise ValueError(url)
    return parts.hostname, parts.port


async def _receive(
    job: StreamJob | PacedJob, watch: Watch, done: "asyncio.Future[None]", on_block: Callable[[memoryview], None]
) -> None:
    host, port = address(job.url)
    path = f"/api/v1/canvases/{job.canvas_id}/widgets?subscribe"
    loop = asyncio.get_running_loop()
    watch.start()
    transport, _ = await loop.create_connection(lambda: Blocks(path, on_block, done), host, port)
    await done
    watch.stop()
    transport.abort()


async def stream(job: StreamJob, watch: Watch) -> Delivered:
    """Count the widgets of each block."""
    done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    left = job.count
    decode_lines = _decoder.decode_lines
    last: _Line = []

    def count(block: memoryview) -> None:
        nonlocal left, last
        for last in decode_lines(block):  # read at the end
            left -= len(last) if type(last) is list else 1
        if left <= 0 and not done.done():
            done.set_result(None)

    await _receive(job, watch, done, count)
    return Delivered(job.count - left, _where(last[-1] if isinstance(last, list) else last))


def _where(widget: Widget) -> tuple[str, float]:
    return widget.id, cast("PlacedWidget", widget).location.x


async def merge(job: StreamJob, watch: Watch) -> Delivered:
    """The same, and compares each widget with the last known one of its id: the minimum cost of that."""
    done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    left = job.count
    decode_lines = _decoder.decode_lines
    known: dict[str, Widget] = {}
    last: Widget | None = None

    def count(block: memoryview) -> None:
        nonlocal left, last
        lines = decode_lines(block)
        widgets = list(chain.from_iterable([line if isinstance(line, list) else [line] for line in lines]))
        keys = list(map(_id_of, widgets))
        changed = list(compress(widgets, map(ne, widgets, map(known.get, keys))))
        known.update(zip(keys, widgets, strict=True))
        left -= len(changed)
        last = widgets[-1] if widgets else last
        if left <= 0 and not done.done():
            done.set_result(None)

    await _receive(job, watch, done, count)
    assert last is not None
    return Delivered(job.count - left, _where(last))


async def decode(job: StreamJob | ResyncJob, watch: Watch) -> Delivered:
    """Without a network: decodes the first line (of the second connection, for a resync) from memory in one call."""
    plan = job.plan
    line = plans.first_line(plan) if isinstance(plan, Stream) else plans.snapshot(plan, again=True)
    watch.start()
    widgets = cast("list[Widget]", _decoder.decode(line))
    watch.stop()
    return Delivered(len(widgets), _where(widgets[-1]))


async def paced(job: PacedJob, watch: Watch) -> Delivered:
    """Measure the latency of each note."""
    done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    delays: list[int] = []
    decode_lines = _decoder.decode_lines

    def note(block: memoryview) -> None:
        for line in decode_lines(block):
            widgets = line if isinstance(line, list) else [line]
            delays.extend(time.monotonic_ns() - int(widget.text) for widget in widgets if isinstance(widget, Note))
        if len(delays) >= job.plan.events and not done.done():
            done.set_result(None)

    await _receive(job, watch, done, note)
    return punctuality(delays)
