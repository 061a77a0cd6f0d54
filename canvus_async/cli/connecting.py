"""Which server a command talks to, from its options or the environment."""

from typing import Annotated, TypeAlias

from cyclopts import Parameter

from canvus_async.client import Client
from canvus_async.options import Reconnect, Retry, Timeouts

Url: TypeAlias = Annotated[str | None, Parameter(env_var="CANVUS_URL")]
Token: TypeAlias = Annotated[str | None, Parameter(env_var="CANVUS_TOKEN")]


def connect(
    url: str | None,
    token: str | None,
    *,
    timeouts: Timeouts | None = None,
    retry: Retry | None = None,
    reconnect: Reconnect | None = None,
) -> Client:
    """A client for the server that was named. Raises ValueError when none was."""
    if not url:
        raise ValueError("no server: give --url, or set CANVUS_URL")
    return Client(url, token=token or None, timeouts=timeouts, retry=retry, reconnect=reconnect)
