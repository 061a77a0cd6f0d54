"""A pytest plugin: fixtures with a real server, a client and a canvas for the tests of your own code.

pytest loads it if `canvus-async[server]` is installed. The fixtures are asynchronous: install pytest-asyncio, or mark
your tests for anyio's pytest plugin, which is installed with this package.

    async def test_my_bot(canvus_canvas, canvus_server):
        await canvus_canvas.notes.create(text="hello")
        canvus_server.faults.drop_streams()
        ...
"""

import asyncio
import functools
import inspect
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from typing import TYPE_CHECKING
from unittest.mock import Mock
from weakref import WeakKeyDictionary

import pytest

if TYPE_CHECKING:
    from aioresponses import aioresponses
    from pytest_asyncio import fixture as _fixture

    from canvus_async.canvas import Canvas
    from canvus_async.client import Client
    from canvus_async.server import CanvusServer
else:
    try:
        from pytest_asyncio import fixture as _fixture
    except ModuleNotFoundError:
        from pytest import fixture as _fixture  # noqa: PT013  # anyio's plugin runs asynchronous fixtures of pytest


_loops: "WeakKeyDictionary[CanvusServer, asyncio.AbstractEventLoop]" = WeakKeyDictionary()
"""The event loop that each server of a fixture runs in."""

_OTHER_LOOP = (
    "canvus_server runs in the event loop of its fixture, but this test runs in another one, where the server would "
    "never answer. Give both the same loop scope: with pytest-asyncio, set asyncio_default_fixture_loop_scope and "
    "asyncio_default_test_loop_scope to the same value, or mark the test with that loop_scope."
)


@_fixture
async def canvus_server() -> "AsyncGenerator[CanvusServer]":
    """A new embedded server for each test, with all data in memory. Its `faults` simulate failures."""
    server = pytest.importorskip("canvus_async.server", reason="needs pip install 'canvus-async[server]'")
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        pytest.skip("canvus_async runs on asyncio only: let the fixture anyio_backend return 'asyncio'")
    async with server.CanvusServer() as running:
        _loops[running] = loop
        yield running


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None]:
    """Fail a test at once whose event loop is not that of its server: its requests would wait for their timeouts."""
    function = getattr(item, "obj", None)
    server = getattr(item, "funcargs", {}).get("canvus_server")
    if (
        isinstance(item, pytest.Function)
        and server is not None
        and server in _loops
        and inspect.iscoroutinefunction(function)
    ):
        item.obj = _in_loop(_loops[server], function)
    return (yield)


def _in_loop(
    loop: asyncio.AbstractEventLoop, function: Callable[..., Awaitable[object]]
) -> Callable[..., Awaitable[object]]:
    @functools.wraps(function)
    async def test(*args: object, **kwargs: object) -> object:
        if asyncio.get_running_loop() is not loop:
            pytest.fail(_OTHER_LOOP, pytrace=False)
        return await function(*args, **kwargs)

    return test


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


@pytest.fixture
def canvus_mock() -> "Generator[aioresponses]":
    """An aioresponses object that answers the requests of every client during the test."""
    core = pytest.importorskip("aioresponses.core", reason="needs pip install aioresponses")
    with pytest.MonkeyPatch.context() as patch:
        if "stream_writer" in inspect.signature(core.ClientResponse).parameters:
            # aiohttp 3.14 requires it, and aioresponses 0.7.9 does not pass it (pnuckowski/aioresponses issue 289)
            response = functools.partial(core.ClientResponse, stream_writer=Mock(output_size=0))
            patch.setattr(core, "ClientResponse", response)
        with core.aioresponses() as mock:
            yield mock
