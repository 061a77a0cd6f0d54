"""Sends each change to all subscribers: it is encoded once, however many they are.

A subscriber keeps at most one pending line per id, always with the newest state. So a slow reader costs memory in
proportion to the number of objects on the canvas, not to the number of changes. A subscriber whose pending lines exceed
that, because it has not read about many deleted objects, is disconnected. When it reconnects, it gets a new snapshot.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from canvus_async.server.access import Right
from canvus_async.server.rules.kinds import WidgetKind
from canvus_async.server.rules.widgets import StoredCanvas

EXTRA_PENDING = 50_000
"""Lines that may be pending for a subscriber beyond the number of objects in its snapshot."""


@dataclass(frozen=True, kw_only=True)
class Event:
    """The new state of one object: its id as `key` and its JSON as `raw`.

    `kind` and `parent_id` are set for a widget. For a canvas, `canvas` is set, and `right` is the right of the
    subscribers that this event is for.
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
        """The line for subscribers to a list."""
        return b"[" + self.raw + b"]\n"

    @cached_property
    def single_line(self) -> bytes:
        """The line for subscribers to this object."""
        return self.raw + b"\n"


class Subscriber:
    """The pending lines of one open stream.

    `matches` selects the events. A `single` subscriber follows one object, and its stream ends when that is deleted.
    `size` is the number of objects in the snapshot, `abort` closes the connection. `allowed` says whether the
    subscriber still has the right to the stream; without it, the stream ends and pending lines are not sent.
    """

    def __init__(
        self,
        matches: Callable[[Event], bool],
        *,
        single: bool,
        size: int,
        abort: Callable[[], None],
        allowed: Callable[[], bool],
    ) -> None:
        self.matches = matches
        self.abort = abort
        self._allowed = allowed
        self.ended = False
        self.muted = False
        self._single = single
        self._final = False
        self._limit = size + EXTRA_PENDING
        self._pending: dict[str, bytes] = {}
        self._wake = asyncio.Event()

    @property
    def finished(self) -> bool:
        """Whether the stream has ended and nothing is left to send."""
        return self.ended and not self._pending

    def offer(self, event: Event) -> None:
        """Queue an event if it matches. It replaces a pending line for the same id."""
        if not self.check_right() or self.ended or not self.matches(event):
            return
        self._pending[event.key] = event.single_line if self._single else event.list_line
        if len(self._pending) > self._limit:
            self._pending.clear()
            self.ended = True
            self.abort()
        self._final = self._single and event.deleted
        self._wake.set()

    def check_right(self) -> bool:
        """Whether the subscriber still has the right to the stream; if not, end it."""
        allowed = self._allowed()
        if not allowed:
            self._pending.clear()
            self.end()
        return allowed

    def end(self) -> None:
        """End the stream; pending lines are sent first."""
        self.ended = True
        self._wake.set()

    def mute(self, on: bool) -> None:
        """Send nothing while muted; events are still queued."""
        self.muted = on
        self._wake.set()

    async def wait(self, seconds: float) -> bool:
        """Wait until there is something to send; False after `seconds` without anything."""
        while not self.ended and (self.muted or not self._pending):
            self._wake.clear()
            try:
                async with asyncio.timeout(seconds):
                    await self._wake.wait()
            except TimeoutError:
                if not self.muted:
                    return False
        return True

    def take(self, size: int) -> list[bytes]:
        """Remove and return the first pending lines: at least one, and no more after `size` bytes.

        The others stay, so that newer states replace them if the subscriber reads slowly.
        """
        taken: list[str] = []
        for key, line in self._pending.items():
            taken.append(key)
            size -= len(line)
            if size <= 0:
                break
        lines = [self._pending.pop(key) for key in taken]
        self.ended = self.ended or (self._final and not self._pending)
        return lines


class Broadcast:
    """The subscribers to one canvas, or to the list of canvases."""

    def __init__(self) -> None:
        self._subscribers: dict[Subscriber, None] = {}  # a set that keeps the order

    def attach(self, subscriber: Subscriber) -> None:
        self._subscribers[subscriber] = None

    def detach(self, subscriber: Subscriber) -> None:
        self._subscribers.pop(subscriber, None)

    def publish(self, event: Event) -> None:
        """Offer an event to all subscribers."""
        for subscriber in self._subscribers:
            subscriber.offer(event)

    def end(self) -> None:
        """End the streams of all subscribers."""
        for subscriber in self._subscribers:
            subscriber.end()
