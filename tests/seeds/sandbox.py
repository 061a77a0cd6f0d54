"""Runs the examples of the seeds: their requests on a real server, and their responses for the client."""

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from email.parser import BytesParser
from email.policy import HTTP
from io import BytesIO
from typing import Any, NamedTuple

import aiohttp
from PIL import Image

from canvus_async import Canvas, Client
from canvus_async.server import CanvusServer
from tests.raw_server import Exchange, RawServer, Received, raw_server
from tests.seeds.commands import COMMANDS, HOST, TOKEN, Example
from tests.server import samples
from tests.server.api import Api, Response

IMMUTABLE = "private, max-age=157680000, immutable"
"""The Cache-Control of all mipmaps and assets."""

GENERATED = ("id", "parent_id", "hash")
"""The fields of an example whose values each server generates."""

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


class Sandbox:
    """A canvas on a running server. `ids` maps ids, hashes, host and token in the seeds to those of this server."""

    def __init__(self, server: CanvusServer, session: aiohttp.ClientSession, canvas_id: str) -> None:
        self.server = server
        self.session = session
        self.canvas_id = canvas_id
        self.path = f"canvases/{canvas_id}"
        self.api = Api(server, session, server.token)
        self.ids = {HOST: server.url, TOKEN: server.token, "<api-key>": server.token}
        for canvas in (
            "3ad9ece4-28be-4e19-9f9a-1a01a4dbae28",
            "c3d319c2-5eed-456d-acbb-8da46e788157",
            "a528ddb9-ee56-47f2-a419-0c3a9227996e",
            "canvas-id: 123",
        ):
            self.ids[canvas] = canvas_id if canvas.count("-") == 4 else f"canvas-id: {canvas_id}"

    async def upload(self, kind: str, content: bytes, filename: str, /, **fields: Any) -> Any:
        """Upload a file and wait until the widget has its hash."""
        created = await self.api.upload(f"{self.path}/{kind}", content, filename, **fields)
        assert created.status == 200, created.body
        return await self.api.ready(f"{self.path}/{kind}/{created.json['id']}")

    def example(self, name: str) -> Example:
        """An example by its name, with the ids of this server."""
        return COMMANDS[name].with_ids(self.ids)

    async def run(self, name: str, **files: bytes) -> Response:
        """Run an example. Files are keywords: their names with underscores for dots and hyphens."""
        named = {re.sub("_(?=[a-z]+$)", ".", each).replace("_", "-"): content for each, content in files.items()}
        return await self.example(name).command.send(self.session, named)

    def headers(self, token: str | None = None) -> dict[str, str]:
        """The two headers that mipmaps and assets require."""
        return {"Private-Token": token or self.server.token, "canvas-id": self.canvas_id}


class Replay(NamedTuple):
    """A client, one of its canvases, and a server that sends a recorded response."""

    client: Client
    canvas: Canvas
    server: RawServer

    @property
    def sent(self) -> list[tuple[str, str]]:
        """Method and target of each request that the server received."""
        return [(request.method, request.target) for request in self.server.requests]


@asynccontextmanager
async def replay(
    body: str | bytes, status: int = 200, *headers: str, canvas_id: str = "3ad9ece4-28be-4e19-9f9a-1a01a4dbae28"
) -> AsyncIterator[Replay]:
    """A client of a server that sends this response to every request."""
    content = body.encode() if isinstance(body, str) else body
    kind = () if any(header.startswith("Content-Type") for header in headers) else ("Content-Type: application/json",)

    async def answer(exchange: Exchange) -> None:
        while True:
            await exchange.request()
            await exchange.answer(content, status, *kind, *headers)

    async with raw_server(answer) as server, Client(server.url, token=TOKEN) as client:
        yield Replay(client, client.canvas(canvas_id), server)


@asynccontextmanager
async def replay_stream(
    *lines: bytes | object, canvas_id: str = "3ad9ece4-28be-4e19-9f9a-1a01a4dbae28"
) -> AsyncIterator[Replay]:
    """A client of a server that sends these lines and keeps the connection open."""

    async def stream(exchange: Exchange) -> None:
        await exchange.request()
        await exchange.stream(*lines)
        await exchange.gone()

    async with raw_server(stream) as server, Client(server.url, token=TOKEN) as client:
        yield Replay(client, client.canvas(canvas_id), server)


def form_parts(request: Received) -> dict[str, bytes]:
    """The parts of a received form by name, parsed as a mail by the standard library."""
    head = f"Content-Type: {request.headers['content-type']}\r\n\r\n".encode()
    message = BytesParser(policy=HTTP).parsebytes(head + request.body)
    return {
        str(part.get_param("name", header="content-disposition")): part.get_payload(decode=True) or b""
        for part in message.iter_parts()
    }


def shape(value: Any) -> Any:
    """The structure of a JSON value: its keys and the types of the values."""
    if isinstance(value, dict):
        return {name: shape(each) for name, each in value.items()}
    if isinstance(value, list):
        return [shape(each) for each in value]
    if isinstance(value, bool) or value is None:
        return type(value).__name__
    return "number" if isinstance(value, int | float) else type(value).__name__


def assert_matches(actual: Any, example: Mapping[str, Any], *, ignoring: Sequence[str] = ()) -> None:
    """Check that an object has the same fields and types as an example, and the same values except in `ignoring`."""
    assert shape(actual) == shape(example)
    assert {name: value for name, value in actual.items() if name not in ignoring} == {
        name: value for name, value in example.items() if name not in ignoring
    }


def webp(content: bytes) -> Image.Image:
    """Decode a WebP picture; fails for any other format."""
    assert (content[:4], content[8:12]) == (b"RIFF", b"WEBP")
    with Image.open(BytesIO(content)) as picture:
        picture.load()
    return picture


def photo(width: int, height: int) -> bytes:
    """A JPEG of one colour."""
    return samples.picture(width, height, kind="JPEG")


def pages(*sizes: tuple[int, int]) -> bytes:
    """A PDF with a page for each size in points."""
    sheets = [Image.new("L", size, 255) for size in sizes]
    file = BytesIO()
    sheets[0].save(file, "PDF", save_all=True, append_images=sheets[1:], resolution=72)
    return file.getvalue()
