"""The loop behind every subscription: it reads a connection, merges what it says, and reconnects when it is lost.

While the consumer has control, nothing of ours is running: no task, no cancel scope, no time limit. Data is read only
when the consumer asks for it, so a slow consumer makes the server wait (TCP flow control) and memory stays bounded.
"""

import asyncio
import logging
import random
from collections import deque
from collections.abc import Callable, Collection, Mapping
from typing import Generic, Literal, TypeAlias

from canvus_async.errors import CanvusError, ClientClosed
from canvus_async.event_loop import LoopBinding
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
"""connecting: no snapshot yet. live: up to date. stale: connection lost, so the state may be old. closed: ended."""


class _Gap(CanvusError):
    """An update that cannot be applied to the known state, see `Merge.gap`. Reconnecting gets a new snapshot."""


class Feed(Generic[R]):
    """Reads a subscription: `next()` reads until something has changed.

    It reconnects by itself, and then returns only what differs from what it returned before. A cancelled `next()` loses
    nothing: the next call continues where it stopped.
    """

    def __init__(
        self,
        transport: Transport,
        path: str,
        decoder: RecordDecoder[R],
        *,
        reconnect: Reconnect,
        keep_unknown: bool,
        random: Callable[[], float] = random.random,
    ) -> None:
        self.status: Status = "connecting"
        self.counters = Counters()
        self.fatal: CanvusError | None = None
        self.last_activity: float | None = None
        self._transport = transport
        self._request = Request(
            method="GET",
            path=f"{path}?subscribe",
            headers={"Accept-Encoding": "identity"},  # a compressor may buffer a change until there is more to compress
            streaming=True,
        )
        self._decoder = decoder
        self._merger = SnapshotMerger(decoder, keep_unknown=keep_unknown)
        max_retry_after = transport.retrier.options.max_retry_after
        self._recovery = Recovery(reconnect, max_retry_after=max_retry_after, random=random)
        self._connect_at = 0.0
        self._ready: deque[Collection[Change[R]]] = deque()
        self._first_wait = reconnect.first_wait
        self._random = random
        self._connection: Connection[R] | None = None
        self._connecting: asyncio.Timeout | None = None
        self.fairness = Fairness()
        self.binding = LoopBinding("subscription")
        self._reading = False

    @property
    def state(self) -> Mapping[str, R]:
        """The current records by id."""
        return self._merger.state

    @property
    def connected(self) -> bool:
        """Whether there is a connection now."""
        return self._connection is not None

    async def next(self) -> Collection[Change[R]]:
        """The changes made by the next line or lines. After a snapshot they may be none.

        Raises the error that ended the subscription, or StopAsyncIteration if it was closed, but only after all changes
        that were read before.
        """
        if self._reading:
            raise RuntimeError("another task is already reading this subscription; make one for each task")
        self.binding.check()
        self._reading = True
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
                    self._connection_failed(error)
        finally:
            self._reading = False
        return self._ready.popleft()

    def close(self) -> None:
        """Close the connection now and end a waiting `next()`. May be called again."""
        self.status = "closed"
        self._transport.deadlines.on_close.discard(self._client_closed)
        if self._connecting is not None and not self._connecting.expired():
            self._connecting.reschedule(asyncio.get_running_loop().time())  # ends a wait in _connect()
        self._close_connection()

    def _close_connection(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _client_closed(self) -> None:
        """End the subscription, because its client is being closed."""
        self.fatal = ClientClosed()
        self.close()

    # -- one connection --

    async def _connect(self) -> None:
        self._transport.deadlines.check()
        self._transport.deadlines.on_close.add(self._client_closed)
        clock = asyncio.get_running_loop().time
        scope = self._connecting = asyncio.timeout(None)
        try:
            async with scope:
                if (pause := self._connect_at - clock()) > 0:
                    await asyncio.sleep(pause)
                # Back off even if cancelled while connecting: a consumer that cancels and reads again in a loop must
                # not hammer the server.
                self._connect_at = clock() + self._first_wait * self._random()
                response = await self._transport.open(self._request)
        except TimeoutError:
            if scope.expired():
                return  # close() was called by another task
            raise
        finally:
            self._connecting = None
        transport = self._transport
        reader = LineReader(self._decoder, limit=transport.limits.line, known=self.state)
        self._connection = Connection(
            response,
            reader,
            response_reader=transport.response_reader,
            timeouts=transport.timeouts,
            counters=self.counters,
        )
        if self.status == "closed":  # in the same iteration of the event loop in which the response arrived
            self._close_connection()
            return
        self.counters.reconnects += self.counters.connections > 0
        self.counters.connections += 1
        logger.debug("%s: connected", self._request.path)

    async def _read(self, connection: Connection[R]) -> None:
        """Read one chunk, decode and merge it, and queue the changes."""
        behind = connection.behind
        if behind:
            # The only place for a pause: between merging a batch and returning its changes, another task could see a
            # state whose changes it has not received.
            await self.fairness.pause()
        batches = await connection.read()
        if not behind:
            self.fairness.restart()  # read() has waited
        self.last_activity = connection.last_byte_at
        for batch in batches:
            self._merge(connection, batch)

    def _merge(self, connection: Connection[R], batch: Batch[R]) -> None:
        is_snapshot = connection.live_since is None
        merge = self._merger.snapshot(batch) if is_snapshot else self._merger.update(batch)
        for widget in merge.skipped:
            what = self._transport.response_reader.printable(f"{widget.id} ({widget.error})")
            logger.warning("%s: skipped %s", self._request.path, what)
        if is_snapshot and batch.broken is None:
            self.counters.resyncs += self._recovery.was_live
            connection.live_since = asyncio.get_running_loop().time()
            self._recovery.snapshot_received()
            self.status = "live"
            self._ready.append(merge.changes)
            logger.info("%s: live (%d items)", self._request.path, len(self.state))
        elif merge.changes:
            self._ready.append(merge.changes)
        # Only now, so that changes that were read before a broken line or a gap are delivered.
        if batch.broken is not None:
            raise connection.broken(batch.broken)
        if merge.gap:
            raise _Gap(merge.gap)

    def _connection_failed(self, error: CanvusError) -> None:
        """End the subscription, or schedule its next connection."""
        connection = self._connection
        self._close_connection()
        if self.status == "closed":
            return
        now = asyncio.get_running_loop().time()
        live_since = None if connection is None else connection.live_since
        pause = self._recovery.pause(error, now=now, live_for=0.0 if live_since is None else now - live_since)
        if pause is None:
            self.fatal = error
            self.close()
            return
        if self._recovery.was_live:
            self.status = "stale"
        self._connect_at = now + pause
        logger.info("%s: no connection (%s); reconnecting in %.1f s", self._request.path, type(error).__name__, pause)
