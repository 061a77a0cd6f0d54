"""One event at a time: its latency and its cost."""

from benchmarks import tables
from benchmarks.candidates.registry import PACED
from benchmarks.harness import Entry, Harness
from benchmarks.jobs import PacedJob
from benchmarks.plans import Paced
from benchmarks.results import Outcome, Row, Section, cost
from benchmarks.sizes import Sizes

_RATE = 500
_WARM_UP = 50


def run(sizes: Sizes) -> Outcome:
    """Run the benchmark of 500 events per second."""
    with Harness() as harness:
        section = _paced(harness, sizes)
    limit = section.median("limit", "median")
    figures: dict[str, float | None] = {}
    for key in ("subscribe", "live"):
        delay = section.median(key, "median")
        figures[f"latency.{key}.added"] = None if delay is None or limit is None else delay - limit
        figures[f"latency.{key}.cpu"] = section.ratio(key, "limit", cost)
    header = ("", "median, µs", "added, µs", "p99, µs", "CPU an event, µs", "ratio")
    rows = [_cells(section, row, limit or 0.0) for row in section.rows]
    title = f"latency: {_RATE} events/s, medians of {sizes.rounds} rounds of {sizes.events:,}; since the server's write"
    return Outcome("latency", [section], tables.text_table(title, header, [("", rows)]), figures)


def _paced(harness: Harness, sizes: Sizes) -> Section:
    plans = [Paced(events=sizes.events, rate=_RATE), Paced(events=_WARM_UP, rate=_RATE)]
    jobs = [PacedJob(url=harness.url, canvas_id=harness.prepare(plan), plan=plan) for plan in plans]
    title = f"{_RATE} events a second"
    section = Section(name="paced", title=title, scale=1.0, reference="limit", ours="subscribe")

    def job(number: int) -> PacedJob:
        return jobs[number < 0]

    entries = [Entry(candidate, job, sizes.events) for candidate in PACED]
    return harness.measure(section, entries, rounds=sizes.rounds)


def _cells(section: Section, row: Row, limit: float) -> list[str]:
    if row.missing:
        return [row.label, row.missing]
    median, p99 = section.median(row.key, "median") or 0.0, section.median(row.key, "p99") or 0.0
    return [
        row.label,
        f"{1e6 * median:.0f}",
        f"{1e6 * (median - limit):+.0f}",
        f"{1e6 * p99:.0f}",
        f"{1e6 * row.median(cost):.0f}",
        tables.ratio(section.ratio(row.key, "limit", cost)),
    ]
