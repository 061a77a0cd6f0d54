"""From items to single files: which levels of which pages, asked of the server where it takes asking."""

from collections.abc import Iterable
from typing import Generic, NamedTuple, Protocol

from canvus_async.bulk import Lane, More, T, T_co, Unit
from canvus_async.fetching import Fetcher
from canvus_async.selecting import (
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


class Wish(NamedTuple):
    """One file: the original, or a level of a page. `item` is what it was asked for with."""

    item: object
    content: Content
    page: int | None = None
    level: int | None = None


class Maker(Protocol[T_co]):
    """What is done for each file."""

    async def one(self, wish: Wish) -> T_co:
        """Fetch it."""
        ...

    def failed(self, wish: Wish, error: Exception) -> T_co:
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

    def plan(self, item: object) -> Iterable[tuple[Lane[T], More[T]]]:
        """The work that an item makes, by lane; an item that cannot be right makes one failure."""
        lane = self._mipmaps or self._originals
        if lane is None:
            return
        try:
            content = content_of(item)
            if content is None:
                return
            drawn = self._drawn(item, content) if self._mipmaps is not None else None
        except (ValueError, TypeError) as error:
            yield lane, _single(_Refused(self.maker, Wish(item, Content("")), error))
            return
        if self._mipmaps is not None and drawn is not None:
            yield self._mipmaps, _single(drawn)
        if self._originals is not None:
            yield self._originals, _single(_File(self.maker, Wish(item, content)))

    def _drawn(self, item: object, content: Content) -> Unit[T] | None:
        """The first piece of work for an item's mipmaps."""
        levels: Levels = self._levels
        pages: Pages = self._pages
        if isinstance(item, MipmapRequest):
            levels = levels if item.levels is None else checked_levels(item.levels)
            pages = pages if item.pages is None else checked_pages(item.pages)
        if not content.drawn:
            return None
        if not isinstance(pages, int) and content.pages == 1:
            found = numbers(pages, 1)
            if not found:
                return None
            pages = 0
        if not isinstance(pages, int):
            return _Pages(self, Wish(item, content), pages, levels)
        return self.page(Wish(item, content, pages), levels)

    def page(self, wish: Wish, levels: Levels) -> Unit[T]:
        """The work for levels of one page."""
        if isinstance(levels, int):
            return _File(self.maker, wish._replace(level=levels))
        return _Page(self, wish, levels)


def _single(unit: Unit[T]) -> More[T]:
    return More(1, iter((unit,)))


class _File(Generic[T]):
    """One file."""

    __slots__ = ("_maker", "_wish")

    def __init__(self, maker: Maker[T], wish: Wish) -> None:
        self._maker = maker
        self._wish = wish

    async def run(self) -> T | More[T]:
        return await self._maker.one(self._wish)

    def failed(self, error: Exception) -> T:
        return self._maker.failed(self._wish, error)


class _Page(Generic[T]):
    """Those levels of a page that its info names."""

    __slots__ = ("_expander", "_levels", "_wish")

    def __init__(self, expander: Expander[T], wish: Wish, levels: Levels) -> None:
        self._expander = expander
        self._levels: Levels = levels
        self._wish = wish

    async def run(self) -> T | More[T]:
        expander, wish = self._expander, self._wish
        info = await expander.fetcher.info(expander.canvas_id, wish.content.hash, wish.page or 0)
        levels = levels_of(info, self._levels)
        return More(len(levels), (expander.page(wish, level) for level in levels))

    def failed(self, error: Exception) -> T:
        return self._expander.maker.failed(self._wish, error)


class _Pages(Generic[T]):
    """Those pages that the info of the first names."""

    __slots__ = ("_expander", "_levels", "_pages", "_wish")

    def __init__(self, expander: Expander[T], wish: Wish, pages: Pages, levels: Levels) -> None:
        self._expander = expander
        self._levels: Levels = levels
        self._pages: Pages = pages
        self._wish = wish

    async def run(self) -> T | More[T]:
        expander, wish = self._expander, self._wish
        info = await expander.fetcher.info(expander.canvas_id, wish.content.hash, 0)
        pages = numbers(self._pages, info.pages)
        return More(len(pages), (expander.page(wish._replace(page=page), self._levels) for page in pages))

    def failed(self, error: Exception) -> T:
        return self._expander.maker.failed(self._wish, error)


class _Refused(Generic[T]):
    """An item for which nothing can be fetched."""

    __slots__ = ("_error", "_maker", "_wish")

    def __init__(self, maker: Maker[T], wish: Wish, error: Exception) -> None:
        self._error = error
        self._maker = maker
        self._wish = wish

    async def run(self) -> T | More[T]:
        return self._maker.failed(self._wish, self._error)

    def failed(self, error: Exception) -> T:
        return self._maker.failed(self._wish, error)
