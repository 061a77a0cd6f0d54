"""Runs the candidates in turns against one load server, and checks that all deliver the same."""

import sys
from collections.abc import Callable, Sequence
from itertools import count
from types import TracebackType
from typing import NamedTuple, Self, TypeAlias

from benchmarks.candidates.registry import Candidate
from benchmarks.jobs import Job, Observation, Order
from benchmarks.plans import Plan
from benchmarks.processes import BenchmarkError, Server, Worker
from benchmarks.results import Row, Sample, Section

JobMaker: TypeAlias = Callable[[int], Job | None]
"""Makes the job of a round, counted from 0. Round -1 is the warm-up; its job may be smaller, or None."""


class Entry(NamedTuple):
    """A candidate in a section.

    `delivers` is how much it must deliver and `last` the last item; None if this is not checked. `key` and `label` are
    those of the candidate unless given. `fresh`: each round runs in a new process, to measure memory.
    """

    candidate: Candidate
    job: JobMaker
    delivers: int | None = None
    last: tuple[str, float] | None = None
    observe: tuple[Observation, ...] = ()
    fresh: bool = False
    key: str = ""
    label: str = ""

    @property
    def worker(self) -> str:
        """The name of the process that runs it."""
        return f"{self.candidate.function} {self.key}"


class Harness:
    """The load server and the workers of one benchmark; a context manager."""

    def __init__(self) -> None:
        self._server = Server()
        self._workers: dict[str, Worker] = {}
        self._batches = count()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        for worker in self._workers.values():
            worker.close()
        self._server.__exit__(kind, error, tb)

    @property
    def url(self) -> str:
        """The address of the load server."""
        return self._server.url

    def prepare(self, plan: Plan) -> str:
        """Prepare a plan on the server; return the id of its canvas."""
        return self._server.prepare(plan)

    def batch(self) -> int:
        """A number that no other job has: items with it are new to the server and the caches."""
        return next(self._batches)

    def check(self, function: str, job: Job, count: int) -> None:
        """Run `function` (`module:name` in `candidates`), which compares our records with those sent.

        Raises BenchmarkError.
        """
        delivered = self._worker("checks").do(Order(function, job)).delivered
        if delivered is None or delivered.count != count:
            raise BenchmarkError(f"{function}: {delivered} was checked, not {count}")

    def measure(self, section: Section, entries: Sequence[Entry], *, rounds: int) -> Section:
        """Fill a section: one warm-up of each candidate, then `rounds` rounds. Then the server deletes its plans."""
        print(f"  {section.title} …", file=sys.stderr, flush=True)
        section.rows = [
            Row(entry.key or entry.candidate.key, entry.label or entry.candidate.label, missing=entry.candidate.missing)
            for entry in entries
        ]
        taking_part = [(entry, row) for entry, row in zip(entries, section.rows, strict=True) if not row.missing]
        for entry, _ in taking_part:
            if not entry.fresh:
                self._worker(entry.worker)  # all of them start at the same time
        for number in range(-1, rounds):
            for entry, row in taking_part:
                if number >= 0:
                    row.samples.append(self._sample(entry, number))
                elif not entry.fresh:
                    self._warm_up(entry)
        self._server.forget()
        return section

    def _worker(self, name: str) -> Worker:
        if name not in self._workers:
            self._workers[name] = Worker()
        return self._workers[name]

    def _warm_up(self, entry: Entry) -> None:
        job = entry.job(-1)
        if job is not None:
            self._worker(entry.worker).do(Order(entry.candidate.function, job))

    def _sample(self, entry: Entry, number: int) -> Sample:
        job = entry.job(number)
        assert job is not None
        order = Order(entry.candidate.function, job, entry.observe)
        if entry.fresh:
            if entry.worker in self._workers:
                self._workers.pop(entry.worker).close()
            self._warm_up(entry)
        before = self._server.state()
        report = self._worker(entry.worker).do(order)
        after = self._server.state()
        delivered = report.delivered
        assert delivered is not None
        name = f"{entry.candidate.label}: delivered"
        if entry.delivers is not None and delivered.count != entry.delivers:
            raise BenchmarkError(f"{name} {delivered.count}, not {entry.delivers}")
        if entry.last is not None and delivered.last != entry.last:
            raise BenchmarkError(f"{name} {delivered.last} last, not {entry.last}")
        return Sample(
            count=delivered.count,
            seconds=report.seconds,
            client_cpu=report.cpu,
            server_cpu=after.cpu - before.cpu,
            server_requests=after.requests - before.requests,
            server_sent=after.sent - before.sent,
            figures=delivered.figures,
        )
