"""`tests/README.md`, parts of which are written by the code that knows."""

import ast
import functools
from pathlib import Path

TESTS = Path(__file__).parents[1]
PAGE = TESTS / "README.md"


def put(page: str, begin: str, end: str, text: str) -> str:
    """A page with the text between two marks replaced."""
    before, _, rest = page.partition(begin)
    _, found, after = rest.partition(end)
    if not found:
        raise ValueError(f"the page has no {begin} ... {end}")
    return f"{before}{begin}\n{text}{end}{after}"


def between(page: str, begin: str, end: str) -> str:
    """The text between two marks."""
    _, found, rest = page.partition(f"{begin}\n")
    if not found or end not in rest:
        raise ValueError(f"the page has no {begin} ... {end}")
    return rest.partition(end)[0]


@functools.cache
def written() -> tuple[tuple[str, str], ...]:
    """The file, relative to `tests`, and the name of every test function, read without running anything."""
    return tuple(
        (path.relative_to(TESTS).as_posix(), node.name)
        for path in sorted(TESTS.rglob("test_*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
    )
