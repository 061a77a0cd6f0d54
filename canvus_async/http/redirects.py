"""Redirects: followed for reads within one origin, refused otherwise."""

from yarl import URL

from canvus_async.errors import RedirectRefused
from canvus_async.http.response import Response
from canvus_async.protocol.answers import Answers
from canvus_async.protocol.retrying import SAFE

_MAX_HOPS = 3


def next_hop(response: Response, answers: Answers, origin: URL, hops: int) -> URL:
    """The address that a redirect leads to. Raises RedirectRefused unless it is a read within the same origin."""
    request = response.request
    target = _target(response)
    same = target is not None and target.origin() == origin
    if target is not None and same and request.method in SAFE and hops <= _MAX_HOPS:
        return target
    del target  # it may contain secrets, which a traceback with locals should not show
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


def _target(response: Response) -> URL | None:
    """The address in the Location header; None if it is missing or not an address."""
    try:
        target = response.url.join(URL(response.headers.get("Location", "")))
        target.origin()  # raises ValueError for an address without a host
    except ValueError:
        return None
    return target
