"""Time limits around waits, and the end of all of them at once when the client is closed.

No limit is ever held over a `yield` of a public generator: each covers one wait of ours.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from canvus_async.errors import ClientClosed, RequestTimeout, Stalled


class Deadlines:
    """The waits of one client; `close()` ends them."""

    def __init__(self) -> None:
        self.closed = False
        self._scopes: set[asyncio.Timeout] = set()

    def check(self) -> None:
        """Raise ClientClosed after `close()`."""
        if self.closed:
            raise ClientClosed

    @asynccontextmanager
    async def until_closed(self) -> AsyncIterator[None]:
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
    async def within(
        self, seconds: float | None, *, method: str, path: str, what: str = "no answer"
    ) -> AsyncIterator[asyncio.Timeout]:
        """Raises RequestTimeout after `seconds`; Stalled instead if `extend()` had moved the limit before."""
        self.check()
        scope = asyncio.timeout(seconds)
        start = None
        try:
            async with scope:
                start = scope.when()
                yield scope
        except TimeoutError:
            if not scope.expired():
                raise
            if scope.when() != start:
                raise Stalled("bytes stopped moving for too long", method=method, path=path) from None
            raise RequestTimeout(f"{what} within {seconds} s", method=method, path=path) from None

    def close(self) -> None:
        """End every `until_closed()` block now, and refuse new ones."""
        self.closed = True
        now = asyncio.get_running_loop().time()
        for scope in self._scopes:
            if not scope.expired():
                scope.reschedule(now)


def extend(scope: asyncio.Timeout, seconds: float | None) -> None:
    """Give a block `seconds` from now, because something moved."""
    if seconds is not None and not scope.expired():
        scope.reschedule(asyncio.get_running_loop().time() + seconds)
