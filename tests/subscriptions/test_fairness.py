"""A loop over many records lets other tasks run after some milliseconds, and not before."""

import asyncio
import time

from canvus_async.subscriptions.fairness import Fairness


async def turns_of_others(fairness: Fairness) -> int:
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(other())
    await fairness.pause()
    task.cancel()
    return turns


async def test_within_its_time_a_loop_is_not_interrupted() -> None:
    assert await turns_of_others(Fairness(3600.0)) == 0


async def test_after_its_time_others_run_once_and_the_time_starts_again() -> None:
    fairness = Fairness(0.005)
    while time.monotonic() - fairness._since <= 0.005:
        pass
    assert await turns_of_others(fairness) == 1

    fairness = Fairness(3600.0)
    fairness._since -= 7200.0
    assert await turns_of_others(fairness) == 1
    assert await turns_of_others(fairness) == 0
