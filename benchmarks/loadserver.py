"""The load server: a process that sends prepared bytes as fast as the client reads them.

It is an asyncio Protocol on loopback. `POST /plans` prepares a plan and returns its id, which is used as a canvas id;
`DELETE /plans` deletes all plans; `GET /state` returns the counters of the server. The other paths are those of a
Canvus server: subscriptions to the widgets of a canvas, mipmaps and assets.
"""

import asyncio
import time
from collections.abc import Iterable, Iterator
from itertools import chain, count, repeat
from typing import NamedTuple, cast

import msgspec

from benchmarks import plans
from benchmarks.plans import A_LINE, Bodies, Paced, Plan, Resync, Stream

_PIECE = 256 << 10
_OPEN_END = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
_END = b"0\r\n\r\n"


class State(msgspec.Struct):
    """Counters since the start: CPU seconds, requests (without those for plans and state), bytes sent."""

    cpu: float = 0.0
    requests: int = 0
    sent: int = 0


class Response(NamedTuple):
    """The bytes for one connection. If `ends` is false, the connection stays open afterwards."""

    pieces: list[bytes]
    ends: bool = False


class Prepared:
    """A plan with all its bytes; successive connections get its responses in turn."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._responses = list(_responses(plan)) if isinstance(plan, Stream | Resync) else []
        self._number = 0

    def next_response(self) -> Response:
        """The response for the next connection."""
        response = self._responses[self._number % len(self._responses)]
        self._number += 1
        return response


def _responses(plan: Stream | Resync) -> Iterator[Response]:
    if isinstance(plan, Stream):
        first, changes = _framed([plans.first_line(plan)], plan.chunk), _framed(plans.change_lines(plan), plan.chunk)
        yield Response([_OPEN_END, *first, *changes])
        return
    for again in (False, True):
        pieces = [_OPEN_END, *_framed([plans.snapshot(plan, again=again)], plan.chunk)]
        yield Response(pieces if again else [*pieces, _END], ends=not again)


def _framed(lines: Iterable[bytes], size: int) -> Iterator[bytes]:
    """Lines in HTTP chunks of `size` bytes, or one chunk per line. A piece has many chunks, to save calls of write."""
    if size == A_LINE:
        chunks: Iterable[bytes] = lines
    else:
        text = b"".join(lines)
        chunks = (text[start : start + size] for start in range(0, len(text), size))
    piece = bytearray()
    for chunk in chunks:
        piece += b"%x\r\n%b\r\n" % (len(chunk), chunk)
        if len(piece) >= _PIECE:
            yield bytes(piece)
            piece.clear()
    if piece:
        yield bytes(piece)


class LoadServer:
    """The plans and the counters."""

    def __init__(self) -> None:
        self.state = State()
        self._plans: dict[str, Prepared] = {}
        self._numbers = count()
        self._bodies: Bodies | None = None
        self._whole = b""

    def prepare(self, body: bytes) -> bytes:
        """Prepare a plan and return its id. `Bodies` apply to all mipmaps and assets from now on."""
        plan = msgspec.json.decode(body, type=Plan)
        if isinstance(plan, Bodies):
            self._bodies = plan
            head = b"HTTP/1.1 200 OK\r\nContent-Type: image/webp\r\nContent-Length: %d\r\n\r\n" % plan.size
            self._whole = head + plans.body(min(plan.size, _PIECE))
            return b"bodies"
        name = f"plan-{next(self._numbers)}"
        self._plans[name] = Prepared(plan)
        return name.encode()

    def forget(self) -> bytes:
        """Delete all plans; the response is empty."""
        self._plans.clear()
        return b""

    def prepared(self, path: str) -> Prepared | None:
        """The plan of a subscription, from its path."""
        parts = path.split("/")
        return self._plans.get(parts[4]) if path.startswith("/api/v1/canvases/") and len(parts) > 5 else None

    def body_pieces(self) -> Iterator[bytes]:
        """The head and the body of the response to a fetch."""
        if self._bodies is None:
            return iter([b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"])
        rest = self._bodies.size - _PIECE
        if rest <= 0:
            return iter([self._whole])
        block = plans.body(_PIECE)
        return chain([self._whole], repeat(block, rest // _PIECE), [block[: rest % _PIECE]])


class Exchange(asyncio.Protocol):
    """One connection: reads requests and sends prepared bytes."""

    def __init__(self, server: LoadServer) -> None:
        self._server = server
        self._received = b""
        self._pieces: Iterator[bytes] = iter(())
        self._paused = False
        self._ends = False
        self._pacer: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(high=0)  # so that at most one piece is copied

    def connection_lost(self, exc: Exception | None) -> None:
        self._pieces = iter(())
        if self._pacer is not None:
            self._pacer.cancel()

    def pause_writing(self) -> None:
        self._paused = True

    def resume_writing(self) -> None:
        self._paused = False
        self._write()

    def data_received(self, data: bytes) -> None:
        self._received += data
        while (end := self._received.find(b"\r\n\r\n")) >= 0:
            head = self._received[:end]
            length = _content_length(head)
            if len(self._received) < end + 4 + length:
                return
            body = self._received[end + 4 : end + 4 + length]
            self._received = self._received[end + 4 + length :]
            method, path, _ = head.split(b" ", 2)
            self._respond(method, path.decode(), body)

    def _respond(self, method: bytes, path: str, body: bytes) -> None:
        server = self._server
        if path.startswith(("/api/v1/mipmaps/", "/api/v1/assets/")):
            server.state.requests += 1
            self._pieces = server.body_pieces()
            self._write()
        elif (prepared := server.prepared(path)) is not None:
            server.state.requests += 1
            if isinstance(prepared.plan, Paced):
                self._pacer = asyncio.get_running_loop().create_task(self._pace(prepared.plan))
            else:
                response = prepared.next_response()
                self._pieces, self._ends = iter(response.pieces), response.ends
                self._write()
        elif path == "/plans":
            self._reply(server.prepare(body) if method == b"POST" else server.forget())
        elif path == "/state":
            server.state.cpu = time.process_time()
            self._reply(msgspec.json.encode(server.state))
        else:
            self._transport.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")

    def _reply(self, body: bytes) -> None:
        self._transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))

    def _write(self) -> None:
        while not self._paused:
            piece = next(self._pieces, None)
            if piece is None:
                break
            self._server.state.sent += len(piece)
            self._transport.write(piece)
        else:
            return
        if self._ends:  # not now: inside resume_writing, asyncio would close the transport twice
            asyncio.get_running_loop().call_soon(self._transport.close)

    async def _pace(self, plan: Paced) -> None:
        """Send one event at a time, each with the time at which it is sent."""
        loop = asyncio.get_running_loop()
        lines = [b"[" + plans.note(number) + b"]\n" for number in range(200)]
        self._transport.write(_OPEN_END + b"3\r\n[]\n\r\n")
        began = loop.time() + 0.1
        for number in range(plan.events):
            await asyncio.sleep(began + number / plan.rate - loop.time())
            text = lines[number % len(lines)] % time.monotonic_ns()
            self._transport.write(b"%x\r\n%b\r\n" % (len(text), text))


def _content_length(head: bytes) -> int:
    _, found, rest = head.lower().partition(b"\r\ncontent-length:")
    return int(rest.partition(b"\r\n")[0]) if found else 0


async def _serve() -> None:
    server = LoadServer()
    listening = await asyncio.get_running_loop().create_server(lambda: Exchange(server), "127.0.0.1", 0)
    print(listening.sockets[0].getsockname()[1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    from benchmarks.watch import keep_freed_memory

    keep_freed_memory()
    asyncio.run(_serve())
