"""Subscriptions: one connection after another, and what each changes about what is known.

Nothing of ours runs or is limited while the consumer has control: no task, no cancel scope, no time limit. Reading is
pull-based, so a slow consumer makes the server wait (TCP) and memory stays bounded.
"""

import asyncio
import logging
import random
import warnings
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from types import TracebackType
from typing import Generic, Literal, Never, TypeAlias

import msgspec

from canvus_async.connection import Connection
from canvus_async.errors import (
    ApiError,
    CanvusError,
    ClientClosed,
    ConnectFailed,
    LineTooLong,
    UnexpectedContent,
)
from canvus_async.models.changes import Change, R
from canvus_async.options import Reconnect
from canvus_async.protocol import answers
from canvus_async.protocol.backoff import delays
from canvus_async.protocol.decoding import Batch, RecordDecoder
from canvus_async.protocol.lines import LineOverflow
from canvus_async.protocol.merging import SnapshotMerger
from canvus_async.protocol.reading import LineReader
from canvus_async.protocol.reconnecting import is_fatal
from canvus_async.transport import Request, Transport

logger = logging.getLogger("canvus_async.subscription")

Status: TypeAlias = Literal["connecting", "live", "stale", "closed"]
"""Never connected yet; connected and whole; lost, what is known may be old; ended."""

_LONGEST_TURN = 0.01
"""Seconds of reading without a pause after which other tasks get a turn."""


class Counters(msgspec.Struct):
    """What a subscription has been through so far."""

    connections: int = 0
    reconnects: int = 0
    resyncs: int = 0
    bad_lines: int = 0
    bytes: int = 0


class _Gap(CanvusError):
    """An update that cannot be understood without what came before it."""


