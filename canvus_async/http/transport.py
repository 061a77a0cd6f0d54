"""The only module that makes requests: one in, one answer or one typed error out.

The token goes to one origin and into no session default, because aiohttp forwards custom headers on a redirect to
another origin. Requests are tried again only here, and only where that cannot do their work twice.
"""

import asyncio
import math
import random
import ssl as tls
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import TypeVar

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from canvus_async.errors import (
    ApiError,
    CanvusError,
    ClientClosed,
    ConnectFailed,
    NotFound,
    OutcomeUnknown,
    RedirectRefused,
    RequestTimeout,
    ServerError,
    Stalled,
    TransportError,
    UnexpectedContent,
)
from canvus_async.http.credentials import Credentials, Secret
from canvus_async.http.deadlines import Deadline, Deadlines
from canvus_async.http.failures import check_content, failure, lost, next_chunk
from canvus_async.http.limiters import Limiter, Limiters
from canvus_async.http.redirects import next_hop
from canvus_async.http.request import Payload, Request
from canvus_async.http.retries import Retrier
from canvus_async.http.sessions import Sessions
from canvus_async.options import Limits, Reconnect, Retry, Timeouts
from canvus_async.protocol.answers import Answers
from canvus_async.protocol.retrying import SAFE, delays, retry_after_seconds

__all__ = ["Request", "Transport", "lost"]

R = TypeVar("R")
T = TypeVar("T")

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MAX_REFUSAL = 64 * 1024


