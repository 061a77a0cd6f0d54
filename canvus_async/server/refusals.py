"""Why the server says no: one class per status, so that the rules need not know HTTP.

The words of a refusal are the `msg` of the reply (the seeds' "Error Responses").
"""


class Refused(Exception):
    """A request that is not carried out; `msg` is for the one who asked, `status` for their program."""

    status = 500

    def __init__(self, msg: str) -> None:
        super().__init__(msg)
        self.msg = msg


class Invalid(Refused):
    """What was sent cannot be accepted."""

    status = 400


class Unauthenticated(Refused):
    """No token, or one that nobody has."""

    status = 401


class Denied(Refused):
    """The token's user is blocked or may not do this."""

    status = 403


class Missing(Refused):
    """No such thing, or none that the asker may see."""

    status = 404


class WrongMethod(Refused):
    """The thing exists and has no such verb; `allowed` are those that it has."""

    status = 405

    def __init__(self, method: str, allowed: list[str]) -> None:
        super().__init__(f"{method} is not possible here, only {', '.join(allowed)}")
        self.allowed = allowed


class TooBig(Refused):
    """The body is larger than this server takes."""

    status = 413


class Unsupported(Refused):
    """This cannot be done with that type of asset."""

    status = 501
