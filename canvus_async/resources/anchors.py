"""Named regions to jump to (developer.multitaction.com/mt-canvus)."""

from typing import Unpack

from canvus_async.models import Anchor
from canvus_async.resources.collections import CloneableCollection
from canvus_async.resources.keywords import AnchorFields, AnchorUpdate


class Anchors(CloneableCollection[Anchor]):
    """The anchors on one canvas."""

    endpoint = "anchors"
    kind = Anchor

    async def create(self, **fields: Unpack[AnchorFields]) -> Anchor:
        """Put an anchor on the canvas, 1200 x 800 and last in the list unless told otherwise.

        Raises BadRequest for a depth below 1, Forbidden without edit access.
        """
        return await self._create(fields, AnchorFields)

    async def update(self, anchor_id: str, /, **fields: Unpack[AnchorUpdate]) -> Anchor:
        """Change what is given and leave the rest; returns the anchor as it now is.

        Raises NotFound, BadRequest for a depth below 1, Forbidden without edit access.
        """
        return await self._update(anchor_id, fields, AnchorUpdate)
