"""The facts in the seeds: one row per endpoint, parameter, field, header, status, message and rule.

A row is (kind, fact, tests). `tests` lists test functions, separated by spaces and without their prefix
`test_seed_<seed>_`. The name of a function with another prefix is complete.
"""

from collections.abc import Mapping
from typing import TypeAlias

from tests.seeds.facts.seed_000 import FACTS as SEED_000
from tests.seeds.facts.seed_001 import FACTS as SEED_001
from tests.seeds.facts.seed_002 import FACTS as SEED_002
from tests.seeds.facts.seed_003 import FACTS as SEED_003
from tests.seeds.facts.seed_004 import FACTS as SEED_004
from tests.seeds.facts.seed_004 import WIDGET_TYPES

__all__ = ["FACTS", "KINDS", "WIDGET_TYPES", "Row"]

Row: TypeAlias = tuple[str, str, str]

KINDS = ("endpoint", "parameter", "field", "header", "status", "message", "rule")
"""The kinds of facts, in the order of the page."""

FACTS: Mapping[str, tuple[Row, ...]] = {
    "000": SEED_000,
    "001": SEED_001,
    "002": SEED_002,
    "003": SEED_003,
    "004": SEED_004,
}
"""All rows, by seed."""
