"""A server of one canvas with random faults: anything that can go wrong on the way to a client does, by chance."""

import asyncio
import random
from collections import defaultdict, deque
from typing import TypeAlias

from tests.raw_server import Exchange
from tests.subscriptions.model import ModelCanvas, written
from tests.subscriptions.wire import KEEPALIVE

Piece: TypeAlias = bytes | float | str
"""Bytes to write, seconds to wait, or how the connection ends: "fin", "rst", "end" of the response, "silence"."""

GARBAGE = (
    b"{no json}\n",
    b'{"id": "id-1", "text": "cut \n',
    b"null\n",
    b"[17]\n",
    b"\0\n",
    b"[" * 2000 + b"\n",
    b'{"widget_type": "Note"}\n',
    b"<html>\n",
)
ENDS = ("fin", "rst", "end", "silence")
REFUSALS = (408, 429, 500, 502, 503, 504)


class Wire:
    """The output of one connection: pieces, written in order."""

    def __init__(self, exchange: Exchange, dice: random.Random) -> None:
        self._exchange = exchange
        self._dice = dice
        self._pieces: deque[Piece] = deque()
        self._more = asyncio.Event()
        self._chunked = dice.random() < 0.7
        self._ends = dice.choice([b"\n", b"\n", b"\r\n", b" \n\n"])
        self._finely = dice.random() < 0.3
        self.over = False

    def put(self, *pieces: Piece) -> None:
        """Append pieces; after an end, further ones are ignored."""
        for piece in pieces:
            if not self.over:
                self._pieces.append(piece)
                self.over = isinstance(piece, str)
        self._more.set()

    def lines(self, *values: object, mark: bytes = b"") -> bytes:
        """Values as lines in the style of this connection."""
        return mark + b"".join(written(value, self._dice) + self._ends for value in values)

    def put_cut(self, text: bytes) -> None:
        """Append text in a few parts, cut at random places, some of them with a delay."""
        cuts = sorted(self._dice.randrange(len(text) + 1) for _ in range(self._dice.choice((0, 0, 1, 4))))
        if self._finely and len(text) < 2000:
            cuts = list(range(0, len(text), self._dice.randint(1, 40)))
        for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True):
            if start < end:
                self.put(text[start:end])
                if self._dice.random() < 0.1:
                    self.put(self._dice.choice((0.001, 0.1, 2.0)))

    async def run(self) -> None:
        """Write until the end."""
        await self._exchange.start(200, *(["Transfer-Encoding: chunked"] if self._chunked else []))
        while True:
            while not self._pieces:
                self._more.clear()
                await self._more.wait()
            match self._pieces.popleft():
                case bytes(text):
                    await self._exchange.send(b"%x\r\n%b\r\n" % (len(text), text) if self._chunked else text)
                case float(seconds):
                    await asyncio.sleep(seconds)
                case "end" if self._chunked:
                    await self._exchange.send(b"0\r\n\r\n")
                case "rst":
                    self._exchange.reset()
                case "silence":
                    await asyncio.Event().wait()
                case _:
                    return


class FaultServer:
    """Serves the canvas through `tests.raw_server`. While `calm`, there are no new faults.

    While `fleeting`, each connection gets the whole canvas and ends. `requested` has the times of the requests of each
    token.
    """

    def __init__(self, canvas: ModelCanvas, dice: random.Random) -> None:
        self.canvas = canvas
        self.calm = False
        self.down = False
        self.fleeting = False
        self.requested: dict[str, list[float]] = defaultdict(list)
        self.refusals: deque[int] = deque()
        self._dice = dice
        self._wires: set[Wire] = set()

    async def serve(self, exchange: Exchange) -> None:
        """Serve one connection; a script of `raw_server`."""
        if self.down:
            return exchange.reset()
        request = await exchange.request()
        self.requested[request.headers["private-token"]].append(asyncio.get_running_loop().time())
        if self.refusals:
            return await exchange.answer({"msg": "not now"}, self.refusals.popleft(), "Connection: close")
        if not self.calm and not self.fleeting and self._dice.random() < 0.25:
            return await self._turn_away(exchange)
        wire = Wire(exchange, self._dice)
        self._begin(wire)
        self._wires.add(wire)
        ways = [asyncio.create_task(wire.run()), asyncio.create_task(exchange.gone())]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._wires.discard(wire)
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)

    async def _turn_away(self, exchange: Exchange) -> None:
        match self._dice.choice(("refuse", "refuse", "fin", "rst", "no head", "no line", "half a head")):
            case "refuse":
                headers = ["Connection: close"]
                if self._dice.random() < 0.3:
                    headers.append(f"Retry-After: {self._dice.choice(('2', '7', '-1', 'soon'))}")
                await exchange.answer({"msg": "no"}, self._dice.choice(REFUSALS), *headers)
            case "rst":
                exchange.reset()
            case "no head":
                await exchange.gone()
            case "no line":
                await exchange.start(200)
                await exchange.gone()
            case "half a head":
                await exchange.send("HTTP/1.1 200 O")

    def _begin(self, wire: Wire) -> None:
        """Send the first line, the whole canvas; it may be truncated."""
        mark = b"\xef\xbb\xbf" if self._dice.random() < 0.1 else b""
        text = wire.lines(list(self.canvas.widgets.values()), mark=mark)
        if self.fleeting:
            wire.put(text, self._dice.choice(("fin", "rst", "end")))
        elif not self.calm and self._dice.random() < 0.15:
            wire.put_cut(text[: self._dice.randrange(len(text.rstrip()))])
            wire.put(self._dice.choice(ENDS))
        else:
            wire.put_cut(text)

    def tell(self, *values: object) -> None:
        """Send what has happened on every connection, with faults on some of them."""
        for wire in tuple(self._wires):
            text = wire.lines(*values)
            if self.calm or not text or self._dice.random() > 0.08:
                wire.put_cut(text)
                continue
            match self._dice.choice(("garbage", "garbage", "cut", "cut", "end", "twice", "burst")):
                case "garbage":  # replaces the update: a client that skips the line misses the update
                    wire.put_cut(self._dice.choice(GARBAGE))
                case "cut":
                    wire.put_cut(text[: self._dice.randrange(len(text.rstrip()))])
                    wire.put(self._dice.choice(ENDS))
                case "end":
                    wire.put(self._dice.choice(ENDS))
                case "twice":
                    wire.put_cut(text + text)
                case "burst":
                    wire.put_cut(KEEPALIVE * 5000 + text)

    def garble(self, text: bytes) -> None:
        """Write this text on every connection."""
        for wire in tuple(self._wires):
            wire.put_cut(text)

    def end(self, how: str) -> None:
        """End every connection in one of the ways of `ENDS`, after what is queued on it."""
        for wire in tuple(self._wires):
            wire.put(how)

    async def keep_alive(self) -> None:
        """Send a keepalive every 15 s, until cancelled."""
        while True:
            await asyncio.sleep(15)
            for wire in tuple(self._wires):
                wire.put(KEEPALIVE)
