"""Uploads: multipart/form-data with a file part `data` and, before or after it, an optional JSON part `json`.

The file goes to disk as it comes, hashed on the way, never as a whole through memory.
"""

import asyncio
import hashlib
import re
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO
from urllib.parse import unquote

from aiohttp import BadContentDispositionHeader, BadContentDispositionParam, BodyPartReader, MultipartReader, web

from canvus_async.models import JSON
from canvus_async.server.http.replies import decode_object
from canvus_async.server.refusals import Invalid, TooBig

BATCH_SIZE = 1 << 20
"""Bytes that are hashed and written at once, in a thread."""

MAX_JSON_PART = 1 << 20
"""The largest `json` part, in bytes."""

MAX_PARTS = 32
"""The most parts that a body may have; those with other names are skipped."""

_MALFORMED_FORM = (
    ValueError,
    AssertionError,
    RuntimeError,
    LookupError,
    BadContentDispositionHeader,  # aiohttp warns of these two, and warnings may be errors here
    BadContentDispositionParam,
)
"""What aiohttp's reader raises for a body that is no proper form."""

_PERCENT_ENCODED = re.compile(r"(?:[A-Za-z0-9_.~-]|%[0-9A-Fa-f]{2})+")


@dataclass
class Upload:
    """A file that has arrived: where it waits, its SHA-256 in hex, its length, the name that it was sent with, and
    the object that came with it."""

    path: Path
    hash: str = ""
    size: int = 0
    filename: str = ""
    fields: dict[str, JSON] = field(default_factory=dict[str, JSON])


def is_multipart(request: web.Request) -> bool:
    """Whether the body is a form rather than JSON."""
    return request.content_type.startswith("multipart/")


@asynccontextmanager
async def receive(
    request: web.Request, create_file: Callable[[], IO[bytes]], *, max_bytes: int
) -> AsyncGenerator[Upload, None]:
    """Write the file of a form to a new file from `create_file`, which is removed at the end unless it was moved.

    Raises Invalid and TooBig.
    """
    if request.content_type != "multipart/form-data":
        raise Invalid("An upload must be multipart/form-data")
    if request.content_length is not None and request.content_length > max_bytes + MAX_JSON_PART:
        raise TooBig(f"The file is larger than {max_bytes} bytes")
    with create_file() as file:
        upload = Upload(Path(file.name))
        try:
            try:
                await _read_parts(await request.multipart(), upload, file, max_bytes)
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
            upload.fields = decode_object(await _read_small(part), "json part")
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
    """The name as its owner knows it.

    Some clients (aiohttp's among them) percent-encode the whole name and others none of it: a name in which everything
    that would have been encoded is encoded is taken as such.
    """
    name = (sent or "").encode(errors="replace").decode()
    if "%" in name and _PERCENT_ENCODED.fullmatch(name):
        try:
            return unquote(name, errors="strict")
        except UnicodeDecodeError:
            return name
    return name
