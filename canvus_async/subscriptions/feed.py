"""Subscriptions: one connection after another, and what each changes about what is known.

Nothing of ours runs or is limited while the consumer has control: no task, no cancel scope, no time limit. Reading is
pull-based, so a slow consumer makes the server wait (TCP) and memory stays bounded.
"""

import asyncio
import logging
import random
from collections import deque
from collections.abc import Callable, Collection, Mapping
from typing import Generic, Literal, TypeAlias

from canvus_async.errors import CanvusError, ClientClosed
from canvus_async.http.request import Request
from canvus_async.http.transport import Transport
from canvus_async.models.changes import Change, R
from canvus_async.options import Reconnect
from canvus_async.protocol.decoding.decoder import Batch, RecordDecoder
from canvus_async.protocol.decoding.reader import LineReader
from canvus_async.protocol.merging import SnapshotMerger
from canvus_async.protocol.recovery import Recovery
from canvus_async.subscriptions.connection import Connection, Counters
from canvus_async.subscriptions.fairness import Fairness

logger = logging.getLogger("canvus_async.subscription")

Status: TypeAlias = Literal["connecting", "live", "stale", "closed"]
"""Never connected yet; connected and whole; lost, what is known may be old; ended."""


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
        self._request = Request(
            method="GET",
            path=f"{path}?subscribe",
            headers={"Accept-Encoding": "identity"},  # a compressor may hold back what has changed until it has more
            streaming=True,
        )
        self._decoder = decoder
        self._merger = SnapshotMerger(decoder, keep_unknown=keep_unknown)
        longest = transport.retrier.options.max_retry_after
        self._recovery = Recovery(reconnect, max_retry_after=longest, dice=dice)
        self._not_before = 0.0
        self._ready: deque[Collection[Change[R]]] = deque()
        self._breather = reconnect.first_wait
        self._dice = dice
        self._connection: Connection[R] | None = None
        self._opening: asyncio.Timeout | None = None
        self.fairness = Fairness()
        self._busy = False

    @property
    def state(self) -> Mapping[str, R]:
        """What is known now, by id."""
        return self._merger.state

    @property
    def connected(self) -> bool:
        """Whether it has a connection now."""
        return self._connection is not None

    async def next(self) -> Collection[Change[R]]:
        """What the next line or lines have changed; after a snapshot also when that is nothing.

        Raises the error that ends the subscription, or StopAsyncIteration when it was closed; what was read before
        comes first.
        """
        if self._busy:
            raise RuntimeError("this subscription is being read by another task already")
        self._busy = True
        try:
            while not self._ready:
                if self.status == "closed":
                    raise self.fatal or StopAsyncIteration
                try:
                    if self._connection is None:
                        await self._connect()
                    else:
                        await self._read(self._connection)
                except CanvusError as error:
                    self._over(error)
        finally:
            self._busy = False
        return self._ready.popleft()

    def close(self) -> None:
        """End the connection now, and wake whoever waits in `next()`. May be called again."""
        self.status = "closed"
        self._transport.deadlines.on_close.discard(self._interrupt)
        if self._opening is not None and not self._opening.expired():
            self._opening.reschedule(asyncio.get_running_loop().time())
        self._drop()

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _interrupt(self) -> None:
        """The client is being closed."""
        self.fatal = ClientClosed()
        self.close()

    # -- one connection --

    async def _connect(self) -> None:
        self._transport.deadlines.check()
        self._transport.deadlines.on_close.add(self._interrupt)
        clock = asyncio.get_running_loop().time
        scope = self._opening = asyncio.timeout(None)
        try:
            async with scope:
                if (pause := self._not_before - clock()) > 0:
                    await asyncio.sleep(pause)
                # Unless it comes that far: one who gives up and comes again at once is not to connect each time.
                self._not_before = clock() + self._breather * self._dice()
                response = await self._transport.open(self._request)
        except TimeoutError:
            if scope.expired():
                return  # closed by another task
            raise
        finally:
            self._opening = None
        transport = self._transport
        reader = LineReader(self._decoder, limit=transport.limits.line, known=self.state)
        self._connection = Connection(
            response,
            reader,
            answers=transport.answers,
            timeouts=transport.timeouts,
            counters=self.counters,
        )
        if self.status == "closed":  # in the very turn in which the answer came
            self._drop()
            return
        self.counters.reconnects += self.counters.connections > 0
        self.counters.connections += 1
        logger.debug("%s: connected", self._request.path)

    async def _read(self, connection: Connection[R]) -> None:
        """One chunk: decoded, merged, and what it changed made ready."""
        behind = connection.behind
        if behind:
            await (
                self.fairness.pause()
            )  # before a chunk is read, never between what is known and what has been told of it
        batches = await connection.read()
        if not behind:
            self.fairness.begin()  # it has waited
        self.last_activity = connection.heard
        for batch in batches:
            self._merge(connection, batch)

    def _merge(self, connection: Connection[R], batch: Batch[R]) -> None:
        snapshot = connection.whole_since is None
        merge = self._merger.snapshot(batch) if snapshot else self._merger.update(batch)
        for widget in merge.refused:
            said = self._transport.answers.plain(f"{widget.id}: {widget.error}")
            logger.warning("%s: left out %s", self._request.path, said)
        if snapshot and batch.broken is None:
            self.counters.resyncs += self._recovery.worked
            connection.whole_since = asyncio.get_running_loop().time()
            self._recovery.whole()
            self.status = "live"
            self._ready.append(merge.changes)
            logger.info("%s: live, %d known", self._request.path, len(self.state))
        elif merge.changes:
            self._ready.append(merge.changes)
        if batch.broken is not None:
            raise connection.broken(batch.broken)
        if merge.gap:
            raise _Gap(merge.gap)

    def _over(self, error: CanvusError) -> None:
        """End the subscription, or prepare for its next connection."""
        connection = self._connection
        self._drop()
        if self.status == "closed":
            return
        now = asyncio.get_running_loop().time()
        whole_since = None if connection is None else connection.whole_since
        pause = self._recovery.pause(error, now=now, lived=0.0 if whole_since is None else now - whole_since)
        if pause is None:
            self.fatal = error
            self.close()
            return
        if self._recovery.worked:
            self.status = "stale"
        self._not_before = now + pause
        logger.info("%s: lost (%s); trying again in %.1f s", self._request.path, type(error).__name__, pause)
