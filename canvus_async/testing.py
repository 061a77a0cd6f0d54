"""A pytest plugin: fixtures with a real server, a client and a canvas for the tests of your own code.

pytest loads it if `canvus-async[server]` is installed. The fixtures are asynchronous: install pytest-asyncio, or mark
your tests for anyio's pytest plugin, which is installed with this package.

    async def test_my_bot(canvus_canvas, canvus_server):
        await canvus_canvas.notes.create(text="hello")
        canvus_server.faults.drop_streams()
        ...
"""

from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pytest_asyncio import fixture as _fixture

    from canvus_async.canvas import Canvas
    from canvus_async.client import Client
    from canvus_async.server import CanvusServer
else:
    try:
        from pytest_asyncio import fixture as _fixture
    except ModuleNotFoundError:
        from pytest import fixture as _fixture  # noqa: PT013  # anyio's plugin runs asynchronous fixtures of pytest


@_fixture
async def canvus_server() -> "AsyncGenerator[CanvusServer]":
    """A new embedded server for each test, with all data in memory. Its `faults` simulate failures."""
    server = pytest.importorskip("canvus_async.server", reason="needs pip install 'canvus-async[server]'")
    async with server.CanvusServer() as running:
        yield running


@_fixture
async def canvus_client(canvus_server: "CanvusServer") -> "AsyncGenerator[Client]":
    """A client with the owner's token."""
    from canvus_async.client import Client  # noqa: PLC0415  # pytest imports this module for every project

    async with Client(canvus_server.url, token=canvus_server.token) as client:
        yield client


@_fixture
async def canvus_canvas(canvus_server: "CanvusServer", canvus_client: "Client") -> "Canvas":
    """An empty canvas."""
    return canvus_client.canvas(await canvus_server.create_canvas("Test"))
