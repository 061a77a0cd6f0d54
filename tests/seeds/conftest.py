"""A new server for each test, clients of it, and a sandbox for the examples of the seeds."""

import aiohttp
import pytest

from canvus_async.server import CanvusServer
from tests.seeds.sandbox import Sandbox
from tests.server.conftest import api, api_for, api_in, canvas, server, session

__all__ = ["api", "api_for", "api_in", "canvas", "sandbox", "server", "session"]


@pytest.fixture
async def sandbox(server: CanvusServer, session: aiohttp.ClientSession) -> Sandbox:
    """An empty canvas to run the examples on."""
    return Sandbox(server, session, await server.create_canvas("Demo"))
