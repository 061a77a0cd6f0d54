"""Sticky notes (API page "Notes", developer.multitaction.com/mt-canvus)."""

from typing import Unpack

from canvus_async.models import Note
from canvus_async.protocol.names import WidgetId
from canvus_async.resources.collections import CloneableCollection
from canvus_async.resources.keywords import NoteFields, NoteUpdate


class Notes(CloneableCollection[Note]):
    """The sticky notes on one canvas."""

    endpoint = "notes"
    kind = Note

    async def create(self, **fields: Unpack[NoteFields]) -> Note:
        """Create a note. By default it has 300 x 300 canvas units, at a location that the server chooses.

        Raises BadRequest for a depth below 1 or an invalid colour, Forbidden without edit access.
        """
        return await self._create(fields, NoteFields)

    async def update(self, widget_id: WidgetId, **fields: Unpack[NoteUpdate]) -> Note:
        """Change the given fields of a note and return it. Other fields keep their values.

        Raises NotFound, BadRequest for a depth below 1, Forbidden without edit access. Raises Conflict if the server
        refuses a `text_color` while `auto_text_color` is true.
        """
        return await self._update(widget_id, fields, NoteUpdate)
