"""Subscriptions: the memory for a long first line and a slow consumer, and how long the event loop is blocked."""

from benchmarks import plans, tables
from benchmarks.candidates.registry import FIRST_LINES, LIMIT, QUADRATIC, SLOW, SUBSCRIBE
from benchmarks.harness import Entry, Harness
from benchmarks.jobs import StreamJob
from benchmarks.plans import Stream
from benchmarks.results import Outcome, Section
from benchmarks.sizes import Sizes

_LONG = 100_000
_READ = 256 << 10
_WARM_UP = 1_000
_SLOW_SOURCE = 2
"""The factor of changes compared with other streams, so that unbounded memory would be noticed."""


def run(sizes: Sizes) -> Outcome:
    """Run the benchmarks of first lines, each in a new process, and of slow consumers."""
    rounds = sizes.fresh_rounds
    with Harness() as harness:
        first_lines = [_first_line(harness, widgets, rounds) for widgets in sizes.first_lines]
        slow = _slow(harness, sizes)
    figures: dict[str, float | None] = {}
    for section in first_lines:
        figures[f"memory.{section.name}.peak"] = section.median("subscribe", "memory")
        figures[f"memory.{section.name}.step"] = section.median("subscribe", "step")
    for key in ("subscribe", "live"):
        figures[f"memory.slow.{key}.peak"] = slow.median(key, "memory")
    parts = [_first_line_table(first_lines, rounds), _slow_table(slow, sizes)]
    return Outcome("memory", [*first_lines, slow], "\n\n".join(parts), figures)


def _first_line(harness: Harness, widgets: int, rounds: int) -> Section:
    plan, short = Stream(first=widgets, chunk=_READ), Stream(first=_WARM_UP, chunk=_READ)
    jobs = [StreamJob(url=harness.url, canvas_id=harness.prepare(each), plan=each) for each in (plan, short)]
    size = len(plans.first_line(plan))
    title = f"{size / 1e6:.0f} MB, {widgets:,} widgets"
    section = Section(name=f"first-{widgets}", title=title, scale=1000.0, reference=LIMIT.key, ours=SUBSCRIBE.key)
    candidates = [SUBSCRIBE, LIMIT, *(each for each in FIRST_LINES if each.key in {*QUADRATIC, "httpx"})]

    def job(number: int) -> StreamJob:
        return jobs[number < 0]

    entries = [
        Entry(candidate, job, widgets, plans.last(plan), ("memory", "step"), fresh=True)
        for candidate in candidates
        if widgets < _LONG or candidate.key not in QUADRATIC
    ]
    return harness.measure(section, entries, rounds=rounds)


def _first_line_table(sections: list[Section], rounds: int) -> str:
    header = ("", "peak memory, MiB", "longest step, ms")
    groups = [
        (
            section.title,
            [
                [row.label, row.missing]
                if row.missing
                else [
                    row.label,
                    tables.mib(section.median(row.key, "memory") or 0.0),
                    f"{1000 * (section.median(row.key, 'step') or 0.0):.1f}",
                ]
                for row in section.rows
            ],
        )
        for section in sections
    ]
    title = (
        f"memory: a long first line, medians of {rounds} new processes. Memory over the start; the longest turn of\n"
        "the event loop, in CPU time"
    )
    return tables.text_table(title, header, groups)


def _slow(harness: Harness, sizes: Sizes) -> Section:
    plan = Stream(changes=_SLOW_SOURCE * sizes.changes, ids=sizes.ids)
    short = Stream(changes=_SLOW_SOURCE * _WARM_UP, ids=_WARM_UP)
    jobs = [
        StreamJob(url=harness.url, canvas_id=harness.prepare(each), plan=each, seconds=seconds)
        for each, seconds in ((plan, sizes.slow_consumer), (short, 0.01))
    ]
    section = Section(name="slow", title="slow consumers", scale=1000.0, reference="aiohttp", ours="subscribe")

    def job(number: int) -> StreamJob:
        return jobs[number < 0]

    entries = [Entry(candidate, job, observe=("memory",), fresh=True) for candidate in SLOW]
    return harness.measure(section, entries, rounds=1)


def _slow_table(section: Section, sizes: Sizes) -> str:
    header = ("", "peak memory, MiB", "taken from the server, MiB", "widgets handled")
    rows = [
        [row.label, row.missing]
        if row.missing
        else [
            row.label,
            tables.mib(section.median(row.key, "memory") or 0.0),
            tables.mib(row.median(lambda sample: sample.server_sent)),
            f"{row.samples[0].count:,}",
        ]
        for row in section.rows
    ]
    offered = _SLOW_SOURCE * sizes.changes
    title = (
        f"memory: a consumer that handles 1,000 widgets, sleeps 50 ms, and so on for {sizes.slow_consumer} s, while\n"
        f"the server has {offered:,} changes of {sizes.ids:,} widgets to tell. Memory over the start"
    )
    return tables.text_table(title, header, [("", rows)])
