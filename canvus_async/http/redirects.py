"""Redirects: followed for reads within one origin, refused otherwise."""

import aiohttp
from yarl import URL

from canvus_async.errors import (
    RedirectRefused,
)
from canvus_async.http.request import Request
from canvus_async.protocol.answers import Answers
from canvus_async.protocol.retrying import SAFE

_MAX_HOPS = 3


def next_hop(request: Request, response: aiohttp.ClientResponse, answers: Answers, origin: URL, hops: int) -> URL:
    """Where a redirect leads. Raises RedirectRefused unless that is a read within the same origin."""
    target = _target(response)
    same = target is not None and target.origin() == origin
    if target is not None and same and request.method in SAFE and hops <= _MAX_HOPS:
        return target
    del target  # it may hold what a traceback with locals should not show
    reason = (
        "a redirect to another origin"
        if not same
        else f"more than {_MAX_HOPS} redirects"
        if request.method in SAFE
        else "a redirect of a write"
    )
    shown = answers.plain(response.headers.get("Location", "").split("?", 1)[0], 200) or "nowhere"
    what = f"{reason} ({response.status} to {shown}) is not followed"
    raise RedirectRefused(what, method=request.method, path=request.path, target=shown)


def _target(response: aiohttp.ClientResponse) -> URL | None:
    """Where a Location header leads, None where that is no place."""
    try:
        target = response.url.join(URL(response.headers.get("Location", "")))
        target.origin()  # raises for what has none
    except ValueError:
        return None
    return target
