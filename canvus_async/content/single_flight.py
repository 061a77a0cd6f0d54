"""Calls for the same key at the same time become one."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from canvus_async.event_loop import LoopBinding

T = TypeVar("T")


class SingleFlight(Generic[T]):
    """Runs one call per key at a time. The first caller runs it in its own task and shares the result.

    When that task is cancelled, the next waiting caller runs it.
    """

    def __init__(self, binding: LoopBinding) -> None:
        """`binding`: the event loop whose calls are shared."""
        self._binding = binding
        self._calls: dict[str, asyncio.Future[T | None]] = {}
        binding.on_new_loop.append(self._calls.clear)

    async def once(self, key: str, work: Callable[[], Awaitable[T]]) -> T:
        """The result of `work`, or of the same work that is already running."""
        self._binding.check()
        while (running := self._calls.get(key)) is not None:
            # None stands for a cancelled caller
            if (result := await asyncio.shield(running)) is not None:
                return result
        call = self._calls[key] = asyncio.get_running_loop().create_future()
        try:
            result = await work()
        except Exception as error:
            call.set_exception(error)
            call.exception()  # marks it as retrieved: without waiting callers asyncio would log it
            raise
        except BaseException:
            call.set_result(None)
            raise
        else:
            call.set_result(result)
            return result
        finally:
            del self._calls[key]
