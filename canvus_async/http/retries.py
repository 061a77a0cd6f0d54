"""Calls that are tried again, where the rules of `protocol.retrying` and the client's budget allow it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

import tenacity

from canvus_async.errors import ApiError, CanvusError
from canvus_async.http.deadlines import Deadlines
from canvus_async.options import Retry
from canvus_async.protocol.retrying import Budget, may_retry

logger = logging.getLogger("canvus_async.retries")
R = TypeVar("R")


class Retrier:
    """Runs attempts of calls. A client has one, so that all its calls share one budget."""

    def __init__(self, options: Retry, deadlines: Deadlines) -> None:
        self.options = options
        self.budget = Budget(options.budget, options.cost)
        self._deadlines = deadlines
        doubling = tenacity.wait_exponential(multiplier=options.first_wait, max=options.max_wait)
        self._backoff = doubling + tenacity.wait_random(0, options.first_wait)

    async def run(self, method: str, path: str, attempt: Callable[[], Awaitable[R]]) -> R:
        """The result of the first attempt that succeeds. Raises the error of the last one that is not retried."""
        try:
            result = await attempt()
        except CanvusError as error:
            return await self._retry(method, path, attempt, error)
        self.budget.refund()
        return result

    async def _retry(self, method: str, path: str, attempt: Callable[[], Awaitable[R]], first: CanvusError) -> R:
        """The same after a first attempt that raised `first`."""
        failed_before = [first]

        async def next_attempt() -> R:
            if failed_before:
                raise failed_before.pop()
            result = await attempt()
            self.budget.refund()
            return result

        def log(state: tenacity.RetryCallState) -> None:
            what = f"attempt {state.attempt_number + 1} of {self.options.attempts} in {state.upcoming_sleep:.2f} s"
            logger.info("%s %s: %s (%s)", method, path, what, type(_error(state)).__name__)

        def retryable(error: BaseException) -> bool:
            return isinstance(error, CanvusError) and may_retry(method, error)

        retrying = tenacity.AsyncRetrying(
            sleep=asyncio.sleep,
            retry=tenacity.retry_if_exception(retryable),
            stop=self._should_stop,
            wait=self._wait,
            before_sleep=log,
            reraise=True,
        )
        with self._deadlines.until_closed():
            return await retrying(next_attempt)

    def _should_stop(self, state: tenacity.RetryCallState) -> bool:
        """Whether the last attempt was the last one allowed; takes the price of the next from the budget otherwise."""
        if state.attempt_number >= self.options.attempts:
            return True
        retry_after = _retry_after(state)
        if retry_after is not None and retry_after > self.options.max_retry_after:
            return True
        return not self.budget.spend()

    def _wait(self, state: tenacity.RetryCallState) -> float:
        retry_after = _retry_after(state)
        return self._backoff(state) if retry_after is None else retry_after


def _error(state: tenacity.RetryCallState) -> BaseException | None:
    return None if state.outcome is None else state.outcome.exception()


def _retry_after(state: tenacity.RetryCallState) -> float | None:
    error = _error(state)
    return error.retry_after if isinstance(error, ApiError) else None
