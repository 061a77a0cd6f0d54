"""Calls to one server: bounded, timed, retried where that is harmless, and ended when the client is closed."""

import ssl as tls
from collections.abc import Mapping
from functools import partial
from typing import TypeVar

import aiohttp

from canvus_async.errors import NotFound, OutcomeUnknown, RedirectRefused, ServerError, TransportError
from canvus_async.http.credentials import Credentials
from canvus_async.http.deadlines import Deadline, Deadlines
from canvus_async.http.limiters import Limiter, Limiters
from canvus_async.http.request import Payload, Request
from canvus_async.http.response import Response
from canvus_async.http.retries import Retrier
from canvus_async.http.sender import Sender
from canvus_async.http.sessions import Sessions
from canvus_async.options import Limits, Reconnect, Retry, Timeouts
from canvus_async.protocol.responses import ResponseReader
from canvus_async.protocol.retrying import SAFE

T = TypeVar("T")


class Transport:
    """Everything that the calls of one client share, and the two ways to make one: `call()` and `open()`."""

    def __init__(
        self,
        root: str,
        *,
        credentials: Credentials,
        timeouts: Timeouts,
        limits: Limits,
        retry: Retry,
        reconnect: Reconnect,
        ssl: tls.SSLContext | aiohttp.Fingerprint | None,
        session: aiohttp.ClientSession | None,
    ) -> None:
        self.root = root
        self.credentials = credentials
        self.timeouts = timeouts
        self.limits = limits
        self.reconnect = reconnect
        self.response_reader = ResponseReader(credentials.redacted)
        self.deadlines = Deadlines()
        self.limiters = Limiters(limits, self.deadlines)
        self.retrier = Retrier(retry, self.deadlines)
        self.sessions = Sessions(limits, timeouts, ssl, session)
        self.deadlines.binding.on_new_loop += [self.sessions.restart, credentials.restart]
        self._sender = Sender(
            root,
            credentials=credentials,
            timeouts=timeouts,
            sessions=self.sessions,
            deadlines=self.deadlines,
            response_reader=self.response_reader,
        )

    @property
    def sent(self) -> int:
        """Requests sent so far, including retries and followed redirects."""
        return self._sender.sent

    # -- whole responses --

    async def call(
        self,
        method: str,
        path: str,
        *,
        json: bytes | None = None,
        payload: Payload | None = None,
        canvas_id: str | None = None,
        limiter: Limiter | None = None,
        max_bytes: int | None = None,
    ) -> bytes:
        """The body of the 2xx response to one request, retried where that is harmless; at most `max_bytes` of it.

        `path` is relative to the API's root and quoted. Raises an ApiError for any other status, a TransportError
        without a whole response, UnexpectedContent for one that is too large.
        """
        headers = {"canvas-id": canvas_id} if canvas_id else {}
        if json is not None:
            headers["Content-Type"] = "application/json"
        request = Request(method=method, path=path, headers=headers, json=json, payload=payload)
        limiter = limiter or self.limiters.requests
        if method in SAFE:
            return await self.get(request, limiter, max_bytes or self.limits.body)
        async with limiter:
            return await self._write(request)

    async def one(
        self, method: str, path: str, of: type[T], *, json: bytes | None = None, payload: Payload | None = None
    ) -> T:
        """The record in the body of `call()`. Raises UnexpectedContent if it is not a record of that type."""
        body = self.call(method, path, json=json, payload=payload)
        return self.response_reader.one(await body, of, method=method, path=path)

    async def get(self, request: Request, limiter: Limiter, max_bytes: int) -> bytes:
        """The body of the 2xx response to a read, as `call()`."""
        async with limiter:
            return await self.retrier.run("GET", request.path, partial(self._whole, request, max_bytes))

    async def _write(self, request: Request) -> bytes:
        """The body of the response to a write. If the response is lost, the error says that the outcome is unknown."""
        method, path = request.method, request.path
        lost_before = False

        async def attempt() -> bytes:
            nonlocal lost_before
            try:
                return await self._whole(request, self.limits.body)
            except NotFound:
                if method == "DELETE" and lost_before:
                    return b""  # the attempt whose response was lost has deleted it
                raise
            except (TransportError, ServerError) as error:
                lost_before = lost_before or not isinstance(error, TransportError) or error.sent
                raise

        try:
            return await self.retrier.run(method, path, attempt)
        except TransportError as error:
            if not error.sent or isinstance(error, RedirectRefused):
                raise
            what = f"request sent but the response was lost ({error.what}): the write may or may not have been applied"
            raise OutcomeUnknown(what, method=method, path=path) from None

    async def _whole(self, request: Request, max_bytes: int) -> bytes:
        """The body of the 2xx response, decompressed, never more than `max_bytes` of it in memory. Not retried."""
        with self._sender.deadline(request) as deadline:
            response = await self._sender.exchange(request, deadline)
            try:
                if request.content:
                    response.check_is_whole_file()
                if not response.arrived:
                    deadline.extend(self.timeouts.response)
                return await response.read(max_bytes)
            finally:
                if not response.at_end:
                    response.close()

    async def headers(self, path: str) -> Mapping[str, str]:
        """The headers of the 2xx response to a GET, retried."""
        request = Request(method="GET", path=path)

        async def attempt() -> Mapping[str, str]:
            response = await self.open(request)
            response.release()
            return response.headers

        async with self.limiters.requests:
            return await self.retrier.run("GET", path, attempt)

    # -- responses whose body the caller reads --

    async def open(self, request: Request) -> Response:
        """The 2xx response to one request, its body yet to be read; the caller closes it. Not retried."""
        with self._sender.deadline(request) as deadline:
            return await self._sender.exchange(request, deadline)

    def stalling(self, request: Request) -> Deadline:
        """A block that raises Stalled when nothing moves inside it for `Timeouts.stall` seconds."""
        return self._sender.stalling(request)

    async def identity(self, request: Request) -> str:
        """A digest of the credentials; see `Credentials.identity()`."""
        await self._sender.credential(request)
        return await self.credentials.identity()

    async def aclose(self) -> None:
        """End everything in flight with ClientClosed, then close the connections. May be called again."""
        self.deadlines.binding.check()
        self.deadlines.close()
        await self.sessions.aclose()
