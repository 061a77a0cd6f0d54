"""The body of one GET on its way into a file: resumed where it was truncated, restarted if it changed, and checked."""

import re
from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from canvus_async.content.part_file import PartFile
from canvus_async.errors import (
    ApiError,
    ConnectFailed,
    ConnectionLost,
    IncompleteDownload,
    Stalled,
    UnexpectedContent,
)
from canvus_async.http.deadlines import Deadline
from canvus_async.http.request import Request
from canvus_async.http.response import Response
from canvus_async.http.transport import Transport
from canvus_async.progress import Progress

MIN_PROGRESS = 1024 * 1024
"""Bytes by which a download must have grown to be worth another round of attempts."""

_CONTENT_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18})")


def is_webp(body: bytes) -> bool:
    """Whether a body starts as a WebP file does."""
    return body[:4] == b"RIFF" and body[8:12] == b"WEBP"


def may_become_webp(start: bytes) -> bool:
    """Whether up to the first twelve bytes, as far as they have arrived, can be the start of a WebP file."""
    return start[:4] == b"RIFF"[: len(start)] and start[8:12] == b"WEBP"[: max(0, len(start) - 8)]


class ContentRange(NamedTuple):
    """A Content-Range header: bytes `start` to `last` of `total`."""

    start: int
    last: int
    total: int


def content_range(header: str | None) -> ContentRange | None:
    """The parsed header; None if it is missing, malformed or contradicts itself."""
    match = _CONTENT_RANGE.fullmatch(header.strip()) if header else None
    if match is None:
        return None
    found = ContentRange(*map(int, match.groups()))
    return found if found.start <= found.last < found.total else None


