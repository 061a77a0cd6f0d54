"""How many requests of each kind one client has in flight."""

import asyncio
from types import TracebackType

from canvus_async.http.deadlines import Deadlines
from canvus_async.options import Limits


class Limiter:
    """A semaphore that serves its waiters in the order of arrival, so that a bulk job does not starve other calls.

    Waiting ends with ClientClosed when the client is closed.
    """

    def __init__(self, total: int, deadlines: Deadlines) -> None:
        self.total = total
        self._deadlines = deadlines
        self._restart()
        deadlines.binding.on_new_loop.append(self._restart)

    def _restart(self) -> None:
        self._semaphore = asyncio.Semaphore(self.total)

    async def __aenter__(self) -> None:
        self._deadlines.check()
        if self._semaphore.locked():
            with self._deadlines.until_closed():
                await self._semaphore.acquire()
        else:
            await self._semaphore.acquire()  # does not wait, so it needs no deadline

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._semaphore.release()


class Limiters:
    """The limiters that all calls of one client share."""

    def __init__(self, limits: Limits, deadlines: Deadlines) -> None:
        self.requests = Limiter(limits.requests, deadlines)
        self.mipmaps = Limiter(limits.mipmaps, deadlines)
        self.assets = Limiter(limits.assets, deadlines)
        self.streams = Limiter(limits.streams, deadlines)
