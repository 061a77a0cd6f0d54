"""aiohttp's exceptions as ours."""

import ssl
import traceback

import aiohttp

from canvus_async.errors import CanvusError, ConnectFailed, ConnectionLost, RequestTimeout, UnexpectedContent
from canvus_async.http.request import Request
from canvus_async.protocol.responses import ResponseReader

_NOT_TLS = ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "UNKNOWN_PROTOCOL", "PACKET_LENGTH_TOO_LONG")
"""OpenSSL's names for bytes that are not TLS, which a plain HTTP port sends."""


def request_failure(
    request: Request, problem: Exception, response_reader: ResponseReader, connect: float | None
) -> CanvusError:
    """Our error for an exception before the response headers; `connect` is the time limit for connecting."""
    method, path = request.method, request.path
    match problem:
        case aiohttp.ConnectionTimeoutError():
            what = f"no connection within {connect} s (Timeouts.connect)"
            return RequestTimeout(what, method=method, path=path, sent=False)
        case aiohttp.ClientHttpProxyError():
            reason = response_reader.printable(problem.message, 100)
            what = f"the proxy refused to connect to the server: {problem.status} {reason}"
            return ConnectFailed(what, method=method, path=path)
        case aiohttp.ClientResponseError():
            what = f"the response is not valid HTTP ({response_reader.printable(problem.message)})"
            return UnexpectedContent(what, method=method, path=path)
        case aiohttp.ClientConnectorError() | aiohttp.ServerFingerprintMismatch() | aiohttp.InvalidURL():
            return _no_connection(request, problem, response_reader)
        case aiohttp.ClientError() if not _raised_in_connector(problem):
            return connection_lost(request, problem)
        case _:
            words = response_reader.printable(str(problem)) or type(problem).__name__
            return ConnectFailed(f"no connection ({words})", method=method, path=path)


def _no_connection(request: Request, problem: Exception, response_reader: ResponseReader) -> ConnectFailed:
    method, path = request.method, request.path
    words = response_reader.printable(str(problem))
    permanent = False
    match problem:
        case aiohttp.ClientConnectorCertificateError():
            what = f"no trusted TLS connection ({words}); pass ssl= with a context that trusts the certificate"
            permanent = True
        case aiohttp.ServerFingerprintMismatch():
            what = "the server's certificate does not match the pinned fingerprint"
            permanent = True
        case aiohttp.ClientConnectorSSLError() if _is_not_tls(problem):
            what = f"no TLS connection: the server does not speak TLS on this port, is its URL http://? ({words})"
        case aiohttp.ClientConnectorSSLError():
            what = f"no TLS connection: the handshake failed ({words})"
        case aiohttp.ClientProxyConnectionError():
            what = f"no connection to the proxy ({words})"
        case _:
            what = f"no connection ({words})"
    return ConnectFailed(what, method=method, path=path, permanent=permanent)


def _raised_in_connector(problem: Exception) -> bool:
    """Whether the connector failed. aiohttp has one class for any OSError, before and after the request was sent."""
    cause = problem.__cause__ or problem
    frames = traceback.walk_tb(cause.__traceback__)
    return any(isinstance(frame.f_locals.get("self"), aiohttp.BaseConnector) for frame, _ in frames)


def _is_not_tls(problem: aiohttp.ClientConnectorSSLError) -> bool:
    cause: object = problem.os_error  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]  # untyped
    return isinstance(cause, ssl.SSLError) and cause.reason in _NOT_TLS


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
