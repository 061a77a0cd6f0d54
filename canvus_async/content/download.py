"""One body on its way into a file: resumed where it was cut, begun again where it changed, and checked."""

import re
from collections.abc import Mapping
from typing import NamedTuple

import aiohttp
import msgspec

from canvus_async.content.part_file import PartFile
from canvus_async.errors import (
    ApiError,
    CanvusError,
    ConnectFailed,
    IncompleteDownload,
    Stalled,
    UnexpectedContent,
)
from canvus_async.http.deadlines import Deadline
from canvus_async.http.failures import check_content, is_identity, next_chunk
from canvus_async.http.request import Request
from canvus_async.http.transport import Transport
from canvus_async.progress import Progress

HEADWAY = 1024 * 1024
"""Bytes by which a download must have grown to be worth another round of tries."""

_CONTENT_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18})")


def is_webp(body: bytes) -> bool:
    """Whether a file that begins so can be WebP."""
    return body[:4] == b"RIFF" and body[8:12] == b"WEBP"


def may_become_webp(start: bytes) -> bool:
    """The same of up to the first twelve bytes, as far as they go."""
    return start[:4] == b"RIFF"[: len(start)] and start[8:12] == b"WEBP"[: max(0, len(start) - 8)]


class Part(NamedTuple):
    """What a Content-Range header says: bytes `start` to `last` of `total`."""

    start: int
    last: int
    total: int


def content_range(header: str | None) -> Part | None:
    """The part that an answer holds; None where the header is missing, says nothing or contradicts itself."""
    match = _CONTENT_RANGE.fullmatch(header.strip()) if header else None
    if match is None:
        return None
    part = Part(*map(int, match.groups()))
    return part if part.start <= part.last < part.total else None


