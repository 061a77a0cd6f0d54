"""Writes the pages in docs/reference from the docstrings of canvus_async: `python docs/make_reference.py [--check]`.

The text above the marker of each page is written by hand, what is below it is written here. With `--check` nothing is
written; the exit status is 1 if a page does not say what the docstrings say. It needs the extra `cli`.
"""

import sys
from pathlib import Path
from typing import TypeAlias

DOCS = Path(__file__).resolve().parent
sys.path[:0] = [str(DOCS), str(DOCS.parent)]  # found before an installed release

from reference_writer.definitions import Api  # noqa: E402
from reference_writer.links import Links  # noqa: E402
from reference_writer.markdown import Writer, handles  # noqa: E402
from reference_writer.source import PACKAGE, CannotWrite  # noqa: E402

MARKER = "<!-- Everything below is written by `python docs/make_reference.py` from the docstrings. -->\n"

Entries: TypeAlias = tuple[str, ...]
"""What a page has, in order: names, "# Title" for a heading, "module NAME" for the docstring of a module."""

PAGES = {
    "client": """
        Client Canvas Canvases CanvasInfo ServerInfo TokenFunction
    """,
    "collections": """
        # What every collection has
        Collection EditableCollection CloneableCollection FileCollection
        # All widgets
        Widgets
        # Files
        Images Pdfs Videos Uploadable Progress
        # Notes, web pages, anchors, connectors, tables
        Notes Browsers Anchors Connectors Tables
        # Live sources
        module resources.sources
        VideoInputs IpVideos RdpConnections
        # The background
        Background
    """,
    "files": """
        # Mipmaps and assets
        Mipmaps MipmapInfo Assets AssetStream
        # Bulk jobs
        Fit MipmapRequest Fetched Downloaded Levels Pages BulkProgress OnError
        # Caches
        Cache MemoryCache DiskCache CacheStats DiskMode
        # File names
        safe_filename
    """,
    "live": """
        Subscription Live Change Counters Status
    """,
    "snapshots": """
        Camera Snapshot Region ImageFormat
    """,
    "records": """
        module models.widgets
        # All widgets
        Widget PlacedWidget AssetWidget UnknownWidget KINDS BY_TYPE JSON
        # Widgets with files
        Image Pdf Video
        # Other widgets
        Note Browser Anchor Connector ConnectorEnd Table GridSize TableCell VideoInput IpVideo RdpConnection
        # The canvas itself
        SharedCanvas VideoOutputAnchor CanvasBackground BackgroundGrid BackgroundHaze BackgroundImage
        # Records from JSON
        module models.reading
        from_json
        # Places and sizes
        Point Size Rect Layout
    """,
    "keywords": """
        module resources.keywords
        WidgetFields WidgetUpdate ImageFields ImageUpdate PdfFields PdfUpdate VideoFields VideoUpdate
        NoteFields NoteUpdate BrowserFields BrowserUpdate AnchorFields AnchorUpdate ConnectorFields ConnectorUpdate
        TableFields TableUpdate SourceFields SourceUpdate IpVideoUpdate RdpConnectionUpdate BackgroundFields
    """,
    "options": """
        Timeouts Limits Retry Reconnect
    """,
    "errors": """
        module errors
        # All errors
        CanvusError
        # No response
        TransportError ConnectFailed ConnectionLost RequestTimeout Stalled RedirectRefused OutcomeUnknown
        # The server refuses
        ApiError BadRequest Unauthorized Forbidden NotFound Conflict TooLarge RateLimited NotSupported ServerError
        # The response cannot be read
        ProtocolError UnexpectedContent LineTooLong
        # Files
        DownloadError IncompleteDownload CorruptDownload LocalWriteError SourceChanged
        # Closed
        ClientClosed
    """,
    "server": """
        CanvusServer Faults RequestRecord DataInUse UnsuitableFolder
    """,
    "testing": """
        testing.canvus_server testing.canvus_client testing.canvus_canvas testing.canvus_mock
    """,
}
"""What is on which page. A type that only signatures mention is added to the last page with such a signature.

cli.md has all commands."""


