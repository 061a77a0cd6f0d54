"""How the site is built from these pages: `python -m sphinx -nW -b html docs docs/_build`."""

from importlib.metadata import version as version_of

from sphinx.application import Sphinx

project = "canvus_async"
author = "The canvus_async maintainers"
copyright = author  # noqa: A001  # Sphinx's own name
release = version = version_of("canvus-async")

extensions = ["myst_parser"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = "canvus_async"
myst_heading_anchors = 4
myst_links_external_new_tab = True

NAVIGATION = {
    "Start": ("tutorial", "glossary"),
    "How to": (
        *("howto/web-backend", "howto/bot", "howto/bulk-export", "howto/snapshot", "howto/testing", "howto/mocking"),
        *("howto/configuration", "howto/sync-code", "howto/logging", "howto/proxy", "howto/tls"),
        *("howto/records-json", "howto/troubleshooting"),
    ),
    "Reference": (
        *("reference/client", "reference/collections", "reference/files", "reference/live", "reference/snapshots"),
        *("reference/records", "reference/keywords", "reference/options", "reference/errors", "reference/server"),
        *("reference/testing", "reference/cli"),
    ),
    "Explanation": ("explanation/subscriptions", "explanation/writes", "explanation/cache", "explanation/files"),
}
"""The site's menu. It is added to index.md during the build, so that the page itself is plain Markdown."""


def prepare(app: Sphinx, docname: str, source: list[str]) -> None:
    """Append the menu to the first page, and make links that leave this folder downloads."""
    outside = "../" * (docname.count("/") + 1)
    source[0] = source[0].replace(f"]({outside}", f"](path:{outside}")
    if docname == "index":
        for title, pages in NAVIGATION.items():
            source[0] += "\n".join(["\n```{toctree}", ":hidden:", f":caption: {title}", "", *pages, "```\n"])


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    app.connect("source-read", prepare)
