"""Work under way, done once for all who ask for the same meanwhile."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeAlias, TypeVar

T = TypeVar("T")

Keep: TypeAlias = Callable[[str, T], Awaitable[None] | None]
"""Puts what was brought away for later, under its key."""


class Flights(Generic[T]):
    """Work by key. The first asker does it in its own task; when that is cancelled, another who waits takes over."""

    def __init__(self) -> None:
        self._flights: dict[str, asyncio.Future[T | None]] = {}

    async def once(self, key: str, work: Callable[[], Awaitable[T]], keep: Keep[T] | None = None) -> T:
        """What `work` brings, or what the same work that is under way already does; `keep` gets it first."""
        while (flight := self._flights.get(key)) is not None:
            if (answer := await asyncio.shield(flight)) is not None:
                return answer
        flight = self._flights[key] = asyncio.get_running_loop().create_future()
        try:
            answer = await work()
            if keep is not None and (keeping := keep(key, answer)) is not None:
                await keeping
        except Exception as error:
            flight.set_exception(error)
            flight.exception()  # seen: that nobody else waits for it is no reason for a warning
            raise
        except BaseException:
            flight.set_result(None)
            raise
        else:
            flight.set_result(answer)
            return answer
        finally:
            del self._flights[key]
