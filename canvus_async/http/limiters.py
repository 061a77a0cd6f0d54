"""How much one client has under way, by kind."""

import asyncio
from collections import deque
from types import TracebackType

from canvus_async.http.deadlines import Deadlines
from canvus_async.options import Limits


class Limiter:
    """Room for so many at once: first come, first served, so that a bulk job starves nobody.

    `async with limiter:`, or `take()` or else `await wait()`, and `give()` afterwards. A semaphore whose room can be
    taken without a coroutine, which most fetches do.
    """

    def __init__(self, count: int, deadlines: Deadlines) -> None:
        self.count = count
        self._free = count
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._deadlines = deadlines

    def take(self) -> bool:
        """Take one now, if there is one and nobody waits for it."""
        if self._free and not self._waiting:
            self._free -= 1
            return True
        return False

    async def wait(self) -> None:
        """Take one as soon as it is this caller's turn. Raises ClientClosed when the client is closed meanwhile."""
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            async with self._deadlines.until_closed():
                await turn
        except BaseException:
            if turn.done() and not turn.cancelled():
                self.give()  # it came too late
            turn.cancel()
            raise

    def give(self) -> None:
        """Pass it on to who has waited longest."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1

    async def __aenter__(self) -> None:
        if not self.take():
            await self.wait()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.give()


class Limiters:
    """What one client has under way, by kind; everything that runs on it shares these."""

    def __init__(self, limits: Limits, deadlines: Deadlines) -> None:
        self.requests = Limiter(limits.requests, deadlines)
        self.mipmaps = Limiter(limits.mipmaps, deadlines)
        self.assets = Limiter(limits.assets, deadlines)
        self.streams = Limiter(limits.streams, deadlines)
