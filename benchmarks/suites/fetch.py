"""Many small bodies into memory: requests per second, by concurrency."""

from benchmarks import tables
from benchmarks.candidates.registry import FETCHES, Candidate
from benchmarks.harness import Entry, Harness
from benchmarks.jobs import FetchJob
from benchmarks.plans import Bodies
from benchmarks.results import Outcome, Section
from benchmarks.sizes import Sizes

_SMALL, _LARGE = 20_000, 200_000
_WARM_UP = 100
_OURS = ("fetch_many", "fetch")
_FEWER = 5
"""httpx gets fewer requests, by this factor, because it would take most of the time."""


def run(sizes: Sizes) -> Outcome:
    """Run the benchmarks of bodies of 20 KB and of 200 KB with every concurrency."""
    with Harness() as harness:
        sections = [
            fetches(harness, size, count, concurrency, rounds=sizes.short_rounds)
            for size, count in ((_SMALL, sizes.fetches), (_LARGE, sizes.large_fetches))
            for concurrency in sizes.concurrencies
        ]
    figures = {
        f"fetch.{section.name}.{ours}/{other}": section.ratio(ours, other)
        for section in sections
        for ours in _OURS
        for other in ("bare", "httpx", "limit")
    }
    table = tables.rates(f"fetch: medians of {sizes.short_rounds} rounds", sections, unit="requests/s")
    return Outcome("fetch", sections, table, figures)


def fetches(harness: Harness, size: int, count: int, concurrency: int, *, rounds: int) -> Section:
    """Bodies of one size with one concurrency."""
    title = f"{count:,} bodies of {size // 1000} KB, {concurrency} at a time (1.00: aiohttp with a semaphore)"
    here = {candidate.key for candidate in FETCHES if not candidate.missing}
    ours = next(key for key in _OURS if key in here)
    section = Section(name=f"{size // 1000}k-{concurrency}", title=title, scale=1.0, reference="bare", ours=ours)
    harness.prepare(Bodies(size=size))

    def job(number: int, items: int = count) -> FetchJob:
        items = items if number >= 0 else min(items, _WARM_UP)
        return FetchJob(url=harness.url, count=items, concurrency=concurrency, size=size, batch=harness.batch())

    def entry(candidate: Candidate) -> Entry:
        items = count // _FEWER if candidate.key == "httpx" else count
        return Entry(candidate, lambda number: job(number, items), items)

    for key in here.intersection(_OURS):
        harness.check(f"checks:{key}", job(-1), min(count, _WARM_UP))
    return harness.measure(section, [entry(candidate) for candidate in FETCHES], rounds=rounds)
