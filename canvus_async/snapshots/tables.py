"""Tables: a grid with the words of its cells."""

from collections.abc import Iterator, Sequence
from itertools import accumulate

from canvus_async.models import Table, TableCell
from canvus_async.snapshots.colours import BLACK, WHITE
from canvus_async.snapshots.commands import Box, Colour, DrawCommand, Panel, Stroke, Words

RULE = Colour(0x9A, 0xA3, 0xAF)
_TEXT = 0.4
_LARGEST = 48.0
_MOST_LINES = 1000
_NARROWEST = 3.0


def table(table: Table, cells: Sequence[TableCell], box: Box, scale: float) -> Iterator[DrawCommand]:
    """The table's ground, a box for each cell, and their words; `scale` is pixels for each unit of the table's own.

    Cells lie where their records say, else where the grid has them by `index`, row by row; without cells the grid
    alone is drawn, and without a grid the box.
    """
    yield Panel(box, WHITE, RULE)
    columns, rows = (
        _edges(table.column_widths, _count(table, 0), box.width),
        _edges(table.row_heights, _count(table, 1), box.height),
    )
    boxes = [(cell, each) for cell in cells if (each := _cell_box(cell, box, scale, columns, rows)) is not None]
    if not boxes:
        for x in columns[1:-1]:
            yield Stroke(((box.left + x, box.top), (box.left + x, box.bottom)), RULE, 1.0)
        for y in rows[1:-1]:
            yield Stroke(((box.left, box.top + y), (box.right, box.top + y)), RULE, 1.0)
    for cell, each in boxes:
        if min(each.width, each.height) >= _NARROWEST:
            yield Panel(each, None, RULE)
            yield Words(each.inset(each.height * 0.1), cell.text, BLACK, min(_LARGEST, each.height * _TEXT))
    if table.title and not any(cell.text for cell in cells):
        yield Words(box.inset(min(box.width, box.height) * 0.1), table.title, RULE, min(_LARGEST, box.height * 0.2))


def _count(table: Table, axis: int) -> int:
    """How many columns (0) or rows (1) are drawn."""
    if table.grid_size is None:
        return 1
    return max(1, min(_MOST_LINES, (table.grid_size.columns, table.grid_size.rows)[axis]))


def _edges(sizes: Sequence[float], count: int, length: float) -> list[float]:
    """Where columns or rows begin and end along `length` pixels: by their sizes where the server sent them."""
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
