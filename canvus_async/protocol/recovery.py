"""What ends a subscription, and after how long it comes back from the rest."""

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

_PASSING = frozenset({408, 425, 429})
MIDLIFE_TRIES = 5
"""How often in a row a connection may be refused for a bad certificate, after one that worked."""


class Recovery:
    """Told of every loss of a subscription's connection, says how long to wait before the next try, or that it is over.

    Times are seconds of any clock that only goes forward; it has none of its own.
    """

    def __init__(self, options: Reconnect, *, max_retry_after: float, dice: Callable[[], float]) -> None:
        """`max_retry_after`: seconds that a server may ask to wait; `dice` gives numbers from 0 to 1."""
        self.worked = False
        self._options = options
        self._max_retry_after = max_retry_after
        self._dice = dice
        self._delays = self._from_the_start()
        self._failures = 0
        self._odd_in_a_row = 0
        self._lost_at: float | None = None

    def whole(self) -> None:
        """A connection has delivered its snapshot."""
        self.worked = True
        self._lost_at = None

    def pause(self, error: CanvusError, *, now: float, lived: float) -> float | None:
        """Seconds to wait after `error`, None where it ends the subscription.

        `lived` is how long the connection was whole, 0 for one that never was. Only one that lived long makes waits
        short again: a server that accepts and then drops is no better than one that refuses.
        """
        options = self._options
        if lived >= options.healthy_after:
            self._delays = self._from_the_start()
            self._odd_in_a_row = 0
        self._odd_in_a_row = self._odd_in_a_row + 1 if _is_odd(error) else 0
        self._failures += 1
        self._lost_at = now if self._lost_at is None else self._lost_at
        if (
            _is_fatal(error, worked_before=self.worked, in_a_row=self._odd_in_a_row, bad_lines=options.bad_lines)
            or (not self.worked and options.open_attempts is not None and self._failures >= options.open_attempts)
            or (options.max_outage is not None and now - self._lost_at > options.max_outage)
        ):
            return None
        pause = next(self._delays)
        if isinstance(error, ApiError) and error.retry_after is not None:
            pause = max(pause, min(error.retry_after, self._max_retry_after))
        return pause

    def _from_the_start(self) -> Iterator[float]:
        return delays(first=self._options.first_wait, longest=self._options.max_wait, random=self._dice)


def _is_odd(error: CanvusError) -> bool:
    """Whether an error is of those that are got over only a few times in a row."""
    return isinstance(error, UnexpectedContent | LineTooLong) or (isinstance(error, ConnectFailed) and error.permanent)


def _is_fatal(error: CanvusError, *, worked_before: bool, in_a_row: int, bad_lines: int) -> bool:
    """Whether a subscription ends with `error`, or reconnects.

    An answer that says no ends it, unless it says "later". What cannot be right at the start, such as a certificate or
    a login page, may be a passing fault of a server that worked before: `in_a_row` counts how often it has happened
    since. Of broken lines, `bad_lines` in a row are too many.
    """
    match error:
        case ClientClosed() | RedirectRefused():
            return True
        case LineTooLong():
            return in_a_row >= bad_lines
        case UnexpectedContent():
            return not worked_before or in_a_row >= bad_lines
        case ConnectFailed(permanent=True):
            return not worked_before or in_a_row >= MIDLIFE_TRIES
        case ApiError():
            return error.status == 501 or (error.status < 500 and error.status not in _PASSING)
        case _:
            return False
