"""A real server and a client of it, fresh for every test."""

from collections.abc import AsyncIterator

import pytest

from canvus_async import Canvas, Client
from canvus_async.server import CanvusServer


@pytest.fixture
async def server() -> AsyncIterator[CanvusServer]:
    async with CanvusServer() as running:
        yield running


@pytest.fixture
async def client(server: CanvusServer) -> AsyncIterator[Client]:
    async with Client(server.url, token=server.token) as opened:
        yield opened


@pytest.fixture
async def canvas(server: CanvusServer, client: Client) -> Canvas:
    return client.canvas(await server.create_canvas("Demo"))
