"""Hundreds of runs with random faults: every consumer ends with the state of the server, gets only consistent changes
before, and backs off from a server that drops every connection.

A run that fails names its seed; `run(seed, happenings)` repeats it.
"""

import asyncio

import pytest

from tests.conftest import descriptors
from tests.subscriptions.clock import JumpingLoop
from tests.subscriptions.runs import run


def play(seeds: range, happenings: int) -> None:
    """Run each seed on a loop of its own, and check that no task and no descriptor is left."""
    connections = told = 0
    for seed in seeds:
        before = descriptors()

        async def checked(seed: int = seed) -> tuple[int, int]:
            counted = await run(seed, happenings)
            left = asyncio.all_tasks() - {asyncio.current_task()}
            if left:
                _, left = await asyncio.wait(left, timeout=1)
            assert not left, f"left running: {left}"
            return counted

        try:
            with asyncio.Runner(loop_factory=JumpingLoop) as runner:
                connected, changes = runner.run(checked())
            left = {entry for entry in descriptors() - before if "/dev/null" not in entry}
            assert not left, f"left open: {left}"
        except BaseException as failure:
            failure.add_note(f"seed {seed}: run({seed}, {happenings})")
            raise
        connections += connected
        told += changes
    # the runs prove nothing unless connections were lost and changes delivered
    assert connections > 8 * len(seeds)
    assert told > 50 * len(seeds)


@pytest.mark.parametrize("first", range(0, 200, 20))
def test_200_random_runs(first: int) -> None:
    play(range(first, first + 20), 40)


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("first", range(1000, 3000, 100))
def test_2000_long_random_runs(first: int) -> None:
    play(range(first, first + 100), 120)
