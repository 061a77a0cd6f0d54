"""Tables and their cells (API page "Tables", developer.multitaction.com/mt-canvus)."""

import builtins
from typing import Unpack

from canvus_async.models import Table, TableCell
from canvus_async.protocol.names import WidgetId
from canvus_async.resources.collections import CloneableCollection, listed
from canvus_async.resources.keywords import TableFields, TableUpdate


class Tables(CloneableCollection[Table]):
    """The tables on one canvas."""

    endpoint = "tables"
    kind = Table

    async def create(self, **fields: Unpack[TableFields]) -> Table:
        """Create a table. `grid_size` is 2 x 2 by default and cannot be changed later.

        Raises BadRequest for a depth below 1 or a grid without cells, Forbidden without edit access.
        """
        return await self._create(fields, TableFields)

    async def update(self, widget_id: WidgetId, **fields: Unpack[TableUpdate]) -> Table:
        """Change the given fields of a table and return it. Other fields keep their values.

        Raises NotFound, BadRequest for a depth below 1, Forbidden without edit access.
        """
        return await self._update(widget_id, fields, TableUpdate)

    async def cells(self, widget_id: WidgetId) -> builtins.list[TableCell]:
        """The cells of one table. Their fields are not documented, so all except the id may be missing.

        Raises NotFound if the table does not exist, or if the server has no endpoint for cells.
        """
        return await listed(self._transport, f"{self._path(widget_id)}/cells", TableCell)
