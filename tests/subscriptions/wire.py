"""What a Canvus server writes, and a client of a server that writes exactly that."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from itertools import count
from typing import Any, NamedTuple, TypeAlias, TypeVar

from canvus_async import Canvas, Client
from tests.raw_server import Exchange, RawServer, Script, raw_server

Fields: TypeAlias = dict[str, Any]
Item = TypeVar("Item")

ROOT = "5c5ee4cb-fe8b-4a2c-b1f4-4b0e5a0d4a3d"
CANVAS = "3ad9ece4-28be-4e19-9f9a-1a01a4dbae28"
KEEPALIVE = b"\n"
REFUSAL = {"msg": "No"}

_numbers = count(1)


def widget(kind: str, id_: str | None = None, /, **fields: object) -> Fields:
    """A whole widget as the server sends it."""
    return {
        "id": id_ or f"00000000-0000-4000-8000-{next(_numbers):012d}",
        "widget_type": kind,
        "state": "normal",
        "location": {"x": 100.0, "y": 200.0},
        "size": {"width": 300.0, "height": 200.0},
        "depth": 1.0,
        "scale": 1.0,
        "pinned": False,
        "parent_id": ROOT,
        **fields,
    }


def image(id_: str | None = None, /, **fields: object) -> Fields:
    """A whole image; its title is empty unless given."""
    return widget("Image", id_, **{"title": "", "original_filename": "a.jpg", "hash": "0" * 12, **fields})


def note(id_: str | None = None, /, **fields: object) -> Fields:
    """A whole note; its text is empty unless given."""
    defaults = {
        "text": "",
        "title": "",
        "background_color": "#ffffffff",
        "text_color": "#000000ff",
        "auto_text_color": True,
    }
    return widget("Note", id_, **{**defaults, **fields})


def gone(widget: Fields) -> Fields:
    """What the server sends of a deleted widget: its id and little more."""
    return {"id": widget["id"], "widget_type": widget["widget_type"], "state": "deleted"}


def line(value: object) -> bytes:
    """A value as one line."""
    return json.dumps(value, ensure_ascii=False).encode() + b"\n"


def stays(*lines: bytes | object) -> Script:
    """A connection that sends these lines and then nothing until the client closes it."""

    async def script(exchange: Exchange) -> None:
        await exchange.request()
        await exchange.stream(*lines)
        await exchange.gone()

    return script


def ends(*lines: bytes | object) -> Script:
    """A connection that sends these lines and then ends the response normally."""

    async def script(exchange: Exchange) -> None:
        await exchange.request()
        await exchange.stream(*lines)
        await exchange.send(b"0\r\n\r\n")

    return script


def follows(first: object, after: Callable[[Exchange], Awaitable[object]]) -> Script:
    """A connection that sends a first line, and calls `after` a second later."""

    async def script(exchange: Exchange) -> None:
        await exchange.request()
        await exchange.stream(first)
        await asyncio.sleep(1)
        await after(exchange)

    return script


def then(first: object, *lines: bytes | object) -> Script:
    """A connection that sends a first line and, a second later, all others in one chunk."""

    async def all_at_once(exchange: Exchange) -> None:
        await exchange.chunk(b"".join(each if isinstance(each, bytes) else line(each) for each in lines))
        await exchange.gone()

    return follows(first, all_at_once)


def refuses(status: int, *headers: str, body: object = REFUSAL) -> Script:
    """A connection that answers with an error status."""

    async def script(exchange: Exchange) -> None:
        await exchange.request()
        await exchange.answer(body, status, "Connection: close", *headers)

    return script


async def keeps_alive(exchange: Exchange, every: float = 15.0) -> None:
    """Send a blank line every `every` seconds until the client closes the connection."""
    while True:
        await asyncio.sleep(every)
        await exchange.chunk(KEEPALIVE)


class Setting(NamedTuple):
    """A server that plays scripts, and a canvas on it."""

    server: RawServer
    client: Client
    canvas: Canvas


@asynccontextmanager
async def playing(*scripts: Script, **options: Any) -> AsyncIterator[Setting]:
    """A server that plays these scripts, one per connection, and a client of it with these options."""
    async with raw_server(*scripts) as server:
        async with Client(server.url, token="secret", **options) as client:
            yield Setting(server, client, client.canvas(CANVAS))


async def take(stream: AsyncIterator[Item], number: int) -> list[Item]:
    """The next items of a subscription."""
    async with asyncio.timeout(600):
        return [await anext(stream) for _ in range(number)]


async def quiet(stream: AsyncIterator[object], seconds: float = 40.0) -> bool:
    """Whether nothing arrives for that long; the default is less than the client's silence timeout."""
    try:
        async with asyncio.timeout(seconds):
            await anext(stream)
    except TimeoutError:
        return True
    return False
