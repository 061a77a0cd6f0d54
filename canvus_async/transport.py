"""The only module that calls aiohttp's client: one request in, one answer or one typed error out.

The token goes to one origin and into no session default, because aiohttp forwards custom headers on a redirect to
another origin. Requests are tried again only here, and only where that cannot do their work twice.
"""

import asyncio
import random
import ssl as tls
import warnings
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import TypeVar

import aiohttp
import msgspec
from yarl import URL

from canvus_async.credentials import Credentials, Secret
from canvus_async.deadlines import Deadlines, Limit
from canvus_async.errors import (
    ApiError,
    CanvusError,
    ClientClosed,
    ConnectFailed,
    CorruptDownload,
    IncompleteDownload,
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
from canvus_async.protocol.backoff import delays
from canvus_async.protocol.retrying import SAFE, retry_after_seconds
from canvus_async.retries import Retrier
from canvus_async.slots import Slot, Slots

R = TypeVar("R")

Payload = Callable[[Callable[[], None]], aiohttp.Payload]
"""Makes a request body anew for each try; it is handed a function to call whenever bytes have moved."""

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MAX_HOPS = 3
_MAX_REFUSAL = 64 * 1024
_NO_HEADERS: Mapping[str, str] = MappingProxyType({})


class Request(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One request: `path` is relative to the API's root, its parts quoted; `headers` are those besides who asks.

    `streaming` takes a connection from the pool of subscriptions, which no call waits for. `content` asks for a file:
    it must not come compressed, and may take the server some time to make.
    """

    method: str
    path: str
    headers: Mapping[str, str] = _NO_HEADERS
    json: bytes | None = None
    payload: Payload | None = None
    streaming: bool = False
    content: bool = False


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
        self.deadlines = Deadlines()
        self.slots = Slots(limits, self.deadlines)
        self.retrier = Retrier(retry, self.deadlines)
        self.sent = 0
        self._ssl = ssl
        self._root = URL(root, encoded=True)
        self._origin = self._root.origin()
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
        slot: Slot | None = None,
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
        async with slot or self.slots.requests:
            if method in SAFE:
                return await self.retrier.run(method, lambda: self.whole(request, max_bytes or self.limits.body))
            return await self._write(request)

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
            return await self.retrier.run(method, attempt)
        except TransportError as error:
            if not error.sent or isinstance(error, RedirectRefused):
                raise
            what = f"sent, and no whole answer came ({error.what})"
            raise OutcomeUnknown(what, method=method, path=path) from None

    async def whole(self, request: Request, limit: int) -> bytes:
        """The whole body of a 2xx answer, never more than `limit` bytes of it in memory, decompressed ones included.

        Not retried.
        """
        response = await self.open(request)
        try:
            if request.content:
                check_content(request, response)
            async with self._within(self.timeouts.answer, request):
                chunk = await next_chunk(request, response)
                if len(chunk) <= limit and response.content.at_eof():
                    return chunk
                chunks: list[bytes] = []
                size = 0
                while chunk:
                    size += len(chunk)
                    if size > limit:
                        what = f"the answer is over {limit} bytes"
                        raise UnexpectedContent(what, method=request.method, path=request.path)
                    chunks.append(chunk)
                    chunk = await next_chunk(request, response)
                return b"".join(chunks)
        finally:
            response.close()

    # -- one exchange --

    async def open(self, request: Request) -> aiohttp.ClientResponse:
        """One request and its 2xx answer with the body yet to be read; closing it is the caller's."""
        response = await self._follow(request)
        if response.status == 202 and request.content:
            response = await self._made(request, response)
        if response.ok:
            return response
        try:
            raise await self._refusal(request, response)
        finally:
            response.close()

    async def _made(self, request: Request, response: aiohttp.ClientResponse) -> aiohttp.ClientResponse:
        """Ask again, with longer and longer pauses, while the server says 202: it is still making it."""
        waits = delays(first=0.25, longest=5.0, random=random.random)
        async with self._within(self.timeouts.answer, request, "not ready"):
            while response.status == 202:
                asked = retry_after_seconds(response.headers.get("Retry-After"), date=response.headers.get("Date"))
                response.close()
                await asyncio.sleep(next(waits) if asked is None else asked)
                response = await self._follow(request)
        return response

    async def _follow(self, request: Request) -> aiohttp.ClientResponse:
        """Send, renew the token once after a 401, and follow redirects that stay on this origin."""
        url = self._url(request.path)
        renewed = False
        hops = 0
        while True:
            credential = await self.credential(request)
            response = await self._send(request, url, credential)
            if response.status == 401 and self.credentials.renewable and not renewed:
                response.close()
                renewed = True
                await self._asked(request, partial(self.credentials.renew, credential))
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
            async with limit:
                self.sent += 1
                return await self._session(request.streaming).request(
                    request.method,
                    url,
                    headers={**request.headers, **self.credentials.headers(credential)},
                    data=payload(lambda: limit.extend(self.timeouts.stall)) if payload else request.json,
                    allow_redirects=False,
                )
        except (aiohttp.ClientError, OSError) as problem:
            if isinstance(problem, CanvusError):
                raise
            if isinstance(problem.__cause__, CanvusError):  # the body's own error, which aiohttp wraps
                raise problem.__cause__ from None
            raise self._failure(request, problem) from None

    def _url(self, path: str) -> URL:
        if "?" in path:
            return URL(f"{self.root}/{path}", encoded=True)
        return self._root.with_path(f"{self._root.raw_path}/{path}", encoded=True)  # half the price

    async def credential(self, request: Request) -> Secret | None:
        """The token or cookie to send, asked for where it takes asking."""
        if self.credentials.renewable:
            return await self._asked(request, self.credentials.current)
        return await self.credentials.current()  # does not wait

    async def _asked(self, request: Request, ask: Callable[[], Awaitable[R]]) -> R:
        """What a token function says; one that fails or hangs is a failed connection: the request was not sent."""
        try:
            async with self._within(self.timeouts.token, request, "no token", sent=False):
                return await ask()
        except CanvusError:
            raise
        except Exception as problem:
            what = f"the token function raised {type(problem).__name__}"
            raise ConnectFailed(what, method=request.method, path=request.path) from problem

    def _within(self, seconds: float | None, request: Request, what: str = "no answer", *, sent: bool = True) -> Limit:
        def late() -> RequestTimeout:
            words = f"{what} within {seconds} s"
            return RequestTimeout(words, method=request.method, path=request.path, sent=sent)

        return self.deadlines.within(seconds, late)

    def stalling(self, request: Request) -> Limit:
        """Raises Stalled when nothing moves inside for `Timeouts.stall` seconds."""
        seconds = self.timeouts.stall

        def still() -> Stalled:
            return Stalled(f"not a byte moved for {seconds} s", method=request.method, path=request.path)

        return self.deadlines.within(seconds, still)

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
                while len(body) <= _MAX_REFUSAL and (chunk := await next_chunk(request, response)):
                    body += chunk
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


async def next_chunk(request: Request, response: aiohttp.ClientResponse) -> bytes:
    """What has come of the body meanwhile, up to 256 KiB; b"" at its end. Raises ConnectFailed where it is cut."""
    try:
        return await response.content.readany()
    except (aiohttp.ClientError, OSError) as problem:
        if isinstance(problem, CanvusError):
            raise
        raise lost(request, problem) from None


def check_content(request: Request, response: aiohttp.ClientResponse, *, file: str = "") -> None:
    """Refuse an answer that is no whole file, or whose end could not be told from a cut; `file` is where it was to go.

    Raises UnexpectedContent, CorruptDownload, IncompleteDownload.
    """
    if response.status != 200:
        what = f"the answer has status {response.status}, although the whole was asked for"
        raise UnexpectedContent(what, method=request.method, path=request.path)
    if not is_identity(response):
        what = "the server compressed it although asked not to, so its length cannot be checked"
        raise CorruptDownload(what, path=file)
    headers = response.headers
    if "Content-Length" not in headers and headers.get("Transfer-Encoding", "").lower() != "chunked":
        raise IncompleteDownload("no length was announced, so its end cannot be told from a cut", path=file)


def is_identity(response: aiohttp.ClientResponse) -> bool:
    """Whether the body is the content itself, not a compressed form of it."""
    return response.headers.get("Content-Encoding", "identity") == "identity"


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
