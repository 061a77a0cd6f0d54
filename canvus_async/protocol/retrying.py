"""Which calls may be retried, and how long to wait before: the rules, without the waiting."""

import math
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from canvus_async.errors import (
    ApiError,
    CanvusError,
    ConnectFailed,
    IncompleteDownload,
    OutcomeUnknown,
    RedirectRefused,
    TransportError,
)

SAFE = frozenset({"GET", "HEAD"})
"""Methods that change nothing on the server."""

_TEMPORARY = frozenset({408, 502, 503, 504})


def retry_after_seconds(value: str | None, *, date: str | None) -> float | None:
    """The wait that a `Retry-After` header requests, in seconds from now; None if it is missing or malformed.

    A `Retry-After` that is a date is compared with `date`, the `Date` header of the same response, instead of with our
    own clock, which may differ from the server's. Without a `Date` header it counts as malformed.
    """
    if value is None:
        return None
    text = value.strip()
    if text.isascii() and text.replace(".", "", 1).isdigit():
        seconds = float(text)
        return seconds if math.isfinite(seconds) else None
    until, start = http_date(text), http_date(date or "")
    return None if until is None or start is None else max(0.0, (until - start).total_seconds())


def http_date(text: str) -> datetime | None:
    """The parsed value of a header such as `Date`, with a time zone; None if it is malformed."""
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def may_retry(method: str, error: CanvusError) -> bool:
    """Whether the request may be sent again after `error` without the risk of applying a write twice.

    If the server cannot have processed the request (429, no connection), any method may be retried. If the response was
    lost, only methods that change nothing may be retried, and DELETE: a 404 to the second DELETE means that the first
    one was applied.
    """
    repeatable = method in SAFE or method == "DELETE"
    match error:
        case OutcomeUnknown() | RedirectRefused() | ConnectFailed(permanent=True):
            return False
        case TransportError():
            return repeatable or not error.sent
        case ApiError(status=429):
            return True
        case ApiError():
            return (error.status in _TEMPORARY and repeatable) or (error.status == 500 and method in SAFE)
        case IncompleteDownload():
            return method in SAFE
        case _:
            return False


class Budget:
    """How many retries a client may make: each one costs `cost` points, each success returns one, up to `size`."""

    def __init__(self, size: int, cost: int) -> None:
        self.size = size
        self.cost = cost
        self.left = size

    def spend(self) -> bool:
        """Take the points for one retry. False if too few are left."""
        if self.left < self.cost:
            return False
        self.left -= self.cost
        return True

    def refund(self) -> None:
        """Return one point, after a success."""
        self.left = min(self.size, self.left + 1)


def delays(*, first: float, longest: float, random: Callable[[], float]) -> Iterator[float]:
    """Endless waits in seconds: each between 0 and a bound that doubles from `first` up to `longest` (full jitter).

    `random` returns numbers from 0 to 1. Full jitter spreads the retries of many clients that lost the same server
    over the whole wait.
    """
    bound = first
    while True:
        yield bound * random()
        bound = min(longest, 2 * bound)
