"""The benchmarks run, their candidates agree, one that does not is found out, and a missed goal is said."""

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

from benchmarks import __main__ as command
from benchmarks.candidates.registry import LIMIT, LIVE, SUBSCRIBE, Candidate
from benchmarks.goals import GOALS, judge
from benchmarks.harness import Entry, Harness
from benchmarks.jobs import StreamJob
from benchmarks.plans import Stream, last
from benchmarks.processes import BenchmarkError
from benchmarks.results import Outcome, Row, Sample, Section
from benchmarks.sizes import QUICK
from benchmarks.suites import latency
from benchmarks.suites.stream import throughput
from benchmarks.tables import rates

TINY = replace(QUICK, rounds=1, changes=300, ids=300)
AIOHTTP = Candidate("aiohttp", "aiohttp", "aiohttp_streams:stream")
NOWHERE = Candidate("nowhere", "a library from nowhere", "nowhere:stream", "library:there_is_no_such_library")


def sample(seconds: float, *, client_cpu: float = 0.0, server_cpu: float = 0.0) -> Sample:
    return Sample(100, seconds, client_cpu, server_cpu, 0, 0)


def section(**rows: list[float]) -> Section:
    """A section of these candidates, by the seconds that each round took."""
    found = Section(name="name", title="title", scale=1.0, reference="a", ours="b")
    found.rows = [Row(key, key, [sample(seconds) for seconds in rounds]) for key, rounds in rows.items()]
    return found


@pytest.fixture(scope="module")
def harness() -> Iterator[Harness]:
    with Harness() as running:
        yield running


def test_candidates_deliver_the_same_and_ours_the_records_that_were_sent(harness: Harness) -> None:
    plan = Stream(shape="mix", changes=TINY.changes, ids=TINY.ids)

    measured = throughput(harness, TINY, "mix", plan, (LIMIT, SUBSCRIBE, LIVE, AIOHTTP, NOWHERE))

    counts = [[each.count for each in row.samples] for row in measured.rows]
    assert counts == [[300] * TINY.short_rounds] * 4 + [[]]
    assert all(each.client_cpu > 0 and each.server_sent > 100_000 for row in measured.rows for each in row.samples)
    table = rates("title", [measured], unit="kwidgets/s")
    assert re.search(r"canvus_async subscribe\(\) +[\d.,]+ .* (client|server|both|neither)\n", table)
    assert re.search(r"a library from nowhere +not installed$", table)


@pytest.mark.parametrize(
    ("plan", "wrong", "words"),
    [
        (Stream(changes=50, ids=10), {"delivers": 51, "last": None}, "delivered 50, not 51"),
        (Stream(changes=50, ids=10), {"delivers": 50, "last": ("another", 0.0)}, "last, not"),
        (Stream(changes=50, ids=10, unknown=1.0), {}, "Invalid value 'New[A-Z]"),
    ],
    ids=["number", "last", "failure"],
)
def test_a_candidate_that_does_not_deliver_the_same_ends_the_run(
    harness: Harness, plan: Stream, wrong: dict[str, object], words: str
) -> None:
    job = StreamJob(url=harness.url, canvas_id=harness.prepare(plan), plan=plan)
    entry = Entry(LIMIT, lambda _number: job, plan.changes, last(plan))._replace(**wrong)

    with pytest.raises(BenchmarkError, match=words):
        harness.measure(section(), [entry], rounds=1)


def test_a_ratio_is_the_median_of_the_rounds_ratios() -> None:
    drifting = section(a=[1.0, 10.0, 2.0], b=[2.0, 20.0, 5.0])

    assert drifting.ratio("b", "a") == 0.5
    assert drifting.ratio("b", "missing") is None


@pytest.mark.parametrize(
    ("client", "server", "side"),
    [(0.98, 0.2, "client"), (0.3, 0.95, "server"), (0.99, 0.97, "both"), (0.5, 0.4, "neither")],
)
def test_the_side_that_had_a_cpu_all_the_time_is_the_bottleneck(client: float, server: float, side: str) -> None:
    assert sample(2.0, client_cpu=2 * client, server_cpu=2 * server).bottleneck == side


@pytest.mark.parametrize(
    ("added", "code", "words"), [(10e-6, 0, "met "), (60e-6, 0, "held "), (200e-6, 1, "FALLS SHORT"), (None, 0, "not")]
)
def test_a_missed_goal_is_said_and_checked(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    added: float | None,
    code: int,
    words: str,
) -> None:
    found = Outcome("latency", [], "the table", {"latency.subscribe.added": added, "latency.subscribe.cpu": 1.0})
    monkeypatch.setattr(latency, "run", lambda _sizes: found)

    assert command.main(["latency", "--check"]) == code
    assert command.main(["latency"]) == 0

    line = next(line for line in capsys.readouterr().out.splitlines() if "added median latency" in line)
    assert line.startswith(words)


def test_only_the_goals_of_what_ran_are_judged() -> None:
    judged = judge({}, {"latency", "cache"})

    assert {verdict.goal.benchmark for verdict in judged} == {"latency", "cache"}
    assert all((goal.least is None) != (goal.most is None) for goal in GOALS)


def test_what_is_held_in_place_of_a_goal_is_less_than_the_goal() -> None:
    for goal in GOALS:
        assert goal.held is None or (goal.held < goal.least if goal.least is not None else goal.held > (goal.most or 0))
