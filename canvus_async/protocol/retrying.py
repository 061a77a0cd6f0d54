"""When a call may be tried again, and after how long: the rules, without the waiting."""

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
_PASSING = frozenset({408, 502, 503, 504})


def retry_after_seconds(value: str | None, *, date: str | None) -> float | None:
    """The wait that a `Retry-After` header asks for, in seconds from now; None where it is missing or means nothing.

    A wait until a point in time is counted from `date`, the answer's own `Date` header, so that two clocks that differ
    do no harm; without that header it means nothing.
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
    """The point in time that a header names, with its time zone; None where it names none."""
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def may_retry(method: str, error: CanvusError) -> bool:
    """Whether sending the same request once more cannot do its work twice.

    A refusal that comes before the work (429, no connection) allows it for any method; a lost answer only for methods
    that change nothing, and for DELETE, whose second 404 then means done.
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
            return (error.status in _PASSING and repeatable) or (error.status == 500 and method in SAFE)
        case IncompleteDownload():
            return method in SAFE
        case _:
            return False


class Budget:
    """How many retries a client may still spend: each costs some, each success gives one back, up to `size`."""

    def __init__(self, size: int, cost: int) -> None:
        self.size = size
        self.cost = cost
        self.left = size

    def spend(self) -> bool:
        """Take the price of one retry; False where too little is left."""
        if self.left < self.cost:
            return False
        self.left -= self.cost
        return True

    def refund(self) -> None:
        """Give one back, for a success."""
        self.left = min(self.size, self.left + 1)


def delays(*, first: float, longest: float, random: Callable[[], float]) -> Iterator[float]:
    """Seconds without end: each between 0 and a bound that doubles from `first` up to `longest` (full jitter).

    `random` gives numbers from 0 to 1. Full jitter spreads many clients that lost the same server over the whole wait.
    """
    bound = first
    while True:
        yield bound * random()
        bound = min(longest, 2 * bound)
