"""The only module that calls aiohttp's client: one request in, one answer or one typed error out.

The token goes to one origin and into no session default, because aiohttp forwards custom headers on a redirect to
another origin. Requests are tried again only here, and only where that cannot do their work twice.
"""

import asyncio
import ssl as tls
import warnings
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
from yarl import URL

from canvus_async.credentials import Credentials, Secret
from canvus_async.deadlines import Deadlines, extend
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
from canvus_async.options import Limits, Reconnect, Retry, Timeouts
from canvus_async.protocol import answers
from canvus_async.protocol.retrying import SAFE
from canvus_async.retries import Retrier

Payload = Callable[[Callable[[], None]], aiohttp.Payload]
"""Makes a request body anew for each try; it is handed a function to call whenever bytes have moved."""

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MAX_HOPS = 3
_MAX_REFUSAL = 64 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """One request: `path` is relative to the API's root, its parts quoted; `headers` are those besides who asks.

    `streaming` takes a connection from the pool of subscriptions, which no call waits for.
    """

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    json: bytes | None = None
    payload: Payload | None = None
    streaming: bool = False


class Slots:
    """The bounded semaphores of one client; each is first come, first served, so that a bulk job starves nobody."""

    def __init__(self, limits: Limits) -> None:
        self.requests = asyncio.Semaphore(limits.requests)
        self.mipmaps = asyncio.Semaphore(limits.mipmaps)
        self.assets = asyncio.Semaphore(limits.assets)


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
        self.slots = Slots(limits)
        self.deadlines = Deadlines()
        self.retrier = Retrier(retry)
        self.sent = 0
        self._ssl = ssl
        self._origin = URL(root, encoded=True).origin()
        self._given_session = session
        self._sessions: dict[str, aiohttp.ClientSession] = {}

    # -- whole answers --

    async def call(
        self,
        method: str,
        path: str,
        *,
        json: bytes | None = None,
        payload: Payload | None = None,
        canvas_id: str | None = None,
        slot: asyncio.Semaphore | None = None,
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

        lost_before = False

        async def attempt() -> bytes:
            nonlocal lost_before
            try:
                async with self.exchange(request) as response:
                    return await self._read(request, response, max_bytes or self.limits.body)
            except NotFound:
                if method == "DELETE" and lost_before:
                    return b""  # the try whose answer was lost had done it
                raise
            except (TransportError, ServerError) as error:
                lost_before = lost_before or not isinstance(error, TransportError) or error.sent
                raise

        async with self.deadlines.until_closed(), slot or self.slots.requests:
            try:
                return await self.retrier.run(method, attempt)
            except TransportError as error:
                if method in SAFE or not error.sent or isinstance(error, RedirectRefused):
                    raise
                what = f"sent, and no whole answer came ({error.what})"
                raise OutcomeUnknown(what, method=method, path=path) from None

    async def _read(self, request: Request, response: aiohttp.ClientResponse, limit: int) -> bytes:
        """The whole body, never more than `limit` bytes of it in memory, decompressed ones included."""
        async with self._within(self.timeouts.answer, request):
            chunks: list[bytes] = []
            size = 0
            async for chunk in body_chunks(request, response):
                size += len(chunk)
                if size > limit:
                    what = f"the answer is over {limit} bytes"
                    raise UnexpectedContent(what, method=request.method, path=request.path)
                chunks.append(chunk)
            return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    # -- one exchange --

    @asynccontextmanager
    async def exchange(self, request: Request) -> AsyncGenerator[aiohttp.ClientResponse]:
        """One request and the head of its 2xx answer; the connection is closed on leaving unless the body was read.

        Not retried. No time limit is left running inside the block.
        """
        response = await self.open(request)
        try:
            yield response
        finally:
            response.close()

    async def open(self, request: Request) -> aiohttp.ClientResponse:
        """One request and its 2xx answer with the body yet to be read; closing it is the caller's."""
        response = await self._follow(request)
        if response.ok:
            return response
        try:
            raise await self._refusal(request, response)
        finally:
            response.close()

    async def _follow(self, request: Request) -> aiohttp.ClientResponse:
        """Send, renew the token once after a 401, and follow redirects that stay on this origin."""
        url = URL(f"{self.root}/{request.path}", encoded=True)
        renewed = False
        hops = 0
        while True:
            async with self._asking_for_token(request):
                credential = await self.credentials.current()
            response = await self._send(request, url, credential)
            if response.status == 401 and self.credentials.renewable and not renewed:
                response.close()
                renewed = True
                async with self._asking_for_token(request):
                    await self.credentials.renew(credential)
            elif response.status in _REDIRECTS:
                response.close()
                hops += 1
                url = self._next_hop(request, response, hops)
            else:
                return response

    async def _send(self, request: Request, url: URL, credential: Secret | None) -> aiohttp.ClientResponse:
        payload = request.payload
        try:
            seconds = self.timeouts.head if request.streaming else self.timeouts.answer
            limit = self.stalling(request) if payload else self._within(seconds, request)
            async with limit as scope:
                self.sent += 1
                return await self._session(request.streaming).request(
                    request.method,
                    url,
                    headers={**request.headers, **self.credentials.headers(credential)},
                    data=payload(lambda: extend(scope, self.timeouts.stall)) if payload else request.json,
                    allow_redirects=False,
                )
        except (aiohttp.ClientError, OSError) as problem:
            if isinstance(problem, CanvusError):
                raise
            if isinstance(problem.__cause__, CanvusError):  # the body's own error, which aiohttp wraps
                raise problem.__cause__ from None
            raise self._failure(request, problem) from None

    @asynccontextmanager
    async def _asking_for_token(self, request: Request) -> AsyncGenerator[None]:
        """A token function that fails or hangs is a failed connection: the request was not sent."""
        try:
            async with self._within(self.timeouts.token, request, "no token", sent=False):
                yield
        except CanvusError:
            raise
        except Exception as problem:
            what = f"the token function raised {type(problem).__name__}"
            raise ConnectFailed(what, method=request.method, path=request.path) from problem

    def _within(
        self, seconds: float | None, request: Request, what: str = "no answer", *, sent: bool = True
    ) -> AbstractAsyncContextManager[asyncio.Timeout]:
        words = f"{what} within {seconds} s"
        return self.deadlines.within(
            seconds, RequestTimeout(words, method=request.method, path=request.path, sent=sent)
        )

    def stalling(self, request: Request) -> AbstractAsyncContextManager[asyncio.Timeout]:
        """Raises Stalled when nothing moves inside for `Timeouts.stall` seconds."""
        seconds = self.timeouts.stall
        words = f"not a byte moved for {seconds} s"
        return self.deadlines.within(seconds, Stalled(words, method=request.method, path=request.path))

    def _next_hop(self, request: Request, response: aiohttp.ClientResponse, hops: int) -> URL:
        location = response.headers.get("Location", "")
        try:
            target = response.url.join(URL(location))
            same = target.origin() == self._origin
        except ValueError:
            target, same = URL(), False
        if same and request.method in SAFE and hops <= _MAX_HOPS:
            return target
        reason = (
            "a redirect to another origin"
            if not same
            else f"more than {_MAX_HOPS} redirects"
            if request.method in SAFE
            else "a redirect of a write"
        )
        shown = answers.plain(location.split("?", 1)[0], 200) or "nowhere"
        what = f"{reason} ({response.status} to {shown}) is not followed"
        raise RedirectRefused(what, method=request.method, path=request.path, target=shown)

    async def _refusal(self, request: Request, response: aiohttp.ClientResponse) -> ApiError:
        """The error for an answer that says no; its status counts even when its body cannot be read."""
        body = b""
        try:
            async with self._within(self.timeouts.stall, request):
                async for chunk in body_chunks(request, response):
                    body += chunk
                    if len(body) > _MAX_REFUSAL:
                        break
        except TransportError:
            body = b""  # the status is the answer; the words are a courtesy
        return answers.refusal(response.status, response.headers, body, method=request.method, path=request.path)

    def _failure(self, request: Request, problem: Exception) -> CanvusError:
        """One of our errors for one of aiohttp's."""
        method, path = request.method, request.path
        if self.deadlines.closed:
            return ClientClosed()
        words = answers.plain(str(problem))
        match problem:
            case aiohttp.ConnectionTimeoutError():
                what = f"no connection within {self.timeouts.connect} s"
                return RequestTimeout(what, method=method, path=path, sent=False)
            case aiohttp.ClientConnectorCertificateError() | aiohttp.ClientConnectorSSLError():
                what = f"no trusted TLS connection ({words}); pass ssl= with a context that trusts the certificate"
                return ConnectFailed(what, method=method, path=path, permanent=True)
            case aiohttp.ServerFingerprintMismatch():
                what = "the server's certificate is not the pinned one"
                return ConnectFailed(what, method=method, path=path, permanent=True)
            case aiohttp.ClientConnectorError():
                return ConnectFailed(f"no connection ({words})", method=method, path=path)
            case aiohttp.ClientResponseError():
                what = f"not an HTTP answer ({answers.plain(problem.message)})"
                return UnexpectedContent(what, method=method, path=path)
            case _:
                return lost(request, problem)

    # -- sessions and the end --

    def _session(self, streaming: bool) -> aiohttp.ClientSession:
        """The session for one of the two pools, made when first needed."""
        self.deadlines.check()
        if self._given_session is not None:
            if self._given_session.closed:
                raise ClientClosed("the session given to this client is closed")
            return _without_resend(self._given_session)
        name = "streams" if streaming else "calls"
        if name not in self._sessions:
            connector = aiohttp.TCPConnector(limit=0 if streaming else self.limits.connections, ssl=self._ssl or True)
            self._sessions[name] = _without_resend(
                aiohttp.ClientSession(
                    connector=connector,
                    cookie_jar=aiohttp.DummyCookieJar(),
                    timeout=aiohttp.ClientTimeout(total=None, sock_connect=self.timeouts.connect),
                    trust_env=False,
                )
            )
        return self._sessions[name]

    async def aclose(self) -> None:
        """End what is under way with ClientClosed, then close the sockets. May be called again."""
        self.deadlines.close()
        sessions, self._sessions = self._sessions, {}
        for session in sessions.values():
            await session.close()

    def warn_if_open(self, what: str) -> None:
        """A ResourceWarning for a client that is collected with sockets open."""
        if self._sessions and not self.deadlines.closed:
            warnings.warn(
                f"{what} was never closed: use `async with` or `await aclose()`", ResourceWarning, stacklevel=3
            )


async def body_chunks(request: Request, response: aiohttp.ClientResponse) -> AsyncGenerator[bytes]:
    """The body as it comes, in chunks of up to 256 KiB; one cut short raises ConnectFailed, never ends quietly."""
    try:
        async for chunk in response.content.iter_any():
            yield chunk
    except (aiohttp.ClientError, OSError) as problem:
        if isinstance(problem, CanvusError):
            raise
        raise lost(request, problem) from None


def lost(request: Request, problem: Exception) -> ConnectFailed:
    """The error for a connection that broke after the request was sent."""
    words = answers.plain(str(problem)).partition(" Connection<")[0] or type(problem).__name__
    what = f"the connection was lost ({words})"
    return ConnectFailed(what, method=request.method, path=request.path, sent=True)


def _without_resend(session: aiohttp.ClientSession) -> aiohttp.ClientSession:
    """Switch off aiohttp's silent second sending of GET, PUT and DELETE after a drop; it has no public switch."""
    if not hasattr(session, "_retry_connection"):  # a test counts requests and would tell
        raise RuntimeError("this aiohttp cannot be told not to re-send requests; please report its version")
    session._retry_connection = False  # pyright: ignore[reportPrivateUsage]
    return session
