"""Refuses requests that a web page of another site caused in a user's browser.

Such a page can send requests to servers on the user's machine and network. Two checks stop it:

- `Host`: a page whose own name was pointed to this server (DNS rebinding) could read the responses. Its requests have
  that name in `Host`. A page cannot be at an IP address of this server, so addresses are harmless.
- `Origin`: a page can send forms and plain text without asking first. Its writes have its own origin in `Origin`.
  Reads are not checked: this server sends no CORS headers, and without them a browser keeps the response from the page.

Programs other than browsers send no `Origin`.
"""

import re
from collections.abc import Iterable
from ipaddress import ip_address
from typing import NamedTuple

from aiohttp import web
from aiohttp.typedefs import Handler

from canvus_async.server.refusals import Denied, Misdirected

_AUTHORITY = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([^\s:\[\]@/\\?#]+))(?::(\d{1,5}))?")
_DEFAULT_PORTS = {"http": "80", "https": "443"}
_SAFE = {"GET", "HEAD"}


class Authority(NamedTuple):
    """A host name or address in its normal form, and the port, "" if none was given."""

    name: str
    port: str


class Hosts:
    """The names under which a server may be reached.

    Always allowed: localhost, loopback addresses, the addresses that the server listens on, and the name `host`. If it
    listens on all addresses, every IP address is allowed. `allowed` adds names, or a name with one port.
    """

    def __init__(self, host: str, allowed: Iterable[str] = ()) -> None:
        if isinstance(allowed, str):
            raise ValueError('allowed_hosts must be a list of names, such as ["canvus.example.com"]')  # noqa: TRY004
        self._own = {"localhost", _normal(host.partition("%")[0])}
        self._allowed: set[Authority] = set()
        self._every_address = False
        for entry in allowed:
            parsed = parse_authority(entry)
            if parsed is None:
                raise ValueError(f"allowed_hosts must contain names such as canvus.example.com, got {entry!r}")
            self._allowed.add(parsed)

    def listen_on(self, addresses: Iterable[str]) -> None:
        """Allow the addresses that the server listens on."""
        for address in addresses:
            name = _normal(address.partition("%")[0])
            self._own.add(name)
            self._every_address |= ip_address(name).is_unspecified

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Raises Misdirected for a foreign host, and Denied for a write from a foreign origin."""
        hosts = request.headers.getall("Host", [])  # browsers always send it
        for host in hosts:
            if not self.allows_host(host):
                raise Misdirected(
                    f"This server does not respond to requests for the host {host[:100]!r}. "
                    "Allow it with allowed_hosts= or `canvus serve --allowed-host`"
                )
        if request.method not in _SAFE:
            for origin in request.headers.getall("Origin", []):
                if not self.allows_origin(origin, hosts):
                    raise Denied(f"Writes by web pages of another origin are refused: {origin[:100]!r}")
        return await handler(request)

    def allows_host(self, host: str) -> bool:
        """Whether the value of a Host header names this server. The port does not matter: a proxy may change it."""
        sent = parse_authority(host)
        if sent is None:
            return False
        return sent.name in self._own or self._is_listed(sent) or self._is_harmless_address(sent.name)

    def allows_origin(self, origin: str, hosts: Iterable[str]) -> bool:
        """Whether an Origin header names this server, under an allowed name or the one that the request was sent to."""
        scheme, separator, rest = origin.partition("://")
        sent, port = parse_authority(rest), _DEFAULT_PORTS.get(scheme.lower())
        if not separator or sent is None or port is None:
            return False  # such as "null", the origin of a local file
        own = {Authority(each.name, each.port or port) for each in map(parse_authority, hosts) if each}
        return Authority(sent.name, sent.port or port) in own or self._is_listed(sent)

    def _is_listed(self, sent: Authority) -> bool:
        ports = {sent.port} if sent.port else _DEFAULT_PORTS.values()
        return any(each.name == sent.name and (not each.port or each.port in ports) for each in self._allowed)

    def _is_harmless_address(self, name: str) -> bool:
        try:
            address = ip_address(name)
        except ValueError:
            return False
        return address.is_loopback or self._every_address


def parse_authority(text: str) -> Authority | None:
    """Parse `name`, `name:port`, `address`, `address:port` or `[address]:port`; None if it is malformed."""
    found = _AUTHORITY.fullmatch(text)
    return None if found is None else Authority(_normal(found[1] or found[2]), (found[3] or "").lstrip("0"))


def _normal(name: str) -> str:
    """The form of a name or address in which equal ones are equal."""
    name = name.lower().removesuffix(".")
    try:
        address = ip_address(name)
    except ValueError:
        return name if name.isascii() else _encoded(name)
    return str(getattr(address, "ipv4_mapped", None) or address)


def _encoded(name: str) -> str:
    """A name as browsers send it; unchanged if it is not a valid name."""
    try:
        return name.encode("idna").decode()
    except UnicodeError:
        return name
