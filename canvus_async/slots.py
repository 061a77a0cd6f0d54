"""How much one client has under way, by kind."""

import asyncio
from types import TracebackType

from canvus_async.deadlines import Deadlines
from canvus_async.options import Limits


class Slot:
    """Room for so many at once, `async with` one: first come, first served, so that a bulk job starves nobody."""

    def __init__(self, count: int, deadlines: Deadlines) -> None:
        self.count = count
        self._free = asyncio.Semaphore(count)
        self._deadlines = deadlines

    async def __aenter__(self) -> None:
        if not self._free.locked():
            await self._free.acquire()  # does not wait
            return
        async with self._deadlines.until_closed():
            await self._free.acquire()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._free.release()


class Slots:
    """What one client has under way, by kind; everything that runs on it shares these."""

    def __init__(self, limits: Limits, deadlines: Deadlines) -> None:
        self.requests = Slot(limits.requests, deadlines)
        self.mipmaps = Slot(limits.mipmaps, deadlines)
        self.assets = Slot(limits.assets, deadlines)
        self.streams = Slot(limits.streams, deadlines)
