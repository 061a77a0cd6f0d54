"""Files on their way up: opened once, streamed, their length known before the first byte."""

import asyncio
import io
import os
import tempfile
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO, TypeAlias

import aiohttp
from aiohttp.abc import AbstractStreamWriter

from canvus_async.errors import SourceChanged
from canvus_async.progress import Progress

Uploadable: TypeAlias = str | os.PathLike[str] | bytes | IO[bytes]
"""What can be uploaded: a path, bytes, or a file opened for reading bytes (sent from where it stands, not closed)."""

_CHUNK = 256 * 1024
_IN_MEMORY = 8 * 1024 * 1024


class Source:
    """An opened file and what is known of it: the name to send and the number of bytes from `start` on."""

    def __init__(self, file: IO[bytes], *, name: str, start: int, size: int) -> None:
        self.file = file
        self.name = name
        self.start = start
        self.size = size

    @property
    def plainly_named(self) -> bool:
        """Whether every server reads the name from a multipart head as it is: printable ASCII, no quote."""
        return self.name.isascii() and self.name.isprintable() and not set('"\\') & set(self.name)

    async def chunks(self) -> AsyncGenerator[bytes]:
        """The file's bytes from `start`, read off the event loop. Raises SourceChanged if it is not what it was."""
        left = self.size
        before = _stamp(self.file)
        await asyncio.to_thread(self.file.seek, self.start)
        while chunk := await asyncio.to_thread(self.file.read, _CHUNK):
            left -= len(chunk)
            if left < 0:
                break
            yield chunk
        if left or _stamp(self.file) != before:
            raise SourceChanged(f"{self.name}: the file was changed while it was sent")


def _stamp(file: IO[bytes]) -> tuple[int, int] | None:
    """Length and time of the last change of what is on a disk, None for what is not."""
    try:
        state = os.fstat(file.fileno())
    except (OSError, AttributeError):
        return None
    return state.st_size, state.st_mtime_ns


@asynccontextmanager
async def opened(file: Uploadable, filename: str | None) -> AsyncGenerator[Source]:
    """The file to upload, opened. Raises FileNotFoundError and the like as `open()` does, TypeError for no file.

    A file that cannot seek, such as a pipe, is first copied to a temporary file, so that its length can be sent.
    """
    if isinstance(file, bytes | bytearray | memoryview):
        yield Source(io.BytesIO(file), name=filename or "file", start=0, size=len(file))
    elif isinstance(file, str | os.PathLike):
        path = Path(file)
        with await asyncio.to_thread(path.open, "rb") as opened_file:
            size = os.fstat(opened_file.fileno()).st_size
            yield Source(opened_file, name=filename or path.name, start=0, size=size)
    elif callable(getattr(file, "read", None)):
        name = filename or Path(str(getattr(file, "name", "file"))).name
        if file.seekable():
            start = file.tell()
            yield Source(file, name=name, start=start, size=file.seek(0, os.SEEK_END) - start)
        else:
            with await asyncio.to_thread(_spooled, file) as copy:
                yield Source(copy, name=name, start=0, size=copy.tell())
    else:
        raise TypeError(f"a path, bytes or a binary file can be uploaded, not {type(file).__name__}")


def _spooled(file: IO[bytes]) -> IO[bytes]:
    copy: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115  # the caller closes it
    try:
        while chunk := file.read(_CHUNK):
            if not isinstance(chunk, bytes):
                raise TypeError("the file must be opened for reading bytes (mode 'rb')")
            copy.write(chunk)
    except BaseException:
        copy.close()
        raise
    return copy


def form(
    source: Source,
    fields: bytes | None,
    progress: Progress | None,
    moved: Callable[[], None],
    sent: Callable[[], None],
) -> aiohttp.Payload:
    """The multipart body of an upload (seed 002, "Create Image"): the part `json` if there are fields, then `data`.

    `moved` is called for each piece that has gone out, `sent` after the last one.
    """
    body = aiohttp.MultipartWriter("form-data")
    if fields is not None:
        part = aiohttp.BytesPayload(fields, content_type="application/json")
        part.set_content_disposition("form-data", name="json")
        body.append_payload(part)
    data = _FilePayload(source, progress, moved, sent)
    # aiohttp would percent-encode even a space, which neither browsers do nor every server undoes
    quoted = not source.plainly_named
    data.set_content_disposition("form-data", quote_fields=quoted, name="data", filename=source.name)
    body.append_payload(data)
    return body


class _FilePayload(aiohttp.Payload):
    """The file part. It knows its size, so the request has a Content-Length, and says whenever bytes have gone out."""

    _value: Source

    def __init__(
        self, source: Source, progress: Progress | None, moved: Callable[[], None], sent: Callable[[], None]
    ) -> None:
        super().__init__(source, filename=source.name)
        self._size = source.size
        self._moved = moved
        self._sent = sent
        self._progress = progress

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        raise TypeError("a streamed file is not text")

    async def write(self, writer: AbstractStreamWriter) -> None:
        done = 0
        async for chunk in self._value.chunks():
            await writer.write(chunk)
            self._moved()
            done += len(chunk)
            if self._progress is not None:
                self._progress(done, self._value.size)
        self._sent()
