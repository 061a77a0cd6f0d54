"""Sends files: whole (200), a byte range (206), or not at all if the caller has the content already (304).

aiohttp's FileResponse does not fit. Its ETag is derived from the file's modification time and cannot be replaced by the
content's hash, which If-Range needs. It also looks for a compressed file beside the requested one.
"""

import asyncio
import re
from pathlib import Path
from typing import BinaryIO, NamedTuple
from urllib.parse import quote

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter

from canvus_async.protocol.names import safe_filename
from canvus_async.server.http.responses import error_response
from canvus_async.server.refusals import Missing

IMMUTABLE = "private, max-age=157680000, immutable"
"""The Cache-Control header of everything that is addressed by a hash."""

SMALL_FILE = 256 * 1024
"""Bytes. A part of a file up to this size is read into memory and sent as an ordinary response."""

_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


class ByteRange(NamedTuple):
    """The bytes from `start` up to but not including `stop`."""

    start: int
    stop: int


class FileBody(web.StreamResponse):
    """A large file or a range of it, sent with `sendfile` if the event loop has it.

    `truncated`: close the connection halfway (see `Faults`).
    """

    def __init__(self, path: Path, byte_range: ByteRange, *, status: int, headers: dict[str, str]) -> None:
        super().__init__(status=status, headers=headers)
        self.content_length = byte_range.stop - byte_range.start
        self.truncated = False
        self._path = path
        self._range = byte_range

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Send the headers and the file."""
        with self._path.open("rb") as file:
            writer = await super().prepare(request)
            if request.method != "HEAD":
                await self._send(request, file)
        return writer

    async def _send(self, request: web.BaseRequest, file: BinaryIO) -> None:
        transport = request.transport
        if transport is None:
            raise ConnectionResetError("the client has disconnected")
        count = self._range.stop - self._range.start
        if self.truncated:
            count //= 2
        try:
            await asyncio.get_running_loop().sendfile(transport, file, self._range.start, count)
        except NotImplementedError:  # uvloop
            await self._copy(file, count)
        if self.truncated:
            transport.close()

    async def _copy(self, file: BinaryIO, count: int) -> None:
        """Read and write the file in blocks."""
        file.seek(self._range.start)
        while count:
            block = await asyncio.to_thread(file.read, min(count, SMALL_FILE))
            if not block:
                raise ConnectionResetError("the file is shorter than it was")
            count -= len(block)
            await self.write(block)


def file_response(
    request: web.Request, path: Path, *, etag: str, content_type: str, filename: str, disposition: str
) -> web.StreamResponse:
    """The response with a file that never changes, according to the request's Range, If-Range and If-None-Match.

    `etag` is a strong tag: equal tags mean equal bytes. `disposition` is "attachment" or "inline". Raises Missing.
    """
    tag = f'"{etag}"'
    headers = {
        "ETag": tag,
        "Cache-Control": IMMUTABLE,
        "Accept-Ranges": "bytes",
        "Content-Type": content_type,
        "Content-Disposition": content_disposition(disposition, filename),
        "X-Content-Type-Options": "nosniff",
    }
    if request.if_none_match and any(each.value in {etag, "*"} for each in request.if_none_match):
        return web.Response(status=304, headers={"ETag": tag, "Cache-Control": IMMUTABLE})
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        raise Missing("The file is not on this server") from None
    byte_range = requested_range(request.headers.get("Range"), size) if _range_applies(request, tag) else None
    if byte_range is None:
        byte_range, status = ByteRange(0, size), 200
    elif byte_range.start >= byte_range.stop:
        return error_response(416, f"The file has {size} bytes", {"Content-Range": f"bytes */{size}"})
    else:
        headers["Content-Range"] = f"bytes {byte_range.start}-{byte_range.stop - 1}/{size}"
        status = 206
    if byte_range.stop - byte_range.start > SMALL_FILE:
        return FileBody(path, byte_range, status=status, headers=headers)
    with path.open("rb") as file:
        file.seek(byte_range.start)
        return web.Response(status=status, headers=headers, body=file.read(byte_range.stop - byte_range.start))


def _range_applies(request: web.Request, tag: str) -> bool:
    """Whether to honour the Range header: there is no If-Range, or its tag matches.

    A date in If-Range never matches, because the server sends no Last-Modified.
    """
    return request.headers.get("If-Range", tag) == tag


def requested_range(header: str | None, size: int) -> ByteRange | None:
    """The range that a Range header requests of a file of `size` bytes; empty if it lies outside of the file.

    None means the whole file: the header is missing, malformed or lists several ranges, which RFC 9110 lets a server
    ignore.
    """
    match = _RANGE.fullmatch(header.strip()) if header else None
    if match is None:
        return None
    first, last = match.groups()
    if not first:
        return ByteRange(max(0, size - int(last)), size) if last else None
    if last and int(last) < int(first):
        return None
    return ByteRange(int(first), min(size, int(last) + 1) if last else size)


def content_disposition(disposition: str, filename: str) -> str:
    """A Content-Disposition header with the file name twice: in ASCII for old clients, and in UTF-8 (RFC 6266)."""
    name = safe_filename(filename)
    plain = "".join(char if char.isascii() and char not in '"\\%' else "_" for char in name)
    return f"{disposition}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
