"""What a worker process is told to do, and what it tells of it. They travel as lines of JSON."""

from statistics import quantiles
from typing import Literal, TypeAlias

import msgspec

from benchmarks.plans import Paced, Resync, Stream

TOKEN = "a-token-of-the-benchmarks"


class StreamJob(msgspec.Struct, frozen=True, kw_only=True, tag="stream"):
    """Subscribe to the widgets of `canvas_id` and take the first `skip`, then as many as `plan` has left, timed.

    A slow consumer sleeps a twentieth of a second after each thousand widgets, and stops after `seconds`.
    """

    url: str
    canvas_id: str
    plan: Stream
    skip: int = 0
    seconds: float = 0.0

    @property
    def count(self) -> int:
        """How many are timed."""
        return self.plan.first + self.plan.changes - self.skip


class ResyncJob(msgspec.Struct, frozen=True, kw_only=True, tag="resync"):
    """Subscribe, take the first snapshot, then what differs in the second, timed from the first one's last widget."""

    url: str
    canvas_id: str
    plan: Resync


class PacedJob(msgspec.Struct, frozen=True, kw_only=True, tag="paced"):
    """Subscribe, and note how long each event has been under way."""

    url: str
    canvas_id: str
    plan: Paced


class FetchJob(msgspec.Struct, frozen=True, kw_only=True, tag="fetch"):
    """Fetch `count` mipmaps that nobody has asked for before, `concurrency` at a time, into memory or into `folder`.

    Each body must have `size` bytes. `batch` makes the hashes new.
    """

    url: str
    count: int
    concurrency: int
    size: int
    batch: int
    folder: str = ""

    def hashes(self) -> list[str]:
        """What to ask for."""
        return [f"{self.batch:06x}{number:06x}" for number in range(self.count)]


class AssetJob(msgspec.Struct, frozen=True, kw_only=True, tag="asset"):
    """Download one asset of `size` bytes to `path`.

    `slow_disk`: seconds that each write takes longer than it does.
    """

    url: str
    size: int
    path: str
    batch: int
    slow_disk: float = 0.0

    @property
    def hash(self) -> str:
        """What to ask for."""
        return f"a55e7{self.batch:07x}"


class CacheJob(msgspec.Struct, frozen=True, kw_only=True, tag="cache"):
    """Fetch `count` times, from `keys` mipmaps of `size` bytes; `folder` is for a cache on disk."""

    url: str
    count: int
    keys: int
    size: int
    batch: int
    folder: str = ""

    def hashes(self) -> list[str]:
        """What to ask for."""
        return [f"{self.batch:06x}{number:06x}" for number in range(self.keys)]


Job: TypeAlias = StreamJob | ResyncJob | PacedJob | FetchJob | AssetJob | CacheJob


Observation: TypeAlias = Literal["memory", "step", "lag"]


class Order(msgspec.Struct, frozen=True):
    """A job and who is to do it: `candidate` is a function of `benchmarks.candidates`, as `module:name`.

    `observe` is what to measure besides time, at the cost of some: "memory", "step" (the longest step of the event
    loop) or "lag" (how late another task gets its turn).
    """

    candidate: str
    job: Job
    observe: tuple[Observation, ...] = ()


class Delivered(msgspec.Struct):
    """What a candidate got: how many widgets, bodies or bytes, what the last widget was, and figures of its own."""

    count: int
    last: tuple[str, float] | None = None
    figures: dict[str, float] = {}


class Report(msgspec.Struct):
    """What a worker says after a job; `failure` is a traceback, or empty."""

    delivered: Delivered | None = None
    seconds: float = 0.0
    cpu: float = 0.0
    failure: str = ""


def punctuality(delays: list[int]) -> Delivered:
    """What there is to say of how long events were under way, in ns."""
    parts = quantiles(delays, n=100)
    return Delivered(len(delays), figures={"median": parts[49] / 1e9, "p99": parts[98] / 1e9})
