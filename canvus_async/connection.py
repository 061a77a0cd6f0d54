"""One connection of a subscription, and the watchdog over it."""

import asyncio
from collections.abc import Callable
from typing import Generic

import aiohttp

from canvus_async.errors import CanvusError, RequestTimeout, Stalled
from canvus_async.models.changes import R
from canvus_async.protocol.reading import LineReader
from canvus_async.transport import Request, lost


class Connection(Generic[R]):
    """One answer that does not end, and the watchdog over it, which counts only while somebody reads."""

    def __init__(
        self,
        request: Request,
        response: aiohttp.ClientResponse,
        reader: LineReader[R],
        silence: float | None,
        first_line: float | None,
    ) -> None:
        self.reader = reader
        self.delivered = False
        self._loop = asyncio.get_running_loop()
        self.opened = self._loop.time()
        self._request = request
        self._response = response
        self._silence = silence
        self._first_line = first_line
        self._spoke = False
        self._reading_since: float | None = None
        self._verdict: CanvusError | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._watch()

    async def read(self, clock: Callable[[], float]) -> bytes:
        """The next bytes, b"" at the end of the stream."""
        self._reading_since = clock()
        try:
            chunk = await self._response.content.readany()
        except (aiohttp.ClientError, OSError) as problem:
            raise self._verdict or lost(self._request, problem) from None
        finally:
            self._reading_since = None
        if not self._spoke and chunk.strip():
            self._spoke = True
        return chunk

    def _watch(self) -> None:
        """Look whether reading has taken too long; come again when it could have."""
        now = self._loop.time()
        limits: list[float] = []
        if self._silence is not None:
            limits.append((now if self._reading_since is None else self._reading_since) + self._silence)
        if self._first_line is not None and not self._spoke:
            limits.append(self.opened + self._first_line)
        if not limits:
            return
        due = min(limits)
        if now < due:
            self._timer = self._loop.call_at(due, self._watch)
        elif self._reading_since is None:  # only the first line is due, and nobody waits for it
            self._timer = self._loop.call_later(1.0, self._watch)
        else:
            self.close(self._late())

    def _late(self) -> CanvusError:
        method, path = self._request.method, self._request.path
        if self._spoke:
            return Stalled(f"not a byte within {self._silence} s, not even a keepalive", method=method, path=path)
        return RequestTimeout("headers, but no first line", method=method, path=path)

    def close(self, verdict: CanvusError | None = None) -> None:
        """Close the socket; it is never used again. Whoever reads gets `verdict`."""
        self._verdict = self._verdict or verdict
        if self._timer is not None:
            self._timer.cancel()
        self._response.close()
