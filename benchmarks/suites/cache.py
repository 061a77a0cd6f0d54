"""Caches: hits compared with requests, one request for a thousand tasks, and a million items in little memory."""

from pathlib import Path

from benchmarks import tables
from benchmarks.candidates.registry import ASKERS, DISK_CACHE, GENERATOR, MEMORY_CACHE, REQUEST, UNCACHED, Candidate
from benchmarks.harness import Entry, Harness
from benchmarks.jobs import CacheJob
from benchmarks.plans import Bodies
from benchmarks.results import Outcome, Section
from benchmarks.sizes import Sizes
from benchmarks.suites.scratch import scratch

_SIZE = 20_000
_KEYS = 100
_WARM_UP = 100
_TIMES = {REQUEST.key: 1, UNCACHED.key: 1, MEMORY_CACHE.key: 50, DISK_CACHE.key: 3}
"""Factors for the number of fetches of faster candidates, so that their runs are long enough to be timed."""


def run(sizes: Sizes) -> Outcome:
    """Run the benchmarks of hits, of concurrent tasks, and of the long generator."""
    with scratch(_KEYS * _SIZE * 100) as folder, Harness() as harness:
        harness.prepare(Bodies(size=_SIZE))
        hits = _hits(harness, sizes, folder)
        askers = _askers(harness, sizes)
        generator = _generator(harness, sizes)
    few, many = (str(count) for count in reversed(sizes.generated))
    before, after = generator.median(few, "memory"), generator.median(many, "memory")
    figures = {
        "cache.memory/request": hits.ratio(MEMORY_CACHE.key, REQUEST.key),
        "cache.disk/request": hits.ratio(DISK_CACHE.key, REQUEST.key),
        "cache.memory.switches": hits.median(MEMORY_CACHE.key, "switches"),
        "cache.askers.requests": float(max(sample.server_requests for sample in askers.rows[0].samples)),
        "cache.generator.memory": None if before is None or after is None else after - before,
    }
    table = tables.rates(f"cache: medians of {sizes.rounds} rounds", [hits], unit="kfetches/s")
    return Outcome("cache", [hits, askers, generator], f"{table}\n\n{_rest(askers, generator)}", figures)


def _hits(harness: Harness, sizes: Sizes, folder: Path) -> Section:
    title = "20 KB, one at a time (1.00: a request on loopback)"
    section = Section(name="hits", title=title, scale=1000.0, reference=REQUEST.key, ours=MEMORY_CACHE.key)

    def entry(candidate: Candidate) -> Entry:
        count = sizes.fetches * _TIMES[candidate.key]

        def job(number: int) -> CacheJob:
            batch = harness.batch()
            times = count if number >= 0 else _WARM_UP
            path = str(folder / str(batch))
            return CacheJob(url=harness.url, count=times, keys=_KEYS, size=_SIZE, batch=batch, folder=path)

        return Entry(candidate, job, count)

    entries = [entry(candidate) for candidate in (REQUEST, UNCACHED, MEMORY_CACHE, DISK_CACHE)]
    return harness.measure(section, entries, rounds=sizes.rounds)


def _askers(harness: Harness, sizes: Sizes) -> Section:
    title = f"{sizes.askers:,} tasks fetch the same item at the same time"
    section = Section(name="askers", title=title, scale=1000.0, reference=ASKERS.key, ours=ASKERS.key)

    def job(_number: int) -> CacheJob:
        return CacheJob(url=harness.url, count=sizes.askers, keys=1, size=_SIZE, batch=harness.batch())

    return harness.measure(section, [Entry(ASKERS, job, sizes.askers)], rounds=sizes.rounds)


def _generator(harness: Harness, sizes: Sizes) -> Section:
    few = str(min(sizes.generated))
    section = Section(name="generator", title="a generator of items", scale=1000.0, reference=few, ours="")

    def entry(count: int) -> Entry:
        def job(number: int) -> CacheJob:
            times = count if number >= 0 else _WARM_UP
            return CacheJob(url=harness.url, count=times, keys=_KEYS, size=_SIZE, batch=harness.batch())

        label = f"fetch_many() of {count:,} items, warm"
        return Entry(GENERATOR, job, count, observe=("memory",), fresh=True, key=str(count), label=label)

    return harness.measure(section, [entry(count) for count in sorted(sizes.generated)], rounds=1)


def _rest(askers: Section, generator: Section) -> str:
    requests = [f"{sample.server_requests}" for row in askers.rows for sample in row.samples]
    rows = [[askers.title, f"requests on the server: {', '.join(requests)}"]]
    for row in generator.rows:
        memory = generator.median(row.key, "memory")
        rows.append([row.label, row.missing or f"peak memory over the start: {tables.mib(memory or 0.0)} MiB"])
    return tables.text_table("cache: requests and memory", ("", ""), [("", rows)])
