"""The invariants of the random runs in a hypothesis state machine, which finds a short way to violate them."""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from random import Random
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from canvus_async import Client, Reconnect
from tests.conftest import descriptors
from tests.raw_server import raw_server
from tests.subscriptions.clock import JumpingLoop
from tests.subscriptions.faults import ENDS, GARBAGE, REFUSALS, FaultServer
from tests.subscriptions.model import IDS, KINDS, Fold, ModelCanvas, mirrors
from tests.subscriptions.wire import CANVAS, KEEPALIVE

T = TypeVar("T")

QUICK = settings(
    max_examples=40,
    stateful_step_count=25,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
THOROUGH = settings(
    QUICK, max_examples=1000, stateful_step_count=60, derandomize=False, phases=[*QUICK.phases, Phase.shrink]
)


class Following(RuleBasedStateMachine):
    """A canvas, a server without faults at first, a mirror with two consumers, and a subscription."""

    def __init__(self) -> None:
        super().__init__()
        self.descriptors = descriptors()
        self.runner = asyncio.Runner(loop_factory=JumpingLoop)

    def wait(self, doing: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(doing)

    @initialize(seed=st.integers(0, 9), kinds=st.lists(st.sampled_from(list(KINDS)), max_size=4))
    def begin(self, seed: int, kinds: list[str]) -> None:
        self.model = ModelCanvas(Random(seed))
        for id_, kind in zip(IDS, kinds, strict=False):
            self.model.put(id_, kind)
        self.faults = FaultServer(self.model, Random(seed))
        self.faults.calm = True
        self.wait(self._begin())

    async def _begin(self) -> None:
        self.serving = raw_server(self.faults.serve)
        self.server = await self.serving.__aenter__()
        reconnect = Reconnect(open_attempts=None, bad_lines=10**9)
        self.client = Client(self.server.url, token="secret", reconnect=reconnect)
        canvas = self.client.canvas(CANVAS)
        self.keeping_alive = asyncio.create_task(self.faults.keep_alive())
        self.live = await canvas.live().__aenter__()
        self.eager, self.lazy, self.streamed = Fold(), Fold(), Fold()
        self.changes, self.batches, self.widgets = self.live.changes(), self.live.batches(), canvas.widgets.subscribe()

    @rule(id_=st.sampled_from(IDS), kind=st.sampled_from(list(KINDS)), text=st.text(max_size=5))
    def put(self, id_: str, kind: str, text: str) -> None:
        text = text.encode("utf-8", "replace").decode()
        self.tell(self.model.put(id_, kind, text))

    @rule()
    def happen(self) -> None:
        self.tell(self.model.happen())

    @rule(number=st.integers(0, 11))
    def remove(self, number: int) -> None:
        if self.model.widgets:
            ids = list(self.model.widgets)
            self.tell(self.model.remove(ids[number % len(ids)]))

    def tell(self, values: list[object]) -> None:
        async def telling() -> None:
            self.faults.tell(*values)

        self.wait(telling())

    @rule(how=st.sampled_from(ENDS))
    def end(self, how: str) -> None:
        async def ending() -> None:
            self.faults.end(how)

        self.wait(ending())

    @rule(garbage=st.sampled_from([*GARBAGE, KEEPALIVE * 100]))
    def garble(self, garbage: bytes) -> None:
        async def garbling() -> None:
            self.faults.garble(garbage)

        self.wait(garbling())

    @rule(how=st.sampled_from(ENDS), at=st.floats(0, 1))
    def cut(self, how: str, at: float) -> None:
        """Make a change, and truncate the line that reports it."""

        async def cutting() -> None:
            for wire in tuple(self.faults._wires):
                text = wire.lines(*values)
                wire.put_cut(text[: int(at * len(text.rstrip()))])
                wire.put(how)

        values = self.model.happen()
        self.wait(cutting())

    @rule(down=st.booleans())
    def restart(self, down: bool) -> None:
        self.faults.down = down
        self.end("rst")

    @rule(statuses=st.lists(st.sampled_from(REFUSALS), max_size=3))
    def refuse(self, statuses: list[int]) -> None:
        self.faults.refusals.extend(statuses)
        self.end("fin")

    @rule(seconds=st.sampled_from([0.001, 1.0, 16.0, 50.0, 300.0]))
    def time_passes(self, seconds: float) -> None:
        self.wait(asyncio.sleep(seconds))

    @rule(turns=st.integers(0, 12))
    def turns_pass(self, turns: int) -> None:
        async def turning() -> None:
            for _ in range(turns):
                await asyncio.sleep(0)

        self.wait(turning())

    @rule(times=st.integers(1, 4), seconds=st.sampled_from([0.0, 0.01, 5.0, 60.0]))
    def read_stream(self, times: int, seconds: float) -> None:
        self.wait(self._read_stream(times, seconds))

    async def _read_stream(self, times: int, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                for _ in range(times):
                    self.streamed.record(await anext(self.widgets))

    @rule(seconds=st.sampled_from([0.0, 5.0]))
    def read_batches(self, seconds: float) -> None:
        self.wait(self._read_batches(seconds))

    async def _read_batches(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                for change in await anext(self.batches):
                    self.lazy.change(change)

    @invariant()
    def consumer_without_pending_changes_equals_the_mirror(self) -> None:
        if hasattr(self, "live"):
            self.wait(self._read_changes())

    async def _read_changes(self) -> None:
        async with asyncio.timeout(1):  # the changes are pending already, so no time passes
            while self.eager.known != dict(self.live.widgets):
                self.eager.change(await anext(self.changes))

    def teardown(self) -> None:
        try:
            if hasattr(self, "live"):
                try:
                    self.wait(self._know())
                finally:
                    self.wait(self._close())
        finally:
            self.runner.close()
        left = {entry for entry in descriptors() - self.descriptors if "/dev/null" not in entry}
        assert not left, f"left open: {left}"

    async def _know(self) -> None:
        """Without further faults, every consumer comes to have the state of the server."""
        self.faults.calm, self.faults.down = True, False
        self.faults.refusals.clear()
        for _ in range(600):
            await self._read_changes()
            await self._read_batches(0)
            await self._read_stream(1, 1)
            if all(mirrors(each, self.model) for each in (self.live.widgets, self.lazy.known, self.streamed.known)):
                break
        assert mirrors(self.live.widgets, self.model)
        assert mirrors(self.lazy.known, self.model)
        assert mirrors(self.streamed.known, self.model)

    async def _close(self) -> None:
        await self.widgets.aclose()
        await self.live.aclose()
        self.keeping_alive.cancel()
        await self.client.aclose()
        await self.server.until_open(0)
        await self.serving.__aexit__(None, None, None)
        left = asyncio.all_tasks() - {asyncio.current_task()}
        if left:
            _, left = await asyncio.wait(left, timeout=1)
        assert not left, f"left running: {left}"


def test_short_runs_keep_the_invariants() -> None:
    run_state_machine_as_test(Following, settings=QUICK)


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_long_runs_keep_the_invariants() -> None:
    run_state_machine_as_test(Following, settings=THOROUGH)
