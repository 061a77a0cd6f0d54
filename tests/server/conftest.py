"""A new server for each test, and clients of it."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import TypeAlias

import aiohttp
import pytest

from canvus_async.server import CanvusServer
from tests.server.api import Api

ApiFor: TypeAlias = Callable[[str | None], Api]
ApiIn: TypeAlias = Callable[[Path], AbstractAsyncContextManager[Api]]


@pytest.fixture
async def server() -> AsyncIterator[CanvusServer]:
    async with CanvusServer(processing_delay=0.01) as server:
        yield server


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as session:
        yield session


@pytest.fixture
def api_for(server: CanvusServer, session: aiohttp.ClientSession) -> ApiFor:
    """Returns an API client with a token, or without one."""
    return lambda token: Api(server, session, token)


@pytest.fixture
def api(server: CanvusServer, api_for: ApiFor) -> Api:
    """The API client of the owner."""
    return api_for(server.token)


@pytest.fixture
async def canvas(server: CanvusServer) -> str:
    """The path of an empty canvas."""
    return f"canvases/{await server.create_canvas('Demo')}"


@pytest.fixture
def api_in(session: aiohttp.ClientSession) -> ApiIn:
    """Opens a server that stores its data in a folder, and returns the API client of its owner."""

    @asynccontextmanager
    async def open_in(folder: Path) -> AsyncIterator[Api]:
        async with CanvusServer(data=folder, processing_delay=0.01) as server:
            yield Api(server, session, server.token)

    return open_in
