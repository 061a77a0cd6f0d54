"""Original files passed on while they arrive, for web backends that proxy them."""

from collections.abc import Mapping
from contextlib import AsyncExitStack
from types import MappingProxyType, TracebackType
from typing import Self

import msgspec

from canvus_async.errors import ConnectionLost, IncompleteDownload, UnexpectedContent
from canvus_async.http.request import Request
from canvus_async.http.response import Response
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
"""The headers that describe the body. No other header of the response is passed on."""


class AssetStream:
    """A file as it arrives: `async with` it, then `async for` its chunks of bytes, which are read on demand.

    A slow reader slows the server down (TCP). Leaving the block closes the connection. Raises IncompleteDownload when
    the body is truncated, Stalled when it stops; the chunks before that were valid.
    """

    def __init__(self, transport: Transport, request: Request) -> None:
        self._transport = transport
        self._request = request
        self._response: Response | None = None
        self._received = 0
        self._cleanup = AsyncExitStack()

    @property
    def status(self) -> int:
        """200, or 206 for a requested part."""
        return self._opened.status

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers to pass on with the body: its type, length, name, and how it may be cached."""
        headers = self._opened.headers
        return MappingProxyType({name: headers[name] for name in _PASSED_ON if name in headers})

    @property
    def size(self) -> int | None:
        """The length of the body in bytes, None if the server does not announce it."""
        return self._opened.content_length

    @property
    def _opened(self) -> Response:
        if self._response is None:
            raise RuntimeError("use a stream inside its `async with` block")
        return self._response

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self._transport.limiters.streams)
            self._response = await self._transport.retrier.run("GET", self._request.path, self._open)
            stack.callback(self._response.close)
            self._cleanup = stack.pop_all()
        return self

    async def _open(self) -> Response:
        response = await self._transport.open(self._request)
        expected = (200, 206) if "Range" in self._request.headers else (200,)
        if response.status in expected and response.is_identity:
            return response
        response.close()
        what = f"status {response.status} or a compressed body, which was not requested"
        raise UnexpectedContent(what, method="GET", path=self._request.path)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._response = None
        await self._cleanup.aclose()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        response = self._opened
        try:
            with self._transport.stalling(self._request):
                chunk = await response.chunk()
        except ConnectionLost as error:
            what = f"truncated after {self._received} bytes: {error}"
            raise IncompleteDownload(what, received=self._received, expected=response.content_length) from None
        if not chunk:
            raise StopAsyncIteration
        self._received += len(chunk)
        return chunk


def ranged(request: Request, part: str | None) -> Request:
    """The request with a Range header. Raises ValueError for a malformed one."""
    if part is None:
        return request
    if not part.startswith("bytes=") or not part.isascii() or not part.isprintable() or len(part) > 100:
        raise ValueError(f"a Range looks like 'bytes=0-1023', got {part[:40]!r}")
    return msgspec.structs.replace(request, headers={**request.headers, "Range": part})
