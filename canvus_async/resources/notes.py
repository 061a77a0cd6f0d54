"""Sticky notes (developer.multitaction.com/mt-canvus)."""

from typing import Unpack

from canvus_async.models import Note
from canvus_async.resources.collections import CloneableCollection
from canvus_async.resources.keywords import NoteFields, NoteUpdate


class Notes(CloneableCollection[Note]):
    """The sticky notes on one canvas."""

    endpoint = "notes"
    kind = Note

    async def create(self, **fields: Unpack[NoteFields]) -> Note:
        """Put a note on the canvas; what is not given takes the server's default, 300 x 300 in the middle.

        Raises BadRequest for a depth below 1 or a colour that is none, Forbidden without edit access.
        """
        return await self._create(fields, NoteFields)

    async def update(self, note_id: str, /, **fields: Unpack[NoteUpdate]) -> Note:
        """Change what is given and leave the rest; returns the note as it now is.

        Raises BadRequest for a depth below 1, Conflict where a server refuses a text colour while it picks one itself.
        """
        return await self._update(note_id, fields, NoteUpdate)
