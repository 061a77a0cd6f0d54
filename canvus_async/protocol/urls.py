"""The server URL of a client: checked and normalized."""

import ipaddress
from urllib.parse import SplitResult, urlsplit

API = "/api/v1"


def api_root(url: str) -> str:
    """The root of the API of the server at `url`, without a trailing slash; `url` may or may not end in `/api/v1`.

    Raises TypeError unless it is a str, and ValueError unless it is an http or https URL of a server. The error does
    not repeat a password in the URL.
    """
    if not isinstance(url, str):
        raise TypeError(f"url must be a str, got {type(url).__name__}")
    if "@" in url:
        raise ValueError("url must not contain a user name or password; pass token= instead")
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError as problem:
        raise ValueError(f"url is not a valid server URL ({problem}); expected https://host[/api/v1]") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname or any(char.isspace() for char in url.strip()):
        raise ValueError(f"url {url[:80]!r} is not a valid server URL; expected https://host[/api/v1]")
    if parts.query or parts.fragment:
        raise ValueError(f"url {url.split('?', 1)[0][:80]!r} must not have a query or a fragment")
    if port == 0:
        raise ValueError("url has port 0, which is not a valid port")
    return f"{origin(parts)}{parts.path.rstrip('/').removesuffix(API)}{API}"


def origin(parts: SplitResult) -> str:
    """Scheme, host and port, normalized: equal origins are equal text."""
    host = parts.hostname or ""
    if ":" in host:
        host = f"[{host}]"
    else:
        try:
            host = host.encode("idna").decode()
        except UnicodeError:
            raise ValueError(f"url has an invalid host name: {host[:80]!r}") from None
    default = {"http": 80, "https": 443}.get(parts.scheme)
    return f"{parts.scheme}://{host}" if parts.port in {None, default} else f"{parts.scheme}://{host}:{parts.port}"


def is_plain_remote(root: str) -> bool:
    """Whether a token sent to `root` could be read on the network: plain http to another machine."""
    parts = urlsplit(root)
    if parts.scheme == "https":
        return False
    host = parts.hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return False
    try:
        return not ipaddress.ip_address(host).is_loopback
    except ValueError:
        return True
