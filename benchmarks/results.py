"""The results: samples of candidates, in sections with one reference candidate each."""

from collections.abc import Callable
from statistics import median

import msgspec


class Sample(msgspec.Struct):
    """One run of one candidate: the amount delivered, wall-clock seconds, and CPU seconds of both sides."""

    count: int
    seconds: float
    client_cpu: float
    server_cpu: float
    server_requests: int
    server_sent: int
    figures: dict[str, float] = {}

    @property
    def bottleneck(self) -> str:
        """The side that was busy all the time; "neither" if both waited, for each other or for other programs."""
        client, server = client_share(self), server_share(self)
        if max(client, server) < 0.7:
            return "neither"
        if min(client, server) > 0.9:
            return "both"
        return "client" if client >= server else "server"


class Row(msgspec.Struct):
    """The samples of a candidate, one per round; `missing` says why there are none."""

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
    """Candidates that did the same work in turns. Rates are in units of `scale` per second, CPU time is per `each`.

    Rates are also given relative to that of `reference`, and that of `ours` relative to each of them.
    """

    name: str
    title: str
    scale: float
    reference: str
    ours: str
    each: float = 1.0
    rows: list[Row] = []

    def row(self, key: str) -> Row | None:
        """The row of a candidate, if it took part."""
        return next((row for row in self.rows if row.key == key and row.samples), None)

    def ratio(self, key: str, to: str, of: Callable[[Sample], float] | None = None) -> float | None:
        """The rate of one candidate relative to another: the median of the ratios of the rounds.

        `of` selects another figure than the rate. None if one of the two is missing.
        """
        one, other = self.row(key), self.row(to)
        if one is None or other is None:
            return None
        figure = of or rate
        pairs = zip(one.values(figure), other.values(figure), strict=False)
        return median(mine / theirs for mine, theirs in pairs)

    def median(self, key: str, figure: str) -> float | None:
        """The median of a figure that the candidate itself reports. None if it did not take part."""
        row = self.row(key)
        return None if row is None else row.median(lambda sample: sample.figures[figure])


def rate(sample: Sample) -> float:
    """Items per second."""
    return sample.count / sample.seconds


def cost(sample: Sample) -> float:
    """CPU seconds of the client per item."""
    return sample.client_cpu / sample.count


def client_share(sample: Sample) -> float:
    """The share of the time in which the client used a CPU."""
    return sample.client_cpu / sample.seconds


def server_share(sample: Sample) -> float:
    """The share of the time in which the server used a CPU."""
    return sample.server_cpu / sample.seconds


class Outcome(msgspec.Struct):
    """The result of a benchmark: its sections, its table as text, and the figures that goals refer to."""

    benchmark: str
    sections: list[Section]
    table: str
    figures: dict[str, float | None]
