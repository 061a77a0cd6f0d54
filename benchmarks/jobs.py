"""The jobs of a worker process and its reports. They are sent as lines of JSON."""

from statistics import quantiles
from typing import Literal, TypeAlias

import msgspec

from benchmarks.plans import Paced, Resync, Stream

TOKEN = "a-token-of-the-benchmarks"


class StreamJob(msgspec.Struct, frozen=True, kw_only=True, tag="stream"):
    """Subscribe to the widgets of `canvas_id`, skip the first `skip`, and measure the time of the rest of `plan`.

    A slow consumer sleeps 50 ms after each thousand widgets, and stops after `seconds`.
    """

    url: str
    canvas_id: str
    plan: Stream
    skip: int = 0
    seconds: float = 0.0

    @property
    def count(self) -> int:
        """The number of widgets that are timed."""
        return self.plan.first + self.plan.changes - self.skip


class ResyncJob(msgspec.Struct, frozen=True, kw_only=True, tag="resync"):
    """Subscribe, read the first snapshot, and measure the time of the changes that a second snapshot brings."""

    url: str
    canvas_id: str
    plan: Resync


class PacedJob(msgspec.Struct, frozen=True, kw_only=True, tag="paced"):
    """Subscribe, and measure the latency of each event."""

    url: str
    canvas_id: str
    plan: Paced


class FetchJob(msgspec.Struct, frozen=True, kw_only=True, tag="fetch"):
    """Fetch `count` mipmaps that are not in a cache, `concurrency` at a time, into memory or into `folder`.

    Each body must have `size` bytes. `batch` makes the hashes unique.
    """

    url: str
    count: int
    concurrency: int
    size: int
    batch: int
    folder: str = ""

    def hashes(self) -> list[str]:
        """The hashes to fetch."""
        return [f"{self.batch:06x}{number:06x}" for number in range(self.count)]


class AssetJob(msgspec.Struct, frozen=True, kw_only=True, tag="asset"):
    """Download one asset of `size` bytes to `path`.

    `slow_disk`: seconds by which each write is delayed.
    """

    url: str
    size: int
    path: str
    batch: int
    slow_disk: float = 0.0

    @property
    def hash(self) -> str:
        """The hash to fetch."""
        return f"a55e7{self.batch:07x}"


class CacheJob(msgspec.Struct, frozen=True, kw_only=True, tag="cache"):
    """Fetch `count` times from `keys` different mipmaps of `size` bytes; `folder` is for a cache on disk."""

    url: str
    count: int
    keys: int
    size: int
    batch: int
    folder: str = ""

    def hashes(self) -> list[str]:
        """The hashes to fetch."""
        return [f"{self.batch:06x}{number:06x}" for number in range(self.keys)]


Job: TypeAlias = StreamJob | ResyncJob | PacedJob | FetchJob | AssetJob | CacheJob


Observation: TypeAlias = Literal["memory", "step", "lag"]


class Order(msgspec.Struct, frozen=True):
    """A job and its candidate, a function of `benchmarks.candidates` as `module:name`.

    `observe` lists what to measure besides time: "memory", "step" (the longest step of the event loop) or "lag" (the
    delay of another task). Observing takes time itself.
    """

    candidate: str
    job: Job
    observe: tuple[Observation, ...] = ()


class Delivered(msgspec.Struct):
    """What a candidate received: the number of widgets, bodies or bytes, the last widget, and other figures."""

    count: int
    last: tuple[str, float] | None = None
    figures: dict[str, float] = {}


class Report(msgspec.Struct):
    """The report of a worker after a job; `failure` is a traceback, or empty."""

    delivered: Delivered | None = None
    seconds: float = 0.0
    cpu: float = 0.0
    failure: str = ""


def punctuality(delays: list[int]) -> Delivered:
    """The median and 99th percentile of latencies given in ns."""
    parts = quantiles(delays, n=100)
    return Delivered(len(delays), figures={"median": parts[49] / 1e9, "p99": parts[98] / 1e9})
