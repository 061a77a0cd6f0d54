"""`canvus doctor`: is the server there, is the token right, do the clocks agree, do subscriptions live?"""

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
from canvus_async.errors import CanvusError, ConnectFailed, Forbidden, NotFound, RequestTimeout, Unauthorized
from canvus_async.options import Reconnect, Retry, Timeouts

_ADVICE: tuple[tuple[type[CanvusError], str], ...] = (
    (Unauthorized, "check --token or CANVUS_TOKEN; make a new one in your account's settings"),
    (Forbidden, "the token's user is blocked or may not do this; ask who runs the server"),
    (NotFound, "this may not be a Canvus server, or its API lies elsewhere; check the address"),
    (RequestTimeout, "nobody answers there; check the address, the port and firewalls"),
    (ConnectFailed, "check the address and port; for a private certificate use the library with ssl="),
)


_SKEW = timedelta(seconds=60)
"""Clocks this far apart are worth a word."""

Told: TypeAlias = tuple[str, str]
"""What a check has to say, and what to do about it, "" where there is nothing."""


class Finding(NamedTuple):
    """What one check found; `advice` is what to do, "" where all is well."""

    check: str
    ok: bool
    said: str
    advice: str = ""


async def doctor(*, as_json: Json = False, url: Url = None, token: Token = None) -> int:
    """Check the way to a server, a line each, with what to do about what is wrong. Exit status 1 if something is.

    Args:
        as_json: Print one JSON document: a list of check, ok, said and advice.
        url: The server's address.
        token: Your token.
    """
    console = Console(highlight=False, soft_wrap=True)
    limits = Timeouts(connect=5, answer=10, head=10, first_line=10)
    client = connect(url, token, timeouts=limits, retry=Retry(attempts=1), reconnect=Reconnect(open_attempts=1))
    checks: tuple[tuple[str, Callable[[Client], Awaitable[Told]]], ...] = (
        ("reachable", _reachable),
        ("token", _known),
        ("clock", _in_time),
        ("subscriptions", _streaming),
    )
    findings: list[Finding] = []
    async with client:
        for name, check in checks:
            findings.append(await _found(name, check(client)))
            if not as_json:
                _show(findings[-1], console)
            if not findings[-1].ok:
                break
    if as_json:
        print(msgspec.json.encode([finding._asdict() for finding in findings]).decode())
    return 0 if findings[-1].ok else 1


async def _found(name: str, checking: Awaitable[Told]) -> Finding:
    try:
        return Finding(name, True, *await checking)
    except CanvusError as error:
        advice = next((words for kind, words in _ADVICE if isinstance(error, kind)), "see the message above")
        return Finding(name, False, str(error), advice)


def _show(finding: Finding, console: Console) -> None:
    mark = "[red]✗[/]" if not finding.ok else "[yellow]![/]" if finding.advice else "[green]✓[/]"
    console.print(f"{mark} {finding.check}: {escape(finding.said)}")
    if finding.advice:
        console.print(f"  {finding.advice}")


async def _reachable(client: Client) -> Told:
    info = await client.server_info()
    return f"{client.url}, version {info.version or 'unknown'}, API {', '.join(info.api) or 'unknown'}", ""


async def _known(client: Client) -> Told:
    count = len(await client.canvases.list())
    return f"you may see {count} canvas{'es' if count != 1 else ''}", ""


async def _in_time(client: Client) -> Told:
    theirs = await client.server_time()
    if theirs is None:
        return "the server does not tell its time", ""
    ahead = theirs - datetime.now(UTC)
    if abs(ahead) <= _SKEW:
        return "agrees with the server's", ""
    words = f"the server's is {abs(ahead).total_seconds():.0f} s {'ahead' if ahead > timedelta() else 'behind'}"
    return words, "set one of them: times in records and logs will not fit together; nothing else depends on it"


async def _streaming(client: Client) -> Told:
    infos = await client.canvases.list()
    if not infos:
        return "not tried, there is no canvas", ""
    async with aclosing(client.canvases.subscribe()) as states, asyncio.timeout(15):
        await anext(states)
    return "the first line came", ""
