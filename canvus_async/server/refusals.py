"""Why a request is refused: one class per HTTP status, so that the rules need no HTTP."""


class Refused(Exception):
    """The request is not carried out. The response has the status `status` and the JSON object {"msg": msg}."""

    status = 500

    def __init__(self, msg: str) -> None:
        super().__init__(msg)
        self.msg = msg


class Invalid(Refused):
    """The request, or a value in it, is malformed or not allowed."""

    status = 400


class Unauthenticated(Refused):
    """The token is missing or unknown."""

    status = 401


class Denied(Refused):
    """The user is blocked or lacks the right."""

    status = 403


class Missing(Refused):
    """There is no such object, or the user may not see it."""

    status = 404


class WrongMethod(Refused):
    """The path exists but does not support the method; `allowed` lists those that it does."""

    status = 405

    def __init__(self, method: str, allowed: list[str]) -> None:
        super().__init__(f"{method} is not allowed here, only {', '.join(allowed)}")
        self.allowed = allowed


class Misdirected(Refused):
    """The request is for a host that is not this server."""

    status = 421


class TooBig(Refused):
    """The body is larger than the server accepts."""

    status = 413


class Busy(Refused):
    """The server has reached a limit; the request may succeed later."""

    status = 503


class Full(Refused):
    """The server has no room for more objects."""

    status = 507


class Unsupported(Refused):
    """The server cannot do this for assets of this type."""

    status = 501
