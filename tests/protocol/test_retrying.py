"""When a request may be retried, and after how long."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canvus_async.errors import (
    ApiError,
    BadRequest,
    CanvusError,
    ConnectFailed,
    ConnectionLost,
    NotSupported,
    OutcomeUnknown,
    RateLimited,
    RedirectRefused,
    RequestTimeout,
    ServerError,
    Stalled,
    UnexpectedContent,
)
from canvus_async.protocol.retrying import Budget, delays, may_retry, retry_after_seconds

AT = {"method": "X", "path": "p"}
DATE = "Sat, 21 Nov 2026 10:00:00 GMT"


@pytest.mark.row("S40")
@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("5", 5.0),
        (" 1.5 ", 1.5),
        ("0", 0.0),
        ("1000000000", 1e9),
        ("Sat, 21 Nov 2026 10:00:30 GMT", 30.0),
        ("Sat, 21 Nov 2026 09:00:00 GMT", 0.0),
        (None, None),
        ("", None),
        ("-5", None),
        ("nan", None),
        ("inf", None),
        ("soon", None),
        ("٣", None),
        ("9" * 400, None),
    ],
)
def test_retry_after_in_seconds_or_as_a_date(value: str | None, seconds: float | None) -> None:
    assert retry_after_seconds(value, date=DATE) == seconds


@pytest.mark.row("S40")
def test_retry_after_in_the_year_9999_is_a_long_wait() -> None:
    assert (retry_after_seconds("Fri, 31 Dec 9999 23:59:59 GMT", date=DATE) or 0) > 1e9


def test_retry_after_date_without_a_date_header_is_ignored() -> None:
    assert retry_after_seconds("Sat, 21 Nov 2026 10:00:30 GMT", date=None) is None


@given(st.text(), st.text())
def test_any_retry_after_is_a_finite_wait_or_none(value: str, date: str) -> None:
    seconds = retry_after_seconds(value, date=date)

    assert seconds is None or (math.isfinite(seconds) and seconds >= 0)


NOT_SENT = ConnectFailed("refused", **AT)
LOST = ConnectionLost("lost", **AT)
UNTRUSTED = ConnectFailed("certificate", permanent=True, **AT)
LATE = RequestTimeout("late", **AT)
STUCK = Stalled("stuck", **AT)


def status(number: int, kind: type[ApiError] = ServerError) -> ApiError:
    return kind(number, "no", **AT)


@pytest.mark.parametrize(
    ("error", "methods"),
    [
        (NOT_SENT, "GET DELETE POST PATCH"),
        (UNTRUSTED, ""),
        (LOST, "GET DELETE"),
        (LATE, "GET DELETE"),
        (STUCK, "GET DELETE"),
        (status(429, RateLimited), "GET DELETE POST PATCH"),
        (status(408, ApiError), "GET DELETE"),
        (status(502), "GET DELETE"),
        (status(503), "GET DELETE"),
        (status(504), "GET DELETE"),
        (status(500), "GET"),
        (status(501, NotSupported), ""),
        (status(400, BadRequest), ""),
        (OutcomeUnknown("sent", **AT), ""),
        (RedirectRefused("elsewhere", target="x", **AT), ""),
        (UnexpectedContent("html", **AT), ""),
    ],
    ids=lambda value: value if isinstance(value, str) else f"{type(value).__name__}-{getattr(value, 'status', '')}",
)
def test_request_is_retried_only_where_it_cannot_be_applied_twice(error: CanvusError, methods: str) -> None:
    allowed = {method for method in ("GET", "DELETE", "POST", "PATCH") if may_retry(method, error)}

    assert allowed == set(methods.split())


def test_budget_runs_out_and_successes_refill_it() -> None:
    budget = Budget(size=12, cost=5)

    assert [budget.spend() for _ in range(3)] == [True, True, False]
    for _ in range(30):
        budget.refund()
    assert budget.left == 12


def test_delays_double_up_to_the_maximum_with_full_jitter() -> None:
    longest = delays(first=0.5, longest=3, random=lambda: 1.0)
    shortest = delays(first=0.5, longest=3, random=lambda: 0.0)

    assert [next(longest) for _ in range(5)] == [0.5, 1.0, 2.0, 3.0, 3.0]
    assert [next(shortest) for _ in range(3)] == [0.0, 0.0, 0.0]
