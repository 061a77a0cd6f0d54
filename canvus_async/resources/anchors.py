"""Named regions (developer.multitaction.com/mt-canvus)."""

from typing import Unpack

from canvus_async.models import Anchor
from canvus_async.protocol.names import WidgetId
from canvus_async.resources.collections import CloneableCollection
from canvus_async.resources.keywords import AnchorFields, AnchorUpdate


class Anchors(CloneableCollection[Anchor]):
    """The anchors of one canvas: named regions to which users can jump."""

    endpoint = "anchors"
    kind = Anchor

    async def create(self, **fields: Unpack[AnchorFields]) -> Anchor:
        """Create an anchor. By default it has 1200 x 800 canvas units and is the last one in the list.

        Raises BadRequest for a depth below 1, Forbidden without edit access.
        """
        return await self._create(fields, AnchorFields)

    async def update(self, widget_id: WidgetId, **fields: Unpack[AnchorUpdate]) -> Anchor:
        """Change the given fields of an anchor and return it. Other fields keep their values.

        Raises NotFound, BadRequest for a depth below 1, Forbidden without edit access.
        """
        return await self._update(widget_id, fields, AnchorUpdate)
