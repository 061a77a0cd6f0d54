"""Tables: a grid with the text of its cells."""

from collections.abc import Iterator, Sequence
from itertools import accumulate

from canvus_async.models import Table, TableCell
from canvus_async.snapshots.colours import BLACK, WHITE
from canvus_async.snapshots.commands import Box, Colour, DrawCommand, Panel, Stroke, Text

BORDER = Colour(0x9A, 0xA3, 0xAF)
_TEXT = 0.4
"""Size of the letters relative to the height of the cell."""

_LARGEST = 48.0
"""Pixels of the letters, at most."""

_MOST_LINES = 1000
"""Rows or columns that are drawn, at most."""

_NARROWEST = 3.0
"""Pixels: smaller cells are not drawn."""


def table(table: Table, cells: Sequence[TableCell], box: Box, scale: float) -> Iterator[DrawCommand]:
    """The background of the table, and a box with text for each cell. `scale` is pixels per unit of the table.

    A cell is at the place in its record, else at the place of its `index` in the grid, counted row by row. Without
    cells only the grid is drawn, and without a grid only the box.
    """
    yield Panel(box, WHITE, BORDER)
    columns, rows = (
        _edges(table.column_widths, _count(table, 0), box.width),
        _edges(table.row_heights, _count(table, 1), box.height),
    )
    boxes = [(cell, each) for cell in cells if (each := _cell_box(cell, box, scale, columns, rows)) is not None]
    if not boxes:
        for x in columns[1:-1]:
            yield Stroke(((box.left + x, box.top), (box.left + x, box.bottom)), BORDER, 1.0)
        for y in rows[1:-1]:
            yield Stroke(((box.left, box.top + y), (box.right, box.top + y)), BORDER, 1.0)
    for cell, each in boxes:
        if min(each.width, each.height) >= _NARROWEST:
            yield Panel(each, None, BORDER)
            yield Text(each.inset(each.height * 0.1), cell.text, BLACK, min(_LARGEST, each.height * _TEXT))
    if table.title and not any(cell.text for cell in cells):
        yield Text(box.inset(min(box.width, box.height) * 0.1), table.title, BORDER, min(_LARGEST, box.height * 0.2))


def _count(table: Table, axis: int) -> int:
    """The number of columns (axis 0) or rows (axis 1) to draw."""
    if table.grid_size is None:
        return 1
    return max(1, min(_MOST_LINES, (table.grid_size.columns, table.grid_size.rows)[axis]))


def _edges(sizes: Sequence[float], count: int, length: float) -> list[float]:
    """The edges of columns or rows in pixels, up to `length`: by their sizes if the server sent them, else even."""
    known = len(sizes) == count and all(size > 0 for size in sizes)
    ends = list(accumulate(sizes if known else [1.0] * count, initial=0.0))
    return [end / ends[-1] * length for end in ends]


def _cell_box(cell: TableCell, table: Box, scale: float, columns: Sequence[float], rows: Sequence[float]) -> Box | None:
    if cell.location is not None and cell.size is not None:
        left, top = table.left + cell.location.x * scale, table.top + cell.location.y * scale
        return Box(left, top, left + cell.size.width * scale, top + cell.size.height * scale)
    if cell.index is None or not 0 <= cell.index < (len(columns) - 1) * (len(rows) - 1):
        return None
    row, column = divmod(cell.index, len(columns) - 1)
    return Box(
        table.left + columns[column], table.top + rows[row], table.left + columns[column + 1], table.top + rows[row + 1]
    )
