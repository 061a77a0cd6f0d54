"""SECURITY.md names tests that exist."""

import re
from pathlib import Path

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "SECURITY.md"


def test_every_test_that_the_page_names_exists() -> None:
    named = re.findall(r"`([\w./]+\.py)::(\w+)`", PAGE.read_text(encoding="utf-8"))

    assert len(named) > 20
    missing = [
        f"{file}::{test}"
        for file, test in named
        if not re.search(rf"^(?:async )?def {test}\(", (HERE / file).read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert missing == []
