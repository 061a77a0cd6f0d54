"""Callbacks that have to run in the event loop of an object, wherever they come from."""

import asyncio
import threading

from canvus_async.event_loop import LoopBinding


async def test_callback_runs_in_the_loop_of_its_owner() -> None:
    binding, threads = LoopBinding("thing"), list[threading.Thread]()
    called = asyncio.Event()

    def callback() -> None:
        threads.append(threading.current_thread())
        called.set()

    binding.call(callback)  # it has no loop yet
    assert threads == []
    binding.check()
    binding.call(callback)
    assert called.is_set()
    called.clear()
    await asyncio.to_thread(binding.call, callback)  # without a loop
    await called.wait()
    called.clear()

    async def in_another_loop() -> None:
        binding.call(callback)

    await asyncio.to_thread(asyncio.run, in_another_loop())
    await called.wait()

    assert threads == [threading.current_thread()] * 3


def test_callback_for_a_closed_loop_is_dropped() -> None:
    binding, calls = LoopBinding("thing"), list[int]()

    async def bind() -> None:
        binding.check()

    asyncio.run(bind())
    binding.call(lambda: calls.append(1))

    assert calls == []


async def test_callback_for_a_loop_that_is_closed_meanwhile_is_dropped() -> None:
    class Closing:
        def is_closed(self) -> bool:
            return False

        def call_soon_threadsafe(self, _callback: object) -> None:
            raise RuntimeError("Event loop is closed")

    binding, calls = LoopBinding("thing"), list[int]()
    binding._loop = Closing()  # type: ignore[assignment]
    binding.call(lambda: calls.append(1))

    assert calls == []
