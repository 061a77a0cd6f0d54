"""Web pages on a canvas (developer.multitaction.com/mt-canvus)."""

from typing import Unpack

from canvus_async.models import Browser
from canvus_async.protocol.names import WidgetId
from canvus_async.resources.collections import CloneableCollection
from canvus_async.resources.keywords import BrowserFields, BrowserUpdate


class Browsers(CloneableCollection[Browser]):
    """The web pages on one canvas."""

    endpoint = "browsers"
    kind = Browser

    async def create(self, **fields: Unpack[BrowserFields]) -> Browser:
        """Create a web page on the canvas, 1200 x 800 canvas units by default.

        Raises BadRequest for a depth below 1, Forbidden without edit access.
        """
        return await self._create(fields, BrowserFields)

    async def update(self, widget_id: WidgetId, **fields: Unpack[BrowserUpdate]) -> Browser:
        """Change the given fields of a web page and return it. Other fields keep their values.

        Raises NotFound, BadRequest for a depth below 1, Forbidden without edit access.
        """
        return await self._update(widget_id, fields, BrowserUpdate)
