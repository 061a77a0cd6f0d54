"""One request, before it is sent."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import aiohttp
import msgspec

Payload = Callable[[Callable[[], None], Callable[[], None]], aiohttp.Payload]
"""Makes a new request body for each attempt from two callbacks: one for each piece sent, one after the last."""

NO_HEADERS: Mapping[str, str] = MappingProxyType({})


class Request(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One request: `path` is relative to the API's root and quoted; `headers` are those besides the credentials.

    `streaming` uses the connection pool of subscriptions, so that it never waits for a call. `content` asks for a file:
    the body must not be compressed, and the server may need time to render it.
    """

    method: str
    path: str
    headers: Mapping[str, str] = NO_HEADERS
    json: bytes | None = None
    payload: Payload | None = None
    streaming: bool = False
    content: bool = False
