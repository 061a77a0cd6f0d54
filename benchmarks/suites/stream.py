"""Subscriptions: widgets per second for several forms of streams, and the cost of the size of a canvas."""

from collections.abc import Sequence

from msgspec.structs import replace

from benchmarks import plans, tables
from benchmarks.candidates.registry import DECODE, FIRST_LINES, QUADRATIC, RESYNC, STREAMS, SUBSCRIBE, Candidate
from benchmarks.harness import Entry, Harness, JobMaker
from benchmarks.jobs import Job, ResyncJob, StreamJob
from benchmarks.plans import A_LINE, Resync, Stream
from benchmarks.results import Outcome, Section, cost
from benchmarks.sizes import Sizes

_UNIT = "kwidgets/s"
_WARM_UP = 2_000
_LONG = 100_000
"""Widgets in a first line that is too long for some candidates."""
_READ = 256 << 10


def run(sizes: Sizes) -> Outcome:
    """Run all benchmarks of subscriptions."""
    with Harness() as harness:
        mix = throughput(harness, sizes, "mix", Stream(shape="mix", changes=sizes.changes, ids=sizes.ids))
        single = throughput(harness, sizes, "single", Stream(changes=sizes.changes, ids=sizes.ids))
        line = throughput(harness, sizes, "line", Stream(changes=sizes.changes, ids=sizes.ids, chunk=A_LINE))
        kinds = _kinds(harness, sizes)
        growth = _growth(harness, sizes)
        first_lines = [_first_line(harness, sizes, widgets) for widgets in sizes.first_lines]
        resync = _resync(harness, sizes)
    sections = [mix, single, line, kinds, growth, *first_lines, resync]
    figures = {
        f"stream.{section.name}.{ours}/{other}": section.ratio(ours, other)
        for section in (mix, single, line)
        for ours in ("subscribe", "live")
        for other in ("limit", "httpx", "pydantic")
    }
    figures |= {
        f"stream.unknown.{row.key}/none": kinds.ratio(row.key, "none", cost)
        for row in kinds.rows
        if row.key != kinds.reference
    }
    largest = str(max(sizes.canvases))
    figures["stream.growth"] = growth.ratio(largest, growth.reference, cost)
    for section in [*first_lines, resync]:
        figures[f"stream.{section.name}.time"] = section.ratio("decode", "subscribe")
    title = f"stream: medians of {sizes.short_rounds} rounds; first lines above 100,000 widgets of {sizes.rounds}"
    table = tables.rates(title, sections, unit=_UNIT)
    return Outcome("stream", sections, table, figures)


def throughput(
    harness: Harness, sizes: Sizes, name: str, plan: Stream, candidates: Sequence[Candidate] = STREAMS
) -> Section:
    """Read changes of widgets as fast as possible."""
    shape = "objects, arrays of 1 and of 20" if plan.shape == "mix" else "one object a line"
    chunks = "a line a chunk" if plan.chunk == A_LINE else f"{plan.chunk >> 10} KiB a chunk"
    section = _section(name, f"{name}: {shape}, {chunks}, {plan.changes:,} changes", "limit")
    checked = StreamJob(url=harness.url, canvas_id=harness.prepare(plan), plan=plan)
    for function in ("subscribe", "live"):
        harness.check(f"checks:{function}", checked, plan.changes)
    jobs = _jobs(harness, plan)
    entries = [Entry(candidate, jobs, plan.changes, plans.last(plan)) for candidate in candidates]
    return harness.measure(section, entries, rounds=sizes.short_rounds)


def _kinds(harness: Harness, sizes: Sizes) -> Section:
    """The same widgets with unknown types, and changes with the changed fields only."""
    base = Stream(changes=sizes.changes, ids=sizes.ids)
    partial = replace(base, first=sizes.ids, partial=True)
    cases = {
        "none": ("all types known", base),
        "1%": ("1 % of unknown types", replace(base, unknown=0.01)),
        "50%": ("50 % of unknown types", replace(base, unknown=0.5)),
        "partial": ("changed fields only", partial),
    }
    section = _section("kinds", "subscribe(), one object a line, by what is in it", "none", ours="none")
    entries: list[Entry] = []
    for key, (label, plan) in cases.items():
        job = StreamJob(url=harness.url, canvas_id=harness.prepare(plan), plan=plan)
        harness.check("checks:subscribe", job, plan.first + plan.changes)
        jobs = _jobs(harness, plan, skip=plan.first)
        entries.append(Entry(SUBSCRIBE, jobs, plan.changes, plans.last(plan), key=key, label=label))
    return harness.measure(section, entries, rounds=sizes.short_rounds)


def _growth(harness: Harness, sizes: Sizes) -> Section:
    section = _section("growth", "subscribe(), one object a line, by widgets known", str(sizes.canvases[0]), ours="")
    entries: list[Entry] = []
    for known in sizes.canvases:
        plan = Stream(first=known, ids=known, changes=sizes.changes // 2)
        jobs = _jobs(harness, plan, skip=known)
        label = f"{known:,} widgets"
        entries.append(Entry(SUBSCRIBE, jobs, plan.changes, plans.last(plan), key=str(known), label=label))
    return harness.measure(section, entries, rounds=sizes.short_rounds)


def _first_line(harness: Harness, sizes: Sizes, widgets: int) -> Section:
    plan = Stream(first=widgets, chunk=_READ)
    size = len(plans.first_line(plan))
    section = _section(f"first-{widgets}", f"a first line of {size / 1e6:.0f} MB, {widgets:,} widgets", "decode")
    jobs = _jobs(harness, plan)
    entries = [
        Entry(candidate, jobs, widgets, plans.last(plan))
        for candidate in FIRST_LINES
        if widgets < _LONG or candidate.key not in QUADRATIC
    ]
    return harness.measure(section, entries, rounds=sizes.short_rounds if widgets < _LONG else sizes.rounds)


def _resync(harness: Harness, sizes: Sizes) -> Section:
    plan = Resync(widgets=sizes.resync)
    section = _section("resync", f"connection lost; again {plan.widgets:,} widgets, 1 % of them changed", "decode")
    job = ResyncJob(url=harness.url, canvas_id=harness.prepare(plan), plan=plan)

    def the_job(_number: int) -> ResyncJob:
        return job

    entries = [Entry(candidate, the_job, plan.widgets) for candidate in (DECODE, RESYNC)]
    return harness.measure(section, entries, rounds=sizes.short_rounds)


def _section(name: str, title: str, reference: str, *, ours: str = "subscribe") -> Section:
    return Section(name=name, title=title, scale=1000.0, reference=reference, ours=ours)


def _jobs(harness: Harness, plan: Stream, *, skip: int = 0) -> JobMaker:
    """The job of the plan for each round, and a short one of the same kind for the warm-up."""
    short = replace(plan, changes=min(plan.changes, _WARM_UP), first=min(plan.first, _WARM_UP))
    jobs = [
        StreamJob(url=harness.url, canvas_id=harness.prepare(each), plan=each, skip=min(skip, each.first))
        for each in (plan, short)
    ]

    def job(number: int) -> Job:
        return jobs[number < 0]

    return job
