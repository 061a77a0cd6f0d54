"""Simulates failures, so that you can test how your program handles them."""

import asyncio
from dataclasses import dataclass

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.typedefs import Handler

from canvus_async.server.http.file_responses import FileBody
from canvus_async.server.http.responses import error_response
from canvus_async.server.streams.subscriptions import Streams


@dataclass
class _Rule:
    """Applies to the next `left` requests that match, or to all of them if `left` is None."""

    match: str
    method: str
    left: int | None

    def claim(self, request: web.Request) -> bool:
        """Whether the rule applies to a request; if so, that request is counted."""
        if self.left == 0 or self.match not in request.path_qs or self.method not in {"", request.method}:
            return False
        if self.left is not None:
            self.left -= 1
        return True


@dataclass
class _Failure(_Rule):
    status: int
    retry_after: float | str | None


@dataclass
class _Delay(_Rule):
    seconds: float


class Faults:
    """Simulates failures of a server; available as `server.faults`.

    A fault takes effect immediately and lasts until its number of requests is used up, or until `clear()`. With `match`
    a fault applies only to requests whose path, including the query, contains that text; with `method` only to requests
    with that HTTP method.
    """

    def __init__(self, streams: Streams) -> None:
        self._streams = streams
        self._refusing = False
        self._failures: list[_Failure] = []
        self._delays: list[_Delay] = []
        self._truncations: list[_Rule] = []
        self._losses: list[_Rule] = []

    def drop_streams(self) -> None:
        """Abort the connections of all open subscriptions. New subscriptions are served as usual."""
        self._streams.abort()

    def silence(self, on: bool = True) -> None:
        """Send nothing on subscriptions after their first line, not even keepalives, until `silence(False)`.

        Changes that occur in the meantime are sent then.
        """
        self._streams.mute(on)

    def fail_next(
        self,
        n: int = 1,
        status: int = 503,
        *,
        retry_after: float | str | None = None,
        match: str = "",
        method: str = "",
    ) -> None:
        """Respond to the next `n` requests with `status` without carrying them out.

        `retry_after` is sent unchanged in the header Retry-After.
        """
        self._failures.append(_Failure(match, method, n, status, retry_after))

    def delay(self, seconds: float, *, match: str = "", method: str = "") -> None:
        """Wait `seconds` before each request is handled."""
        self._delays.append(_Delay(match, method, None, seconds))

    def truncate_next(self, n: int = 1, *, match: str = "", method: str = "") -> None:
        """Close the connection halfway through the body of the next `n` responses.

        Their Content-Length is that of the whole body.
        """
        self._truncations.append(_Rule(match, method, n))

    def lose_next(self, n: int = 1, *, match: str = "", method: str = "") -> None:
        """Carry out the next `n` requests, but abort the connection instead of sending a response."""
        self._losses.append(_Rule(match, method, n))

    def refuse(self, on: bool = True) -> None:
        """Abort the connection of every request without carrying it out, until `refuse(False)`."""
        self._refusing = on

    def clear(self) -> None:
        """End all faults."""
        self._refusing = False
        for rules in (self._failures, self._delays, self._truncations, self._losses):
            rules.clear()
        self._streams.mute(False)

    async def answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Respond to a request with `handler`, or as the faults demand."""
        if self._refusing:
            return _drop_connection(request)
        for delay in self._delays:
            if delay.claim(request):
                await asyncio.sleep(delay.seconds)
        for failure in self._failures:
            if failure.claim(request):
                headers = {} if failure.retry_after is None else {"Retry-After": str(failure.retry_after)}
                return error_response(failure.status, "Failure requested with Faults.fail_next()", headers)
        response = await handler(request)
        if any(rule.claim(request) for rule in self._losses):
            return _drop_connection(request)
        if not response.prepared and any(rule.claim(request) for rule in self._truncations):
            return _truncated(response)
        return response


def _drop_connection(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=503)  # the connection is closed: nobody receives this


def _truncated(response: web.StreamResponse) -> web.StreamResponse:
    if isinstance(response, FileBody):
        response.truncated = True
        return response
    return _TruncatedBody(response) if isinstance(response, web.Response) else response


class _TruncatedBody(web.StreamResponse):
    """Sends the Content-Length of the whole body, but only half of the body."""

    def __init__(self, whole: web.Response) -> None:
        super().__init__(status=whole.status, headers=whole.headers)
        body = whole.body
        self._body_bytes = body if isinstance(body, bytes | bytearray) else b""
        self.content_length = len(self._body_bytes)

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        writer = await super().prepare(request)
        await self.write(bytes(self._body_bytes[: len(self._body_bytes) // 2]))
        if request.transport is not None:
            request.transport.close()
        return writer
