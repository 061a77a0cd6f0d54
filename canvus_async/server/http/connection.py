"""Connections: what fails before it has become a request is refused in the same form as everything else."""

import logging

from aiohttp import web

from canvus_async.server.http.replies import refusal

_log = logging.getLogger(__name__)


class HttpConnection(web.RequestHandler):
    """aiohttp's own, but for the form of its errors, and what it says of them in the log.

    A broken request is the sender's affair and is not logged: the parser's words hold the broken line, and that may
    hold a token.
    """

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """The answer to what is no request, or to one that failed where nobody caught it; the connection ends with it.

        Raises ConnectionError where an answer has already begun.
        """
        if status >= 500:
            _log.error("a request failed outside of its handler", exc_info=exc)
        if request.writer.output_size > 0:
            raise ConnectionError("an answer has begun and cannot be taken back")
        words = "The server failed; its log says why" if status >= 500 else "The request is not valid HTTP"
        reply = refusal(status, words)
        reply.force_close()
        return reply

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        """Send an answer; aiohttp's own refusals (no such address, no such verb, too large) are put into our form."""
        if isinstance(resp, web.HTTPException):
            headers = {"Allow": resp.headers["Allow"]} if "Allow" in resp.headers else None
            resp = refusal(resp.status, f"{request.method} {request.path}: {resp.reason}", headers)
        return await super().finish_response(request, resp, start_time)

    def log_exception(self, *args: object, **details: object) -> None:
        """Log what failed after an answer; a body that turned out unreadable then is the sender's affair too."""
        if not isinstance(details.get("exc_info"), web.RequestPayloadError):
            super().log_exception(*args, **details)
