"""PDF documents on a canvas (API page "PDFs")."""

from typing import Unpack

from canvus_async.http.multipart import Uploadable
from canvus_async.models import Pdf
from canvus_async.progress import Progress
from canvus_async.protocol.names import WidgetId
from canvus_async.resources.collections import FileCollection
from canvus_async.resources.keywords import PdfFields, PdfUpdate


class Pdfs(FileCollection[Pdf]):
    """The PDF documents on one canvas. Each shows one page, `Pdf.index`, counted from 0."""

    endpoint = "pdfs"
    kind = Pdf

    async def upload(
        self,
        file: Uploadable,
        *,
        filename: str | None = None,
        wait_ready: bool = False,
        timeout: float | None = 60.0,
        progress: Progress | None = None,
        **fields: Unpack[PdfFields],
    ) -> Pdf:
        """Upload a PDF document and return its record.

        `file` is a path, bytes, or a binary file; it is streamed and never completely in memory. The record has `hash`
        "" unless `wait_ready` is true: then the call returns when the server has processed the file, or raises
        RequestTimeout after `timeout` seconds (None = no limit). `progress` is called with the bytes sent so far and in
        all.

        Raises BadRequest for a file that is not a PDF, TooLarge, Forbidden without edit access, and OutcomeUnknown if
        the connection is lost when the file may have arrived: it is never sent twice.
        """
        return await self._upload(
            file, fields, PdfFields, filename=filename, wait_ready=wait_ready, timeout=timeout, progress=progress
        )

    async def update(self, widget_id: WidgetId, **fields: Unpack[PdfUpdate]) -> Pdf:
        """Change the given fields of a PDF and return it. Other fields keep their values.

        `index` is the page to show, counted from 0: `index=2` shows the third page. Raises NotFound, BadRequest for a
        depth below 1 or an index below 0, Forbidden without edit access.
        """
        return await self._update(widget_id, fields, PdfUpdate)
