"""One random run: a server with faults, consumers that are slow or cancelled; in the end all have the right state."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, aclosing, suppress

import anyio

from canvus_async import Canvas, Client, Limits, Live, Reconnect
from canvus_async.models import Widget
from tests.raw_server import raw_server
from tests.subscriptions.faults import FaultServer
from tests.subscriptions.model import Fold, ModelCanvas, mirrors, spares
from tests.subscriptions.wire import CANVAS

TOKENS = ("mirror", "first", "second")
"""The tokens of the clients: one each, so that the server can distinguish them."""
LONGEST_RECOVERY = 600.0
"""Seconds within which every consumer must be up to date: silence, missing headers, a missing first line, and waits."""


class Consumer:
    """A consumer that follows the canvas, perhaps slowly, and perhaps cancels its reads."""

    def __init__(self, dice: random.Random, known: dict[str, Widget] | None = None) -> None:
        self.fold = Fold(known)
        self._dice = dice
        self._impatient = dice.random() < 0.5
        self._slow = dice.random() < 0.4
        self.steady = not self._impatient and not self._slow

    async def subscribing(self, canvas: Canvas) -> None:
        async with aclosing(canvas.widgets.subscribe()) as widgets:

            async def step() -> None:
                self.fold.record(await anext(widgets))

            await self._repeat(step)

    async def changing(self, live: Live[Widget], *, initial: bool = True) -> None:
        changes = live.changes(initial=initial)

        async def step() -> None:
            self.fold.change(await anext(changes))

        await self._repeat(step)

    async def batching(self, live: Live[Widget]) -> None:
        batches = live.batches()

        async def step() -> None:
            for change in await anext(batches):
                self.fold.change(change)

        await self._repeat(step)

    async def _repeat(self, step: Callable[[], Awaitable[None]]) -> None:
        while True:
            if self._impatient and self._dice.random() < 0.3:
                await self._give_up(step, self._dice.choice((0.0, 0.001, 0.5, 20.0)))
            else:
                await step()
            if self._slow and self._dice.random() < 0.2:
                await asyncio.sleep(self._dice.choice((0.0, 0.01, 3.0, 60.0)))

    async def _give_up(self, step: Callable[[], Awaitable[None]], seconds: float) -> None:
        if self._dice.random() < 0.5:
            with anyio.move_on_after(seconds):
                await step()
        else:
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await step()


async def run(seed: int, happenings: int) -> tuple[int, int]:
    """Returns how many connections and changes there were; raises AssertionError when an invariant is violated."""
    dice = random.Random(seed)
    random.seed(seed)  # the client draws its backoff from it
    model = ModelCanvas(dice)
    for _ in range(dice.choice((0, 5, 30))):
        model.happen()
    faults = FaultServer(model, dice)
    reconnect = Reconnect(open_attempts=None, bad_lines=10**9)
    limits = Limits(line=dice.choice((20_000, 1 << 20)))
    async with raw_server(faults.serve) as server, AsyncExitStack() as closing:
        canvases: list[Canvas] = []
        for token in TOKENS:
            client = Client(server.url, token=token, reconnect=reconnect, limits=limits)
            canvases.append((await closing.enter_async_context(client)).canvas(CANVAS))
        keeping_alive = asyncio.create_task(faults.keep_alive())
        try:
            folds = await _follow(canvases, model, faults, dice, happenings)
        finally:
            keeping_alive.cancel()
        await closing.aclose()
        await server.until_open(0)
    return server.connections, sum(fold.told for fold in folds)


async def _follow(
    canvases: list[Canvas], model: ModelCanvas, faults: FaultServer, dice: random.Random, happenings: int
) -> list[Fold]:
    tasks: list[asyncio.Task[None]] = []
    folds: list[Fold] = []

    def begin(consumer: Consumer, follows: Awaitable[None]) -> None:
        folds.append(consumer.fold)
        tasks.append(asyncio.ensure_future(follows))

    mirrored, *subscribed = canvases
    judged = {TOKENS[0]}  # a mirror reads regardless of its consumers
    for token, canvas in zip(TOKENS[1:], subscribed, strict=True):
        consumer = Consumer(dice)
        begin(consumer, consumer.subscribing(canvas))
        if consumer.steady:  # cancelled reads may reconnect sooner, and a sleeping one counts a connection as healthy
            judged.add(token)
    try:
        async with mirrored.live() as live:
            for follow in (Consumer.changing, Consumer.changing, Consumer.batching):
                consumer = Consumer(dice)
                begin(consumer, follow(consumer, live))
            for number in range(happenings):
                await _bad_day(model, faults, dice)
                if number % 20 == 10:  # a consumer joins late
                    late = Consumer(dice, dict(live.widgets))
                    begin(late, late.changing(live, initial=False))
                assert not [task for task in tasks if task.done() and task.result() is None]
            faults.calm, faults.down = True, False
            await _all_know(model, live, folds, tasks)
            for token in judged:
                assert spares(faults.requested[token]), f"{token} does not back off: {faults.requested[token]}"
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return folds


async def _bad_day(model: ModelCanvas, faults: FaultServer, dice: random.Random) -> None:
    """A change, perhaps after a fault of the server or a pause."""
    chance = dice.random()
    if chance < 0.01:
        faults.down = True
        faults.end(dice.choice(("fin", "rst")))
        await asyncio.sleep(dice.choice((0.1, 20.0)))
        faults.down = False
    elif chance < 0.02:
        await asyncio.sleep(dice.choice((30.0, 200.0)))
    elif chance < 0.03:  # every connection gets the whole canvas and ends
        faults.fleeting = True
        faults.end(dice.choice(("fin", "rst")))
        await asyncio.sleep(dice.choice((1.0, 60.0)))
        faults.fleeting = False
    faults.tell(*model.happen())
    if dice.random() < 0.7:
        await asyncio.sleep(dice.expovariate(1.0))


async def _all_know(model: ModelCanvas, live: Live[Widget], folds: list[Fold], tasks: list[asyncio.Task[None]]) -> None:
    """Every consumer comes to have the state of the server, and then gets no more changes."""
    for _ in range(int(LONGEST_RECOVERY)):
        for task in tasks:
            if task.done():
                task.result()
        if mirrors(live.widgets, model) and all(mirrors(fold.known, model) for fold in folds):
            break
        await asyncio.sleep(1)
    assert mirrors(live.widgets, model), "the mirror is not what the server has"
    for fold in folds:
        assert mirrors(fold.known, model), "the changes do not add up to what the server has"
    told: list[int] = []
    for _ in range(20):  # a slow consumer may be right by chance while a create and its delete are still pending
        before, told = told, [fold.told for fold in folds]
        if told == before:
            break
        await asyncio.sleep(100)
    else:
        raise AssertionError("changes keep arriving although nothing changes")
    assert all(mirrors(fold.known, model) for fold in folds), "later changes made the state wrong again"
