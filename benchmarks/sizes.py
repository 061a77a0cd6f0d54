"""The amount of work in a run."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """The numbers of rounds and the sizes of workloads. Times are in seconds."""

    rounds: int
    short_rounds: int
    """Rounds of runs of about a second or less, in which variations of the machine matter more."""
    fresh_rounds: int
    """Rounds of runs that need a new process each time."""
    changes: int
    """Changes in a stream."""
    ids: int
    """Widgets on the canvas of a stream: enough that `Live` does not merge two changes of one widget."""
    canvases: tuple[int, ...]
    """Numbers of known widgets for which the cost per event is measured."""
    first_lines: tuple[int, ...]
    """Numbers of widgets in a first line."""
    resync: int
    fetches: int
    """Bodies of 20 KB in a run."""
    large_fetches: int
    """Bodies of 200 KB in a run."""
    concurrencies: tuple[int, ...]
    asset: int
    """Bytes."""
    slow_asset: int
    """Bytes, for a disk on which each write takes 0.1 seconds."""
    events: int
    slow_consumer: float
    askers: int
    generated: tuple[int, int]
    """Items of a long generator over a warm cache, and of a short one for comparison."""


FULL = Sizes(
    rounds=5,
    short_rounds=9,
    fresh_rounds=3,
    changes=200_000,
    ids=2_000,
    canvases=(100, 1_000, 10_000, 100_000),
    first_lines=(36_000, 288_000),
    resync=50_000,
    fetches=2_000,
    large_fetches=400,
    concurrencies=(1, 8, 32, 128),
    asset=1 << 30,
    slow_asset=16 << 20,
    events=1_000,
    slow_consumer=3.0,
    askers=1_000,
    generated=(1_000_000, 10_000),
)

QUICK = Sizes(
    rounds=2,
    short_rounds=2,
    fresh_rounds=1,
    changes=10_000,
    ids=10_000,
    canvases=(100, 10_000),
    first_lines=(6_000,),
    resync=5_000,
    fetches=200,
    large_fetches=40,
    concurrencies=(8,),
    asset=32 << 20,
    slow_asset=2 << 20,
    events=100,
    slow_consumer=0.5,
    askers=200,
    generated=(20_000, 2_000),
)
