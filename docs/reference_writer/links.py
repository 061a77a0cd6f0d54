"""Links between the pages of the reference, written as `[label]` with the targets at the end of each page."""

import re
from collections.abc import Mapping

from reference_writer.definitions import Api

_CODE = re.compile(r"`([A-Za-z_][\w.]*)(\(\))?`(?!:)")
_WORD = re.compile(r"(?<![\w.`\[])([A-Z][A-Za-z]+)(?![\w`\]])")


class Links:
    """Where each documented name is, and the links that one page has used so far."""

    def __init__(self, api: Api, places: Mapping[str, str]) -> None:
        """`places` has the page of each documented name."""
        self._targets: dict[str, str] = {}
        self._errors: set[str] = set()
        for name, page in places.items():
            found = api.find(name)
            self._targets[found.name] = f"{page}#{slug(found.name)}"
            for method in found.methods:
                self._targets[f"{found.name}.{method}"] = f"{page}#{slug(f'{found.name}.{method}')}"
            for attribute in found.attributes:
                self._targets[f"{found.name}.{attribute.name}"] = f"{page}#{slug(found.name)}"
            if found.is_error:
                self._errors.add(found.name)
        self.used: dict[str, str] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._targets

    def code(self, name: str, call: str = "") -> str:
        """A name as code, with a link to where it is documented."""
        return self._link(f"`{name}{call}`", name)

    def text(self, text: str, *, own: str) -> str:
        """A docstring's prose with links to other names: in backticks, or errors in plain text."""
        text = _CODE.sub(lambda found: self._other(found[0], found[1], own), text)
        return _WORD.sub(
            lambda found: self._other(found[0], found[1], own) if found[1] in self._errors else found[0], text
        )

    def definitions(self) -> str:
        """The targets of the links, for the end of the page."""
        return "".join(f"[{label}]: {target}\n" for label, target in sorted(self.used.items()))

    def _other(self, written: str, name: str, own: str) -> str:
        return written if name == own else self._link(written, name)

    def _link(self, label: str, name: str) -> str:
        if name not in self._targets:
            return label
        self.used[label] = self._targets[name]
        return f"[{label}]"


def slug(heading: str) -> str:
    """The anchor that GitHub, GitLab and MyST make of a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
