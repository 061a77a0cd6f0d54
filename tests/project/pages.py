"""Finds the examples on the pages of the documentation, and writes them to files for the type checkers.

A block of `python` or `sh` is an example, and the tests run it. The block of `text` after it is its output, with "…"
for any text. Python whose first line is a comment with a file name is saved under that name, for later commands; a name
in `examples/` says that it is a copy of that file. Blocks with another language are not run: `console` for servers,
installations and other terminals, `py` for signatures.
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
_NAME = re.compile(r"# ((?:examples/)?\w+\.py)\n")


class Example(NamedTuple):
    """An example on a page; `shown` is the output on the page, None if there is none."""

    page: str
    number: int
    language: str
    text: str
    shown: str | None = None

    @property
    def file(self) -> str:
        """The name of the file that the page saves it to, "" for none."""
        match = _NAME.match(self.text) if self.language == "python" else None
        return match[1] if match else ""

    @property
    def is_copy(self) -> bool:
        """Whether it is the content of a file in `examples/`."""
        return self.file.startswith("examples/")

    @property
    def module(self) -> str:
        """A file name that is unique among the examples of all pages."""
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
    """Run an example of Python and return the names that it defines.

    Text is replaced first, such as the address of the server. A call `asyncio.run(main())` at the end is left out.
    """
    text = example.text.replace("\nasyncio.run(main())\n", "\n")
    for old, new in (replacing or {}).items():
        text = text.replace(old, new)
    names: dict[str, Any] = {"__name__": example.module.removesuffix(".py")}
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(text, f"{example.page}, example {example.number}", "exec"), names)
    return names


def fits(said: str, shown: str) -> bool:
    """Whether an output matches the one on a page, apart from white space; "…" matches any text."""
    pattern = ".*".join(re.escape(" ".join(part.split())) for part in f" {shown} ".split("…"))
    return re.fullmatch(r"\s*" + pattern.replace(r"\ ", " ") + r"\s*", " ".join(said.split()), re.DOTALL) is not None


if __name__ == "__main__":
    folder = Path(sys.argv[1])  # each example becomes a module, for the type checkers
    for page in pages():
        for example in examples(page):
            if example.language == "python" and not example.is_copy:
                with (folder / example.module).open("x", encoding="utf-8") as file:
                    file.write(example.text)
