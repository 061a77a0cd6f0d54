"""`canvus doctor`: check the address, the token, the clock and a subscription, and suggest what to do."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, TypeAlias

import msgspec
from rich.console import Console
from rich.markup import escape

from canvus_async.cli.config import Token, Url, connect
from canvus_async.cli.listing import Json
from canvus_async.client import Client
from canvus_async.errors import (
    ApiError,
    CanvusError,
    ConnectFailed,
    Forbidden,
    NotFound,
    ProtocolError,
    RateLimited,
    RedirectRefused,
    RequestTimeout,
    ServerError,
    Unauthorized,
)
from canvus_async.options import Reconnect, Retry, Timeouts

# The first class that matches counts.
_ADVICE: tuple[tuple[type[CanvusError], str], ...] = (
    (
        Unauthorized,
        "check --token, CANVUS_TOKEN or the configuration file, or create a new token in your account settings",
    ),
    (Forbidden, "ask an administrator of the server whether your account is blocked or lacks permissions"),
    (NotFound, "check that --url is the address of a Canvus server, without the path of a page"),
    (RateLimited, "wait a minute, then run canvus doctor again"),
    (ServerError, "the server failed: try again later, or ask its administrator to look at its log"),
    (ApiError, "ask an administrator of the server what the response means"),
    (RedirectRefused, "use the address that the server redirects to as --url"),
    (
        ProtocolError,
        "check --url: it seems that a login page, a proxy or another program responds, not a Canvus server",
    ),
    (RequestTimeout, "check the address and the port, and whether a firewall blocks the connection"),
    (ConnectFailed, "check the address and the port, and that the server is running"),
)

_TLS_ADVICE = (
    "check whether the address must begin with http:// instead of https://; if a private authority issued the server's "
    "certificate, set CANVUS_CA_FILE to a PEM file with the certificate of that authority"
)
_OTHER_ADVICE = "check the network connection to the server, then run canvus doctor again"

_SKEW = timedelta(seconds=60)
"""A larger difference between the clocks is reported."""

_PATIENCE = 15.0
"""Seconds for the whole first line of a subscription."""

CheckResult: TypeAlias = tuple[str, str]
"""The message of a check that passed, and advice or ""."""


class Finding(NamedTuple):
    """The outcome of one check. `advice` says what to do; it is "" if nothing is wrong."""

    check: str
    ok: bool
    message: str
    advice: str = ""


async def doctor(*, as_json: Json = False, url: Url = None, token: Token = None) -> int:
    """Check the connection to a server, and print one line per check. The exit status is 1 if a check fails.

    Args:
        as_json: Print the checks as one JSON document: check, ok, message and advice of each.
        url: Address of the server.
        token: Your access token.
    """
    console = Console(highlight=False, soft_wrap=True)
    limits = Timeouts(connect=5, response=10, stream_open=10, first_line=10)
    client = connect(url, token, timeouts=limits, retry=Retry(attempts=1), reconnect=Reconnect(open_attempts=1))
    checks: tuple[tuple[str, Callable[[Client], Awaitable[CheckResult]]], ...] = (
        ("reachable", _server_responds),
        ("token", _token_is_accepted),
        ("clock", _clocks_agree),
        ("subscriptions", _subscription_works),
    )
    findings: list[Finding] = []
    async with client:
        for name, check in checks:
            findings.append(await _finding(name, check(client)))
            if not as_json:
                _show(findings[-1], console)
            if not findings[-1].ok:
                break
    if as_json:
        print(msgspec.json.encode([finding._asdict() for finding in findings]).decode())
    return 0 if findings[-1].ok else 1


async def _finding(name: str, check: Awaitable[CheckResult]) -> Finding:
    try:
        return Finding(name, True, *await check)
    except CanvusError as error:
        return Finding(name, False, str(error), _advice(error))
    except TimeoutError:  # the client limits the time until the first byte, not until the whole line
        return Finding(name, False, f"no whole line within {_PATIENCE:g} s", _OTHER_ADVICE)


def _advice(error: CanvusError) -> str:
    if isinstance(error, ConnectFailed) and error.permanent:
        return _TLS_ADVICE
    return next((advice for kind, advice in _ADVICE if isinstance(error, kind)), _OTHER_ADVICE)


def _show(finding: Finding, console: Console) -> None:
    mark = "[red]✗[/]" if not finding.ok else "[yellow]![/]" if finding.advice else "[green]✓[/]"
    console.print(f"{mark} {finding.check}: {escape(finding.message)}")
    if finding.advice:
        console.print(f"  {finding.advice}", markup=False)


async def _server_responds(client: Client) -> CheckResult:
    info = await client.server_info()
    return f"{client.url}, version {info.version or 'unknown'}, API {', '.join(info.api) or 'unknown'}", ""


async def _token_is_accepted(client: Client) -> CheckResult:
    count = len(await client.canvases.list())
    return f"access to {count} canvas{'es' if count != 1 else ''}", ""


async def _clocks_agree(client: Client) -> CheckResult:
    theirs = await client.server_time()
    if theirs is None:
        return "not checked, because the server does not send its time", ""
    ahead = theirs - datetime.now(UTC)
    if abs(ahead) <= _SKEW:
        return "same time as the server", ""
    message = f"the server is {abs(ahead).total_seconds():.0f} s {'ahead' if ahead > timedelta() else 'behind'}"
    return message, (
        "set the clock of this machine or of the server; until then, times in records and logs do not match, "
        "but everything else works"
    )


async def _subscription_works(client: Client) -> CheckResult:
    infos = await client.canvases.list()
    if not infos:
        return "not checked, because there is no canvas", ""
    async with aclosing(client.canvases.subscribe()) as states, asyncio.timeout(_PATIENCE):
        await anext(states)
    return "first line received", ""
