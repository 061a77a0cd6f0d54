"""What every request passes through: the log of requests, faults, writes seen through, and refusals as replies."""

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
"""Requests that the log holds at most; the oldest half goes when it is full."""

_log = logging.getLogger(__name__)


@dataclass
class RequestRecord:
    """One request that came in. `path` has its query; `status` is 0 until there is an answer."""

    method: str
    path: str
    status: int = 0


class Gate:
    """The way in for every request."""

    def __init__(self, faults: Faults) -> None:
        self.requests: list[RequestRecord] = []
        self._faults = faults
        self._writes: set[asyncio.Future[web.StreamResponse]] = set()

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer a request, whatever happens: every refusal and every failure is a reply of JSON with a `msg`."""
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
            raise  # put into form by the connection, like those that never come here
        except (BadHttpMessage, web.RequestPayloadError) as error:
            return error_response(400, f"The body cannot be read: {error}")
        except ConnectionError:
            return web.Response()  # the client is gone: this goes nowhere
        except Exception:  # noqa: BLE001  # logged below; a request may not take the server down
            _log.exception("%s %s failed", record.method, record.path)
            return error_response(500, "The server failed; its log says why")

    async def _handle(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Reads end when their client goes; writes are seen through, or half of one might be done."""
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
        """Wait for the writes that are still being done."""
        if self._writes:
            await asyncio.wait(self._writes)


def _log_late_failure(write: asyncio.Future[web.StreamResponse]) -> None:
    """Take note of how a write ended that nobody waits for any more."""
    error = None if write.cancelled() else write.exception()
    if error is not None and not isinstance(error, Refused | web.HTTPException | ConnectionError):
        _log.error("a write failed after its client was gone", exc_info=error)


async def record_status(request: web.Request, response: web.StreamResponse) -> None:
    """Put the status of an answer into the log of requests, as it is about to be sent."""
    record = request.get(_RECORD)
    if record is not None and request.transport is not None and not request.transport.is_closing():
        record.status = response.status


_RECORD = web.RequestKey("record", RequestRecord)
