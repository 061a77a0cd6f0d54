"""Work under way, done once for all who ask for the same meanwhile."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeAlias, TypeVar

T = TypeVar("T")

Keep: TypeAlias = Callable[[str, T], Awaitable[None] | None]
"""Puts what was brought away for later, under its key."""


class SingleFlight(Generic[T]):
    """Work by key. The first asker does it in its own task; when that is cancelled, another who waits takes over."""

    def __init__(self) -> None:
        self._flights: dict[str, asyncio.Future[T | None] | None] = {}
        """For those who wait; None where nobody does yet, as mostly."""

    async def once(self, key: str, work: Callable[[], Awaitable[T]], keep: Keep[T] | None = None) -> T:
        """What `work` brings, or what the same work that is under way already does; `keep` gets it first."""
        flights = self._flights
        while key in flights:
            flight = flights[key]
            if flight is None:
                flight = flights[key] = asyncio.get_running_loop().create_future()
            if (answer := await asyncio.shield(flight)) is not None:
                return answer
        flights[key] = None
        try:
            answer = await work()
            if keep is not None and (keeping := keep(key, answer)) is not None:
                await keeping
        except Exception as error:
            if (flight := flights.pop(key)) is not None:
                flight.set_exception(error)
                flight.exception()  # seen: that those who waited have given up meanwhile is no reason for a warning
            raise
        except BaseException:
            if (flight := flights.pop(key)) is not None:
                flight.set_result(None)
            raise
        if (flight := flights.pop(key)) is not None:
            flight.set_result(answer)
        return answer