def main() -> None:
    """Write the pages, or with `--check` say which are stale."""
    check = sys.argv[1:] == ["--check"]
    if sys.argv[1:] and not check:
        sys.exit(__doc__)
    try:
        pages = written()
    except CannotWrite as problem:
        sys.exit(f"make_reference.py: {problem}")
    stale = [path for path, text in pages.items() if path.read_text(encoding="utf-8") != text]
    if check and stale:
        names = ", ".join(str(path.relative_to(DOCS.parent)) for path in stale)
        sys.exit(f"stale: {names}; write them again: python docs/make_reference.py")
    for path in stale:
        path.write_text(pages[path], encoding="utf-8")


def written() -> dict[Path, str]:
    """The text of each page as it should be, by its path."""
    api = Api(DOCS.parent / PACKAGE)
    pages = with_mentioned(api)
    places = {name: f"{page}.md" for page, entries in pages.items() for name in entries if is_name(name)}
    require_all(api, places)
    called = handles(api, places)
    found: dict[Path, str] = {}
    for page, entries in pages.items():
        links = Links(api, places)
        writer = Writer(api, links, called)
        level = 3 if any(entry.startswith("# ") for entry in entries) else 2
        blocks: list[str] = []
        for entry in entries:
            if entry.startswith("# "):
                blocks.append(f"#{entry}")
            elif entry.startswith("module "):
                blocks.append(writer.module(api.modules[f"{PACKAGE}.{entry.removeprefix('module ')}"]))
            else:
                blocks.append(writer.entry(api.find(entry), level))
        found |= page_with(page, "\n\n".join(filter(None, blocks)), links.definitions())
    return found | page_with("cli", command_line(), "")


def is_name(entry: str) -> bool:
    """Whether an entry of a page is a name, not a heading or a module."""
    return not entry.startswith(("# ", "module "))


def entries_of(text: str) -> Entries:
    """The entries in a text of PAGES."""
    lines = [line.strip() for line in text.strip().splitlines()]
    return tuple(entry for line in lines for entry in (line.split() if is_name(line) else [line]))


def with_mentioned(api: Api) -> dict[str, Entries]:
    """The pages, each with the types that its signatures mention and no page lists added at its end."""
    pages = {page: entries_of(text) for page, text in PAGES.items()}
    known = {api.find(entry).name for entries in pages.values() for entry in entries if is_name(entry)}
    for page, entries in reversed(pages.items()):
        more: list[str] = []
        definitions = [api.find(entry) for entry in entries if is_name(entry)]
        for definition in definitions:
            for mentioned in definition.mentioned:
                if mentioned.name not in known:
                    known.add(mentioned.name)
                    more.append(mentioned.place)
                    definitions.append(mentioned)
        title = ("# Other types",) if more and any(entry.startswith("# ") for entry in entries) else ()
        pages[page] = (*entries, *title, *more)
    return pages


def require_all(api: Api, places: dict[str, str]) -> None:
    """Raise CannotWrite for a public name that is on no page."""
    public = {name for module in ("", ".models", ".server") for name in api.exported(f"{PACKAGE}{module}")}
    public |= {
        f"testing.{name}" for name in api.modules[f"{PACKAGE}.testing"].definitions if name.startswith("canvus_")
    }
    if missing := sorted(public - places.keys()):
        raise CannotWrite(f"put {', '.join(missing)} on a page: PAGES in docs/make_reference.py")


def command_line() -> str:
    """What cli.md says below its marker."""
    from reference_writer.command_line import command, commands  # noqa: PLC0415  # needs the extra `cli`

    from canvus_async.cli.app import app  # noqa: PLC0415

    return "\n\n".join(command(name, each) for name, each in commands(app))


def page_with(page: str, body: str, links: str) -> dict[Path, str]:
    """A page with its hand-written beginning and a new body."""
    path = DOCS / "reference" / f"{page}.md"
    before, marker, _ = path.read_text(encoding="utf-8").partition(MARKER)
    if not marker:
        raise CannotWrite(f"{path.name} lacks the line {MARKER.strip()}")
    return {path: "".join((before, MARKER, "\n", body, "\n", links and f"\n{links}"))}


if __name__ == "__main__":
    main()
