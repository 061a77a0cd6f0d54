"""Original files passed on while they come, for web backends that proxy."""

from collections.abc import Mapping
from types import MappingProxyType, TracebackType
from typing import Self

import aiohttp
import msgspec

from canvus_async.errors import ConnectFailed, IncompleteDownload, UnexpectedContent
from canvus_async.http.failures import is_identity, next_chunk
from canvus_async.http.request import Request
from canvus_async.http.transport import Transport

_PASSED_ON = (
    "Accept-Ranges",
    "Cache-Control",
    "Content-Disposition",
    "Content-Length",
    "Content-Range",
    "Content-Type",
    "ETag",
)
"""What the asker's own client needs to know of a body; nothing else of the answer is for others."""


class AssetStream:
    """A file as it comes: `async with` it, then `async for` its chunks of bytes, which are read as they are asked for.

    A slow reader makes the server wait, and leaving the block closes the connection, at the end or before. Raises
    IncompleteDownload where the body is cut, Stalled where it stops; what was passed on by then was all right.
    """

    def __init__(self, transport: Transport, request: Request) -> None:
        self._transport = transport
        self._request = request
        self._response: aiohttp.ClientResponse | None = None
        self._received = 0

    @property
    def status(self) -> int:
        """200, or 206 for a part that was asked for."""
        return self._opened.status

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers to pass on with the body: its type, its length, its name, how it may be cached."""
        headers = self._opened.headers
        return MappingProxyType({name: headers[name] for name in _PASSED_ON if name in headers})

    @property
    def size(self) -> int | None:
        """The length of the body in bytes, None if the server does not say."""
        return self._opened.content_length

    @property
    def _opened(self) -> aiohttp.ClientResponse:
        if self._response is None:
            raise RuntimeError("a stream is used inside `async with`")
        return self._response

    async def __aenter__(self) -> Self:
        limiter = self._transport.limiters.streams
        if not limiter.take():
            await limiter.wait()
        try:
            self._response = await self._transport.retrier.run("GET", self._request.path, self._open)
        except BaseException:
            limiter.give()
            raise
        return self

    async def _open(self) -> aiohttp.ClientResponse:
        response = await self._transport.open(self._request)
        expected = (200, 206) if "Range" in self._request.headers else (200,)
        if response.status in expected and is_identity(response):
            return response
        response.close()
        what = f"status {response.status} or a compressed body, neither of which was asked for"
        raise UnexpectedContent(what, method="GET", path=self._request.path)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        response, self._response = self._response, None
        if response is not None:
            self._transport.limiters.streams.give()
            response.close()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        response = self._opened
        try:
            with self._transport.stalling(self._request):
                chunk = await next_chunk(self._request, response)
        except ConnectFailed as error:
            what = f"cut short after {self._received} bytes: {error}"
            raise IncompleteDownload(what, received=self._received, expected=response.content_length) from None
        if not chunk:
            raise StopAsyncIteration
        self._received += len(chunk)
        return chunk


def ranged(request: Request, part: str | None) -> Request:
    """The request for a part, as a Range header names it. Raises ValueError for what cannot be one."""
    if part is None:
        return request
    if not part.startswith("bytes=") or not part.isascii() or not part.isprintable() or len(part) > 100:
        raise ValueError(f"a Range looks like 'bytes=0-1023', got {part[:40]!r}")
    return msgspec.structs.replace(request, headers={**request.headers, "Range": part})
