"""Receives uploads: multipart/form-data with a file part `data` and an optional JSON part `json`, in any order.

The file is hashed and written to disk as it arrives, so that it is never in memory as a whole.
"""

import asyncio
import hashlib
import re
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, cast
from urllib.parse import unquote

from aiohttp import (
    BadContentDispositionHeader,
    BadContentDispositionParam,
    BodyPartReader,
    MultipartReader,
    StreamReader,
    web,
)

from canvus_async.models import JSON
from canvus_async.server.http.responses import decode_json_object
from canvus_async.server.refusals import Invalid, TooBig

BATCH_SIZE = 1 << 20
"""Bytes that a thread hashes and writes in one call."""

MAX_JSON_PART = 1 << 20
"""Bytes."""

MAX_PARTS = 32
"""Parts with unknown names are skipped, but they count."""

_MALFORMED_FORM = (
    ValueError,
    AssertionError,
    RuntimeError,
    LookupError,
    BadContentDispositionHeader,  # these two are warnings, which the application may have turned into errors
    BadContentDispositionParam,
)
"""What aiohttp's reader raises for a malformed form."""

_PERCENT_ENCODED = re.compile(r"(?:[A-Za-z0-9_.~-]|%[0-9A-Fa-f]{2})+")


@dataclass
class Upload:
    """A received file. `hash` is its SHA-256 in hexadecimal, `fields` the object in the `json` part."""

    path: Path
    hash: str = ""
    size: int = 0
    filename: str = ""
    fields: dict[str, JSON] = field(default_factory=dict[str, JSON])


def is_multipart(request: web.Request) -> bool:
    """Whether the body is a form, not JSON."""
    return request.content_type.startswith("multipart/")


class _LimitedBody:
    """A body of which at most `limit` bytes are read, whatever they belong to: text before the first part counts too.

    It has those methods of aiohttp's StreamReader that MultipartReader calls. They raise TooBig.
    """

    def __init__(self, body: StreamReader, limit: int) -> None:
        self._body = body
        self._limit = self._left = limit
        self.at_eof = body.at_eof

    async def read(self, n: int = -1) -> bytes:
        return self._counted(await self._body.read(n))

    async def readline(self, *, max_line_length: int | None = None) -> bytes:
        return self._counted(await self._body.readline(max_line_length=max_line_length))

    def unread_data(self, data: bytes) -> None:
        self._left += len(data)
        self._body.unread_data(data)

    def _counted(self, data: bytes) -> bytes:
        self._left -= len(data)
        if self._left < 0:
            raise TooBig(f"The form is larger than {self._limit} bytes")
        return data


@asynccontextmanager
async def receive(
    request: web.Request, create_file: Callable[[], IO[bytes]], *, max_bytes: int
) -> AsyncGenerator[Upload, None]:
    """Write the file of a form to a new file from `create_file`, which is removed at the end unless it was moved.

    `max_bytes` limits the file. Raises Invalid and TooBig.
    """
    if request.content_type != "multipart/form-data":
        raise Invalid("An upload must be multipart/form-data")
    if request.content_length is not None and request.content_length > max_bytes + MAX_JSON_PART:
        raise TooBig(f"The file is larger than {max_bytes} bytes")
    with create_file() as file:
        upload = Upload(Path(file.name))
        try:
            try:
                body = _LimitedBody(request.content, max_bytes + MAX_JSON_PART)
                parts = MultipartReader(request.headers, cast("StreamReader", body))
                await _read_parts(parts, upload, file, max_bytes)
            except _MALFORMED_FORM as error:
                raise Invalid(f"The multipart body is malformed: {error}") from None
            file.close()
            yield upload
        finally:
            upload.path.unlink(missing_ok=True)


async def _read_parts(parts: MultipartReader, upload: Upload, file: IO[bytes], max_bytes: int) -> None:
    seen: set[str] = set()
    for _ in range(MAX_PARTS):
        part = await parts.next()
        if part is None:
            break
        if not isinstance(part, BodyPartReader):
            raise Invalid("A part of the form is itself multipart")
        if part.name in seen:
            raise Invalid(f"There is more than one {part.name} part")
        if part.name == "data":
            upload.filename = _filename(part.filename)
            await _store(part, upload, file, max_bytes)
        elif part.name == "json":
            upload.fields = decode_json_object(await _read_small(part), "json part")
        else:
            await _read_small(part)
        seen.add(part.name or "")
    else:
        raise Invalid(f"There are more than {MAX_PARTS} parts")
    if "data" not in seen:
        raise Invalid("The data part with the file is missing")
    if not upload.size:
        raise Invalid("The file is empty")


async def _store(part: BodyPartReader, upload: Upload, file: IO[bytes], max_bytes: int) -> None:
    digest = hashlib.sha256()
    batch = bytearray()

    def flush() -> None:
        digest.update(batch)
        file.write(batch)
        batch.clear()

    while chunk := await part.read_chunk(256 * 1024):
        upload.size += len(chunk)
        if upload.size > max_bytes:
            raise TooBig(f"The file is larger than {max_bytes} bytes")
        batch += chunk
        if len(batch) >= BATCH_SIZE:
            await asyncio.to_thread(flush)
    flush()
    file.flush()
    upload.hash = digest.hexdigest()


async def _read_small(part: BodyPartReader) -> bytes:
    body = bytearray()
    while chunk := await part.read_chunk():
        body += chunk
        if len(body) > MAX_JSON_PART:
            raise TooBig(f"The {part.name} part is larger than {MAX_JSON_PART} bytes")
    return bytes(body)


def _filename(sent: str | None) -> str:
    """The file's name, decoded if it was percent-encoded.

    Some clients (aiohttp is one) percent-encode the whole name, others nothing. A name counts as encoded if it contains
    no character that such a client would have encoded.
    """
    name = (sent or "").encode(errors="replace").decode()
    if "%" in name and _PERCENT_ENCODED.fullmatch(name):
        try:
            return unquote(name, errors="strict")
        except UnicodeDecodeError:
            return name
    return name
