"""One HTTP response: aiohttp's, with our errors, and with the checks that a body must pass."""

from collections.abc import Mapping

import aiohttp
from aiohttp import hdrs
from yarl import URL

from canvus_async.errors import (
    ConnectionLost,
    CorruptDownload,
    IncompleteDownload,
    UnexpectedContent,
)
from canvus_async.http.failures import connection_lost
from canvus_async.http.request import Request


class Response:
    """The response to a request, whose body is yet to be read. Read it to its end, or `close()` it."""

    __slots__ = ("_content", "_raw", "headers", "request", "status")

    def __init__(self, request: Request, raw: aiohttp.ClientResponse) -> None:
        self.request = request
        self.status = raw.status
        self.headers: Mapping[str, str] = raw.headers
        self._raw = raw
        self._content = raw.content

    def __repr__(self) -> str:
        return f"<Response {self.status}>"  # without the headers, which may repeat a cookie

    @property
    def url(self) -> URL:
        """Where it came from."""
        return self._raw.url

    @property
    def content_length(self) -> int | None:
        """The length of the body in bytes, as its header says."""
        return self._raw.content_length

    @property
    def is_identity(self) -> bool:
        """Whether the body is not compressed."""
        return self.headers.get(hdrs.CONTENT_ENCODING, "identity") == "identity"

    @property
    def arrived(self) -> bool:
        """Whether the rest of the body is in memory, so that reading it does not wait."""
        return self._content.is_eof()

    @property
    def at_end(self) -> bool:
        """Whether the whole body has been read."""
        return self._content.at_eof()

    @property
    def bytes_arrived(self) -> int:
        """Bytes of the body that have arrived, read or not."""
        return self._content.total_bytes

    async def chunk(self) -> bytes:
        """The bytes that have arrived since the last call, up to 256 KiB, waiting for some; b"" at the end.

        Raises ConnectionLost when the body is truncated or malformed.
        """
        try:
            return await self._content.readany()
        # RuntimeError: the session was closed by its owner
        except (aiohttp.ClientError, OSError, RuntimeError) as problem:
            # aiohttp raises the same object for every connection that is closed: its traceback would grow each time
            problem.__traceback__ = None
            error: ConnectionLost = connection_lost(self.request, problem)
        raise error  # outside of the handler: its context would hold frames with the request's headers

    async def read(self, max_bytes: int) -> bytes:
        """The rest of the body, never more than `max_bytes` of it in memory. Raises UnexpectedContent for more."""
        chunks: list[bytes] = []
        size = 0
        while chunk := await self.chunk():
            size += len(chunk)
            if size > max_bytes:
                what = f"the response is larger than {max_bytes} bytes"
                raise UnexpectedContent(what, method=self.request.method, path=self.request.path)
            chunks.append(chunk)
            if self.at_end:
                break
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    def check_is_whole_file(self, *, file: str = "") -> None:
        """Refuse a response that is not a whole file, or whose truncation could not be detected.

        `file` is the path it was meant for. Raises UnexpectedContent, CorruptDownload, IncompleteDownload.
        """
        if self.status != 200:
            what = f"status {self.status} for a request of the whole file; expected 200"
            raise UnexpectedContent(what, method=self.request.method, path=self.request.path)
        if not self.is_identity:
            what = "the server sent a compressed body despite `Accept-Encoding: identity`: its length cannot be checked"
            raise CorruptDownload(what, path=file)
        headers = self.headers
        if hdrs.CONTENT_LENGTH not in headers and headers.get(hdrs.TRANSFER_ENCODING, "").lower() != "chunked":
            what = "no Content-Length and not chunked: a truncated body could not be detected"
            raise IncompleteDownload(what, path=file)

    def release(self) -> None:
        """Give the connection back without reading the body."""
        self._raw.release()

    def close(self) -> None:
        """Close the connection."""
        self._raw.close()