class Download:
    """The body of one GET, written to a part file.

    Only a strong ETag proves that two responses are parts of the same file: without one, a truncated body is downloaded
    again from its first byte. `webp`: the body must be a WebP image. `max_bytes`: a larger one is refused. `on_bytes`
    is called with the bytes so far and in all.
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
        self._headers: Mapping[str, str] = {}
        self._expected: int | None = None

    @property
    def _etag(self) -> str | None:
        """The strong ETag of the response that was begun, if the server supports ranges."""
        etag = self._headers.get("ETag", "")
        return etag if etag.startswith('"') and self._headers.get("Accept-Ranges") != "none" else None

    async def run(self) -> None:
        """Download the whole body. After `Retry.attempts` attempts, continue only while each round makes progress."""
        before = 0
        while True:
            try:
                return await self._transport.retrier.run("GET", self._request.path, self._attempt)
            except (IncompleteDownload, ConnectFailed, ConnectionLost, Stalled):
                if self._etag is None or self._part.size - before < MIN_PROGRESS:
                    raise
            before = self._part.size

    async def again(self) -> None:
        """Download it once more from the first byte, because the content was wrong."""
        self._headers = {}
        await self.run()

    async def _attempt(self) -> None:
        part = self._part
        response = await (self._resume() if part.size else self._transport.open(self._request))
        try:
            if not part.size:
                self._begin(response)
            if response.arrived:  # a small body: nothing to wait for
                self._take(await response.chunk())
            else:
                await self._read(response)
        except ConnectionLost as error:
            raise self._incomplete(f"truncated: {error}") from None
        finally:
            if not response.at_end:
                response.close()
        if self._webp and len(self._head) < 12:
            raise self._not_webp(b"")
        if self._expected is not None and part.size != self._expected:
            raise self._incomplete("the length is not the announced one")

    async def _resume(self) -> Response:
        """A response that continues what was written, or one with the whole body after restarting the file."""
        response = None if self._etag is None else await self._request_rest(self._etag)
        if response is not None and response.status == 206:
            return response
        try:
            await self._part.restart()
        except BaseException:
            if response is not None:
                response.close()
            raise
        return response or await self._transport.open(self._request)

    async def _request_rest(self, etag: str) -> Response | None:
        """A matching 206 with the rest, a 200 with the whole body, or None if it has to be requested again."""
        headers = {**self._request.headers, "Range": f"bytes={self._part.size}-", "If-Range": etag}
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

    def _continues(self, response: Response, etag: str) -> bool:
        """Whether a 206 is the rest of the file: the same content, the next byte, the same total length."""
        rest = content_range(response.headers.get("Content-Range"))
        return (
            rest is not None
            and rest.start == self._part.size
            and self._expected in {None, rest.total}
            and response.headers.get("ETag", etag) == etag
            and response.content_length in {None, rest.last - rest.start + 1}
            and response.is_identity
        )

    def _begin(self, response: Response) -> None:
        """Remember what a response with the whole body announces. Raises if truncation could not be detected."""
        response.check_is_whole_file(file=self._part.target)
        self._expected = response.content_length
        if self._max_bytes is not None:
            self._check_size(self._expected or 0, self._max_bytes)
        self._headers = response.headers
        self._head = b""

    async def _read(self, response: Response) -> None:
        """Read the body, watching that it keeps moving and is fast enough."""
        part, clock = self._part, self._transport.deadlines.time
        pace = _Pace(self._transport)
        with self._transport.stalling(self._request) as deadline:
            while count := self._take(await response.chunk()):
                if part.full:
                    deadline.extend(None)  # a slow disk is not a stalled download
                    waiting_since = clock()
                    await part.flush()
                    pace.exclude(clock() - waiting_since)
                pace.check(count, self._request, deadline)

    def _take(self, chunk: bytes) -> int:
        """Check a chunk and add it to the file; returns its length."""
        part, count = self._part, len(chunk)
        if (missing := 12 - len(self._head)) > 0:
            self._head += chunk[:missing]
            if self._webp and not is_webp(self._head) and not may_become_webp(self._head):
                error = self._not_webp(chunk[missing:])
                del chunk  # a traceback with locals should not show it
                raise error
        if self._max_bytes is not None:
            self._check_size(part.size + count, self._max_bytes)
        if count:
            part.add(chunk)
            if self._on_bytes is not None:
                self._on_bytes(part.size, part.size if self._expected is None else self._expected)
        return count

    def _not_webp(self, rest: bytes) -> UnexpectedContent:
        start, path = self._head + rest, self._request.path
        return self._transport.response_reader.unexpected_content(start, "not a WebP image", method="GET", path=path)

    def _check_size(self, size: int, max_bytes: int) -> None:
        if size > max_bytes:
            what = f"the response is larger than {max_bytes} bytes"
            raise UnexpectedContent(what, method="GET", path=self._request.path)

    def _incomplete(self, what: str) -> IncompleteDownload:
        size, expected = self._part.size, self._expected
        words = f"{what} ({size} of {'an unknown number of' if expected is None else expected} bytes)"
        return IncompleteDownload(words, path=self._part.target, received=size, expected=expected)


class _Pace:
    """Checks that a body arrives fast enough. Time spent waiting for the disk does not count."""

    def __init__(self, transport: Transport) -> None:
        self._time = transport.deadlines.time
        self._stall = transport.timeouts.stall
        self._window = transport.timeouts.slow
        self._slowest = transport.limits.slowest
        self._since = self._time()
        self._bytes = 0

    def exclude(self, seconds: float) -> None:
        """Do not count some time in which nothing was read."""
        self._since += seconds

    def check(self, count: int, request: Request, deadline: Deadline) -> None:
        """Count arrived bytes and restart the stall deadline. Raises Stalled if they were too few in the window."""
        deadline.extend(self._stall)
        self._bytes += count
        if self._window is None or (now := self._time()) - self._since < self._window:
            return
        if self._bytes < self._slowest * self._window:
            seconds = now - self._since
            what = f"{self._bytes} bytes in {seconds:.3g} s, below {self._slowest} bytes/s (Limits.slowest)"
            raise Stalled(what, method="GET", path=request.path)
        self._since, self._bytes = now, 0
