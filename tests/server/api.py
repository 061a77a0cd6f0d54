"""A minimal client: aiohttp with a base URL, so that tests see exactly what is sent and received."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from io import BytesIO
from typing import Any, NamedTuple, TypeAlias

import aiohttp

from canvus_async.server import CanvusServer

Part: TypeAlias = tuple[str, bytes, str | None]
"""A part of a form: its name, its content, and the file name if it is a file."""


def form_body(*parts: Part) -> bytes:
    """A form with the boundary `limit`. Names are not encoded, as in forms from a browser or curl."""
    lines: list[bytes] = []
    for name, content, filename in parts:
        file = "" if filename is None else f'; filename="{filename}"'
        lines += [b"--limit", f'Content-Disposition: form-data; name="{name}"{file}'.encode(), b"", content]
    return b"\r\n".join([*lines, b"--limit--", b""])


class Response(NamedTuple):
    """A complete response."""

    status: int
    body: bytes
    headers: Mapping[str, str]

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def msg(self) -> str:
        """The message of an error. Fails if the body is not a JSON object with only a `msg`."""
        assert self.headers["Content-Type"].startswith("application/json")
        assert list(self.json) == ["msg"]
        return self.json["msg"]


class Stream:
    """An open subscription, read line by line."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self.response = response

    async def line(self) -> bytes:
        """The next line; b"" at the end."""
        async with asyncio.timeout(10):
            return await self.response.content.readline()

    async def next(self) -> Any:
        """The next line that is not a keepalive, decoded."""
        while (line := await self.line()) == b"\n":
            pass
        assert line.endswith(b"\n"), f"the stream ended with {line!r}"
        return json.loads(line)

    async def rest(self) -> bytes:
        """Read until the end of the stream."""
        async with asyncio.timeout(10):
            return await self.response.content.read()


class Api:
    """Sends requests with one token, or without a token."""

    def __init__(self, server: CanvusServer, session: aiohttp.ClientSession, token: str | None) -> None:
        self.server = server
        self.session = session
        self.headers = {} if token is None else {"Private-Token": token}

    def url(self, path: str) -> str:
        return f"{self.server.url}/api/v1/{path}"

    async def call(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, **options: Any
    ) -> Response:
        async with self.session.request(
            method, self.url(path), headers=self.headers | dict(headers or {}), **options
        ) as response:
            return Response(response.status, await response.read(), response.headers)

    async def get(self, path: str, **headers: str) -> Response:
        return await self.call("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})

    async def post(self, path: str, body: Any = None) -> Response:
        return await self.call("POST", path, json={} if body is None else body)

    async def patch(self, path: str, **fields: Any) -> Response:
        return await self.call("PATCH", path, json=fields)

    async def delete(self, path: str) -> Response:
        return await self.call("DELETE", path)

    async def upload(self, path: str, content: bytes, filename: str = "file.bin", /, **fields: Any) -> Response:
        parts = [("json", json.dumps(fields).encode(), None)] if fields else []
        return await self.form(path, *parts, ("data", content, filename))

    async def form(self, path: str, *parts: Part) -> Response:
        """Send a form with exactly these parts."""
        headers = {"Content-Type": "multipart/form-data; boundary=limit"}
        return await self.call("POST", path, headers=headers, data=BytesIO(form_body(*parts)))

    async def ready(self, path: str) -> Any:
        """Wait until a widget has its hash, and return it."""
        return await eventually(lambda: self._with_hash(path))

    async def _with_hash(self, path: str) -> Any:
        widget = (await self.get(path)).json
        return widget if widget.get("hash") or widget.get("image", {}).get("hash") else None

    @asynccontextmanager
    async def stream(self, path: str) -> AsyncIterator[Stream]:
        async with self.session.get(self.url(path), headers=self.headers) as response:
            assert response.status == 200, await response.read()
            yield Stream(response)


async def eventually(check: Callable[[], Any], *, within: float = 10) -> Any:
    """Call `check` until its result, awaited if necessary, is true, and return that. Raises TimeoutError."""
    async with asyncio.timeout(within):
        while True:
            found = check()
            if asyncio.iscoroutine(found):
                found = await found
            if found:
                return found
            await asyncio.sleep(0.005)
