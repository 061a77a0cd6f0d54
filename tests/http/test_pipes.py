"""Uploads from a file that cannot seek: it is copied first, and the copy is closed whatever happens."""

import io
import os
import tempfile
from typing import IO, Any

import pytest

from canvus_async import Client
from canvus_async.http.multipart import form, open_source
from tests.raw_server import Exchange, raw_server

LARGE = 9 << 20
"""Bytes: more than are kept in memory, so the copy has a descriptor."""


class Copies:
    """Takes the place of `tempfile.SpooledTemporaryFile`, and remembers the files that it made."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.made: list[IO[bytes]] = []
        self._real = tempfile.SpooledTemporaryFile
        patch.setattr(tempfile, "SpooledTemporaryFile", self)

    def __call__(self, **options: Any) -> IO[bytes]:
        self.made.append(self._real(**options))
        return self.made[-1]


class Pipe(io.RawIOBase):
    """A source of bytes that cannot seek, and may fail when they are read."""

    def __init__(self, size: int, *, fails: bool) -> None:
        self.left = size
        self.fails = fails

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        if not self.left and self.fails:
            raise OSError("the other side has gone")
        chunk = bytes(min(size, self.left))
        self.left -= len(chunk)
        return chunk


async def unreached(exchange: Exchange) -> None:
    await exchange.request()
    await exchange.answer({}, 500)


async def test_pipe_opened_as_text_is_a_typeerror_before_any_request(monkeypatch: pytest.MonkeyPatch) -> None:
    copies = Copies(monkeypatch)
    read, write = os.pipe()
    os.write(write, b"text")
    os.close(write)
    async with raw_server(unreached) as server, Client(server.url, token="t") as client:
        with os.fdopen(read, "r", encoding="ascii") as text:
            with pytest.raises(TypeError, match="binary mode"):
                await client.canvas("c1").images.upload(text)  # type: ignore[arg-type]

    assert server.connections == 0
    assert [copy.closed for copy in copies.made] == [True]


async def test_pipe_that_fails_while_it_is_read_leaves_no_copy_open(monkeypatch: pytest.MonkeyPatch) -> None:
    copies = Copies(monkeypatch)
    async with raw_server(unreached) as server, Client(server.url, token="t") as client:
        with pytest.raises(OSError, match="the other side has gone"):
            await client.canvas("c1").images.upload(Pipe(LARGE, fails=True))

    assert server.connections == 0
    assert [copy.closed for copy in copies.made] == [True]


async def test_copy_of_a_pipe_is_closed_when_the_upload_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    copies = Copies(monkeypatch)
    async with open_source(Pipe(LARGE, fails=False), "a.png") as source:
        assert source.size == LARGE
        assert [copy.closed for copy in copies.made] == [False]

    assert [copy.closed for copy in copies.made] == [True]


async def test_streamed_file_cannot_be_decoded_as_text() -> None:
    """aiohttp would ask for the text of a body in order to print it."""
    async with open_source(b"picture", "a.png") as source:
        body = form(source, None, None, lambda: None, lambda: None)
        with pytest.raises(TypeError, match="not text"):
            body.decode()
