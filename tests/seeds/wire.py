"""Sends requests as raw bytes, which may be malformed, and reads the responses."""

import asyncio
import json
from typing import Any, NamedTuple

from canvus_async.server import CanvusServer

TIMEOUT = 10.0
"""Seconds without a response after which a test fails."""


class RawResponse(NamedTuple):
    """A response. `body` of a subscription is its first line."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def msg(self) -> str:
        """The message of an error. Fails unless the body is a JSON object with only a string `msg`."""
        assert self.headers["content-type"].startswith("application/json"), self
        body = self.json
        assert isinstance(body, dict), self
        assert list(body) == ["msg"], self
        assert isinstance(body["msg"], str), self
        return body["msg"]


async def send_raw(server: CanvusServer, request: bytes, *, head_only: bool = False) -> RawResponse:
    """Send these bytes on a new connection. Raises TimeoutError if the response is not complete in time."""
    async with asyncio.timeout(TIMEOUT):
        reader, writer = await asyncio.open_connection("127.0.0.1", int(server.url.rpartition(":")[2]))
        try:
            writer.write(request)
            return await _read_response(reader, head_only=head_only)
        finally:
            writer.transport.abort()


async def _read_response(reader: asyncio.StreamReader, *, head_only: bool) -> RawResponse:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    if head.startswith("HTTP/1.1 100 "):
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.split("\r\n")[:-2]
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    status = int(first.split(" ")[1])
    if head_only or status == 304:
        return RawResponse(status, headers, b"")
    if headers.get("transfer-encoding") == "chunked":
        return RawResponse(status, headers, await _first_line(reader))
    return RawResponse(status, headers, await reader.readexactly(int(headers["content-length"])))


async def _first_line(reader: asyncio.StreamReader) -> bytes:
    body = b""
    while b"\n" not in body:
        size = int(await reader.readline(), 16)
        body += await reader.readexactly(size)
        await reader.readexactly(2)
        if not size:
            break
    return body


def raw_request(method: str, target: str, *headers: str, token: str | None = None, body: bytes | None = None) -> bytes:
    """The bytes of a request, which is well-formed if the arguments are."""
    lines = [f"{method} {target} HTTP/1.1", "Host: localhost", "Connection: close", *headers]
    if token is not None:
        lines.append(f"Private-Token: {token}")
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1", errors="replace") + (body or b"")
