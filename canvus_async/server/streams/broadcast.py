"""Who is told what: a change is encoded once and handed to every subscriber, however many and however slow.

A subscriber holds at most one pending line per id, always the newest state of it, so a slow reader costs memory for
what is on the canvas and not for how often it changes. One that lets ids of things long gone pile up beyond that is cut
off; it begins anew with a snapshot when it comes back.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from canvus_async.server.access import Right
from canvus_async.server.rules.kinds import WidgetKind
from canvus_async.server.rules.widgets import StoredCanvas

EXTRA_PENDING = 50_000
"""Lines that may wait for one subscriber beyond the number of things that there were when it subscribed."""


@dataclass(frozen=True, kw_only=True)
class Event:
    """One thing's new state: its id, its JSON, and whether this is its end.

    For a widget, what kind it is and where it lies; for a canvas, the canvas and the right of those whom this is for.
    """

    key: str
    raw: bytes
    deleted: bool = False
    kind: WidgetKind | None = None
    parent_id: str = ""
    canvas: StoredCanvas | None = None
    right: Right = Right.NONE

    @cached_property
    def list_line(self) -> bytes:
        """The line for those who follow a list."""
        return b"[" + self.raw + b"]\n"

    @cached_property
    def single_line(self) -> bytes:
        """The line for those who follow one thing."""
        return self.raw + b"\n"


class Subscriber:
    """One open stream's mailbox. `single`: it follows one thing, in lines of its own, to its end.

    `size` is how many things the snapshot had. `abort` breaks the connection off. `token` is that of who asked.
    """

    def __init__(
        self, matches: Callable[[Event], bool], *, single: bool, size: int, abort: Callable[[], None], token: str | None
    ) -> None:
        self.matches = matches
        self.abort = abort
        self.token = token
        self.ended = False
        self.muted = False
        self._single = single
        self._final = False
        self._limit = size + EXTRA_PENDING
        self._pending: dict[str, bytes] = {}
        self._wake = asyncio.Event()

    def offer(self, event: Event) -> None:
        """Take note of a change if it is one of those that were asked for."""
        if self.ended or not self.matches(event):
            return
        self._pending[event.key] = event.single_line if self._single else event.list_line
        if len(self._pending) > self._limit:
            self._pending.clear()
            self.ended = True
            self.abort()
        self._final = self._single and event.deleted
        self._wake.set()

    def end(self) -> None:
        """No more is coming: finish the reply."""
        self.ended = True
        self._wake.set()

    def mute(self, on: bool) -> None:
        """Say nothing until this is taken back; what happens meanwhile is kept."""
        self.muted = on
        self._wake.set()

    async def wait(self, seconds: float) -> bool:
        """Until there is something to say; False if there was nothing for so long."""
        while not self.ended and (self.muted or not self._pending):
            self._wake.clear()
            try:
                async with asyncio.timeout(seconds):
                    await self._wake.wait()
            except TimeoutError:
                if not self.muted:
                    return False
        return True

    def take(self) -> bytes:
        """All lines that wait, none of them twice."""
        lines = b"".join(self._pending.values())
        self._pending.clear()
        self.ended = self.ended or self._final
        return lines


class Broadcast:
    """Those who follow one canvas, or the list of canvases."""

    def __init__(self) -> None:
        self._subscribers: dict[Subscriber, None] = {}

    def attach(self, subscriber: Subscriber) -> None:
        """From now on this subscriber is told."""
        self._subscribers[subscriber] = None

    def detach(self, subscriber: Subscriber) -> None:
        """From now on it is not."""
        self._subscribers.pop(subscriber, None)

    def publish(self, event: Event) -> None:
        """Tell everyone who wants to know."""
        for subscriber in self._subscribers:
            subscriber.offer(event)

    def end(self, *, anonymous_only: bool = False) -> None:
        """Finish the streams of all subscribers, or of those without a token."""
        for subscriber in self._subscribers:
            if subscriber.token is None or not anonymous_only:
                subscriber.end()
