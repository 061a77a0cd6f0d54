"""Calls tried again, where the rules of `protocol.retrying` and the client's budget allow it."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import stamina

from canvus_async.deadlines import Deadlines
from canvus_async.errors import ApiError, CanvusError
from canvus_async.options import Retry
from canvus_async.protocol.retrying import Budget, may_retry

R = TypeVar("R")


class Retrier:
    """Runs attempts of calls. One for a client, so that all its calls share one budget."""

    def __init__(self, options: Retry, deadlines: Deadlines) -> None:
        self.options = options
        self._deadlines = deadlines
        self.budget = Budget(options.budget, options.cost)

    async def run(self, method: str, attempt: Callable[[], Awaitable[R]]) -> R:
        """The answer of the first attempt that succeeds; a call that succeeds at once pays nothing for the rest."""
        try:
            answer = await attempt()
        except CanvusError as error:
            return await self.again(method, attempt, error)
        self.budget.refund()
        return answer

    async def again(self, method: str, attempt: Callable[[], Awaitable[R]], error: CanvusError) -> R:
        """The same after a first attempt that ended with `error`."""
        async with self._deadlines.until_closed():
            return await self._again(method, attempt, error)

    async def _again(self, method: str, attempt: Callable[[], Awaitable[R]], error: CanvusError) -> R:
        unheard = [error]
        tries = 1

        def judge(problem: Exception) -> bool | float:
            """Whether to try again; a number is the wait that the server asked for, in seconds."""
            if not isinstance(problem, CanvusError) or tries >= self.options.attempts:
                return False
            pause = problem.retry_after if isinstance(problem, ApiError) else None
            if pause is not None and pause > self.options.max_retry_after:
                return False
            if not may_retry(method, problem) or not self.budget.spend():
                return False
            return True if pause is None else pause

        retries = stamina.retry_context(
            on=judge,
            attempts=self.options.attempts,
            timeout=None,
            wait_initial=self.options.first_wait,
            wait_jitter=self.options.first_wait,
            wait_max=self.options.max_wait,
        )
        async for retry in retries:
            with retry:
                if unheard:
                    raise unheard.pop()
                tries += 1
                answer = await attempt()
                self.budget.refund()
                return answer
        raise AssertionError("the loop above returns or raises")  # pragma: no cover