class Transport:
    """Requests to one server: authenticated, bounded, timed, retried where harmless, and ended by `aclose()`."""

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
        self.answers = Answers(credentials.redacted)
        self.deadlines = Deadlines()
        self.limiters = Limiters(limits, self.deadlines)
        self.sessions = Sessions(limits, timeouts, ssl, session)
        self.retrier = Retrier(retry, self.deadlines)
        self.sent = 0
        self._root = URL(root, encoded=True)
        self._origin = self._root.origin()
        self._sender: Secret | None = None
        self._last_headers: tuple[Mapping[str, str], Secret | None, CIMultiDict[str]] = {}, None, CIMultiDict()

    # -- whole answers --

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
        """The body of a 2xx answer to one request, retried where that is harmless; at most `max_bytes` of it.

        `path` is relative to the API's root, its parts quoted. Raises an ApiError for an answer that says no, a
        TransportError for none, UnexpectedContent for one that is too long.
        """
        headers = {"canvas-id": canvas_id} if canvas_id else {}
        if json is not None:
            headers["Content-Type"] = "application/json"
        request = Request(method=method, path=path, headers=headers, json=json, payload=payload)
        if method in SAFE:
            return await self.get(request, limiter or self.limiters.requests, max_bytes or self.limits.body)
        async with limiter or self.limiters.requests:
            return await self._write(request)

    async def one(
        self, method: str, path: str, of: type[T], *, json: bytes | None = None, payload: Payload | None = None
    ) -> T:
        """The record in the answer to `call()`. Raises UnexpectedContent besides, when there is none of that kind."""
        body = self.call(method, path, json=json, payload=payload)
        return self.answers.one(await body, of, method=method, path=path)

    async def get(self, request: Request, limiter: Limiter, max_bytes: int) -> bytes:
        """The body of a 2xx answer to a request that changes nothing, as `call()`."""
        if not limiter.take():
            await limiter.wait()
        try:
            try:
                body = await self.whole(request, max_bytes)
            except CanvusError as error:
                return await self.retrier.again("GET", request.path, partial(self.whole, request, max_bytes), error)
            self.retrier.budget.refund()
            return body
        finally:
            limiter.give()

    async def _write(self, request: Request) -> bytes:
        """The body of the answer to a request that changes something; a lost answer to one is said to be that."""
        method, path = request.method, request.path
        lost_before = False

        async def attempt() -> bytes:
            nonlocal lost_before
            try:
                return await self.whole(request, self.limits.body)
            except NotFound:
                if method == "DELETE" and lost_before:
                    return b""  # the try whose answer was lost had done it
                raise
            except (TransportError, ServerError) as error:
                lost_before = lost_before or not isinstance(error, TransportError) or error.sent
                raise

        try:
            return await self.retrier.run(method, path, attempt)
        except TransportError as error:
            if not error.sent or isinstance(error, RedirectRefused):
                raise
            what = f"sent, and no whole answer came ({error.what})"
            raise OutcomeUnknown(what, method=method, path=path) from None

    async def whole(self, request: Request, max_bytes: int) -> bytes:
        """The whole body of a 2xx answer, never more than that of it in memory, decompressed bytes included.

        Not retried.
        """
        with self._limit(request) as limit:
            response = await self._answer(request, limit)
            content = response.content
            try:
                if request.content:
                    check_content(request, response)
                if not content.is_eof():
                    limit.extend(self.timeouts.response)
                try:
                    body = await content.readany()
                except (aiohttp.ClientError, OSError) as problem:
                    raise lost(request, problem) from None
                if not content.at_eof() or len(body) > max_bytes:
                    body = await self._rest(request, response, body, max_bytes)
            finally:
                if not content.at_eof():
                    response.close()
            return body

    async def _rest(self, request: Request, response: aiohttp.ClientResponse, start: bytes, max_bytes: int) -> bytes:
        chunks: list[bytes] = []
        size, chunk = 0, start
        while chunk:
            size += len(chunk)
            if size > max_bytes:
                what = f"the answer is over {max_bytes} bytes"
                raise UnexpectedContent(what, method=request.method, path=request.path)
            chunks.append(chunk)
            chunk = await next_chunk(request, response)
        return b"".join(chunks)

    async def headers(self, path: str) -> Mapping[str, str]:
        """The headers of the 2xx answer to a GET, retried."""
        request = Request(method="GET", path=path)

        async def attempt() -> Mapping[str, str]:
            response = await self.open(request)
            response.release()
            return response.headers

        async with self.limiters.requests:
            return await self.retrier.run("GET", path, attempt)

    # -- one exchange --

    async def open(self, request: Request) -> aiohttp.ClientResponse:
        """One request and its 2xx answer with the body yet to be read; closing it is the caller's. Not retried."""
        with self._limit(request) as limit:
            return await self._answer(request, limit)

    async def _answer(self, request: Request, limit: Deadline) -> aiohttp.ClientResponse:
        """Send, and see to it that the answer is a yes."""
        credential = self._sender or await self._credential(request, limit)
        response = await self._send(request, self._url(request.path), credential, limit)
        return response if response.status == 200 else await self._settle(request, response, credential, limit)

    async def _settle(
        self, request: Request, response: aiohttp.ClientResponse, credential: Secret | None, limit: Deadline
    ) -> aiohttp.ClientResponse:
        """Renew the token once after a 401, follow redirects that stay on this origin, wait while the server still
        makes what was asked for, and turn a no into an error."""
        url = self._url(request.path)
        renewed = False
        hops = 0
        waits = delays(first=0.25, longest=5.0, random=random.random)
        patience = self.deadlines.time() + (math.inf if self.timeouts.response is None else self.timeouts.response)
        while True:
            if response.status == 401 and self.credentials.renewable and not renewed:
                response.close()
                renewed = True
                await self._asked(request, partial(self.credentials.renew, credential), limit)
                credential = await self._credential(request, limit)
            elif response.status in _REDIRECTS:
                response.close()
                hops += 1
                url = next_hop(request, response, self.answers, self._origin, hops)
            elif response.status == 202 and request.content:
                asked = retry_after_seconds(response.headers.get("Retry-After"), date=response.headers.get("Date"))
                response.close()
                await self._pause(next(waits) if asked is None else asked, patience, request, limit)
            elif response.ok:
                return response
            else:
                limit.extend(None)  # the reading has a limit of its own
                try:
                    raise await self._refusal(request, response)
                finally:
                    response.close()
            response = await self._send(request, url, credential, limit)

    async def _pause(self, seconds: float, until: float, request: Request, limit: Deadline) -> None:
        """Wait before asking again whether something is ready."""
        if self.deadlines.time() + seconds > until:
            raise self._late(request, "not ready")
        limit.extend(None)
        await asyncio.sleep(seconds)

    async def _send(
        self, request: Request, url: URL, credential: Secret | None, limit: Deadline
    ) -> aiohttp.ClientResponse:
        data: bytes | aiohttp.Payload | None = request.json
        limit.extend(self._patience(request))
        if request.payload is not None:
            moved = partial(limit.extend, self.timeouts.stall, partial(self._still, request))
            data = request.payload(moved, partial(limit.extend, self.timeouts.response, partial(self._late, request)))
            moved()
        self.sent += 1
        try:
            return await self.sessions.session(streaming=request.streaming).request(
                request.method,
                url,
                headers=self._headers(request.headers, credential),
                data=data,
                allow_redirects=False,
                timeout=self.sessions.timeout,
            )
        except CanvusError:
            raise
        except (aiohttp.ClientError, OSError) as problem:
            if isinstance(problem.__cause__, CanvusError):  # the body's own error, which aiohttp wraps
                error = problem.__cause__
            elif self.deadlines.closed:
                error = ClientClosed()
            else:
                error = failure(request, problem, self.answers, self.timeouts.connect)
        # Raised out here, so that aiohttp's error, whose frames hold the request's head, is not even its context.
        raise error

    def _headers(self, own: Mapping[str, str], credential: Secret | None) -> CIMultiDict[str]:
        """The headers of a request and of who asks; those of the last one are kept, as the next are mostly the same."""
        last, sender, headers = self._last_headers
        if last is not own or sender is not credential:
            headers = CIMultiDict({**own, **self.credentials.headers(credential)})
            self._last_headers = own, credential, headers
        return headers

    def _url(self, path: str) -> URL:
        if "?" in path:
            return URL(f"{self.root}/{path}", encoded=True)
        return self._root.with_path(f"{self._root.raw_path}/{path}", encoded=True)  # half the price

    async def identity(self, request: Request) -> str:
        """A digest of who asks; see `Credentials.identity()`."""
        await self._credential(request, None)
        return await self.credentials.identity()

    async def _credential(self, request: Request, limit: Deadline | None) -> Secret | None:
        """The token or cookie to send, asked for where it takes asking."""
        if self.credentials.renewable:
            return await self._asked(request, self.credentials.current, limit)
        self._sender = await self.credentials.current()  # does not wait
        return self._sender

    async def _asked(self, request: Request, ask: Callable[[], Awaitable[R]], outer: Deadline | None) -> R:
        """What a token function says; one that fails or hangs is a failed connection: the request was not sent."""
        if outer is not None:
            outer.extend(None)
        try:
            words = f"no token within {self.timeouts.token} s"
            late = RequestTimeout(words, method=request.method, path=request.path, sent=False)
            with self.deadlines.within(self.timeouts.token, late):
                return await ask()
        except CanvusError:
            raise
        except Exception as problem:
            what = f"the token function raised {type(problem).__name__}"
            raise ConnectFailed(what, method=request.method, path=request.path) from problem

    def _patience(self, request: Request) -> float | None:
        """Seconds until the head of the answer, from the last byte of the request on."""
        return self.timeouts.stream_open if request.streaming else self.timeouts.response

    def _limit(self, request: Request) -> Deadline:
        """What is set to the patience for each thing that is waited for."""
        return Deadline(self.deadlines, None, partial(self._late, request))

    def _late(self, request: Request, what: str = "no answer") -> RequestTimeout:
        return RequestTimeout(f"{what} within {self._patience(request)} s", method=request.method, path=request.path)

    def _still(self, request: Request) -> Stalled:
        words = f"not a byte moved for {self.timeouts.stall} s"
        return Stalled(words, method=request.method, path=request.path)

    def stalling(self, request: Request) -> Deadline:
        """Raises Stalled when nothing moves inside for `Timeouts.stall` seconds."""
        return Deadline(self.deadlines, self.timeouts.stall, partial(self._still, request))

    async def _refusal(self, request: Request, response: aiohttp.ClientResponse) -> ApiError:
        """The error for an answer that says no; its status counts even when its body cannot be read."""
        body = b""
        try:
            with self.stalling(request):
                while len(body) <= _MAX_REFUSAL and (chunk := await next_chunk(request, response)):
                    body += chunk
        except TransportError:
            body = b""  # the status is the answer; the words are a courtesy
        return self.answers.refusal(response.status, response.headers, body, method=request.method, path=request.path)

    async def aclose(self) -> None:
        """End what is under way with ClientClosed, then close the sockets. May be called again."""
        self.deadlines.close()
        await self.sessions.aclose()
