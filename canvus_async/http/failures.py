"""One request, and what can be wrong with the answer to it: aiohttp's errors and answers as ours."""

import aiohttp
from aiohttp import hdrs

from canvus_async.errors import (
    CanvusError,
    ConnectFailed,
    CorruptDownload,
    IncompleteDownload,
    RequestTimeout,
    UnexpectedContent,
)
from canvus_async.http.request import Request
from canvus_async.protocol.answers import Answers


def failure(request: Request, problem: Exception, answers: Answers, connect: float | None) -> CanvusError:
    """One of our errors for one of aiohttp's; `connect` is the time that there was for connecting."""
    method, path = request.method, request.path
    words = answers.plain(str(problem))
    match problem:
        case aiohttp.ConnectionTimeoutError():
            what = f"no connection within {connect} s"
            return RequestTimeout(what, method=method, path=path, sent=False)
        case aiohttp.ClientConnectorCertificateError() | aiohttp.ClientConnectorSSLError():
            what = f"no trusted TLS connection ({words}); pass ssl= with a context that trusts the certificate"
            return ConnectFailed(what, method=method, path=path, permanent=True)
        case aiohttp.ServerFingerprintMismatch():
            what = "the server's certificate is not the pinned one"
            return ConnectFailed(what, method=method, path=path, permanent=True)
        case aiohttp.ClientConnectorError():
            return ConnectFailed(f"no connection ({words})", method=method, path=path)
        case aiohttp.ClientResponseError():
            what = f"not an HTTP answer ({answers.plain(problem.message)})"
            return UnexpectedContent(what, method=method, path=path)
        case _:
            return lost(request, problem)


async def next_chunk(request: Request, response: aiohttp.ClientResponse) -> bytes:
    """What has come of the body meanwhile, up to 256 KiB; b"" at its end. Raises ConnectFailed where it is cut."""
    try:
        return await response.content.readany()
    except CanvusError:
        raise
    except (aiohttp.ClientError, OSError) as problem:
        error = lost(request, problem)
    raise error  # out here, so that it has no context whose frames hold the request's head


def check_content(request: Request, response: aiohttp.ClientResponse, *, file: str = "") -> None:
    """Refuse an answer that is no whole file, or whose end could not be told from a cut; `file` is where it was to go.

    Raises UnexpectedContent, CorruptDownload, IncompleteDownload.
    """
    if response.status != 200:
        what = f"the answer has status {response.status}, although the whole was asked for"
        raise UnexpectedContent(what, method=request.method, path=request.path)
    if not is_identity(response):
        what = "the server compressed it although asked not to, so its length cannot be checked"
        raise CorruptDownload(what, path=file)
    headers = response.headers
    if hdrs.CONTENT_LENGTH not in headers and headers.get(hdrs.TRANSFER_ENCODING, "").lower() != "chunked":
        raise IncompleteDownload("no length was announced, so its end cannot be told from a cut", path=file)


def is_identity(response: aiohttp.ClientResponse) -> bool:
    """Whether the body is the content itself, not a compressed form of it."""
    return response.headers.get(hdrs.CONTENT_ENCODING, "identity") == "identity"


def lost(request: Request, problem: Exception) -> ConnectFailed:
    """The error for a connection that broke after the request was sent."""
    match problem:  # the text of the first two repeats what the server sent
        case aiohttp.ServerDisconnectedError():
            words = "the server closed it"
        case aiohttp.ClientPayloadError():
            words = "the body was broken off, or is none"
        case _:
            words = str(problem).partition(" Connection<")[0] or type(problem).__name__
    what = f"the connection was lost ({words})"
    return ConnectFailed(what, method=request.method, path=request.path, sent=True)
