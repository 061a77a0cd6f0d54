"""Tables and their cells (developer.multitaction.com/mt-canvus)."""

import builtins
from typing import Unpack

from canvus_async.models import Table, TableCell
from canvus_async.resources.collections import CloneableCollection, listed
from canvus_async.resources.keywords import TableFields, TableUpdate


class Tables(CloneableCollection[Table]):
    """The tables on one canvas."""

    endpoint = "tables"
    kind = Table

    async def create(self, **fields: Unpack[TableFields]) -> Table:
        """Put a table on the canvas; `grid_size` is 2 x 2 unless given, and cannot be changed afterwards.

        Raises BadRequest for a depth below 1 or a grid without cells, Forbidden without edit access.
        """
        return await self._create(fields, TableFields)

    async def update(self, table_id: str, /, **fields: Unpack[TableUpdate]) -> Table:
        """Change what is given and leave the rest; returns the table as it now is.

        Raises NotFound, BadRequest for a depth below 1, Forbidden without edit access.
        """
        return await self._update(table_id, fields, TableUpdate)

    async def cells(self, table_id: str, /) -> builtins.list[TableCell]:
        """The cells of one table. Their form is not documented, so all fields but the id may be missing.

        Raises NotFound when there is no such table, or where a server does not offer its cells.
        """
        return await listed(self._transport, f"{self._path(table_id)}/cells", TableCell)
