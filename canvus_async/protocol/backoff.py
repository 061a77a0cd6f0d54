"""How long to wait before the next try."""

from collections.abc import Callable, Iterator


def delays(*, first: float, longest: float, random: Callable[[], float]) -> Iterator[float]:
    """Seconds without end: each between 0 and a bound that doubles from `first` up to `longest` (full jitter).

    `random` gives numbers from 0 to 1. Full jitter spreads many clients that lost the same server over the whole wait.
    """
    bound = first
    while True:
        yield bound * random()
        bound = min(longest, 2 * bound)
