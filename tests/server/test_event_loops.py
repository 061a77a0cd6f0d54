"""A server belongs to the event loop that it was started in, and says so in any other one."""

import asyncio
import subprocess
import sys
import threading
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from canvus_async.server import CanvusServer
from tests.server.api import Api


def in_another_loop(work: Callable[[], Coroutine[Any, Any, object]]) -> BaseException | None:
    """Run it in a new loop in another thread; the error that it raised."""
    raised: list[BaseException] = []

    def run() -> None:
        try:
            asyncio.run(work())
        except RuntimeError as error:
            raised.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(30)
    return raised[0] if raised else None


@pytest.mark.parametrize(
    "use",
    [
        pytest.param(lambda server: server.create_canvas(), id="create_canvas"),
        pytest.param(lambda server: server.close(), id="close"),
        pytest.param(lambda server: server.__aexit__(None, None, None), id="aexit"),
        pytest.param(lambda server: asyncio.sleep(0, server.add_user()), id="add_user"),
        pytest.param(lambda server: asyncio.sleep(0, server.share(server.canvas_ids[0], "view")), id="share"),
        pytest.param(lambda server: asyncio.sleep(0, server.change_user(server.token, "owner")), id="change_user"),
        pytest.param(lambda server: asyncio.sleep(0, server.faults.drop_streams()), id="drop_streams"),
        pytest.param(lambda server: asyncio.sleep(0, server.faults.silence()), id="silence"),
    ],
)
async def test_a_method_in_another_loop_raises_and_changes_nothing(
    server: CanvusServer, api: Api, canvas: str, use: Callable[[CanvusServer], Coroutine[Any, Any, object]]
) -> None:
    async def work() -> None:
        await use(server)

    error = await asyncio.to_thread(in_another_loop, work)

    assert "this CanvusServer belongs to another event loop" in str(error)
    assert (await api.get(canvas)).status == 200
    assert server.canvas_ids == [canvas[9:]]


async def test_values_may_be_read_everywhere(server: CanvusServer, canvas: str) -> None:
    async def work() -> None:
        assert server.url
        assert server.token
        assert server.canvas_ids
        assert server.open_streams == 0
        assert "http" in repr(server)

    assert await asyncio.to_thread(in_another_loop, work) is None


async def test_start_in_another_loop_while_it_runs_raises(server: CanvusServer) -> None:
    assert "already running" in str(await asyncio.to_thread(in_another_loop, server.start))


def test_a_closed_server_can_be_started_in_another_loop(tmp_path: Path) -> None:
    server = CanvusServer(data=tmp_path)

    async def use() -> list[str]:
        async with server, aiohttp.ClientSession() as session:
            await server.create_canvas()
            assert (await Api(server, session, server.token).get("canvases")).status == 200
            return server.canvas_ids

    assert len(asyncio.run(use())) == 1
    assert len(asyncio.run(use())) == 2


def test_between_two_runs_of_its_loop_a_server_can_be_changed() -> None:
    with asyncio.Runner() as runner:
        server = CanvusServer()
        runner.run(server.start())
        canvas = runner.run(server.create_canvas())
        server.share(canvas, "view")
        assert server.add_user("view")
        runner.run(server.close())


LOST = """
import asyncio
from canvus_async.server import CanvusServer

server, loop = CanvusServer(), asyncio.new_event_loop()
loop.run_until_complete(server.start())
loop.close()
try:
    asyncio.run(server.close())
except RuntimeError as error:
    print(error)
asyncio.run(server.close())
print(server)
"""


def test_a_server_whose_loop_was_closed_says_so_once() -> None:
    done = subprocess.run([sys.executable, "-c", LOST], capture_output=True, text=True, timeout=60)

    assert done.stdout.splitlines() == [
        "the event loop of this CanvusServer was closed before the server: close the server first",
        "<CanvusServer closed>",
    ], done.stderr
