"""From the items of a bulk job to single files."""

from collections.abc import Sequence

import msgspec

from canvus_async.bulk.items import (
    Content,
    Levels,
    MipmapRequest,
    Pages,
    checked_levels,
    checked_pages,
    content_of,
    levels_of,
    numbers,
)
from canvus_async.content.fetcher import Fetcher


class FileRequest(msgspec.Struct, frozen=True, gc=False):
    """A file to fetch: an original if `pages` is None, else a mipmap level.

    If `pages` or `levels` is not a single number, it stands for several files; `Planner.expand()` returns them.
    """

    item: object
    content: Content
    pages: Pages | None = None
    levels: Levels | None = None

    @property
    def is_single(self) -> bool:
        """Whether it is one file."""
        return self.pages is None or (isinstance(self.pages, int) and isinstance(self.levels, int))

    @property
    def page(self) -> int | None:
        """The page, counted from 0; None for an original and while it is not a single one."""
        return self.pages if isinstance(self.pages, int) else None

    @property
    def level(self) -> int | None:
        """The level, counted from 0; None for an original and while it is not a single one."""
        return self.levels if isinstance(self.levels, int) else None


class Planner:
    """Which files each item of a job asks for. `levels` None: no mipmaps."""

    def __init__(
        self, fetcher: Fetcher, canvas_id: str, *, levels: Levels | None, pages: Pages, originals: bool
    ) -> None:
        self._fetcher = fetcher
        self._canvas_id = canvas_id
        self._levels: Levels | None = None if levels is None else checked_levels(levels)
        self._pages: Pages = checked_pages(pages)
        self._originals = originals

    def plan(self, item: object) -> list[FileRequest]:
        """The files of one item, without a request. Raises TypeError or ValueError for an invalid item."""
        content = content_of(item)
        if content is None:
            return []
        requests: list[FileRequest] = []
        if self._levels is not None and content.has_mipmaps:
            levels: Levels = self._levels
            pages: Pages = self._pages
            if isinstance(item, MipmapRequest):
                levels = levels if item.levels is None else checked_levels(item.levels)
                pages = pages if item.pages is None else checked_pages(item.pages)
            if content.pages == 1 and not isinstance(pages, int):
                pages = 0 if numbers(pages, 1) else ()
            if isinstance(pages, int) or pages:
                requests.append(FileRequest(item, content, pages, levels))
        if self._originals:
            requests.append(FileRequest(item, content))
        return requests

    async def expand(self, request: FileRequest) -> Sequence[FileRequest]:
        """One step from a request for several files to single ones; asks the server for the mipmap info.

        Pages become requests for one page each, so that several workers can ask for their levels.
        """
        if request.pages is None or request.levels is None:
            return [request]
        info = await self._fetcher.info(self._canvas_id, request.content.hash, request.page or 0)
        if isinstance(request.pages, int):
            return [msgspec.structs.replace(request, levels=level) for level in levels_of(info, request.levels)]
        return [msgspec.structs.replace(request, pages=page) for page in numbers(request.pages, info.pages)]
