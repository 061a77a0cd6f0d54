"""One connection of a subscription: its bytes read into batches, under the eye of a watchdog."""

import asyncio
from typing import Generic

import aiohttp
import msgspec

from canvus_async.errors import CanvusError, ConnectFailed, LineTooLong, RequestTimeout, Stalled, UnexpectedContent
from canvus_async.http.failures import lost
from canvus_async.http.request import Request
from canvus_async.models.changes import R
from canvus_async.options import Timeouts
from canvus_async.protocol.answers import Answers
from canvus_async.protocol.decoding.decoder import Batch
from canvus_async.protocol.decoding.lines import BOM
from canvus_async.protocol.decoding.reader import LineReader

_BEGINNING = 4096


class Counters(msgspec.Struct):
    """What a subscription has been through so far.

    `connections` that were made, `reconnects` those after the first; `resyncs`: snapshots compared with what was known;
    `bad_lines` that had no meaning or were too long; `bytes` read, keepalives included.
    """

    connections: int = 0
    reconnects: int = 0
    resyncs: int = 0
    bad_lines: int = 0
    bytes: int = 0


class Connection(Generic[R]):
    """One answer that does not end, and the watchdog over it.

    Silence is the server's: what has come and waits to be read keeps its connection however long the reader takes, and
    a reader that gives up and comes again need not wait in one go for silence to be noticed.

    `heard` is the loop's time at which bytes came last, or were last seen waiting; `whole_since`, for the reader's use,
    the one at which the snapshot was complete, None until then.
    """

    def __init__(
        self,
        request: Request,
        response: aiohttp.ClientResponse,
        reader: LineReader[R],
        *,
        answers: Answers,
        timeouts: Timeouts,
        counters: Counters,
    ) -> None:
        self.whole_since: float | None = None
        self._loop = asyncio.get_running_loop()
        self._opened = self._loop.time()
        self._request = request
        self._response = response
        self._reader = reader
        self._answers = answers
        self._timeouts = timeouts
        self._counters = counters
        self._beginning = b""
        self._ended = False
        self.heard = self._opened
        self._taken = 0
        self._verdict: CanvusError | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._watch()

    @property
    def behind(self) -> bool:
        """Whether there is something to read that has come already."""
        return self._response.content.total_bytes > self._taken

    async def read(self) -> list[Batch[R]]:
        """What the next bytes hold, which may be nothing yet. Raises why no more can be had, each time."""
        if self._ended:
            method, path = self._request.method, self._request.path
            raise ConnectFailed("the server ended the stream", method=method, path=path, sent=True)
        if self._reader.overflow:
            raise self._too_long()
        chunk = await self._chunk()
        self._counters.bytes += len(chunk)
        if chunk:
            batches = self._reader.feed(chunk)
            if self._reader.overflow and not batches:
                raise self._too_long()
            return batches
        self._ended = True
        batches = self._reader.finish()
        return [batch for batch in batches if batch.broken is None] if self._is_json else batches  # cut off, not bad

    def broken(self, reason: str) -> UnexpectedContent:
        """The error for a line that has no meaning."""
        self._counters.bad_lines += 1
        method, path = self._request.method, self._request.path
        what = f"a broken line ({reason})"
        if self._is_json:  # what users wrote is not for error messages
            return UnexpectedContent(what, method=method, path=path)
        return self._answers.unreadable(self._beginning, what, method=method, path=path)

    def _too_long(self) -> LineTooLong:
        self._counters.bad_lines += 1
        what = f"a line is longer than {self._reader.limit} bytes (Limits.line)"
        return LineTooLong(what, method=self._request.method, path=self._request.path)

    def close(self, verdict: CanvusError | None = None) -> None:
        """Close the socket; it is never used again. Whoever reads gets `verdict`."""
        self._verdict = verdict
        if self._timer is not None:
            self._timer.cancel()
        self._response.close()

    @property
    def _is_json(self) -> bool:
        """Whether the first thing that came began an array or an object, or nothing came yet."""
        return BOM.startswith(self._beginning) or self._beginning[:1] in b"[{"

    async def _chunk(self) -> bytes:
        """The next bytes, b"" at the end of the stream."""
        try:
            chunk = await self._response.content.readany()
        except (aiohttp.ClientError, OSError, RuntimeError) as problem:  # RuntimeError: somebody closed the session
            problem.__traceback__ = None  # aiohttp has one error for all that are closed here: it would grow for ever
            raise self._verdict or lost(self._request, problem) from None
        self.heard = self._loop.time()
        self._taken += len(chunk)
        if BOM.startswith(self._beginning):  # nothing yet, or not more than a part of a byte-order mark
            self._beginning = (self._beginning + chunk).removeprefix(BOM).lstrip()[:_BEGINNING]
        return chunk

    def _watch(self) -> None:
        """Look whether the server has said nothing for too long; come again when it could have."""
        now = self._loop.time()
        silence, first_line = self._timeouts.silence, self._timeouts.first_line
        begun = self._opened
        if self.behind:
            self.heard = begun = now
        limits: list[float] = []
        if silence is not None:
            limits.append(self.heard + silence)
        if first_line is not None and not self._beginning:
            limits.append(begun + first_line)
        if limits and min(limits) <= now:
            self.close(self._late())
        elif limits:
            self._timer = self._loop.call_at(min(limits), self._watch)

    def _late(self) -> CanvusError:
        method, path = self._request.method, self._request.path
        if self._beginning:
            silence = self._timeouts.silence
            return Stalled(f"not a byte within {silence} s, not even a keepalive", method=method, path=path)
        return RequestTimeout("headers, but no first line", method=method, path=path)
