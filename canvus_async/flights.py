"""Work under way, done once for all who ask for the same meanwhile."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Flights(Generic[T]):
    """Work by key. The first asker does it in its own task; when that is cancelled, another who waits takes over."""

    def __init__(self) -> None:
        self._flights: dict[str, asyncio.Future[T | None]] = {}

    async def join(self, key: str) -> T | None:
        """What the flight under `key` brings, or its error; None at once or later where there is none to wait for."""
        flight = self._flights.get(key)
        return None if flight is None else await asyncio.shield(flight)

    async def lead(self, key: str, work: Callable[[], Awaitable[T]]) -> T:
        """Do the work for all who join under `key` until it is done. There must be no such flight yet."""
        flight: asyncio.Future[T | None] = asyncio.get_running_loop().create_future()
        self._flights[key] = flight
        try:
            answer = await work()
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

    async def once(self, key: str, work: Callable[[], Awaitable[T]]) -> T:
        """What `work` brings, or what the same work that is under way already does."""
        while key in self._flights:
            if (answer := await self.join(key)) is not None:
                return answer
        return await self.lead(key, work)