class Feed(Generic[R]):
    """The pull loop behind every subscription: `next()` reads until something has changed.

    It reconnects by itself and then gives only what differs from what it gave before. A cancelled `next()` loses
    nothing: the one after it goes on where it was.
    """

    def __init__(
        self,
        transport: Transport,
        path: str,
        decoder: RecordDecoder[R],
        *,
        reconnect: Reconnect,
        keep_unknown: bool,
        dice: Callable[[], float] = random.random,
    ) -> None:
        self.status: Status = "connecting"
        self.counters = Counters()
        self.fatal: CanvusError | None = None
        self.last_activity: float | None = None
        self._transport = transport
        self._request = Request(method="GET", path=f"{path}?subscribe", streaming=True)
        self._decoder = decoder
        self._options = reconnect
        self._merger = SnapshotMerger(decoder, keep_unknown=keep_unknown)
        self._dice = dice
        self._delays: Iterator[float] | None = None
        self._not_before = 0.0
        self._tries = 0
        self._odd_in_a_row = 0
        self._lost_at: float | None = None
        self._ready: deque[list[Change[R]]] = deque()
        self._connection: Connection[R] | None = None
        self._turn_began = 0.0
        self._busy = False
        transport.deadlines.endings.add(self._interrupt)

    @property
    def state(self) -> Mapping[str, R]:
        """What is known now, by id."""
        return self._merger.state

    async def next(self) -> list[Change[R]]:
        """What the next line or lines have changed; after a snapshot also when that is nothing.

        Raises the error that ends the subscription, after everything that came before it.
        """
        if self._busy:
            raise RuntimeError("this subscription is being read by another task already")
        self._busy = True
        try:
            await self._fill()
        finally:
            self._busy = False
        return self._ready.popleft()

    async def _fill(self) -> None:
        while not self._ready:
            if self.status == "closed":
                raise self.fatal or ClientClosed("this subscription is closed")
            try:
                if self._connection is None:
                    await self._connect()
                else:
                    await self._read(self._connection)
            except CanvusError as error:
                self._over(error)

    def close(self) -> None:
        """End the connection now. May be called again."""
        self.status = "closed"
        self._transport.deadlines.endings.discard(self._interrupt)
        self._drop()

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _interrupt(self) -> None:
        """The client is being closed: wake whoever reads."""
        if self._connection is not None:
            self._connection.close(ClientClosed())

    # -- one connection --

    async def _connect(self) -> None:
        clock = asyncio.get_running_loop().time
        async with self._transport.deadlines.until_closed():
            if (pause := self._not_before - clock()) > 0:
                await asyncio.sleep(pause)
            self._tries += 1
            self.counters.connections += 1
            response = await self._transport.open(self._request)
        timeouts = self._transport.timeouts
        reader = LineReader(self._decoder, limit=self._transport.limits.line)
        self._connection = Connection(self._request, response, reader, timeouts.silence, timeouts.first_line)
        if self.counters.connections > 1:
            self.counters.reconnects += 1
        logger.debug("%s: connected", self._request.path)

    async def _read(self, connection: Connection[R]) -> None:
        """One chunk: decoded, merged, and what it changed made ready."""
        clock = asyncio.get_running_loop().time
        chunk = await connection.read(clock)
        now = self.last_activity = clock()
        self.counters.bytes += len(chunk)
        try:
            batches = connection.reader.feed(chunk) if chunk else connection.reader.finish()
        except LineOverflow as problem:
            raise LineTooLong(f"{problem} (Limits.line)", method="GET", path=self._request.path) from None
        for batch in batches:
            if chunk or batch.broken is None:  # a last line that is cut off is no bad line
                self._merge(connection, batch, chunk)
        if not chunk:
            raise ConnectFailed("the server ended the stream", method="GET", path=self._request.path, sent=True)
        if now - self._turn_began > _LONGEST_TURN:
            await asyncio.sleep(0)
            self._turn_began = clock()

    def _merge(self, connection: Connection[R], batch: Batch[R], chunk: bytes) -> None:
        snapshot = not connection.delivered
        merge = self._merger.snapshot(batch) if snapshot else self._merger.update(batch)
        for widget in merge.refused:
            logger.warning("%s: left out %s: %s", self._request.path, widget.id, widget.error)
        if batch.broken is not None:
            self.counters.bad_lines += 1
            if (
                self._worked
            ):  # what users wrote is not for error messages; what is no JSON at the start is no such thing
                words = f"a broken line ({batch.broken})"
                raise UnexpectedContent(words, method="GET", path=self._request.path)
            raise answers.unreadable(chunk, f"a broken line ({batch.broken})", method="GET", path=self._request.path)
        if snapshot and not merge.gap:
            connection.delivered = True
            self.counters.resyncs += self._worked
            self._lost_at = None
            self.status = "live"
            logger.info("%s: live, %d known", self._request.path, len(self.state))
        if merge.changes or snapshot:
            self._ready.append(merge.changes)
        if merge.gap:
            raise _Gap(merge.gap)

    # -- when it is over --

    @property
    def _worked(self) -> bool:
        """Whether there has been a snapshot."""
        return self.status in {"live", "stale"}

    def _over(self, error: CanvusError) -> None:
        """End the subscription, or prepare for its next connection."""
        now = asyncio.get_running_loop().time()
        connection = self._connection
        self._drop()
        options = self._options
        worked = self._worked
        if connection is not None and connection.delivered and now - connection.opened >= options.healthy_after:
            self._delays = None
            self._odd_in_a_row = 0
        odd = isinstance(error, UnexpectedContent | LineTooLong) or (
            isinstance(error, ConnectFailed) and error.permanent
        )
        self._odd_in_a_row = self._odd_in_a_row + 1 if odd else 0
        self._lost_at = now if self._lost_at is None else self._lost_at
        if (
            is_fatal(error, worked_before=worked, in_a_row=self._odd_in_a_row, bad_lines=options.bad_lines)
            or (not worked and options.open_attempts is not None and self._tries >= options.open_attempts)
            or (options.max_outage is not None and now - self._lost_at > options.max_outage)
        ):
            self.fatal = error
            self.close()
            return
        if worked:
            self.status = "stale"
        if self._delays is None:
            self._delays = delays(first=options.first_wait, longest=options.max_wait, random=self._dice)
        pause = next(self._delays)
        if isinstance(error, ApiError) and error.retry_after is not None:
            pause = max(pause, min(error.retry_after, self._transport.retrier.options.max_retry_after))
        self._not_before = now + pause
        logger.info("%s: lost (%s); trying again in %.1f s", self._request.path, type(error).__name__, pause)


class Subscription(AsyncGenerator[R, None]):
    """Whole records, as they are and then as they change, without end; use it with `contextlib.aclosing`.

    An async generator to its users, and more forgiving than one: a cancelled read loses nothing, one that is dropped
    lets go of its connection at once, and two tasks cannot read from it by accident.
    """

    def __init__(self, feed: Feed[R]) -> None:
        self._feed = feed
        self._changes: Iterator[Change[R]] = iter(())

    @property
    def status(self) -> Status:
        """How things are: connecting, live, stale or closed."""
        return self._feed.status

    async def __anext__(self) -> R:
        while True:
            for change in self._changes:
                return change.record
            if self._feed.status == "closed" and self._feed.fatal is None:
                raise StopAsyncIteration
            self._changes = iter(await self._feed.next())

    async def asend(self, value: None) -> R:
        """The same as `anext()`: there is nothing to send."""
        return await self.__anext__()

    async def athrow(
        self,
        typ: type[BaseException] | BaseException,
        val: BaseException | object = None,
        tb: TracebackType | None = None,
        /,
    ) -> Never:
        """Close, and raise what is thrown in."""
        self._feed.close()
        if isinstance(typ, BaseException):
            raise typ
        raise val if isinstance(val, BaseException) else typ()

    async def aclose(self) -> None:
        """Close the connection; it is closed when this returns. May be called again."""
        self._changes = iter(())
        self._feed.close()

    def __del__(self) -> None:
        if "_feed" in vars(self) and self._feed.status != "closed":
            warnings.warn(
                "a subscription was dropped without closing: use `async with aclosing(...)`",
                ResourceWarning,
                stacklevel=2,
            )
            self._feed.close()
