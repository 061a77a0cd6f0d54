"""What ends a subscription, and what it gets over."""

from canvus_async.errors import (
    ApiError,
    CanvusError,
    ClientClosed,
    ConnectFailed,
    LineTooLong,
    RedirectRefused,
    UnexpectedContent,
)

_PASSING = frozenset({408, 425, 429})
MIDLIFE_TRIES = 5
"""How often in a row a connection may be refused for a bad certificate or a strange answer, after one that worked."""


def is_odd(error: CanvusError) -> bool:
    """Whether an error is of those that are got over only a few times in a row."""
    return isinstance(error, UnexpectedContent | LineTooLong) or (isinstance(error, ConnectFailed) and error.permanent)


def is_fatal(error: CanvusError, *, worked_before: bool, in_a_row: int, bad_lines: int) -> bool:
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
        case UnexpectedContent() if worked_before:
            return in_a_row >= bad_lines
        case ConnectFailed(permanent=True):
            return not worked_before or in_a_row >= MIDLIFE_TRIES
        case UnexpectedContent():
            return True
        case ApiError():
            return error.status == 501 or (error.status < 500 and error.status not in _PASSING)
        case _:
            return False