class Download:
    """The body of one GET, taken into a part file.

    Only a strong ETag makes two answers parts of one file: without one, a cut body is fetched again from its first
    byte. `webp`: it must be a WebP image. `max_bytes`: more is refused. `on_bytes` is called with the bytes so far and
    in all.
    """

    def __init__(
        self,
        transport: Transport,
        request: Request,
        part: PartFile,
        *,
        webp: bool,
        max_bytes: int | None,
        on_bytes: Progress | None,
    ) -> None:
        self._transport = transport
        self._request = request
        self._part = part
        self._webp = webp
        self._max_bytes = max_bytes
        self._on_bytes = on_bytes
        self._head = b""
        self._headers: Mapping[str, str] | None = None
        self._expected: int | None = None

    @property
    def _etag(self) -> str | None:
        """What tells that the rest of the body is still that of the same; None where nothing does."""
        headers = self._headers or {}
        etag = headers.get("ETag", "")
        return etag if etag.startswith('"') and headers.get("Accept-Ranges") != "none" else None

    async def run(self) -> None:
        """Take the whole body, in as many tries as `Retry` allows, and in more as long as they make headway."""
        try:
            await self._attempt()
        except CanvusError as error:
            await self._persist(error)
        else:
            self._transport.retrier.budget.refund()

    async def _persist(self, error: CanvusError) -> None:
        """The same after a first try that ended with `error`."""
        retrier, path = self._transport.retrier, self._request.path
        rest = retrier.again("GET", path, self._attempt, error)
        before = 0
        while True:
            try:
                return await rest
            except (IncompleteDownload, ConnectFailed, Stalled):
                if self._etag is None or self._part.size - before < HEADWAY:
                    raise
            before = self._part.size
            rest = retrier.run("GET", path, self._attempt)

    async def again(self) -> None:
        """Take it once more from the first byte, because what came was wrong."""
        self._headers = None
        await self.run()

    async def _attempt(self) -> None:
        part = self._part
        response = await (self._reopen() if part.size else self._transport.open(self._request))
        content = response.content
        try:
            if not part.size:
                self._begin(response)
            if content.is_eof():  # all of a small body is here: there is nothing to wait for
                self._take(await next_chunk(self._request, response))
            else:
                await self._watched(response)
            if part.full:
                await part.flush()
        except ConnectFailed as error:
            raise self._incomplete(f"cut short: {error}") from None
        finally:
            if not content.at_eof():
                response.close()
        if self._webp and len(self._head) < 12:
            raise self._no_webp(b"")
        if self._expected is not None and part.size != self._expected:
            raise self._incomplete("another length than announced")

    async def _reopen(self) -> aiohttp.ClientResponse:
        """The answer whose body follows what is there already, or that with the whole of it from the start."""
        response = None if self._etag is None else await self._rest(self._etag)
        if response is not None and response.status == 206:
            return response
        try:
            await self._part.restart()
        except BaseException:
            if response is not None:
                response.close()
            raise
        return response or await self._transport.open(self._request)

    async def _rest(self, etag: str) -> aiohttp.ClientResponse | None:
        """The answer to "the rest, if it is still the same": 206 that fits, 200 with all of it, or None to ask anew."""
        part = self._part
        headers = {**self._request.headers, "Range": f"bytes={part.size}-", "If-Range": etag}
        try:
            response = await self._transport.open(msgspec.structs.replace(self._request, headers=headers))
        except ApiError as error:
            if error.status not in {412, 416}:
                raise
            return None
        if response.status == 200 or self._continues(response, etag):
            return response
        response.close()
        return None

    def _continues(self, response: aiohttp.ClientResponse, etag: str) -> bool:
        """Whether a 206 is the rest of what is there: the same content, the next byte, the same length in all."""
        rest = content_range(response.headers.get("Content-Range"))
        return (
            rest is not None
            and rest.start == self._part.size
            and self._expected in {None, rest.total}
            and response.headers.get("ETag", etag) == etag
            and response.content_length in {None, rest.last - rest.start + 1}
            and is_identity(response)
        )

    def _begin(self, response: aiohttp.ClientResponse) -> None:
        """Note what a whole answer announces. Raises where its end could not be told from a cut, or is too far."""
        check_content(self._request, response, file=self._part.target)
        self._expected = response.content_length
        if self._max_bytes is not None:
            self._check_size(self._expected or 0, self._max_bytes)
        self._headers = response.headers
        self._head = b""

    async def _watched(self, response: aiohttp.ClientResponse) -> None:
        """Take what comes, as long as it comes, and fast enough."""
        part, clock = self._part, self._transport.deadlines.time
        pace = _Pace(self._transport)
        with self._transport.stalling(self._request) as limit:
            while count := self._take(await next_chunk(self._request, response)):
                if part.full:
                    limit.extend(None)  # a slow disk is no stall
                    waiting_since = clock()
                    await part.flush()
                    pace.forgive(clock() - waiting_since)
                pace.check(count, self._request, limit)

    def _take(self, chunk: bytes) -> int:
        """Take what came, if it may be part of the file; gives its length."""
        part, count = self._part, len(chunk)
        if (missing := 12 - len(self._head)) > 0:
            self._head += chunk[:missing]
            if self._webp and not is_webp(self._head) and not may_become_webp(self._head):
                error = self._no_webp(chunk[missing:])
                del chunk  # a traceback with locals need not show it
                raise error
        if self._max_bytes is not None:
            self._check_size(part.size + count, self._max_bytes)
        if count:
            part.add(chunk)
            if self._on_bytes is not None:
                self._on_bytes(part.size, part.size if self._expected is None else self._expected)
        return count

    def _no_webp(self, rest: bytes) -> UnexpectedContent:
        start, path = self._head + rest, self._request.path
        return self._transport.answers.unreadable(start, "no WebP image", method="GET", path=path)

    def _check_size(self, size: int, most: int) -> None:
        if size > most:
            what = f"the answer is over {most} bytes"
            raise UnexpectedContent(what, method="GET", path=self._request.path)

    def _incomplete(self, what: str) -> IncompleteDownload:
        size, expected = self._part.size, self._expected
        words = f"{what} ({size} bytes of {'an unknown number' if expected is None else expected})"
        return IncompleteDownload(words, path=self._part.target, received=size, expected=expected)


class _Pace:
    """Whether a body still comes fast enough to be worth waiting for; the time that the disk takes does not count."""

    def __init__(self, transport: Transport) -> None:
        self._time = transport.deadlines.time
        self._stall = transport.timeouts.stall
        self._window = transport.timeouts.slow
        self._floor = transport.limits.slowest
        self._since = self._time()
        self._bytes = 0

    def forgive(self, seconds: float) -> None:
        """Leave out some time in which nothing was read."""
        self._since += seconds

    def check(self, count: int, request: Request, limit: Deadline) -> None:
        """So many bytes have come: the wait for the next begins. Raises Stalled where they are too few."""
        limit.extend(self._stall)
        self._bytes += count
        if self._window is None or (now := self._time()) - self._since < self._window:
            return
        if self._bytes < self._floor * self._window:
            what = f"{self._bytes} bytes in {now - self._since:.0f} s, below {self._floor} a second"
            raise Stalled(what, method="GET", path=request.path)
        self._since, self._bytes = now, 0
