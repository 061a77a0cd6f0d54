"""One exchange with the server: a request sent with the credentials, and its 2xx response or a typed error."""

import asyncio
import math
import random
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

import aiohttp
from yarl import URL

from canvus_async.errors import (
    ApiError,
    CanvusError,
    ConnectFailed,
    RequestTimeout,
    Stalled,
    TransportError,
)
from canvus_async.http.credentials import Credentials
from canvus_async.http.deadlines import Deadline, Deadlines
from canvus_async.http.failures import request_failure
from canvus_async.http.redirects import next_hop
from canvus_async.http.request import Request
from canvus_async.http.response import Response
from canvus_async.http.secrets import Secret
from canvus_async.http.sessions import Sessions
from canvus_async.options import Timeouts
from canvus_async.protocol.responses import ResponseReader
from canvus_async.protocol.retrying import SAFE, delays, retry_after_seconds

R = TypeVar("R")

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MAX_ERROR_BODY = 64 * 1024


class Sender:
    """Sends requests to one server, without retries.

    It renews a refused token once, follows redirects within the origin, waits while the server renders what was
    requested (202), and raises an ApiError for any other status.
    """

    def __init__(
        self,
        root: str,
        *,
        credentials: Credentials,
        timeouts: Timeouts,
        sessions: Sessions,
        deadlines: Deadlines,
        response_reader: ResponseReader,
    ) -> None:
        self.sent = 0
        self._root = URL(root, encoded=True)
        self._origin = self._root.origin()
        self._credentials = credentials
        self._timeouts = timeouts
        self._sessions = sessions
        self._deadlines = deadlines
        self._response_reader = response_reader

    async def exchange(self, request: Request, deadline: Deadline) -> Response:
        """The 2xx response to a request, its body yet to be read. `deadline` is extended for each thing waited for."""
        credential = await self.credential(request, deadline)
        response = await self._send(request, self._url(request.path), credential, deadline)
        return response if response.status == 200 else await self._settle(request, response, credential, deadline)

    async def _settle(
        self, request: Request, response: Response, credential: Secret | None, deadline: Deadline
    ) -> Response:
        """Send again until a response is final: after a 401, a redirect, or a 202."""
        url = self._url(request.path)
        renewed = False
        hops = 0
        waits = delays(first=0.25, longest=5.0, random=random.random)
        give_up_at = self._deadlines.time() + (math.inf if self._timeouts.response is None else self._timeouts.response)
        while True:
            if response.status == 401 and self._credentials.renewable and not renewed:
                response.close()
                renewed = True
                await self._call_token_function(request, partial(self._credentials.renew, credential), deadline)
                credential = await self.credential(request, deadline)
            elif response.status in _REDIRECTS:
                response.close()
                hops += 1
                url = next_hop(response, self._response_reader, self._origin, hops)
            elif response.status == 202 and request.content:
                requested = retry_after_seconds(response.headers.get("Retry-After"), date=response.headers.get("Date"))
                response.close()
                # Never sooner than our own backoff: with `Retry-After: 0` we would poll without a pause.
                await self._pause(max(next(waits), requested or 0.0), give_up_at, request, deadline)
            elif 200 <= response.status < 300:
                return response
            else:
                deadline.extend(None)  # reading the body has a deadline of its own
                try:
                    raise await self._api_error(response)
                finally:
                    response.close()
            response = await self._send(request, url, credential, deadline)

    async def _pause(self, seconds: float, give_up_at: float, request: Request, deadline: Deadline) -> None:
        """Wait before the next request for something that is being rendered (202)."""
        if self._deadlines.time() + seconds > give_up_at:
            raise self._late(request, "not rendered")
        deadline.extend(None)
        await asyncio.sleep(seconds)

    async def _send(self, request: Request, url: URL, credential: Secret | None, deadline: Deadline) -> Response:
        data: bytes | aiohttp.Payload | None = request.json
        deadline.extend(self._patience(request))
        if request.payload is not None:
            moved = partial(deadline.extend, self._timeouts.stall, partial(self._stalled, request))
            data = request.payload(
                moved, partial(deadline.extend, self._timeouts.response, partial(self._late, request))
            )
            moved()
        if request.method not in SAFE:
            await _notice_closed_connections()
        self.sent += 1
        try:
            raw = await self._sessions.session(streaming=request.streaming).request(
                request.method,
                url,
                headers={**request.headers, **self._credentials.headers(credential)},
                data=data,
                allow_redirects=False,
                timeout=self._sessions.timeout,
            )
            return Response(request, raw)
        except CanvusError:
            raise
        except Exception as problem:  # noqa: BLE001  # a connector of the user's session may raise anything
            if isinstance(problem.__cause__, CanvusError):  # raised by the request body, wrapped by aiohttp
                error = problem.__cause__
            else:
                error = request_failure(request, problem, self._response_reader, self._timeouts.connect)
        # Raised outside of the handler: the context of aiohttp's error would hold frames with the request's headers.
        raise error

    def _url(self, path: str) -> URL:
        if "?" in path:
            return URL(f"{self._root}/{path}", encoded=True)
        return self._root.with_path(f"{self._root.raw_path}/{path}", encoded=True)  # a third of the price of parsing

    # -- credentials --

    async def credential(self, request: Request, deadline: Deadline | None = None) -> Secret | None:
        """The token or cookie to send with a request; calls the token function if no token is known yet."""
        if self._credentials.renewable:
            return await self._call_token_function(request, self._credentials.current, deadline)
        return await self._credentials.current()

    async def _call_token_function(
        self, request: Request, call: Callable[[], Awaitable[R]], outer: Deadline | None
    ) -> R:
        """The result of a token function. If it fails or hangs, the request was not sent: ConnectFailed."""
        if outer is not None:
            outer.extend(None)
        try:
            words = f"the token function did not return within {self._timeouts.token} s (Timeouts.token)"
            late = RequestTimeout(words, method=request.method, path=request.path, sent=False)
            with self._deadlines.within(self._timeouts.token, late):
                return await call()
        except CanvusError:
            raise
        except Exception as problem:
            what = f"the token function raised {type(problem).__name__}"
            raise ConnectFailed(what, method=request.method, path=request.path) from problem

    # -- time limits and errors --

    def deadline(self, request: Request) -> Deadline:
        """A block for an exchange, which `exchange()` extends for each thing that it waits for."""
        return self._deadlines.within(None, partial(self._late, request))

    def stalling(self, request: Request) -> Deadline:
        """A block that raises Stalled when nothing moves inside it for `Timeouts.stall` seconds."""
        return self._deadlines.within(self._timeouts.stall, partial(self._stalled, request))

    def _patience(self, request: Request) -> float | None:
        """Seconds from the last byte of the request to the response headers."""
        return self._timeouts.stream_open if request.streaming else self._timeouts.response

    def _late(self, request: Request, what: str = "no response") -> RequestTimeout:
        limit = "stream_open" if request.streaming else "response"
        words = f"{what} within {self._patience(request)} s (Timeouts.{limit})"
        return RequestTimeout(words, method=request.method, path=request.path)

    def _stalled(self, request: Request) -> Stalled:
        words = f"no byte moved for {self._timeouts.stall} s (Timeouts.stall)"
        return Stalled(words, method=request.method, path=request.path)

    async def _api_error(self, response: Response) -> ApiError:
        """The error for a response that is not 2xx; its status counts even when its body cannot be read."""
        request = response.request
        body = b""
        try:
            with self.stalling(request):
                while len(body) <= _MAX_ERROR_BODY and (chunk := await response.chunk()):
                    body += chunk
        except TransportError:
            body = b""
        return self._response_reader.api_error(
            response.status, response.headers, body, method=request.method, path=request.path
        )


async def _notice_closed_connections() -> None:
    """Let the event loop read the end of pooled connections that the server has closed.

    If the loop was busy for longer than the server keeps idle connections, a write would be sent into a closed socket,
    and its outcome would be unknown although no server has read it. One turn of the loop polls the sockets, the next
    runs their callbacks; TLS takes one more.
    """
    for _ in range(3):
        await asyncio.sleep(0)
