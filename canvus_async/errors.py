"""Everything that can go wrong, as classes that differ by what the caller can do.

    CanvusError
    ├─ TransportError        no answer: method, path
    │  ├─ ConnectFailed         no connection could be made (also OSError)
    │  ├─ RequestTimeout        the time for an answer ran out (also TimeoutError)
    │  ├─ Stalled               bytes stopped moving midway
    │  ├─ RedirectRefused       the server pointed elsewhere; nothing was sent there
    │  └─ OutcomeUnknown        a write was sent and no answer came: it may have happened
    ├─ ApiError              an answer that says no: status, msg, method, path, retry_after
    │  └─ BadRequest 400 · Unauthorized 401 · Forbidden 403 · NotFound 404 · Conflict 409 · TooLarge 413
    │     RateLimited 429 · NotSupported 501 · ServerError any other 5xx
    ├─ ProtocolError         an answer that cannot be read
    │  ├─ UnexpectedContent     another kind of content than asked for
    │  └─ LineTooLong           a stream's line over the limit
    ├─ DownloadError         a file that is not what was promised: path
    │  ├─ IncompleteDownload    fewer or more bytes than announced
    │  ├─ CorruptDownload       the right length, the wrong content
    │  └─ LocalWriteError       the disk said no (also OSError, errno kept)
    ├─ SourceChanged         a file changed while it was uploaded
    └─ ClientClosed          the client was closed, before or while it was used

No error carries a token, and none of aiohttp's or msgspec's errors comes through. All can be pickled.
"""

from collections.abc import Mapping
from types import MappingProxyType


class CanvusError(Exception):
    """The base of every error that this package raises for what happened outside the program."""

    def __str__(self) -> str:
        """Our own words, also where OSError would print its errno in their place."""
        return str(self.args[0]) if self.args else ""

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle by content: the constructors take keywords, which Exception would forget."""
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
    """No whole answer came: `what` happened to the request `method` `path`, which is relative to the API's root.

    `sent` says whether the request may have reached the server.
    """

    def __init__(self, what: str, *, method: str, path: str, sent: bool = True) -> None:
        super().__init__(f"{method} {path}: {what}")
        self.what = what
        self.method = method
        self.path = path
        self.sent = sent


class ConnectFailed(TransportError, OSError):
    """No connection (refused, DNS, TLS), or it was lost before a whole answer to a read.

    `permanent` is true where trying again is no use: a certificate that does not verify.
    """

    def __init__(self, what: str, *, method: str, path: str, sent: bool = False, permanent: bool = False) -> None:
        super().__init__(what, method=method, path=path, sent=sent)
        self.permanent = permanent


class RequestTimeout(TransportError, TimeoutError):
    """The time allowed for connecting or for an answer ran out."""


class Stalled(TransportError):
    """Bytes stopped moving midway through a body, in either direction, for longer than allowed."""


class RedirectRefused(TransportError):
    """The server answered with a redirect that is not followed; the token was not sent there. `target` says where."""

    def __init__(self, what: str, *, method: str, path: str, target: str) -> None:
        super().__init__(what, method=method, path=path, sent=True)
        self.target = target


class OutcomeUnknown(TransportError):
    """A write was sent and the connection was lost before an answer: it may or may not have happened.

    It was not sent again. Look the object up before you repeat the call.
    """


class ApiError(CanvusError):
    """The server answered no. `msg` is the server's own words; `retry_after` is in seconds, None if not given."""

    def __init__(self, status: int, msg: str, *, method: str, path: str, retry_after: float | None = None) -> None:
        super().__init__(f"{method} {path}: {status} {msg}".rstrip())
        self.status = status
        self.msg = msg
        self.method = method
        self.path = path
        self.retry_after = retry_after


class BadRequest(ApiError):
    """400: the server does not accept what was sent."""


class Unauthorized(ApiError):
    """401: no token, or one that the server does not know."""


class Forbidden(ApiError):
    """403: the token's user is blocked or may not do this."""


class NotFound(ApiError):
    """404: no such object, or the token's user may not see it."""


class Conflict(ApiError):
    """409: it contradicts the object's present state."""


class TooLarge(ApiError):
    """413: the body is larger than the server takes."""


class RateLimited(ApiError):
    """429: too many requests; `retry_after` says how long the server asks to wait."""


class NotSupported(ApiError):
    """501: the server cannot do this, such as mipmaps of a video."""


class ServerError(ApiError):
    """Any other 5xx: the server failed."""


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
"""The class for a status; other 5xx are ServerError, the rest plain ApiError."""


class ProtocolError(CanvusError):
    """An answer came and cannot be read. `method` and `path` say to what request."""

    def __init__(self, what: str, *, method: str, path: str) -> None:
        super().__init__(f"{method} {path}: {what}")
        self.method = method
        self.path = path


class UnexpectedContent(ProtocolError):
    """Another kind of content than the API promises: a login page, broken JSON, no WebP."""


class LineTooLong(ProtocolError):
    """A line of a subscription is longer than `Limits.line` bytes."""


class DownloadError(CanvusError):
    """A download failed on this side or turned out wrong. Nothing is left at `path` ("" for one into memory)."""

    def __init__(self, what: str, *, path: str = "") -> None:
        super().__init__(f"{path}: {what}" if path else what)
        self.path = path


class IncompleteDownload(DownloadError):
    """`received` bytes arrived where `expected` were announced (None: no length was, and none can be verified)."""

    def __init__(self, what: str, *, path: str = "", received: int = 0, expected: int | None = None) -> None:
        super().__init__(what, path=path)
        self.received = received
        self.expected = expected


class CorruptDownload(DownloadError):
    """The bytes are not what was asked for, although their number is right."""


class LocalWriteError(DownloadError, OSError):
    """The file could not be written; `errno` and `strerror` are the operating system's."""

    def __init__(self, what: str, *, path: str = "", errno: int | None = None, strerror: str | None = None) -> None:
        super().__init__(what, path=path)
        self.errno = errno
        self.strerror = strerror


class SourceChanged(CanvusError):
    """A file was changed while it was uploaded; what the server made of it is unknown."""


class ClientClosed(CanvusError):
    """The client was closed, before this call or while it waited."""

    def __init__(self, what: str = "this client is closed") -> None:
        super().__init__(what)
