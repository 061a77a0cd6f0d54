"""One request, before it is sent."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import aiohttp
import msgspec

Payload = Callable[[Callable[[], None], Callable[[], None]], aiohttp.Payload]
"""Makes a request body anew for each try, given what to call whenever bytes have moved, and once all have."""

NO_HEADERS: Mapping[str, str] = MappingProxyType({})


class Request(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One request: `path` is relative to the API's root, its parts quoted; `headers` are those besides who asks.

    `streaming` takes a connection from the pool of subscriptions, which no call waits for. `content` asks for a file:
    it must not come compressed, and may take the server some time to make.
    """

    method: str
    path: str
    headers: Mapping[str, str] = NO_HEADERS
    json: bytes | None = None
    payload: Payload | None = None
    streaming: bool = False
    content: bool = False
