"""The middleware that every request passes: records it, applies faults, and turns errors into JSON responses."""

import asyncio
import logging
from dataclasses import dataclass

from aiohttp import web
from aiohttp.http_exceptions import BadHttpMessage
from aiohttp.typedefs import Handler

from canvus_async.server.faults import Faults
from canvus_async.server.http.responses import error_response
from canvus_async.server.refusals import Refused, WrongMethod

MAX_RECORDS = 10_000
"""Requests that are recorded; when there are more, the older half is removed."""

_log = logging.getLogger(__name__)


@dataclass
class RequestRecord:
    """A request that the server received. `path` includes the query; `status` is 0 until the response begins."""

    method: str
    path: str
    status: int = 0


class Gate:
    def __init__(self, faults: Faults) -> None:
        self.requests: list[RequestRecord] = []
        self._faults = faults
        self._writes: set[asyncio.Future[web.StreamResponse]] = set()

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Respond to a request. Every error becomes a JSON response with a `msg`."""
        record = RequestRecord(request.method, request.path_qs)
        request[_RECORD] = record
        self.requests.append(record)
        if len(self.requests) > MAX_RECORDS:
            del self.requests[: MAX_RECORDS // 2]
        try:
            return await self._faults.answer(request, lambda _: self._handle(request, handler))
        except Refused as refused:
            headers = {"Allow": ", ".join(refused.allowed)} if isinstance(refused, WrongMethod) else {}
            return error_response(refused.status, refused.msg, headers)
        except web.HTTPException:
            raise  # HttpConnection turns it into JSON, like those that occur before the middleware
        except (BadHttpMessage, web.RequestPayloadError) as error:
            return error_response(400, f"The request body is malformed: {error}")
        except ConnectionError:
            return web.Response()  # the client has disconnected: nobody receives this
        except Exception:  # noqa: BLE001  # logged below; one request must not stop the server
            _log.exception("%s %s failed", record.method, record.path)
            return error_response(500, "Internal server error: see the server's log")

    async def _handle(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Run the handler. If the client disconnects, a read is cancelled, but a write is completed.

        A write that was cancelled halfway could be applied in part.
        """
        if request.method in {"GET", "HEAD"}:
            return await handler(request)
        write = asyncio.ensure_future(handler(request))
        self._writes.add(write)
        write.add_done_callback(self._writes.discard)
        try:
            await asyncio.wait({write})
        except asyncio.CancelledError:
            write.add_done_callback(_log_late_failure)
            raise
        return write.result()

    async def drain(self) -> None:
        """Wait for the writes in progress."""
        if self._writes:
            await asyncio.wait(self._writes)


def _log_late_failure(write: asyncio.Future[web.StreamResponse]) -> None:
    """Log the error of a write whose client has disconnected."""
    error = None if write.cancelled() else write.exception()
    if error is not None and not isinstance(error, Refused | web.HTTPException | ConnectionError):
        _log.error("a write failed after its client had disconnected", exc_info=error)


async def record_status(request: web.Request, response: web.StreamResponse) -> None:
    """Note the status of a response that is about to be sent."""
    record = request.get(_RECORD)
    if record is not None and request.transport is not None and not request.transport.is_closing():
        record.status = response.status


_RECORD = web.RequestKey("record", RequestRecord)
