"""The base of what users see as an async generator but is not written with `yield`."""

from collections.abc import AsyncGenerator
from types import TracebackType
from typing import Generic, Never, Protocol, Self, TypeVar

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Source(Protocol[T_co]):
    """Where the items of a generator come from."""

    async def next(self) -> T_co:
        """The next item. Raises StopAsyncIteration after the last; a cancelled call loses nothing."""
        ...

    async def aclose(self) -> None:
        """Release everything; it is released when this returns. May be called again."""
        ...

    def abandon(self) -> None:
        """Release what can be released without waiting, because nobody can read any more, and warn if work was left."""
        ...


class ResumableGenerator(AsyncGenerator[T, None], Generic[T]):
    """An async generator whose cancelled `anext()` loses nothing: the next call continues where it stopped.

    It is only a handle on its source, which is abandoned as soon as the last user has dropped the handle. Therefore a
    coroutine keeps the handle alive while it runs, and deletes its reference at the end: the frames of a traceback
    would keep the handle, and with it a connection, for as long as somebody keeps the exception.
    """

    def __init__(self, source: Source[T]) -> None:
        self._source = source

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self._source.aclose()

    async def __anext__(self) -> T:
        source = self._source
        try:
            return await source.next()
        finally:
            del self

    async def asend(self, value: None) -> T:
        """The same as `anext()`: nothing can be sent."""
        source = self._source
        try:
            return await source.next()
        finally:
            del self

    async def athrow(
        self,
        typ: type[BaseException] | BaseException,
        val: BaseException | object = None,
        tb: TracebackType | None = None,
        /,
    ) -> Never:
        """Close, then raise the given exception."""
        source = self._source
        del self
        await source.aclose()
        if isinstance(typ, BaseException):
            raise typ
        raise val if isinstance(val, BaseException) else typ()

    async def aclose(self) -> None:
        """Release everything; it is released when this returns. May be called again."""
        await self._source.aclose()

    def __del__(self) -> None:
        if "_source" in vars(self):
            self._source.abandon()
