"""How long to wait, how much at once, how often again: frozen, keyword-only, checked when made.

Seconds are floats; None means no limit. Sizes are bytes.
"""

from collections.abc import Collection
from dataclasses import dataclass

_MIB = 1 << 20


def check_positive(
    owner: str, *, optional: Collection[str] = (), whole: Collection[str] = (), **values: object
) -> None:
    """Refuse values that could only be mistakes now, rather than some time later: ValueError or TypeError.

    `optional` names those that may be None, `whole` those that must be integers.
    """
    for name, value in values.items():
        where = f"{owner}({name}={value!r})"
        if value is None and name in optional:
            continue
        if isinstance(value, bool) or not isinstance(value, int if name in whole else int | float):
            raise TypeError(f"{where}: {'a whole number' if name in whole else 'a number'} is needed")
        if not value > 0:  # also refuses nan
            raise ValueError(f"{where}: must be above 0")


@dataclass(frozen=True, kw_only=True)
class Timeouts:
    """How long to wait, in seconds; None means no limit.

    `connect`: for a connection, TLS included. `answer`: from a request sent to the answer's head, and for the whole of
    a small JSON answer. `stall`: without a byte while a body moves, down or up. `slow`: over which a download must
    keep up `Limits.slowest`. `token`: for a token function.
    For subscriptions: `head` from the request to the answer's head; `first_line` from there to the first line;
    `silence` without a byte while reading (the server sends a keepalive every 15 s).
    """

    connect: float | None = 10.0
    answer: float | None = 60.0
    stall: float | None = 30.0
    slow: float | None = 30.0
    token: float | None = 30.0
    head: float | None = 30.0
    first_line: float | None = 60.0
    silence: float | None = 45.0

    def __post_init__(self) -> None:
        check_positive("Timeouts", optional=vars(self).keys(), **vars(self))


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How much at once. Counts are of what one client has under way; those who wait are served in turn.

    `requests`: calls other than the next three. `mipmaps`, `assets`: fetches and downloads of each kind. `streams`:
    assets that are passed on while they come. `connections`: sockets for all of them; subscriptions have sockets of
    their own, without limit. `body`: bytes of a JSON answer. `line`: bytes of one line of a subscription. `asset`:
    bytes of an asset fetched into memory. `slowest`: bytes a second below which a download counts as stalled, see
    `Timeouts.slow`.
    """

    requests: int = 32
    mipmaps: int = 16
    assets: int = 4
    streams: int = 32
    connections: int = 100
    body: int = 64 * _MIB
    line: int = 64 * _MIB
    asset: int = 64 * _MIB
    slowest: int = 1024

    def __post_init__(self) -> None:
        check_positive("Limits", whole=vars(self).keys(), **vars(self))


@dataclass(frozen=True, kw_only=True)
class Retry:
    """When a call is tried again: only where that cannot do it twice.

    `attempts` in all; waits double from `first_wait` up to `max_wait` seconds, with jitter. A `Retry-After` of up to
    `max_retry_after` seconds is obeyed; a longer one raises at once. Each retry costs `cost` of `budget`, each success
    gives one back, so that a failing server is not hammered.
    """

    attempts: int = 3
    first_wait: float = 0.25
    max_wait: float = 20.0
    max_retry_after: float = 60.0
    budget: int = 100
    cost: int = 5

    def __post_init__(self) -> None:
        check_positive("Retry", whole={"attempts", "budget", "cost"}, **vars(self))


@dataclass(frozen=True, kw_only=True)
class Reconnect:
    """How a subscription comes back: after 0 to `first_wait` seconds, doubled each time up to `max_wait`.

    The doubling starts anew once a connection has delivered and lived for `healthy_after` seconds. `open_attempts`:
    tries for the very first connection (None: for ever). `max_outage`: seconds without a connection before the last
    error is raised (None: never). `bad_lines`: broken lines in a row before it is raised.
    """

    first_wait: float = 0.5
    max_wait: float = 30.0
    healthy_after: float = 60.0
    open_attempts: int | None = 5
    max_outage: float | None = None
    bad_lines: int = 5

    def __post_init__(self) -> None:
        check_positive(
            "Reconnect",
            optional={"open_attempts", "max_outage"},
            whole={"open_attempts", "bad_lines"},
            **vars(self),
        )
