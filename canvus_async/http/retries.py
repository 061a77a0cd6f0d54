"""Calls tried again, where the rules of `protocol.retrying` and the client's budget allow it."""

import logging
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

import stamina

from canvus_async.errors import ApiError, CanvusError
from canvus_async.http.deadlines import Deadlines
from canvus_async.options import Retry
from canvus_async.protocol.retrying import Budget, may_retry

logger = logging.getLogger("canvus_async.retries")
R = TypeVar("R")


def _said_here(record: logging.LogRecord) -> bool:
    """Leave out stamina's record of a retry that is made here: it knows neither the method nor the path."""
    return not str(vars(record).get("stamina.callable")).startswith(f"{__name__}.")


# stamina's hooks are the application's, so they stay as they are; only the logger that its own hook writes to is told.
logging.getLogger("stamina").addFilter(_said_here)


class Retrier:
    """Runs attempts of calls. One for a client, so that all its calls share one budget."""

    def __init__(self, options: Retry, deadlines: Deadlines) -> None:
        self.options = options
        self._deadlines = deadlines
        self.budget = Budget(options.budget, options.cost)

    async def run(self, method: str, path: str, attempt: Callable[[], Awaitable[R]]) -> R:
        """The answer of the first attempt that succeeds; a call that succeeds at once pays nothing for the rest."""
        try:
            answer = await attempt()
        except CanvusError as error:
            return await self.again(method, path, attempt, error)
        self.budget.refund()
        return answer

    async def again(self, method: str, path: str, attempt: Callable[[], Awaitable[R]], error: CanvusError) -> R:
        """The same after a first attempt that ended with `error`."""
        async with self._deadlines.until_closed():
            return await self._again(method, path, attempt, error)

    async def _again(self, method: str, path: str, attempt: Callable[[], Awaitable[R]], error: CanvusError) -> R:
        options = self.options
        unheard = [error]
        tries = 1

        def judge(problem: Exception) -> bool | float:
            """Whether to try again, as the seconds to wait before; said here, where they are known and lie ahead."""
            if not isinstance(problem, CanvusError) or tries >= options.attempts:
                return False
            pause = problem.retry_after if isinstance(problem, ApiError) else None
            if pause is not None and pause > options.max_retry_after:
                return False
            if not may_retry(method, problem) or not self.budget.spend():
                return False
            if pause is None:
                pause = min(options.max_wait, options.first_wait * (2 ** (tries - 1) + random.random()))  # noqa: S311
            what = f"attempt {tries + 1} of {options.attempts} in {pause:.2f} s ({type(problem).__name__})"
            logger.info("%s %s: %s", method, path, what)
            return pause

        @stamina.retry(on=judge, attempts=options.attempts, timeout=None)
        async def tried() -> R:
            nonlocal tries
            if unheard:
                raise unheard.pop()
            tries += 1
            answer = await attempt()
            self.budget.refund()
            return answer

        return await tried()
