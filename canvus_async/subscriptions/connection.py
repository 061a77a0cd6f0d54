"""One connection of a subscription: reads its bytes into batches, and closes it when the server falls silent."""

import asyncio
import math
from typing import Generic

import msgspec

from canvus_async.errors import CanvusError, ConnectionLost, LineTooLong, RequestTimeout, Stalled, UnexpectedContent
from canvus_async.http.response import Response
from canvus_async.models.changes import R
from canvus_async.options import Timeouts
from canvus_async.protocol.decoding.decoder import Batch
from canvus_async.protocol.decoding.lines import BOM
from canvus_async.protocol.decoding.reader import LineReader
from canvus_async.protocol.responses import ResponseReader

_START = 4096


class Counters(msgspec.Struct):
    """Counts over the life of a subscription.

    `connections`: connections made; `reconnects`: those after the first; `resyncs`: snapshots compared with the known
    state; `bad_lines`: lines that could not be read or were too long; `bytes`: bytes read, keepalives included.
    """

    connections: int = 0
    reconnects: int = 0
    resyncs: int = 0
    bad_lines: int = 0
    bytes: int = 0


class Connection(Generic[R]):
    """A response that does not end, and a watchdog timer for it.

    Only silence of the server counts: while bytes have arrived and wait to be read, the connection is kept however long
    the reader takes. The timer runs between reads too, so silence is noticed by a reader that cancels its reads.

    `last_byte_at` is the loop time at which bytes last arrived, or were last seen waiting. `live_since` is the loop
    time at which the snapshot was complete, None until then; the feed sets it.
    """

    def __init__(
        self,
        response: Response,
        reader: LineReader[R],
        *,
        response_reader: ResponseReader,
        timeouts: Timeouts,
        counters: Counters,
    ) -> None:
        self.live_since: float | None = None
        self._loop = asyncio.get_running_loop()
        self._opened = self._loop.time()
        self._request = response.request
        self._response = response
        self._reader = reader
        self._response_reader = response_reader
        self._timeouts = timeouts
        self._counters = counters
        self._start = b""
        self._ended = False
        self._bytes_read = 0
        self.last_byte_at = self._opened
        self._close_error: CanvusError | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._watch()

    @property
    def behind(self) -> bool:
        """Whether bytes have arrived that are not read yet."""
        return self._response.bytes_arrived > self._bytes_read

    async def read(self) -> list[Batch[R]]:
        """The batches in the next bytes, which may be none yet. After the end every call raises the reason for it."""
        if self._ended:
            method, path = self._request.method, self._request.path
            raise ConnectionLost("the server ended the stream", method=method, path=path)
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
        return [batch for batch in batches if batch.broken is None] if self._is_json else batches  # truncated

    def broken(self, reason: str) -> UnexpectedContent:
        """The error for a line that cannot be read."""
        self._counters.bad_lines += 1
        method, path = self._request.method, self._request.path
        what = f"unreadable line ({reason})"
        if self._is_json:  # the text of users does not belong in error messages
            return UnexpectedContent(what, method=method, path=path)
        return self._response_reader.unexpected_content(self._start, what, method=method, path=path)

    def _too_long(self) -> LineTooLong:
        self._counters.bad_lines += 1
        what = f"a line is longer than {self._reader.limit} bytes (Limits.line)"
        return LineTooLong(what, method=self._request.method, path=self._request.path)

    def close(self, error: CanvusError | None = None) -> None:
        """Close the connection. A read that is waiting raises `error`."""
        self._close_error = error
        if self._timer is not None:
            self._timer.cancel()
        self._response.close()

    @property
    def _is_json(self) -> bool:
        """Whether the first bytes start an array or an object, or nothing has arrived yet."""
        return BOM.startswith(self._start) or self._start[:1] in b"[{"

    async def _chunk(self) -> bytes:
        """The next bytes, b"" at the end of the stream."""
        try:
            chunk = await self._response.chunk()
        except ConnectionLost as error:
            raise self._close_error or error from None
        self.last_byte_at = self._loop.time()
        self._bytes_read += len(chunk)
        if BOM.startswith(self._start):  # nothing, or only a part of a byte-order mark
            self._start = (self._start + chunk).removeprefix(BOM).lstrip()[:_START]
        return chunk

    def _watch(self) -> None:
        """Close the connection if the server was silent for too long; otherwise check again when it could be.

        Until the first byte that is not a keepalive, `Timeouts.first_line` is the limit, after it `Timeouts.silence`.
        """
        now = self._loop.time()
        silence, first_line = self._timeouts.silence, self._timeouts.first_line
        opened = self._opened
        if self.behind:
            self.last_byte_at = opened = now
        silence_due = math.inf if silence is None else self.last_byte_at + silence
        due = silence_due if first_line is None or self._start else opened + first_line
        if due <= now:
            self.close(self._late())
        elif due < math.inf:
            # Before the first byte, look again when silence could be due: the byte may have arrived meanwhile.
            self._timer = self._loop.call_at(min(due, silence_due) if silence_due > now else due, self._watch)

    def _late(self) -> CanvusError:
        method, path = self._request.method, self._request.path
        if self._start or self._timeouts.first_line is None:
            silence = self._timeouts.silence
            return Stalled(
                f"no byte within {silence} s, not even a keepalive (Timeouts.silence)", method=method, path=path
            )
        words = f"no data within {self._timeouts.first_line} s of the response headers (Timeouts.first_line)"
        return RequestTimeout(words, method=method, path=path)
