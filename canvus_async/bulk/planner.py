"""From items to single files: which levels of which pages, asked of the server where it takes asking."""

from collections.abc import Awaitable, Iterable
from typing import Generic, Protocol

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
from canvus_async.bulk.lanes import Lane, More, T, Unit
from canvus_async.content.fetcher import Fetcher


class Wish(msgspec.Struct, Generic[T], frozen=True, gc=False):
    """One file: the original, or a level of a page. `item` is what it was asked for with."""

    maker: "Maker[T]"
    item: object
    content: Content
    page: int | None = None
    level: int | None = None

    def run(self) -> Awaitable[T | More[T]]:
        """Fetch it."""
        return self.maker.one(self)

    def failed(self, error: Exception) -> T:
        """The result where that failed."""
        return self.maker.failed(self, error)


class Maker(Protocol[T]):
    """What is done for each file."""

    def one(self, wish: Wish[T], /) -> Awaitable[T]:
        """Fetch it."""
        ...

    def failed(self, wish: Wish[T], error: Exception, /) -> T:
        """The result where that failed."""
        ...


class Expander(Generic[T]):
    """The plan of a job: what each item asks for. `levels` None: no mipmaps. `originals` None: no originals."""

    def __init__(
        self,
        fetcher: Fetcher,
        canvas_id: str,
        maker: Maker[T],
        *,
        mipmaps: Lane[T] | None = None,
        levels: Levels = "all",
        pages: Pages = "all",
        originals: Lane[T] | None = None,
    ) -> None:
        self.fetcher = fetcher
        self.canvas_id = canvas_id
        self.maker = maker
        self._mipmaps = mipmaps
        self._levels: Levels = checked_levels(levels)
        self._pages: Pages = checked_pages(pages)
        self._originals = originals
        self._single = (
            (mipmaps, page, level)
            if mipmaps is not None
            and originals is None
            and isinstance(page := self._pages, int)
            and isinstance(level := self._levels, int)
            else None
        )

    def plan(self, item: object) -> Iterable[tuple[Lane[T], Unit[T]]]:
        """The work that an item makes, by lane; an item that cannot be right makes one failure."""
        if self._single is not None and isinstance(item, str):  # as mostly, when there are thousands
            lane, page, level = self._single
            return ((lane, Wish(self.maker, item, Content(item), page, level)),)
        return self._work(item)

    def _work(self, item: object) -> Iterable[tuple[Lane[T], Unit[T]]]:
        lane = self._mipmaps or self._originals
        if lane is None:
            return ()
        try:
            content = content_of(item)
            if content is None:
                return ()
            drawn = self._drawn(item, content)
        except (ValueError, TypeError) as error:
            return ((lane, _Refused(Wish(self.maker, item, Content("")), error)),)
        mipmaps = () if self._mipmaps is None or drawn is None else ((self._mipmaps, drawn),)
        if self._originals is None:
            return mipmaps
        return (*mipmaps, (self._originals, Wish(self.maker, item, content)))

    def _drawn(self, item: object, content: Content) -> Unit[T] | None:
        """The first piece of work for an item's mipmaps, if it has any and they are asked for."""
        if self._mipmaps is None or not content.drawn:
            return None
        levels: Levels = self._levels
        pages: Pages = self._pages
        if isinstance(item, MipmapRequest):
            levels = levels if item.levels is None else checked_levels(item.levels)
            pages = pages if item.pages is None else checked_pages(item.pages)
        if isinstance(pages, int):
            return self.page(item, content, pages, levels)
        if content.pages == 1:
            return self.page(item, content, 0, levels) if numbers(pages, 1) else None
        return _Pages(self, Wish(self.maker, item, content), pages, levels)

    def page(self, item: object, content: Content, page: int, levels: Levels) -> Unit[T]:
        """The work for levels of one page."""
        if isinstance(levels, int):
            return Wish(self.maker, item, content, page, levels)
        return _Page(self, Wish(self.maker, item, content, page), levels)


class _Page(Generic[T]):
    """Those levels of a page that its info names."""

    def __init__(self, expander: Expander[T], wish: Wish[T], levels: Levels) -> None:
        self._expander = expander
        self._levels: Levels = levels
        self._wish = wish

    async def run(self) -> T | More[T]:
        expander, (item, content, page) = self._expander, (self._wish.item, self._wish.content, self._wish.page or 0)
        info = await expander.fetcher.info(expander.canvas_id, content.hash, page)
        levels = levels_of(info, self._levels)
        return More(len(levels), (expander.page(item, content, page, level) for level in levels))

    def failed(self, error: Exception) -> T:
        return self._wish.failed(error)


class _Pages(Generic[T]):
    """Those pages that the info of the first names."""

    def __init__(self, expander: Expander[T], wish: Wish[T], pages: Pages, levels: Levels) -> None:
        self._expander = expander
        self._levels: Levels = levels
        self._pages: Pages = pages
        self._wish = wish

    async def run(self) -> T | More[T]:
        expander, item, content = self._expander, self._wish.item, self._wish.content
        info = await expander.fetcher.info(expander.canvas_id, content.hash, 0)
        pages = numbers(self._pages, info.pages)
        return More(len(pages), (expander.page(item, content, page, self._levels) for page in pages))

    def failed(self, error: Exception) -> T:
        return self._wish.failed(error)


class _Refused(Generic[T]):
    """An item for which nothing can be fetched."""

    def __init__(self, wish: Wish[T], error: Exception) -> None:
        self._error = error
        self._wish = wish

    async def run(self) -> T | More[T]:
        return self._wish.failed(self._error)

    def failed(self, error: Exception) -> T:
        return self._wish.failed(error)
