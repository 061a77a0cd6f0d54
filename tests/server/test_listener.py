"""Accepting connections while the process has no free file descriptors."""

import asyncio
import logging
import os
import resource
import socket
from pathlib import Path

import pytest

from canvus_async.server import CanvusServer
from canvus_async.server.http import listener
from tests.server.api import Api, eventually


async def test_without_free_descriptors_one_line_is_logged_and_the_server_recovers(
    server: CanvusServer, api: Api, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listener, "RETRY_AFTER", 0.01)
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: logging.getLogger("asyncio").error("%s", context["message"]))
    port = int(server.url.rpartition(":")[2])
    clients = [socket.socket() for _ in range(30)]
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(
        resource.RLIMIT_NOFILE, (max(map(int, (each.name for each in Path("/proc/self/fd").iterdir()))) + 3, hard)
    )
    taken: list[int] = []
    try:
        try:
            while True:
                taken.append(os.open("/dev/null", os.O_RDONLY))
        except OSError:
            pass
        for client in clients:
            client.setblocking(False)
            client.connect_ex(("127.0.0.1", port))
        await eventually(lambda: caplog.records)
        await asyncio.sleep(0.5)
        logged = sum(len(record.getMessage()) + len(record.exc_text or "") for record in caplog.records)
        assert len(caplog.records) == 1
        assert "cannot accept connections" in caplog.text
        assert logged < 500
    finally:
        for descriptor in taken:
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

    await eventually(lambda: server.connections == len(clients))
    for client in clients:
        client.close()
    assert (await api.get("canvases")).status == 200
    await eventually(lambda: server.connections == 1)


async def test_a_connection_that_is_reset_before_it_is_accepted_does_no_harm(server: CanvusServer, api: Api) -> None:
    for _ in range(50):
        with socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2]))) as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

    assert (await api.get("canvases")).status == 200


async def test_another_server_can_listen_as_soon_as_the_first_is_closed() -> None:
    async with CanvusServer() as first:
        port = int(first.url.rpartition(":")[2])
        with pytest.raises(OSError, match="address already in use"):
            await CanvusServer(port=port).start()
    async with CanvusServer(port=port):
        pass
