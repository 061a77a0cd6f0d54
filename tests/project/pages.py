"""The pages that people read, and the examples on them: found, written out for the type checkers, and run.

A block of `python` or `sh` is an example, and is run as it stands; the block of `text` after it is what it prints, with
"…" for anything. Python whose first line is a comment with a file name is saved under that name, for what follows. A
block of `console` shows what people type and is not run: servers, installations, other terminals.
"""

import contextlib
import io
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[2]
_BLOCK = re.compile(r"^```(python|sh|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_NAME = re.compile(r"# (\w+\.py)\n")


class Example(NamedTuple):
    """An example on a page; `shown` is what the page says that it prints, None where it says nothing."""

    page: str
    number: int
    language: str
    text: str
    shown: str | None = None

    @property
    def file(self) -> str:
        """The name that the page saves it under, "" for none."""
        match = _NAME.match(self.text) if self.language == "python" else None
        return match[1] if match else ""

    @property
    def module(self) -> str:
        """A file name that no other example on any page has."""
        place = re.sub(r"\W+", "_", self.page.lower().removeprefix("docs/").removesuffix(".md"))
        return self.file or f"{place}_{self.number}.py"


def pages() -> list[str]:
    """The README and every page of the documentation, as paths from the root of the project."""
    return ["README.md", *sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").rglob("*.md"))]


def examples(page: str) -> list[Example]:
    """The examples on a page, from top to bottom."""
    found: list[Example] = []
    for language, text in _BLOCK.findall((ROOT / page).read_text(encoding="utf-8")):
        if language != "text":
            found.append(Example(page, len(found), language, text))
        elif found:
            assert found[-1].shown is None, f"{page}: two outputs for one example"
            found[-1] = found[-1]._replace(shown=text)
    return found


def defined(example: Example, replacing: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The names that an example of Python defines, with some of its text replaced, such as the server's address.

    What it would do at its end, `asyncio.run(main())`, is left to the caller.
    """
    text = example.text.replace("\nasyncio.run(main())\n", "\n")
    for old, new in (replacing or {}).items():
        text = text.replace(old, new)
    names: dict[str, Any] = {"__name__": example.module.removesuffix(".py")}
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(text, f"{example.page}, example {example.number}", "exec"), names)
    return names


def fits(said: str, shown: str) -> bool:
    """Whether that is what a page shows; white space does not count, and "…" stands for anything."""
    pattern = ".*".join(re.escape(" ".join(part.split())) for part in f" {shown} ".split("…"))
    return re.fullmatch(r"\s*" + pattern.replace(r"\ ", " ") + r"\s*", " ".join(said.split()), re.DOTALL) is not None


if __name__ == "__main__":
    folder = Path(sys.argv[1])  # for the type checkers: each example as a module
    for page in pages():
        for example in examples(page):
            if example.language == "python":
                with (folder / example.module).open("x", encoding="utf-8") as file:
                    file.write(example.text)
