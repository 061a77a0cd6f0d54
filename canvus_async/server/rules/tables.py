"""The cells of a table. They are created with it, row by row, and move when it is resized.

The API's pages name the type `TableCell`, but do not describe it.
"""

from collections.abc import Iterator, Mapping
from uuid import uuid4

from canvus_async.models import JSON
from canvus_async.server.rules.kinds import TABLE_CELL
from canvus_async.server.rules.measures import size_json
from canvus_async.server.rules.widgets import StoredCanvas, StoredWidget, make_widget

CELL_SIZE = (300, 100)
"""Width and height in canvas units of a cell of a table that is created without a size."""


def default_table_size(fields: Mapping[str, JSON]) -> tuple[float, float] | None:
    """The size of a new table without a size, None if the fields are not those of a table."""
    grid = _columns_and_rows(fields)
    return (CELL_SIZE[0] * grid[0], CELL_SIZE[1] * grid[1]) if grid else None


def new_cells(table: StoredWidget) -> Iterator[StoredWidget]:
    """The cells of a new table; none if the widget is not a table."""
    columns, rows = _columns_and_rows(table.fields) or (0, 0)
    for index in range(columns * rows):
        cell_id = str(uuid4())
        fields: dict[str, JSON] = {
            "id": cell_id,
            "widget_type": TABLE_CELL.type,
            "state": "normal",
            "depth": 1.0,
            "scale": 1,
            "pinned": False,
            "parent_id": table.id,
            "index": index,
            "text": "",
        }
        yield make_widget(cell_id, TABLE_CELL, fields | _cell_placement(table, index))


def copied_cells(source: StoredCanvas, table: StoredWidget, copy: StoredWidget) -> Iterator[StoredWidget]:
    """Copies of the cells of `table` for its clone `copy`."""
    for cell in source.children(table.id):
        if cell.kind is TABLE_CELL:
            cell_id = str(uuid4())
            yield make_widget(cell_id, TABLE_CELL, {**cell.fields, "id": cell_id, "parent_id": copy.id})


def resized_cells(canvas: StoredCanvas, table: StoredWidget) -> Iterator[StoredWidget]:
    """The cells of a table that has been resized, in their new places."""
    for cell in canvas.children(table.id):
        index = cell.fields.get("index")
        if cell.kind is TABLE_CELL and isinstance(index, int):
            yield cell.with_fields(_cell_placement(table, index))


def _cell_placement(table: StoredWidget, index: int) -> dict[str, JSON]:
    columns, rows = _columns_and_rows(table.fields) or (1, 1)
    width, height = table.size[0] / columns, table.size[1] / rows
    row, column = divmod(index, columns)
    return {"location": {"x": column * width, "y": row * height}, "size": size_json(width, height)}


def _columns_and_rows(fields: Mapping[str, JSON]) -> tuple[int, int] | None:
    grid = fields.get("grid_size")
    if not isinstance(grid, dict):
        return None
    columns, rows = grid["columns"], grid["rows"]
    return (columns, rows) if isinstance(columns, int) and isinstance(rows, int) else None
