"""`canvus canvases` and `canvus ls`: list canvases, and the widgets of one canvas."""

import sys
from collections import defaultdict
from collections.abc import Iterator
from typing import Annotated

import msgspec
from cyclopts import Parameter
from rich.console import Console
from rich.markup import escape
from rich.table import Table as Grid
from rich.tree import Tree

from canvus_async.cli.config import Token, Url, connect
from canvus_async.cli.watch import label, printable
from canvus_async.models import Connector, PlacedWidget, TableCell, UnknownWidget, Widget

Json = Annotated[bool, Parameter(name="--json", negative="")]


async def canvases(*, as_json: Json = False, url: Url = None, token: Token = None) -> None:
    """List the canvases that you can access.

    Args:
        as_json: Print the canvases as one JSON document.
        url: Address of the server.
        token: Your access token.
    """
    async with connect(url, token) as client:
        infos = await client.canvases.list()
    if as_json:
        print(msgspec.json.encode(infos).decode())
        return
    grid = Grid(box=None)
    grid.add_column("id", no_wrap=True, min_width=36)  # never shortened, so that it can be copied
    for name in ("name", "access", "changed"):
        grid.add_column(name)
    for info in infos:
        grid.add_row(*(escape(printable(cell)) for cell in (info.id, info.name, info.access, info.modified_at)))
    Console(width=None if sys.stdout.isatty() else 200).print(grid)


async def ls(canvas: str, /, *, as_json: Json = False, url: Url = None, token: Token = None) -> None:
    """List the widgets of a canvas as a tree: type, id, title or text, position and size.

    Args:
        canvas: Id of the canvas.
        as_json: Print the widgets as one JSON document, in the server's order.
        url: Address of the server.
        token: Your access token.
    """
    async with connect(url, token) as client:
        widgets = await client.canvas(canvas).widgets.list()
    if as_json:
        plain = [widget.raw if isinstance(widget, UnknownWidget) else widget for widget in widgets]
        print(msgspec.json.encode(plain).decode())
        return
    Console(highlight=False, soft_wrap=True).print(tree_of(widgets))


def tree_of(widgets: list[Widget]) -> Tree:
    """The widgets below their parents; those whose parent is not listed are at the top."""
    ids = {widget.id for widget in widgets}
    children: defaultdict[str, list[Widget]] = defaultdict(list)
    for widget in widgets:
        parent = _parent(widget)
        children[parent if parent in ids and parent != widget.id else ""].append(widget)
    top = Tree(f"{len(widgets)} widgets")
    # A loop, because widgets can be nested deeper than Python's recursion limit. Parents that form a cycle cannot be
    # reached from the top and are left out.
    open_: list[tuple[Tree, Iterator[Widget]]] = [(top, iter(children[""]))]
    while open_:
        branch, rest = open_[-1]
        child = next(rest, None)
        if child is None:
            open_.pop()
        else:
            open_.append((branch.add(_line(child)), iter(children.pop(child.id, ()) if child.id else ())))
    return top


def _parent(widget: Widget) -> str:
    return widget.parent_id if isinstance(widget, PlacedWidget | TableCell) else ""


def _line(widget: Widget) -> str:
    parts = [f"{widget.widget_type or 'unknown'} {widget.id}".strip()]
    if name := label(widget):
        parts.append(f"“{name}”")
    if isinstance(widget, PlacedWidget):
        parts.append(f"at {widget.location.x:g},{widget.location.y:g}")
        parts.append(f"{widget.size.width:g}x{widget.size.height:g}")
    if isinstance(widget, Connector):
        parts.append(f"from {widget.src.id} to {widget.dst.id}")
    return escape(printable(" ".join(parts)))
