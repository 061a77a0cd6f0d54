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
    """Time limits in seconds; None means no limit. Each field names the error that it leads to.

    A limit that passes during a subscription does not end the subscription: it reconnects.
    """

    connect: float | None = 10.0
    """To open a connection, TLS included: RequestTimeout with `sent` false."""

    response: float | None = 60.0
    """From the last byte of a request to the response headers, and for the whole body of a JSON response:
    RequestTimeout. Also the longest wait for a mipmap that the server is still rendering (202)."""

    stall: float | None = 30.0
    """Without a byte while a body is downloaded or uploaded: Stalled."""

    slow: float | None = 30.0
    """The window in which a download must average at least `Limits.slowest` bytes a second: Stalled."""

    token: float | None = 30.0
    """For the token function to return: RequestTimeout with `sent` false."""

    stream_open: float | None = 30.0
    """From the request of a subscription to its response headers: RequestTimeout."""

    first_line: float | None = 60.0
    """From the response headers of a subscription to its first line: RequestTimeout."""

    silence: float | None = 45.0
    """Without a byte while a subscription is read: Stalled. The server sends a keepalive every 15 s."""

    def __post_init__(self) -> None:
        check_positive("Timeouts", optional=vars(self).keys(), **vars(self))


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How much one client does at the same time, and the largest response that it reads.

    Counts: a call over a limit waits until another has finished, in the order of arrival, and raises nothing. Sizes are
    bytes; a response over one raises the error that the field names.
    """

    requests: int = 32
    """Calls at the same time, apart from mipmaps, assets and streams."""

    mipmaps: int = 16
    """Mipmap levels and infos fetched or downloaded at the same time."""

    assets: int = 4
    """Original files fetched or downloaded at the same time."""

    streams: int = 32
    """`assets.stream()` blocks open at the same time."""

    connections: int = 100
    """Connections for all of the above. Subscriptions have connections of their own, without a limit."""

    body: int = 64 * _MIB
    """Bytes of a JSON response or of a mipmap level in memory: UnexpectedContent."""

    line: int = 64 * _MIB
    """Bytes of one line of a subscription: LineTooLong, after `Reconnect.bad_lines` of them in a row."""

    asset: int = 64 * _MIB
    """Bytes of an asset fetched into memory, unless the call has its own `max_bytes`: UnexpectedContent."""

    slowest: int = 1024
    """Bytes a second below which a download counts as stalled, see `Timeouts.slow`: Stalled."""

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
