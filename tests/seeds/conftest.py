"""A real server for each test, who asks it, and what the seeds' examples speak of."""

import aiohttp
import pytest

from canvus_async.server import CanvusServer
from tests.seeds.stage import Stage
from tests.server.conftest import api, ask, ask_in, canvas, server, session

__all__ = ["api", "ask", "ask_in", "canvas", "server", "session", "stage"]


@pytest.fixture
async def stage(server: CanvusServer, session: aiohttp.ClientSession) -> Stage:
    """An empty canvas, and the means to play the examples on it."""
    return Stage(server, session, await server.create_canvas("Demo"))
