"""Options refuse invalid values when they are made."""

import pytest

from canvus_async import Limits, MemoryCache, Reconnect, Retry, Timeouts


def test_defaults_are_valid_and_none_disables_a_timeout() -> None:
    assert Timeouts(connect=None, silence=None).connect is None
    assert (Limits().requests, Limits().mipmaps, Limits().assets, Limits().connections) == (32, 16, 4, 100)
    assert Retry().attempts == 3
    assert Reconnect(open_attempts=None).open_attempts is None


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Timeouts(connect=0), r"Timeouts\(connect=0\): must be above 0"),
        (lambda: Timeouts(stall=-1), "must be above 0"),
        (lambda: Timeouts(stall=float("nan")), "must be above 0"),
        (lambda: Limits(requests=0), r"Limits\(requests=0\)"),
        (lambda: Retry(attempts=0), "attempts=0"),
        (lambda: MemoryCache(max_bytes=0), "max_bytes=0"),
    ],
)
def test_invalid_values_are_refused(make, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        make()


@pytest.mark.parametrize(
    "make",
    [
        lambda: Limits(requests=1.5),  # type: ignore[arg-type]
        lambda: Limits(requests=None),  # type: ignore[arg-type]
        lambda: Retry(attempts=True),
        lambda: Timeouts(connect="10"),  # type: ignore[arg-type]
    ],
)
def test_values_of_a_wrong_type_are_refused(make) -> None:
    with pytest.raises(TypeError, match=r"must be (a number|an integer)"):
        make()
