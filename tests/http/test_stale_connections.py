"""A write after a pause does not go into a pooled connection that the server has closed in the meantime."""

import http.server
import ssl
import threading
import time
from collections.abc import Awaitable, Callable, Iterator

import pytest

from canvus_async import Canvas, Client

NOTE = (
    b'{"id":"n1","widget_type":"Note","state":"normal","location":{"x":0,"y":0},"size":{"width":1,"height":1},'
    b'"scale":1,"pinned":false,"depth":1,"parent_id":"","title":"","text":"x","background_color":"#ffffffff",'
    b'"text_color":"#000000ff","auto_text_color":true,"hash":"","original_filename":""}'
)
IDLE = 0.2
"""Seconds after which the server closes an idle connection."""


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = IDLE
    writes: list[str]

    def reply(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.writes.append(self.command)
        body = NOTE.replace(b"Note", b"Image") if "images" in self.path else NOTE
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_PATCH = reply  # noqa: N815

    def log_message(self, *args: object) -> None:
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True


@pytest.fixture(params=["http", "https"])
def address(request: pytest.FixtureRequest, serving: ssl.SSLContext) -> Iterator[str]:
    """A server in a thread, which closes connections while the event loop of the test is busy."""
    Handler.writes = []
    with Server(("127.0.0.1", 0), Handler) as server:
        if request.param == "https":
            server.socket = serving.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"{request.param}://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


async def create(canvas: Canvas) -> object:
    return await canvas.notes.create(text="x")


async def update(canvas: Canvas) -> object:
    return await canvas.notes.update("n1", text="x")


async def upload(canvas: Canvas) -> object:
    return await canvas.images.upload(b"x", filename="a.png")


@pytest.mark.parametrize("write", [create, update, upload])
async def test_a_write_after_the_server_has_closed_idle_connections_is_applied_once(
    address: str, trusting: ssl.SSLContext, write: Callable[[Canvas], Awaitable[object]]
) -> None:
    async with Client(address, token="a-token-of-some-length", ssl=trusting) as client:
        for _ in range(4):
            await write(client.canvas("c1"))
            time.sleep(3 * IDLE)  # the program is busy: the event loop does not see that the connection is closed

    assert len(Handler.writes) == 4
