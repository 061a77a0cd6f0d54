"""aiohttp's exceptions as ours."""

import aiohttp

from canvus_async.errors import CanvusError, ConnectFailed, ConnectionLost, RequestTimeout, UnexpectedContent
from canvus_async.http.request import Request
from canvus_async.protocol.responses import ResponseReader


def request_failure(
    request: Request, problem: Exception, response_reader: ResponseReader, connect: float | None
) -> CanvusError:
    """Our error for an exception before the response headers; `connect` is the time limit for connecting."""
    method, path = request.method, request.path
    words = response_reader.printable(str(problem))
    match problem:
        case aiohttp.ConnectionTimeoutError():
            what = f"no connection within {connect} s (Timeouts.connect)"
            return RequestTimeout(what, method=method, path=path, sent=False)
        case aiohttp.ClientConnectorCertificateError() | aiohttp.ClientConnectorSSLError():
            what = f"no trusted TLS connection ({words}); pass ssl= with a context that trusts the certificate"
            return ConnectFailed(what, method=method, path=path, permanent=True)
        case aiohttp.ServerFingerprintMismatch():
            what = "the server's certificate does not match the pinned fingerprint"
            return ConnectFailed(what, method=method, path=path, permanent=True)
        case aiohttp.ClientConnectorError():
            return ConnectFailed(f"no connection ({words})", method=method, path=path)
        case aiohttp.ClientResponseError():
            what = f"the response is not valid HTTP ({response_reader.printable(problem.message)})"
            return UnexpectedContent(what, method=method, path=path)
        case _:
            return connection_lost(request, problem)


def connection_lost(request: Request, problem: Exception) -> ConnectionLost:
    """The error for a connection that broke after the request was sent."""
    match problem:  # the text of the first two repeats what the server sent
        case aiohttp.ServerDisconnectedError():
            words = "the server closed the connection"
        case aiohttp.ClientPayloadError():
            words = "the response body was truncated or malformed"
        case _:
            words = str(problem).partition(" Connection<")[0] or type(problem).__name__
    return ConnectionLost(f"connection lost: {words}", method=request.method, path=request.path)
