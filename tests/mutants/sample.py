"""Random mutants: `python -m tests.mutants.sample --seed 1 --count 100`, after a run of the tests with contexts.

    pytest -n auto --cov --cov-context=test
    python -m tests.mutants.sample --seed 1 --count 100

Each mutant changes one place of the package: a comparison, a boolean operator, a number, an arithmetic operator, a
negation, a returned value, or a statement that is removed. The tests that execute the line run against a copy of the
package; one of them must fail. Lines that no test executes count as survivors. Prints one line for each mutant, and how
many were killed; whether a survivor changes behaviour at all is for a reader to judge. `--only N` runs one of them.
"""

import argparse
import ast
import copy
import random
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import coverage

from tests.mutants import runner

COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
}
MOST_TESTS = 400
"""Tests that run against one mutant, the ones that execute the fewest lines first: they are the most specific."""


class Sampled(NamedTuple):
    """A mutant: the line of a file, and the mutated source of that file."""

    path: Path
    line: int
    words: str
    source: str


def variants(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """What one node can be changed to, with a description."""
    match node:
        case ast.Compare(ops=[op]) if type(op) in COMPARISONS:
            changed = copy.deepcopy(node)
            changed.ops = [COMPARISONS[type(op)]()]
            yield f"{ast.unparse(node)} -> {ast.unparse(changed)}", changed
        case ast.BoolOp(op=op):
            changed = copy.deepcopy(node)
            changed.op = ast.Or() if isinstance(op, ast.And) else ast.And()
            yield f"{ast.unparse(node)} -> {ast.unparse(changed)}", changed
        case ast.BinOp(op=op) if type(op) in OPERATORS:
            changed = copy.deepcopy(node)
            changed.op = OPERATORS[type(op)]()
            yield f"{ast.unparse(node)} -> {ast.unparse(changed)}", changed
        case ast.UnaryOp(op=ast.Not()):
            yield f"{ast.unparse(node)} -> {ast.unparse(node.operand)}", node.operand
        case ast.Constant(value=bool(value)):
            yield f"{value} -> {not value}", ast.Constant(not value)
        case ast.Constant(value=int(value)):
            yield f"{value} -> {value + 1}", ast.Constant(value + 1)
        case ast.Return(value=ast.expr() as value) if not isinstance(value, ast.Constant):
            yield f"return {ast.unparse(value)} -> return None", ast.Return(ast.Constant(None))
        case ast.Expr(value=ast.Call() | ast.Await()) | ast.Assign() | ast.AugAssign() | ast.Raise():
            yield f"{ast.unparse(node)} -> pass", ast.Pass()


class Replace(ast.NodeTransformer):
    """Replaces one node, by identity."""

    def __init__(self, old: ast.AST, new: ast.AST) -> None:
        self.old, self.new = old, new

    def visit(self, node: ast.AST) -> ast.AST:
        return ast.copy_location(self.new, node) if node is self.old else self.generic_visit(node)


def candidates(tree: ast.Module) -> Iterator[tuple[int, str, ast.AST, ast.AST]]:
    """All mutations of the functions of a module: line, description, the node and its replacement."""
    seen: set[int] = set()
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            for node in (node for statement in function.body for node in ast.walk(statement)):
                if id(node) not in seen:  # a function within a function is walked twice
                    seen.add(id(node))
                    for words, new in variants(node):
                        yield node.lineno, words, node, new  # type: ignore[attr-defined]


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def sample(seed: int, count: int) -> list[Sampled]:
    """Mutants of the whole package, each candidate with the same chance."""
    paths = sorted((runner.ROOT / "canvus_async").rglob("*.py"))
    every = [(path, index) for path in paths for index, _ in enumerate(candidates(parsed(path)))]
    chosen: list[Sampled] = []
    for path, index in random.Random(seed).sample(every, count):
        tree = parsed(path)
        line, words, node, new = list(candidates(tree))[index]
        mutated = ast.fix_missing_locations(Replace(node, new).visit(tree))
        chosen.append(Sampled(path, line, words, ast.unparse(mutated)))
    return chosen


def tests_by_line(data: coverage.CoverageData) -> tuple[dict[tuple[str, int], set[str]], dict[str, int]]:
    """The tests that execute each line, and how many lines each test executes."""
    by_line: dict[tuple[str, int], set[str]] = defaultdict(set)
    sizes: dict[str, int] = defaultdict(int)
    for file in data.measured_files():
        name = "/".join(Path(file).parts[Path(file).parts.index("canvus_async") :])
        for line, contexts in data.contexts_by_lineno(file).items():
            # The copy has no documentation, so the tests of its pages would fail without any mutant.
            tests = {context.partition("|")[0] for context in contexts if context}
            tests = {test for test in tests if not test.startswith("tests/project/")}
            by_line[name, line] |= tests
            for test in tests:
                sizes[test] += 1
    return by_line, sizes


def judge(mutant: Sampled, tests: tuple[str, ...]) -> str:
    """What became of a mutant: "killed by ...", or "survives"."""
    if not tests:
        return "survives: no test executes it"
    with tempfile.TemporaryDirectory(prefix="mutant-") as name:
        folder = Path(name)
        runner.copy(folder)
        (folder / mutant.path.relative_to(runner.ROOT)).write_text(mutant.source, encoding="utf-8")
        status, said = runner.play(folder, tests)
    return f"killed by {said}" if status == 1 and "::" in said else f"survives {len(tests)} tests: {said}"


def main() -> int:
    options = argparse.ArgumentParser(prog="sample", description="Break the package at random; the tests must notice.")
    options.add_argument("--seed", type=int, required=True)
    options.add_argument("--count", type=int, default=100)
    options.add_argument("--only", type=int, help="the number of one mutant")
    options.add_argument("--data", default=".coverage", help="the data of a run of the tests with --cov-context=test")
    given = options.parse_args()
    data = coverage.CoverageData(given.data)
    data.read()
    by_line, sizes = tests_by_line(data)
    mutants = sample(given.seed, given.count)

    def run(number: int) -> tuple[int, Sampled, str, float]:
        mutant, start = mutants[number], time.monotonic()
        name = mutant.path.relative_to(runner.ROOT).as_posix()
        tests = sorted(by_line[name, mutant.line], key=lambda test: (sizes[test], test))[:MOST_TESTS]
        return number, mutant, judge(mutant, tuple(tests)), time.monotonic() - start

    numbers = range(given.count) if given.only is None else [given.only]
    killed = 0
    with ThreadPoolExecutor(2) as pool:
        for number, mutant, said, seconds in pool.map(run, numbers):
            killed += said.startswith("killed")
            place = f"{mutant.path.relative_to(runner.ROOT)}:{mutant.line}"
            print(f"{number:>3} {said} | {place} | {mutant.words[:160]} ({seconds:.0f} s)", flush=True)
    print(f"{killed} of {len(numbers)} killed")
    return 0 if killed == len(numbers) else 1


if __name__ == "__main__":
    sys.exit(main())
