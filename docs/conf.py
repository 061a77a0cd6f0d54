"""How the documentation is built: `python -m sphinx -nW -b html docs docs/_build`."""

import builtins
import sys
from importlib.metadata import version as version_of
from pathlib import Path
from typing import cast

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx

sys.path.insert(0, str(Path(__file__).parent.parent))

project = "canvus_async"
author = "The canvus_async maintainers"
copyright = author  # noqa: A001  # Sphinx's own name
release = version = version_of("canvus-async")

extensions = ["myst_parser", "sphinx.ext.autodoc", "cyclopts.ext.sphinx"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = "canvus_async"
myst_heading_anchors = 3

default_role = "literal"  # docstrings are written with single backticks
add_module_names = False
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
autodoc_typehints_format = "short"

nitpick_ignore_regex = [
    # Other projects' names: the documentation is built without the network, so nothing tells where theirs is.
    (r"py:.*", r"(_io|abc|aiohttp|asyncio|collections|contextlib|datetime|msgspec|os|pathlib|pytest|ssl|typing)\..*"),
    (r"py:.*", r"canvus_async\.(.*\.)?[A-Z]"),  # type variables
    ("py:class", "JSON"),  # a recursive alias
]


def indented_is_code(*event: object) -> None:
    """Take a block that is indented below a line of a docstring for code, as people do who read it in an editor."""
    lines = cast("list[str]", event[-1])
    for number in range(len(lines) - 2, 0, -1):
        above, between, below = lines[number - 1 : number + 2]
        if between or not above or above.endswith("::"):
            continue
        if len(below) - len(below.lstrip()) >= 4 + len(above) - len(above.lstrip()):
            lines[number:number] = ["", "::"]


def builtins_are_no_links(app: Sphinx, doctree: nodes.document) -> None:
    """Keep `bytes` in a signature from being taken for a field that is called so."""
    for link in list(doctree.findall(addnodes.pending_xref)):
        if link.get("refdomain") == "py" and link.get("reftarget") in vars(builtins):
            link.replace_self(link.children)


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    app.connect("autodoc-process-docstring", indented_is_code)
    app.connect("doctree-read", builtins_are_no_links)
