"""Lines between widgets (developer.multitaction.com/mt-canvus)."""

from typing import Unpack

from canvus_async.models import Connector, ConnectorEnd
from canvus_async.resources.collections import EditableCollection
from canvus_async.resources.keywords import ConnectorFields, ConnectorUpdate


class Connectors(EditableCollection[Connector]):
    """The lines between widgets of one canvas; they have no place of their own."""

    endpoint = "connectors"
    kind = Connector

    async def create(self, *, src: ConnectorEnd, dst: ConnectorEnd, **fields: Unpack[ConnectorFields]) -> Connector:
        """Draw a line from one widget to another.

        Raises BadRequest for an end that holds on to nothing, Forbidden without edit access.
        """
        return await self._create({"src": src, "dst": dst, **fields}, ConnectorUpdate)

    async def update(self, connector_id: str, /, **fields: Unpack[ConnectorUpdate]) -> Connector:
        """Change what is given and leave the rest; returns the line as it now is.

        Raises NotFound, BadRequest for an end that holds on to nothing, Forbidden without edit access.
        """
        return await self._update(connector_id, fields, ConnectorUpdate)
