"""The options of a client: time limits, quantity limits, retries, reconnecting. Checked when they are created.

Times are in seconds; None means no limit. Sizes are in bytes.
"""

from collections.abc import Collection
from dataclasses import dataclass

_MIB = 1 << 20


def check_positive(
    owner: str, *, optional: Collection[str] = (), integers: Collection[str] = (), **values: object
) -> None:
    """Raise TypeError or ValueError for a value that is not a positive number, now instead of when it is first used.

    `optional` are the names of the values that may be None, `integers` of those that must be integers.
    """
    for name, value in values.items():
        where = f"{owner}({name}={value!r})"
        if value is None and name in optional:
            continue
        if isinstance(value, bool) or not isinstance(value, int if name in integers else int | float):
            raise TypeError(f"{where}: must be {'an integer' if name in integers else 'a number'}")
        if not value > 0:  # also true for nan
            raise ValueError(f"{where}: must be above 0")


@dataclass(frozen=True, kw_only=True)
class Timeouts:
    """Time limits in seconds; None means no limit. Each field names the error that it raises.

    A limit that is exceeded during a subscription does not end the subscription: it reconnects.
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
    """Without a byte after the first line of a subscription: Stalled. The server sends a keepalive every 15 s."""

    def __post_init__(self) -> None:
        check_positive("Timeouts", optional=vars(self).keys(), **vars(self))


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How much one client does at the same time, and the largest response that it reads.

    Counts: a call above a limit waits until another one has finished, first come, first served, and raises no error.
    Sizes are in bytes: a response above a limit raises the error that the field names.
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
        check_positive("Limits", integers=vars(self).keys(), **vars(self))


@dataclass(frozen=True, kw_only=True)
class Retry:
    """How calls are retried. A write is retried only if that cannot apply it twice."""

    attempts: int = 3
    """Attempts in all, including the first one; 1 turns retries off."""

    first_wait: float = 0.25
    """Seconds to wait before the first retry. The wait doubles each time; up to `first_wait` of jitter is added."""

    max_wait: float = 20.0
    """The longest wait in seconds, without the jitter."""

    max_retry_after: float = 60.0
    """The longest `Retry-After` in seconds that is obeyed; a longer one raises the error immediately."""

    budget: int = 100
    """Points for the retries of all calls of one client, so that a failing server is not hammered.

    A successful call adds one point, up to this number.
    """

    cost: int = 5
    """Points that each retry costs; if fewer are left, the error is raised."""

    def __post_init__(self) -> None:
        check_positive("Retry", integers={"attempts", "budget", "cost"}, **vars(self))


@dataclass(frozen=True, kw_only=True)
class Reconnect:
    """How a subscription reconnects: after a random wait of up to `first_wait` seconds, doubled after each failure."""

    first_wait: float = 0.5
    """The longest first wait in seconds."""

    max_wait: float = 30.0
    """The longest wait in seconds after any number of failures."""

    healthy_after: float = 60.0
    """Seconds that a connection must have been up to date to reset the waits to `first_wait`."""

    open_attempts: int | None = 5
    """Attempts for the very first connection, after which the last error is raised; None means no limit."""

    max_outage: float | None = None
    """Seconds without a connection, after which the last error is raised; None means no limit."""

    bad_lines: int = 5
    """Unreadable lines in a row, after which the last error is raised."""

    def __post_init__(self) -> None:
        check_positive(
            "Reconnect",
            optional={"open_attempts", "max_outage"},
            integers={"open_attempts", "bad_lines"},
            **vars(self),
        )
