"""Which errors end a subscription, and how long it waits before it reconnects after the others."""

from collections.abc import Callable, Iterator

from canvus_async.errors import (
    ApiError,
    CanvusError,
    ClientClosed,
    ConnectFailed,
    LineTooLong,
    RedirectRefused,
    UnexpectedContent,
)
from canvus_async.options import Reconnect
from canvus_async.protocol.retrying import delays

_TEMPORARY = frozenset({408, 425, 429})
MAX_TLS_FAILURES = 5
"""Consecutive TLS failures that end a subscription that was connected before."""

MAX_FOREIGN_REFUSALS = 5
MIN_FOREIGN_OUTAGE = 30.0
"""Consecutive error statuses without the API's JSON, and seconds without a connection, that end such a subscription.

While a server is redeployed, the proxy in front of it answers with an error page of its own, for example 404.
"""


class Recovery:
    """Decides after every lost connection of a subscription how long to wait, or that the subscription ends.

    Times are in seconds of any monotonic clock; the caller passes the current time.
    """

    def __init__(self, options: Reconnect, *, max_retry_after: float, random: Callable[[], float]) -> None:
        """`max_retry_after` is the longest wait that a server may request; `random` returns numbers from 0 to 1."""
        self.was_live = False
        self._options = options
        self._max_retry_after = max_retry_after
        self._random = random
        self._delays = self._new_delays()
        self._failures = 0
        self._counted_in_a_row = 0
        self._lost_at: float | None = None

    def snapshot_received(self) -> None:
        """The current connection has delivered its snapshot."""
        self.was_live = True
        self._lost_at = None

    def pause(self, error: CanvusError, *, now: float, live_for: float) -> float | None:
        """Seconds to wait after `error`; None if it ends the subscription.

        `live_for` is the time since the connection delivered its snapshot, 0 if it did not. Only a connection that was
        live for long resets the backoff: a server that accepts connections and then drops them is treated like one that
        refuses them.
        """
        options = self._options
        if live_for >= options.healthy_after:
            self._delays = self._new_delays()
            self._counted_in_a_row = 0
        self._counted_in_a_row = self._counted_in_a_row + 1 if _is_counted(error) else 0
        self._failures += 1
        self._lost_at = now if self._lost_at is None else self._lost_at
        if (
            _is_fatal(
                error,
                was_live=self.was_live,
                in_a_row=self._counted_in_a_row,
                outage=now - self._lost_at,
                bad_lines=options.bad_lines,
            )
            or (not self.was_live and options.open_attempts is not None and self._failures >= options.open_attempts)
            or (options.max_outage is not None and now - self._lost_at > options.max_outage)
        ):
            return None
        pause = next(self._delays)
        if isinstance(error, ApiError) and error.retry_after is not None:
            pause = max(pause, min(error.retry_after, self._max_retry_after))
        return pause

    def _new_delays(self) -> Iterator[float]:
        return delays(first=self._options.first_wait, longest=self._options.max_wait, random=self._random)


def _is_counted(error: CanvusError) -> bool:
    """Whether an error is one of those that end the subscription when several follow each other."""
    match error:
        case UnexpectedContent() | LineTooLong() | ConnectFailed(permanent=True) | ApiError(from_api=False):
            return True
        case _:
            return False


def _is_fatal(error: CanvusError, *, was_live: bool, in_a_row: int, outage: float, bad_lines: int) -> bool:
    """Whether `error` ends the subscription; otherwise it reconnects.

    An error status ends it, unless it is a temporary one. A bad certificate or a login page ends it at the start, where
    it points to a wrong configuration. Later it may be a temporary fault of a server that worked before, so only
    several in a row end it. The same holds for an error page that is not from the API.
    """
    match error:
        case ClientClosed() | RedirectRefused():
            return True
        case LineTooLong():
            return in_a_row >= bad_lines
        case UnexpectedContent():
            return not was_live or in_a_row >= bad_lines
        case ConnectFailed(permanent=True):
            return not was_live or in_a_row >= MAX_TLS_FAILURES
        case ApiError():
            refused = error.status == 501 or (error.status < 500 and error.status not in _TEMPORARY)
            believed = error.from_api or not was_live
            return refused and (believed or (in_a_row >= MAX_FOREIGN_REFUSALS and outage >= MIN_FOREIGN_OUTAGE))
        case _:
            return False
