"""`canvus canvases` and `canvus ls`: what there is."""

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
from canvus_async.cli.watch import visible, words
from canvus_async.models import Connector, PlacedWidget, TableCell, UnknownWidget, Widget

Json = Annotated[bool, Parameter(name="--json", negative="")]


async def canvases(*, as_json: Json = False, url: Url = None, token: Token = None) -> None:
    """List the canvases that you may see.

    Args:
        as_json: Print one JSON document.
        url: The server's address.
        token: Your token.
    """
    async with connect(url, token) as client:
        infos = await client.canvases.list()
    if as_json:
        print(msgspec.json.encode(infos).decode())
        return
    grid = Grid(box=None)
    grid.add_column("id", no_wrap=True, min_width=36)  # whole, to be copied, however narrow the terminal
    for name in ("name", "access", "changed"):
        grid.add_column(name)
    for info in infos:
        grid.add_row(*(escape(visible(said)) for said in (info.id, info.name, info.access, info.modified_at)))
    Console(width=None if sys.stdout.isatty() else 200).print(grid)


async def ls(canvas: str, /, *, as_json: Json = False, url: Url = None, token: Token = None) -> None:
    """List what is on a canvas: a tree by parent, with type, words, place and size.

    Args:
        canvas: The canvas's id.
        as_json: Print one JSON document, in the server's order.
        url: The server's address.
        token: Your token.
    """
    async with connect(url, token) as client:
        widgets = await client.canvas(canvas).widgets.list()
    if as_json:
        plain = [widget.raw if isinstance(widget, UnknownWidget) else widget for widget in widgets]
        print(msgspec.json.encode(plain).decode())
        return
    Console(highlight=False, soft_wrap=True).print(tree_of(widgets))


def tree_of(widgets: list[Widget]) -> Tree:
    """The widgets below their parents; what has none that is there, at the top."""
    ids = {widget.id for widget in widgets}
    children: defaultdict[str, list[Widget]] = defaultdict(list)
    for widget in widgets:
        parent = _parent(widget)
        children[parent if parent in ids and parent != widget.id else ""].append(widget)
    top = Tree(f"{len(widgets)} widgets")
    # a loop, because people can nest deeper than Python recurses; a ring of parents is not reached from the top
    open_: list[tuple[Tree, Iterator[Widget]]] = [(top, iter(children[""]))]
    while open_:
        branch, rest = open_[-1]
        below = next(rest, None)
        if below is None:
            open_.pop()
        else:
            open_.append((branch.add(_line(below)), iter(children.pop(below.id, ()) if below.id else ())))
    return top


def _parent(widget: Widget) -> str:
    return widget.parent_id if isinstance(widget, PlacedWidget | TableCell) else ""


def _line(widget: Widget) -> str:
    parts = [f"{widget.widget_type or 'unknown'} {widget.id}".strip()]
    if said := words(widget):
        parts.append(f"“{said}”")
    if isinstance(widget, PlacedWidget):
        parts.append(f"at {widget.location.x:g},{widget.location.y:g}")
        parts.append(f"{widget.size.width:g}x{widget.size.height:g}")
    if isinstance(widget, Connector):
        parts.append(f"from {widget.src.id} to {widget.dst.id}")
    return escape(visible(" ".join(parts)))
