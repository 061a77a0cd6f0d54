"""What bulk jobs take as items, and which levels and pages of each are meant."""

from collections.abc import Collection, Iterator
from typing import Literal, TypeAlias

import msgspec

from canvus_async.models import AssetWidget, CanvasBackground, MipmapInfo, Pdf, Video, Widget
from canvus_async.options import check_positive


class Fit(msgspec.Struct, frozen=True, gc=False):
    """The smallest level that covers a box of `width` x `height` pixels, or level 0 if none does.

    Raises ValueError for a side below 1, TypeError for a side that is not a whole number.
    """

    width: int
    height: int

    def __post_init__(self) -> None:
        check_positive("Fit", integers={"width", "height"}, width=self.width, height=self.height)


Levels: TypeAlias = int | Fit | Collection[int] | Literal["all"]
"""Which levels: one by its number, the one that fits a box, those of a collection that exist, or "all"."""

Pages: TypeAlias = int | Collection[int] | Literal["all"]
"""Which pages, counted from 0: one by its number, those of a collection that exist, or "all"."""


class MipmapRequest(msgspec.Struct, frozen=True):
    """Levels and pages of one hash, both counted from 0; None means what the call says for all its items."""

    hash: str
    levels: Levels | None = None
    pages: Pages | None = None


Item: TypeAlias = Widget | str
"""An item with a file: a widget or a hash."""

MipmapItem: TypeAlias = Widget | str | MipmapRequest
"""An item with mipmaps: a widget, a hash, or a request for certain levels and pages."""


class Content(msgspec.Struct, frozen=True, gc=False):
    """What is known of the content of an item without asking the server.

    `suffix` is the extension of its file name, `pages` the number of pages if it is known, `widget_id` the widget that
    shows it ("" if the item was a hash).
    """

    hash: str
    suffix: str = ""
    has_mipmaps: bool = True
    pages: int | None = None
    widget_id: str = ""


NO_CONTENT = Content("")


def content_of(item: object) -> Content | None:
    """The content of an item; None for a widget without a file, such as a note, and for a deleted one.

    Raises TypeError for anything but an item, ValueError for a widget whose file the server has not processed yet.
    """
    content: Content | None
    match item:
        case str():
            return Content(item)
        case MipmapRequest():
            return Content(item.hash)
        case AssetWidget():
            content = _shown(item)
        case CanvasBackground(image=image):
            content = Content(image.hash, pages=1) if image is not None and image.hash else None
        case Widget():
            return None
        case _:
            raise TypeError(f"items must be widgets, hashes or MipmapRequests, not {type(item).__name__}")
    if content is None or item.deleted:
        return None
    if not content.hash:
        raise ValueError(
            f"{item.widget_type} {item.id} has no hash yet: the server is processing its file (see wait_ready)"
        )
    return content


def _shown(widget: AssetWidget) -> Content:
    suffix = suffix_of(widget.original_filename) or suffix_of(widget.title)
    if isinstance(widget, Pdf):
        return Content(widget.hash, suffix or ".pdf", widget_id=widget.id)
    if isinstance(widget, Video):
        return Content(widget.hash, suffix, has_mipmaps=False, widget_id=widget.id)
    return Content(widget.hash, suffix, pages=1, widget_id=widget.id)


def suffix_of(name: str) -> str:
    """The extension of a file name, such as ".jpg", if it is safe on every file system; else ""."""
    stem, _, suffix = name.rpartition(".")
    return f".{suffix.lower()}" if stem and suffix.isascii() and suffix.isalnum() and len(suffix) <= 8 else ""


def levels_of(info: MipmapInfo, levels: Levels) -> list[int]:
    """The numbers of the levels that are meant, for a page with that info."""
    if isinstance(levels, Fit):
        return [info.level_for(levels.width, levels.height)]
    return numbers(levels, info.max_level + 1)


def numbers(wanted: int | Collection[int] | Literal["all"], count: int) -> list[int]:
    """The wanted numbers below `count`; a single number is returned even if it does not exist."""
    if isinstance(wanted, int):
        return [wanted]
    if wanted == "all":
        return list(range(count))
    return [number for number in range(count) if number in wanted]


def checked_levels(levels: Levels) -> Levels:
    """`levels` itself. Raises TypeError or ValueError for invalid ones."""
    if not isinstance(levels, Fit):
        _check_numbers("levels", levels)
    return levels


def checked_pages(pages: Pages) -> Pages:
    """`pages` itself. Raises TypeError or ValueError for invalid ones."""
    _check_numbers("pages", pages)
    return pages


def _check_numbers(what: str, wanted: object) -> None:
    if isinstance(wanted, str):
        if wanted != "all":
            raise ValueError(f'{what} must be "all" or numbers, got {wanted!r}')
        return
    for number in _each(what, wanted):
        if isinstance(number, bool) or not isinstance(number, int):
            raise TypeError(f"{what} must be whole numbers, got {number!r}")
        if number < 0:
            raise ValueError(f"{what} must be 0 or more, got {number}")


def _each(what: str, wanted: object) -> Iterator[object]:
    if isinstance(wanted, int):
        yield wanted
    elif isinstance(wanted, range):
        yield from wanted[:1]
        yield from wanted[-1:]
    elif isinstance(wanted, Collection):
        yield from wanted
    else:
        raise TypeError(f'{what} must be "all", a number or a collection of numbers, got {wanted!r}')
