"""Turns errors outside of the handlers into JSON, such as a request that is not valid HTTP."""

import logging

from aiohttp import web

from canvus_async.server.http.responses import error_response

_log = logging.getLogger(__name__)


class HttpConnection(web.RequestHandler):
    """aiohttp's connection, with other error responses and less in the log.

    A malformed request is not logged: the parser's error quotes the malformed line, which may contain a token.
    """

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """The response to a malformed request or to an uncaught error. The connection is closed after it.

        Raises ConnectionError if a response has already begun.
        """
        if status >= 500:
            _log.error("a request failed outside of its handler", exc_info=exc)
        if request.writer.output_size > 0:
            raise ConnectionError("a response has already begun and cannot be replaced")
        msg = "Internal server error: see the server's log" if status >= 500 else "The request is not valid HTTP"
        response = error_response(status, msg)
        response.force_close()
        return response

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        """Send a response. aiohttp's own errors (404 for a path, 405, 413) are sent as JSON with a `msg`."""
        if isinstance(resp, web.HTTPException):
            headers = {"Allow": resp.headers["Allow"]} if "Allow" in resp.headers else None
            resp = error_response(resp.status, f"{request.method} {request.path}: {resp.reason}", headers)
        return await super().finish_response(request, resp, start_time)

    def log_exception(self, *args: object, **details: object) -> None:
        """Log an error that occurred after the response, unless the rest of the body was malformed."""
        if not isinstance(details.get("exc_info"), web.RequestPayloadError):
            super().log_exception(*args, **details)
