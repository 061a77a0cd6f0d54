"""The bodies of uploads: a file that is streamed, with a length that is known before the first byte is sent."""

import asyncio
import io
import os
import tempfile
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO, Self, TypeAlias

import aiohttp
from aiohttp.abc import AbstractStreamWriter

from canvus_async.errors import SourceChanged
from canvus_async.progress import Progress

Uploadable: TypeAlias = str | os.PathLike[str] | bytes | IO[bytes]
"""What can be uploaded: a path, bytes, or a binary file (sent from its current position, and not closed)."""

_CHUNK = 256 * 1024
_MAX_IN_MEMORY = 8 * 1024 * 1024
"""Bytes of a pipe that are copied into memory; more are copied into a temporary file."""


class Source:
    """An open file to upload, the file name to send, and the number of bytes from `start` on."""

    def __init__(self, file: IO[bytes], *, name: str, start: int, size: int) -> None:
        self.file = file
        self.name = name
        self.start = start
        self.size = size

    @property
    def has_plain_name(self) -> bool:
        """Whether every server reads this name correctly from a multipart header: printable ASCII without quotes."""
        return self.name.isascii() and self.name.isprintable() and not set('"\\') & set(self.name)

    async def chunks(self) -> AsyncGenerator[bytes]:
        """The file's bytes from `start` on, read in a thread. Raises SourceChanged if the file changed meanwhile."""
        left = self.size
        before = _size_and_time(self.file)
        await asyncio.to_thread(self.file.seek, self.start)
        while chunk := await asyncio.to_thread(self.file.read, _CHUNK):
            left -= len(chunk)
            if left < 0:
                break
            yield chunk
        if left or _size_and_time(self.file) != before:
            what = "the file was changed while it was sent; the server may have received a mixture"
            raise SourceChanged(f"{self.name}: {what}")


def _size_and_time(file: IO[bytes]) -> tuple[int, int] | None:
    """Size and modification time of a file on a disk; None for other file objects."""
    try:
        state = os.fstat(file.fileno())
    except (OSError, AttributeError):
        return None
    return state.st_size, state.st_mtime_ns


@asynccontextmanager
async def open_source(file: Uploadable, filename: str | None) -> AsyncGenerator[Source]:
    """Open a file to upload. Raises what `open()` raises, for example FileNotFoundError; TypeError for another type.

    A file that cannot seek, such as a pipe, is first copied into memory or a temporary file, because its length must be
    sent before its content.
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
            with await asyncio.to_thread(_copy, file) as copy:
                yield Source(copy, name=name, start=0, size=copy.tell())
    else:
        raise TypeError(f"a path, bytes or a binary file can be uploaded, not {type(file).__name__}")


def _copy(file: IO[bytes]) -> IO[bytes]:
    copy: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=_MAX_IN_MEMORY)  # noqa: SIM115  # the caller closes it
    try:
        while chunk := file.read(_CHUNK):
            if not isinstance(chunk, bytes):
                raise TypeError("the file must be opened in binary mode ('rb')")
            copy.write(chunk)
    except BaseException:
        copy.close()
        raise
    return copy


def form(
    source: Source,
    fields: bytes | None,
    progress: Progress | None,
    on_chunk_sent: Callable[[], None],
    on_all_sent: Callable[[], None],
) -> aiohttp.Payload:
    """The multipart body of an upload: the part `json` if there are fields, then the part `data` with the file.

    See the API page "Images", section "Create Image". `on_chunk_sent` is called after each chunk of the file,
    `on_all_sent` after the last one.
    """
    body = aiohttp.MultipartWriter("form-data")
    if fields is not None:
        part = aiohttp.BytesPayload(fields, content_type="application/json")
        part.set_content_disposition("form-data", name="json")
        body.append_payload(part)
    data = _FilePayload(source, progress, on_chunk_sent, on_all_sent)
    # quote_fields=True percent-encodes even a space. Browsers do not do that, and not every server decodes it.
    quote = not source.has_plain_name
    data.set_content_disposition("form-data", quote_fields=quote, name="data", filename=source.name)
    body.append_payload(data)
    return body


class _FilePayload(aiohttp.Payload):
    """The part with the file. Its size is known, so the request has a Content-Length."""

    _value: Source

    def __init__(
        self,
        source: Source,
        progress: Progress | None,
        on_chunk_sent: Callable[[], None],
        on_all_sent: Callable[[], None],
    ) -> None:
        super().__init__(source, filename=source.name)
        self._size = source.size
        self._on_chunk_sent = on_chunk_sent
        self._on_all_sent = on_all_sent
        self._progress = progress

    def __deepcopy__(self, memo: object) -> Self:
        return self  # what records or mocks requests copies them; an open file cannot be copied

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        raise TypeError("a streamed file is not text")

    async def write(self, writer: AbstractStreamWriter) -> None:
        done = 0
        async for chunk in self._value.chunks():
            await writer.write(chunk)
            self._on_chunk_sent()
            done += len(chunk)
            if self._progress is not None:
                self._progress(done, self._value.size)
        self._on_all_sent()
