"""Bad days on demand, so that a program can be tested for what it does on one.

All of it works at once and until it is used up or `clear()`ed. `match` is a part of the request's path with its query
("" for any), `method` a verb ("" for any).
"""

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
    """What to do with the next `left` requests that fit; None for all of them."""

    match: str
    method: str
    left: int | None

    def claim(self, request: web.Request) -> bool:
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
    """The faults of one server; `server.faults`."""

    def __init__(self, streams: Streams) -> None:
        self._streams = streams
        self._refusing = False
        self._failures: list[_Failure] = []
        self._delays: list[_Delay] = []
        self._truncations: list[_Rule] = []
        self._losses: list[_Rule] = []

    def drop_streams(self) -> None:
        """Break off every subscription that is open now, as a lost connection does. New ones are served."""
        self._streams.abort()

    def silence(self, on: bool = True) -> None:
        """Send nothing on subscriptions after their first line, no keepalive either, until `silence(False)`."""
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
        """Answer the next `n` requests with `status` and do nothing else; `retry_after` is sent as it is."""
        self._failures.append(_Failure(match, method, n, status, retry_after))

    def delay(self, seconds: float, *, match: str = "", method: str = "") -> None:
        """Wait so long before dealing with a request."""
        self._delays.append(_Delay(match, method, None, seconds))

    def truncate_next(self, n: int = 1, *, match: str = "", method: str = "") -> None:
        """Break the connection off halfway through the body of the next `n` answers, whose Content-Length is whole."""
        self._truncations.append(_Rule(match, method, n))

    def lose_next(self, n: int = 1, *, match: str = "", method: str = "") -> None:
        """Carry the next `n` requests out and break the connection off in place of an answer."""
        self._losses.append(_Rule(match, method, n))

    def refuse(self, on: bool = True) -> None:
        """Break every connection off at its next request, before anything is done, until `refuse(False)`."""
        self._refusing = on

    def clear(self) -> None:
        """A good day again."""
        self._refusing = False
        for rules in (self._failures, self._delays, self._truncations, self._losses):
            rules.clear()
        self._streams.mute(False)

    async def answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """What becomes of a request on such a day."""
        if self._refusing:
            return _drop_connection(request)
        for delay in self._delays:
            if delay.claim(request):
                await asyncio.sleep(delay.seconds)
        for failure in self._failures:
            if failure.claim(request):
                headers = {} if failure.retry_after is None else {"Retry-After": str(failure.retry_after)}
                return error_response(failure.status, "This failure was asked for", headers)
        response = await handler(request)
        if any(rule.claim(request) for rule in self._losses):
            return _drop_connection(request)
        if not response.prepared and any(rule.claim(request) for rule in self._truncations):
            return _truncated(response)
        return response


def _drop_connection(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=503)  # goes nowhere


def _truncated(response: web.StreamResponse) -> web.StreamResponse:
    if isinstance(response, FileBody):
        response.truncated = True
        return response
    return _TruncatedBody(response) if isinstance(response, web.Response) else response


class _TruncatedBody(web.StreamResponse):
    """A reply that announces its whole length and breaks off halfway."""

    def __init__(self, whole: web.Response) -> None:
        super().__init__(status=whole.status, headers=whole.headers)
        body = whole.body
        self._body_bytes = body if isinstance(body, bytes | bytearray) else b""
        self.content_length = len(self._body_bytes)

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        if self.prepared:
            return await super().prepare(request)
        writer = await super().prepare(request)
        await self.write(bytes(self._body_bytes[: len(self._body_bytes) // 2]))
        if request.transport is not None:
            request.transport.close()
        return writer
