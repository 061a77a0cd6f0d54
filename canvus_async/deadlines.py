"""Time limits around waits, and the end of all of them at once when the client is closed.

No limit is ever held over a `yield` of a public generator: each covers one wait of ours.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

from canvus_async.errors import ClientClosed, TransportError


class Deadlines:
    """The waits of one client; `close()` ends them."""

    def __init__(self) -> None:
        self.closed = False
        self.endings: set[Callable[[], None]] = set()
        """What else to end; each is called once."""
        self._scopes: set[asyncio.Timeout] = set()

    def check(self) -> None:
        """Raise ClientClosed after `close()`."""
        if self.closed:
            raise ClientClosed

    @asynccontextmanager
    async def until_closed(self) -> AsyncGenerator[None]:
        """Ends what runs inside with ClientClosed as soon as the client is closed."""
        self.check()
        scope = asyncio.timeout(None)
        try:
            async with scope:
                self._scopes.add(scope)
                yield
        except TimeoutError:
            if scope.expired():
                raise ClientClosed("this client was closed while the call waited") from None
            raise
        finally:
            self._scopes.discard(scope)

    @asynccontextmanager
    async def within(self, seconds: float | None, error: TransportError) -> AsyncGenerator[asyncio.Timeout]:
        """Raises `error` once `seconds` are over, counted from now or from the last `extend()`."""
        self.check()
        scope = asyncio.timeout(seconds)
        try:
            async with scope:
                yield scope
        except TimeoutError:
            if scope.expired():
                raise error from None
            raise

    def close(self) -> None:
        """End every `until_closed()` block and all `endings` now, and refuse new ones."""
        self.closed = True
        now = asyncio.get_running_loop().time()
        for scope in self._scopes:
            if not scope.expired():
                scope.reschedule(now)
        while self.endings:
            self.endings.pop()()


def extend(scope: asyncio.Timeout, seconds: float | None) -> None:
    """Let a block end `seconds` from now, because something moved; None lifts the limit for a while."""
    if not scope.expired():
        scope.reschedule(None if seconds is None else asyncio.get_running_loop().time() + seconds)
