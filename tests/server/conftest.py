"""A real server for each test, and someone to ask it."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import TypeAlias

import aiohttp
import pytest

from canvus_async.server import CanvusServer
from tests.server.api import Api

Ask: TypeAlias = Callable[[str | None], Api]
AskIn: TypeAlias = Callable[[Path], AbstractAsyncContextManager[Api]]


@pytest.fixture
async def server() -> AsyncIterator[CanvusServer]:
    async with CanvusServer(processing_delay=0.01) as server:
        yield server


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as session:
        yield session


@pytest.fixture
def ask(server: CanvusServer, session: aiohttp.ClientSession) -> Ask:
    """Someone with that token, or with none."""
    return lambda token: Api(server, session, token)


@pytest.fixture
def api(server: CanvusServer, ask: Ask) -> Api:
    """The owner."""
    return ask(server.token)


@pytest.fixture
async def canvas(server: CanvusServer) -> str:
    """The path of an empty canvas."""
    return f"canvases/{await server.create_canvas('Demo')}"


@pytest.fixture
def ask_in(session: aiohttp.ClientSession) -> AskIn:
    """The owner of a server that keeps its data in a folder."""

    @asynccontextmanager
    async def open_in(folder: Path) -> AsyncIterator[Api]:
        async with CanvusServer(data=folder, processing_delay=0.01) as server:
            yield Api(server, session, server.token)

    return open_in
