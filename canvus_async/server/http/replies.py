"""JSON in and out: objects from request bodies, replies from bytes that are already encoded, and refusals."""

from collections.abc import Iterable, Mapping

import msgspec
from aiohttp import web

from canvus_async.models import JSON
from canvus_async.server.refusals import Invalid, TooBig


def json_reply(raw: bytes) -> web.Response:
    """A reply of JSON that is already encoded."""
    return web.Response(body=raw, content_type="application/json", charset="utf-8")


def json_array(items: Iterable[bytes]) -> bytes:
    """A JSON array of objects that are already encoded, on one line."""
    return b"[" + b",".join(items) + b"]"


def refusal(status: int, msg: str, headers: Mapping[str, str] | None = None) -> web.Response:
    """A no, in the form that all the seeds give it."""
    readable = msg.encode(errors="replace").decode()
    body = msgspec.json.encode({"msg": readable})
    return web.Response(status=status, body=body, content_type="application/json", charset="utf-8", headers=headers)


async def read_object(request: web.Request) -> dict[str, JSON]:
    """The JSON object in a request's body; no body at all is an empty one. Raises Invalid."""
    if (request.content_length or 0) > request.client_max_size:
        raise TooBig(f"The body is larger than {request.client_max_size} bytes")
    return decode_object(await request.read(), "body")


def decode_object(body: bytes, what: str) -> dict[str, JSON]:
    """A JSON object from bytes; none at all are an empty one. Raises Invalid."""
    if not body.strip():
        return {}
    try:
        value: JSON = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Invalid(f"{what} is not valid JSON: {error}") from None
    if not isinstance(value, dict):
        raise Invalid(f"{what} must be a JSON object")
    return value
