"""The two kinds of work of a bulk job, each with workers of its own: mipmaps and originals."""

import asyncio
from collections import deque
from collections.abc import Iterable

from canvus_async.bulk.planner import FileRequest

_BACKLOG = 64
"""Requests that may wait in one lane while the source is read for the other."""


class Lane:
    """The requests that wait for the workers of one kind."""

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self.running = 0
        self._requests: deque[FileRequest] = deque()
        self._changed = asyncio.Event()

    def add(self, request: FileRequest) -> None:
        """Add a request at the end."""
        self._requests.append(request)
        self._changed.set()

    def add_first(self, requests: Iterable[FileRequest]) -> None:
        """Add the parts of an expanded request before all others, so that few are expanded at the same time."""
        self._requests.extendleft(reversed(list(requests)))
        self._changed.set()

    def pop(self) -> FileRequest | None:
        """The next request, None if none waits."""
        return self._requests.popleft() if self._requests else None

    @property
    def busy(self) -> bool:
        """Whether requests wait or are being worked on."""
        return bool(self.running or self._requests)

    @property
    def is_full(self) -> bool:
        """Whether so many requests wait that the source is not read any further."""
        return len(self._requests) >= _BACKLOG

    async def change(self) -> None:
        """Wait for `wake()` or for a new request."""
        self._changed.clear()
        await self._changed.wait()

    def wake(self) -> None:
        """Let the workers that wait look again."""
        self._changed.set()
