"""Lines between widgets (API page "Connectors", developer.multitaction.com/mt-canvus)."""

from typing import Unpack

from canvus_async.models import Connector, ConnectorEnd
from canvus_async.protocol.names import WidgetId
from canvus_async.resources.collections import EditableCollection
from canvus_async.resources.keywords import ConnectorFields, ConnectorUpdate


class Connectors(EditableCollection[Connector]):
    """The lines between the widgets of one canvas. A connector has no location of its own."""

    endpoint = "connectors"
    kind = Connector

    async def create(self, *, src: ConnectorEnd, dst: ConnectorEnd, **fields: Unpack[ConnectorFields]) -> Connector:
        """Draw a line from the widget of `src` to the widget of `dst`.

        Raises BadRequest if one of the two widgets does not exist, Forbidden without edit access.
        """
        return await self._create({"src": src, "dst": dst, **fields}, ConnectorUpdate)

    async def update(self, widget_id: WidgetId, **fields: Unpack[ConnectorUpdate]) -> Connector:
        """Change the given fields of a connector and return it. Other fields keep their values.

        Raises NotFound, BadRequest if a given end's widget does not exist, Forbidden without edit access.
        """
        return await self._update(widget_id, fields, ConnectorUpdate)
