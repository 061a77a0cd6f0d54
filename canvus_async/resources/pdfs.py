"""Documents on a canvas (seed 003)."""

from typing import Unpack

from canvus_async.http.multipart import Uploadable
from canvus_async.models import Pdf
from canvus_async.progress import Progress
from canvus_async.resources.collections import FileCollection
from canvus_async.resources.keywords import PdfFields, PdfUpdate


class Pdfs(FileCollection[Pdf]):
    """The documents on one canvas; each shows one page, `Pdf.index`."""

    endpoint = "pdfs"
    kind = Pdf

    async def upload(
        self,
        file: Uploadable,
        /,
        *,
        filename: str | None = None,
        wait_ready: bool = False,
        timeout: float | None = 60.0,
        progress: Progress | None = None,
        **fields: Unpack[PdfFields],
    ) -> Pdf:
        """Upload a document: a path, bytes, or a binary file; streamed, never whole in memory.

        The record comes back with `hash` "" unless `wait_ready` is true; then the call returns once the server has
        read the file, or raises RequestTimeout after `timeout` seconds. Raises BadRequest for a file that is no PDF,
        TooLarge, and OutcomeUnknown when the connection is lost while it may have arrived: it is never sent twice.
        Seed 003, "Create PDF".
        """
        return await self._upload(
            file, fields, PdfFields, filename=filename, wait_ready=wait_ready, timeout=timeout, progress=progress
        )

    async def update(self, pdf_id: str, /, **fields: Unpack[PdfUpdate]) -> Pdf:
        """Change what is given and leave the rest; `index=2` turns to the third page. Returns the PDF as it now is.

        Raises BadRequest for a depth below 1 or an index below 0, Forbidden without edit access. Seed 003, "Update
        PDF".
        """
        return await self._update(pdf_id, fields, PdfUpdate)
