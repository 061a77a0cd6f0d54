"""Which event loop an object belongs to."""

import asyncio
from collections.abc import Callable
from contextlib import suppress


class LoopBinding:
    """Binds its owner to the event loop in which it is first used.

    Sockets, timers and futures belong to one loop, and using them from another one fails late and strangely, or hits
    tasks that have nothing to do with it. Therefore every use calls `check()` first.
    """

    def __init__(self, owner: str) -> None:
        """`owner` names the object in the error, such as "Client"."""
        self.on_new_loop: list[Callable[[], None]] = []
        """Called when the owner moves to a new loop because its former one has been closed."""
        self._owner = owner
        self._loop: asyncio.AbstractEventLoop | None = None

    def check(self) -> asyncio.AbstractEventLoop:
        """The running loop. Raises RuntimeError outside of asyncio, and while the loop of the owner is another one.

        If the loop of the owner has been closed, its sockets were closed with it: the owner starts again in this one.
        """
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            what = f"a {self._owner} needs a running asyncio event loop (with anyio or pytest: the asyncio backend)"
            raise RuntimeError(what) from None
        if loop is not self._loop:
            self._bind(loop)
        return loop

    def call(self, callback: Callable[[], object]) -> None:
        """Call it in the loop of the owner: at once, from another thread soon, and not at all in a closed loop."""
        loop = self._loop
        if loop is None or loop.is_closed():
            return
        try:
            running = asyncio.get_running_loop()
        except RuntimeError:
            running = None
        if running is loop:
            callback()
        else:
            with suppress(RuntimeError):  # closed meanwhile, in its own thread
                loop.call_soon_threadsafe(callback)

    def _bind(self, loop: asyncio.AbstractEventLoop) -> None:
        former = self._loop
        if former is not None:
            if not former.is_closed():
                what = f"this {self._owner} belongs to another event loop, which is still open: make one for each loop"
                raise RuntimeError(what)
            for restart in self.on_new_loop:
                restart()
        self._loop = loop
