"""What was measured: samples of candidates, in sections of which one candidate is the measure of the others."""

from collections.abc import Callable
from statistics import median

import msgspec


class Sample(msgspec.Struct):
    """One run of one candidate: what it delivered, seconds, and CPU seconds on both sides."""

    count: int
    seconds: float
    client_cpu: float
    server_cpu: float
    server_requests: int
    server_sent: int
    figures: dict[str, float] = {}

    @property
    def bottleneck(self) -> str:
        """Which side was busy all the time; neither, when both waited: for each other, or for what else runs here."""
        client, server = client_share(self), server_share(self)
        if max(client, server) < 0.7:
            return "neither"
        if min(client, server) > 0.9:
            return "both"
        return "client" if client >= server else "server"


class Row(msgspec.Struct):
    """A candidate's samples, one a round; `missing` says why there are none."""

    key: str
    label: str
    samples: list[Sample] = []
    missing: str = ""

    def values(self, of: Callable[[Sample], float]) -> list[float]:
        """A figure of each sample."""
        return [of(sample) for sample in self.samples]

    def median(self, of: Callable[[Sample], float]) -> float:
        """The median of a figure."""
        return median(self.values(of))


class Section(msgspec.Struct):
    """Candidates that did the same work in turns. Rates are told in units of `scale` a second, CPU for `each`.

    Rates are told also as ratios to that of `reference`, and of `ours` to each.
    """

    name: str
    title: str
    scale: float
    reference: str
    ours: str
    each: float = 1.0
    rows: list[Row] = []

    def row(self, key: str) -> Row | None:
        """A candidate's row, if it took part."""
        return next((row for row in self.rows if row.key == key and row.samples), None)

    def ratio(self, key: str, to: str, of: Callable[[Sample], float] | None = None) -> float | None:
        """How many times as fast one is as another: the median of the rounds' ratios. None where one is missing.

        Of another figure than the rate with `of`.
        """
        one, other = self.row(key), self.row(to)
        if one is None or other is None:
            return None
        figure = of or rate
        pairs = zip(one.values(figure), other.values(figure), strict=False)
        return median(mine / theirs for mine, theirs in pairs)

    def median(self, key: str, figure: str) -> float | None:
        """The median of one of a candidate's own figures. None where it did not take part."""
        row = self.row(key)
        return None if row is None else row.median(lambda sample: sample.figures[figure])


def rate(sample: Sample) -> float:
    """How many a second."""
    return sample.count / sample.seconds


def cost(sample: Sample) -> float:
    """CPU seconds of the client for each."""
    return sample.client_cpu / sample.count


def client_share(sample: Sample) -> float:
    """The share of the time in which the client had a CPU."""
    return sample.client_cpu / sample.seconds


def server_share(sample: Sample) -> float:
    """The share of the time in which the server had a CPU."""
    return sample.server_cpu / sample.seconds


class Outcome(msgspec.Struct):
    """What a benchmark has found: its sections, its table as text, and the figures that goals are set for."""

    benchmark: str
    sections: list[Section]
    table: str
    figures: dict[str, float | None]
