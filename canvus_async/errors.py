"""Everything that can go wrong, as classes that differ by what the caller can do.

    CanvusError
    ├─ TransportError        no whole response: method, path, sent
    │  ├─ ConnectFailed         no connection could be made (also OSError)
    │  ├─ ConnectionLost        the connection broke before the whole response had arrived (also OSError)
    │  ├─ RequestTimeout        the time for a response ran out (also TimeoutError)
    │  ├─ Stalled               no byte moved for too long
    │  ├─ RedirectRefused       a redirect that is not followed; nothing was sent to its target
    │  └─ OutcomeUnknown        a write was sent and its response was lost: it may have been applied
    ├─ ApiError              a response with an error status: status, msg, method, path, retry_after
    │  └─ BadRequest 400 · Unauthorized 401 · Forbidden 403 · NotFound 404 · Conflict 409 · TooLarge 413
    │     RateLimited 429 · NotSupported 501 · ServerError any other 5xx
    ├─ ProtocolError         a response that cannot be read: method, path
    │  ├─ UnexpectedContent     not the kind of content that was requested
    │  └─ LineTooLong           a line of a subscription over the limit
    ├─ DownloadError         a file that could not be downloaded whole: path
    │  ├─ IncompleteDownload    truncated, or its end could not be verified
    │  ├─ CorruptDownload       complete, but not the requested content
    │  └─ LocalWriteError       the operating system refused a write (also OSError, errno kept)
    ├─ SourceChanged         a file changed while it was uploaded
    └─ ClientClosed          the client was closed, before or during the call

No error contains a token. Exceptions of aiohttp and msgspec are never raised to callers. All errors can be pickled.
"""

from collections.abc import Mapping
from types import MappingProxyType


class CanvusError(Exception):
    """The base of all errors of this package that are not programming errors."""

    def __str__(self) -> str:
        """The message, also for subclasses of OSError, which would print the errno instead."""
        return str(self.args[0]) if self.args else ""

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle by content: the constructors take keywords, which Exception does not keep."""
        state = dict(self.__dict__)
        if isinstance(self, OSError):
            state |= {"errno": self.errno, "strerror": self.strerror}
        return _rebuild, (type(self), self.args, state)


def _rebuild(kind: type[CanvusError], args: tuple[object, ...], state: dict[str, object]) -> CanvusError:
    error = kind.__new__(kind, *args)
    error.args = args
    for name, value in state.items():
        setattr(error, name, value)
    return error


class TransportError(CanvusError):
    """No whole response arrived: `what` happened to the request `method` `path` (relative to the API's root).

    `sent` is false if the request certainly did not reach the server.
    """

    def __init__(self, what: str, *, method: str, path: str, sent: bool = True) -> None:
        super().__init__(f"{method} {path}: {what}")
        self.what = what
        self.method = method
        self.path = path
        self.sent = sent


class ConnectFailed(TransportError, OSError):
    """No connection could be made: refused, unknown host, TLS.

    `permanent` is true if a retry cannot help, for example with a certificate that does not verify.
    """

    def __init__(self, what: str, *, method: str, path: str, sent: bool = False, permanent: bool = False) -> None:
        super().__init__(what, method=method, path=path, sent=sent)
        self.permanent = permanent


class ConnectionLost(TransportError, OSError):
    """The connection broke after a read was sent and before its whole response had arrived.

    A write whose response is lost raises OutcomeUnknown instead.
    """


class RequestTimeout(TransportError, TimeoutError):
    """The time limit for connecting or for a response has passed."""


class Stalled(TransportError):
    """No byte of a body moved, in either direction, for longer than allowed; or a download was too slow."""


class RedirectRefused(TransportError):
    """The response is a redirect that is not followed. Nothing was sent to its `target`."""

    def __init__(self, what: str, *, method: str, path: str, target: str) -> None:
        super().__init__(what, method=method, path=path, sent=True)
        self.target = target


class OutcomeUnknown(TransportError):
    """A write was sent and its response was lost: it may or may not have been applied.

    It was not sent again. Read the object before you repeat the call.
    """


class ApiError(CanvusError):
    """A response with an error status. `msg` is the server's message; `retry_after` is in seconds, None if missing.

    `from_api` is false if the body is not the JSON of the API, as with the error page of a proxy in between.
    """

    def __init__(
        self,
        status: int,
        msg: str,
        *,
        method: str,
        path: str,
        retry_after: float | None = None,
        from_api: bool = True,
    ) -> None:
        super().__init__(f"{method} {path}: {status} {msg}".rstrip())
        self.status = status
        self.msg = msg
        self.method = method
        self.path = path
        self.retry_after = retry_after
        self.from_api = from_api


class BadRequest(ApiError):
    """400: the server rejects the request as invalid."""


class Unauthorized(ApiError):
    """401: the token is missing, wrong or expired."""


class Forbidden(ApiError):
    """403: the user of the token is blocked or lacks the right."""


class NotFound(ApiError):
    """404: the object does not exist, or the user of the token may not see it."""


class Conflict(ApiError):
    """409: the request conflicts with the current state of the object."""


class TooLarge(ApiError):
    """413: the body is larger than the server accepts."""


class RateLimited(ApiError):
    """429: too many requests; `retry_after` is how long the server asks to wait, in seconds."""


class NotSupported(ApiError):
    """501: the server does not support this, for example mipmaps of a video."""


class ServerError(ApiError):
    """500 or another 5xx: the server failed."""


BY_STATUS: Mapping[int, type[ApiError]] = MappingProxyType(
    {
        400: BadRequest,
        401: Unauthorized,
        403: Forbidden,
        404: NotFound,
        409: Conflict,
        413: TooLarge,
        429: RateLimited,
        501: NotSupported,
    }
)
"""The class for a status. Any other 5xx is a ServerError, everything else a plain ApiError."""


class ProtocolError(CanvusError):
    """The response to the request `method` `path` cannot be read."""

    def __init__(self, what: str, *, method: str, path: str) -> None:
        super().__init__(f"{method} {path}: {what}")
        self.method = method
        self.path = path


class UnexpectedContent(ProtocolError):
    """Not the content that the API promises, for example a login page, broken JSON, or not a WebP image."""


class LineTooLong(ProtocolError):
    """A line of a subscription is longer than `Limits.line` bytes."""


class DownloadError(CanvusError):
    """A file could not be downloaded whole. Nothing is left at `path` ("" for a download into memory)."""

    def __init__(self, what: str, *, path: str = "") -> None:
        super().__init__(f"{path}: {what}" if path else what)
        self.path = path


class IncompleteDownload(DownloadError):
    """`received` bytes arrived, but the response announced `expected` (None: no length, so the end is unverified)."""

    def __init__(self, what: str, *, path: str = "", received: int = 0, expected: int | None = None) -> None:
        super().__init__(what, path=path)
        self.received = received
        self.expected = expected


class CorruptDownload(DownloadError):
    """The download is complete, but its content is not what was requested."""


class LocalWriteError(DownloadError, OSError):
    """A file could not be written; `errno` and `strerror` are those of the operating system."""

    def __init__(self, what: str, *, path: str = "", errno: int | None = None, strerror: str | None = None) -> None:
        super().__init__(what, path=path)
        self.errno = errno
        self.strerror = strerror


class SourceChanged(CanvusError):
    """A file changed while it was uploaded; the server may have received a mixture."""


class ClientClosed(CanvusError):
    """The client was closed, before or during the call."""

    def __init__(self, what: str = "this client is closed") -> None:
        super().__init__(what)
