"""`python -m benchmarks`: run benchmarks, print their tables and check the goals."""

import argparse
import importlib
import sys
import time
from pathlib import Path

import msgspec

from benchmarks.goals import judge
from benchmarks.machine import Machine, describe
from benchmarks.processes import BenchmarkError
from benchmarks.results import Outcome
from benchmarks.sizes import FULL, QUICK

BENCHMARKS = ("stream", "fetch", "download", "cache", "memory", "latency")


class Record(msgspec.Struct):
    """A run, as `--json` writes it."""

    machine: Machine
    quick: bool
    seconds: float
    outcomes: list[Outcome]


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmarks given on the command line; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "benchmark", nargs="*", choices=[*BENCHMARKS, "all"], default="all", help="benchmarks to run (default: all)"
    )
    parser.add_argument(
        "--quick", action="store_true", help="small and short runs, to see that they work; the figures mean little"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all samples to FILE")
    parser.add_argument(
        "--check",
        action="store_true",
        help="exit with status 1 if a figure misses its bound in goals.py",
    )
    asked = parser.parse_args(arguments)
    if asked.quick and asked.check:
        parser.error("--check needs the full sizes: leave out --quick")
    chosen = [name for name in BENCHMARKS if asked.benchmark == "all" or {name, "all"} & set(asked.benchmark)]
    began = time.monotonic()
    machine = describe()
    print(machine, flush=True)
    outcomes: list[Outcome] = []
    failed = False
    for name in chosen:
        print(f"{name}:", file=sys.stderr)
        try:
            outcomes.append(importlib.import_module(f"benchmarks.suites.{name}").run(QUICK if asked.quick else FULL))
        except BenchmarkError as error:
            print(f"{name}: {error}", file=sys.stderr)
            failed = True
            continue
        print(f"\n{outcomes[-1].table}", flush=True)
    if asked.json is not None:
        record = Record(machine, asked.quick, time.monotonic() - began, outcomes)
        asked.json.write_bytes(msgspec.json.format(msgspec.json.encode(record), indent=1))
    if asked.quick:
        return 2 if failed else 0
    verdicts = judge({name: value for outcome in outcomes for name, value in outcome.figures.items()}, set(chosen))
    print("\n" + "\n".join(map(str, verdicts)))
    if failed:
        return 2
    return 1 if asked.check and any(verdict.held is False for verdict in verdicts) else 0


if __name__ == "__main__":
    sys.exit(main())
