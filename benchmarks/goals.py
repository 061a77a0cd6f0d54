"""The performance goals of canvus_async, as ratios measured in one run, and the check of them."""

from collections.abc import Mapping
from typing import NamedTuple


class Goal(NamedTuple):
    """A figure of a benchmark and its bound, `least` or `most`. `aim` is a stricter goal for later.

    `held` is for a goal that is not reached, for a reason given in README.md: the weaker bound that `--check` enforces
    instead, so that a regression is noticed. It leaves room for the varying speed of a machine.
    """

    figure: str
    words: str
    least: float | None = None
    most: float | None = None
    aim: float | None = None
    held: float | None = None
    unit: float = 1.0
    """The figure is divided by this before it is compared and shown."""

    @property
    def benchmark(self) -> str:
        """The benchmark that measures the figure."""
        return self.figure.partition(".")[0]


_MS, _US, _MIB = 1e-3, 1e-6, float(1 << 20)

GOALS = (
    Goal("stream.mix.subscribe/limit", "subscribe(), mix, of the limit", least=0.80, aim=0.88, held=0.45),
    Goal("stream.single.subscribe/limit", "subscribe(), single, of the limit", least=0.80, aim=0.88, held=0.45),
    Goal("stream.line.subscribe/limit", "subscribe(), a line a chunk, of the limit", least=0.45),
    Goal("stream.mix.subscribe/httpx", "subscribe(), mix, times httpx + json", least=2.5, aim=2.9, held=1.2),
    Goal("stream.single.subscribe/httpx", "subscribe(), single, times httpx + json", least=3.2, aim=3.7, held=1.9),
    Goal("stream.line.subscribe/httpx", "subscribe(), a line a chunk, times httpx + json", least=5.0, aim=5.8, held=3),
    Goal("stream.mix.subscribe/pydantic", "subscribe(), mix, times aiohttp + json + pydantic", least=4.0, held=2.2),
    Goal("stream.single.subscribe/pydantic", "subscribe(), single, times aiohttp + json + pydantic", least=4.0),
    Goal("stream.mix.live/limit", "Live.changes(), mix, of the limit", least=0.6, held=0.38),
    Goal("stream.single.live/limit", "Live.changes(), single, of the limit", least=0.6, held=0.38),
    Goal("stream.unknown.50%/none", "50 % of unknown types, CPU a widget, to none", most=1.15, held=1.5),
    Goal("stream.growth", "CPU an event, 100,000 widgets known, to 100", most=1.2, held=1.45),
    Goal("stream.first-36000.time", "12 MB first line, time, to decoding from memory", most=1.2, aim=0.8, held=2.4),
    Goal("memory.first-36000.step", "12 MB first line, longest step, ms", most=5.0, unit=_MS),
    Goal("memory.first-36000.peak", "12 MB first line, peak memory, MiB", most=40.0, unit=_MIB),
    Goal("stream.resync.time", "resync of 50,000 widgets, time, to decoding them", most=2.0, held=3),
    Goal("latency.subscribe.added", "500 events/s, added median latency, µs", most=40.0, held=120, unit=_US),
    Goal("latency.subscribe.cpu", "500 events/s, CPU an event, to the limit", most=1.6, held=2.8),
    Goal("fetch.20k-8.fetch_many/bare", "fetch_many(), 20 KB, c = 8, times aiohttp", least=1.0, aim=1.2, held=0.7),
    Goal("fetch.20k-32.fetch_many/bare", "fetch_many(), 20 KB, c = 32, times aiohttp", least=1.0, aim=1.2, held=0.7),
    Goal("fetch.20k-8.fetch_many/httpx", "fetch_many(), 20 KB, c = 8, times httpx", least=10.0, held=6.5),
    Goal("fetch.20k-32.fetch_many/httpx", "fetch_many(), 20 KB, c = 32, times httpx", least=10.0),
    Goal("download.files-8.download_many/bare", "small files, c = 8, times aiohttp", least=0.95, held=0.6),
    Goal("download.files-32.download_many/bare", "small files, c = 32, times aiohttp", least=0.95, held=0.6),
    Goal("download.asset.ours/bare", "1 GiB asset, times aiohttp", least=0.8, aim=1.0, held=0.4),
    Goal("download.asset.ours/httpx", "1 GiB asset, times httpx", least=2.0, held=1.1),
    Goal("download.asset.memory", "1 GiB asset, peak memory over the start, MiB", most=16.0, unit=_MIB),
    Goal("download.asset.lag", "1 GiB asset, p99 lag of another task, ms", most=5.0, unit=_MS),
    Goal("download.slow.lag", "asset to a slow disk, p99 lag of another task, ms", most=5.0, unit=_MS),
    Goal("cache.memory/request", "warm MemoryCache, times a loopback request", least=50.0),
    Goal("cache.memory.switches", "warm MemoryCache, task switches", most=0.0),
    Goal("cache.disk/request", "warm DiskCache, times a loopback request", least=3.0),
    Goal("cache.askers.requests", "1,000 askers of one cold key, requests", most=1.0),
    Goal("cache.generator.memory", "1,000,000 items, memory over that of 10,000, MiB", most=16.0, unit=_MIB),
)


class Verdict(NamedTuple):
    """A goal and the measured value; None if the figure could not be measured."""

    goal: Goal
    value: float | None

    @property
    def met(self) -> bool | None:
        """Whether the goal is reached; None if it was not measured."""
        return self._within(self.goal.least, self.goal.most)

    @property
    def held(self) -> bool | None:
        """Whether the bound that `--check` enforces is kept; None if it was not measured."""
        least, most, held = self.goal.least, self.goal.most, self.goal.held
        if held is None:
            return self.met
        return self._within(None if least is None else held, None if most is None else held)

    def _within(self, least: float | None, most: float | None) -> bool | None:
        if self.value is None:
            return None
        return (least is None or self.value >= least) and (most is None or self.value <= most)

    def __str__(self) -> str:
        goal = self.goal
        sign, goal_bound = ("≥", goal.least) if goal.least is not None else ("≤", goal.most)
        bounds = f"{sign} {goal_bound:g}"
        bounds += "" if goal.aim is None else f" (aim {goal.aim:g})"
        bounds += "" if goal.held is None else f", held {sign} {goal.held:g}"
        value = "not measured" if self.value is None else f"{self.value:.3g}"
        mark = "not checked" if self.value is None else "met" if self.met else "held" if self.held else "FALLS SHORT"
        return f"{mark:<12} {goal.words:<58} {value:>12}  {bounds}"


def judge(figures: Mapping[str, float | None], benchmarks: set[str]) -> list[Verdict]:
    """Compare the goals of these benchmarks with the measured figures."""
    verdicts: list[Verdict] = []
    for goal in GOALS:
        if goal.benchmark in benchmarks:
            value = figures.get(goal.figure)
            verdicts.append(Verdict(goal, None if value is None else value / goal.unit))
    return verdicts
