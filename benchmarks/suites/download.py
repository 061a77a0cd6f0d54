"""Downloads: many small files, and one of a gigabyte, to a memory disk if there is one."""

from collections.abc import Sequence
from pathlib import Path

from benchmarks import tables
from benchmarks.candidates.registry import ASSETS, FILES, Candidate
from benchmarks.harness import Entry, Harness
from benchmarks.jobs import AssetJob, FetchJob, Observation
from benchmarks.plans import Bodies
from benchmarks.results import Outcome, Section
from benchmarks.sizes import Sizes
from benchmarks.suites.scratch import scratch

_SMALL = 20_000
_CONCURRENCIES = (8, 32)
_WARM_UP = 100
_SLOW = 0.1
_OURS = ("download_many", "download")


def run(sizes: Sizes) -> Outcome:
    """Run the benchmarks of small files, of a large one, and of its effect on memory and other tasks."""
    room = sizes.asset + 2 * len(FILES) * (sizes.short_rounds + 1) * sizes.fetches * _SMALL
    beside = [candidate for candidate in ASSETS if candidate.key in {"limit", "bare", "ours", "httpx"}]
    waiting = [candidate for candidate in ASSETS if candidate.key in {"bare", "ours"}]
    fresh = sizes.fresh_rounds
    with scratch(room) as folder, Harness() as harness:
        concurrencies = [each for each in sizes.concurrencies if each in _CONCURRENCIES]
        files = [_files(harness, sizes, folder, concurrency) for concurrency in concurrencies]
        name = f"one asset of {sizes.asset >> 20:,} MiB"
        asset = _asset(harness, sizes.asset, folder, name, ASSETS, rounds=sizes.rounds)
        watched = _asset(harness, sizes.asset, folder, "memory", beside, rounds=fresh, observe=("memory", "lag"))
        slow = _asset(harness, sizes.slow_asset, folder, "slow", waiting, rounds=fresh, observe=("lag",), slow=_SLOW)
    figures = {
        f"download.{section.name}.{ours}/bare": section.ratio(ours, "bare") for section in files for ours in _OURS
    }
    figures |= {f"download.asset.ours/{other}": asset.ratio("ours", other) for other in ("bare", "httpx", "limit")}
    figures["download.asset.memory"] = watched.median("ours", "memory")
    figures["download.asset.lag"] = watched.median("ours", "lag")
    figures["download.slow.lag"] = slow.median("ours", "lag")
    parts = [
        tables.rates(f"download: medians of {sizes.short_rounds} rounds; files", files, unit="files/s"),
        tables.rates(f"download: medians of {sizes.rounds} rounds; bytes", [asset], unit="MB/s"),
        _beside(watched, slow, fresh),
    ]
    return Outcome("download", [*files, asset, watched, slow], "\n\n".join(parts), figures)


def _files(harness: Harness, sizes: Sizes, folder: Path, concurrency: int) -> Section:
    count = sizes.fetches
    title = f"{count:,} bodies of 20 KB, {concurrency} at a time (1.00: aiohttp)"
    here = {candidate.key for candidate in FILES if not candidate.missing}
    ours = next(key for key in _OURS if key in here)
    section = Section(name=f"files-{concurrency}", title=title, scale=1.0, reference="bare", ours=ours)
    harness.prepare(Bodies(size=_SMALL))

    def job(number: int) -> FetchJob:
        items, batch = count if number >= 0 else min(count, _WARM_UP), harness.batch()
        into = str(folder / str(batch))
        return FetchJob(url=harness.url, count=items, concurrency=concurrency, size=_SMALL, batch=batch, folder=into)

    return harness.measure(section, [Entry(candidate, job, count) for candidate in FILES], rounds=sizes.short_rounds)


def _asset(
    harness: Harness,
    size: int,
    folder: Path,
    name: str,
    candidates: Sequence[Candidate],
    *,
    rounds: int,
    observe: tuple[Observation, ...] = (),
    slow: float = 0.0,
) -> Section:
    section = Section(name=name, title=name, scale=1e6, reference="bare", ours="ours", each=1e6)
    harness.prepare(Bodies(size=size))

    fresh = "memory" in observe

    def job(number: int) -> AssetJob | None:
        if number < 0 and fresh:
            return None  # the warm-up would raise the memory at the start
        batch = harness.batch()
        return AssetJob(url=harness.url, size=size, path=str(folder / f"asset-{batch}"), batch=batch, slow_disk=slow)

    entries = [Entry(candidate, job, size, observe=observe, fresh=fresh) for candidate in candidates]
    return harness.measure(section, entries, rounds=rounds)


def _beside(watched: Section, slow: Section, rounds: int) -> str:
    header = ("", "peak memory, MiB", "p99 lag, ms", "p99 lag, slow disk, ms")

    def cells(key: str, label: str, missing: str) -> list[str]:
        lag = slow.median(key, "lag")
        return [
            label,
            missing or tables.mib(watched.median(key, "memory") or 0.0),
            "" if missing else f"{1000 * (watched.median(key, 'lag') or 0.0):.1f}",
            "–" if lag is None else f"{1000 * lag:.1f}",
        ]

    title = (
        f"download: beside the large asset, medians of {rounds} rounds. Memory over the start; how late another task\n"
        f"gets its turn, also where each write takes {_SLOW:.1f} s ({slow.rows[0].samples[0].count >> 20} MiB)"
    )
    return tables.text_table(title, header, [("", [cells(row.key, row.label, row.missing) for row in watched.rows])])
