"""Reads JSON from request bodies, and builds JSON responses from bytes that are already encoded."""

from collections.abc import Iterable, Mapping

import msgspec
from aiohttp import web

from canvus_async.models import JSON
from canvus_async.server.refusals import Invalid, TooBig


def json_response(raw: bytes) -> web.Response:
    """A response with status 200 whose body is encoded JSON."""
    return web.Response(body=raw, content_type="application/json", charset="utf-8")


def json_array(items: Iterable[bytes]) -> list[bytes]:
    """The pieces of a JSON array on one line, from encoded objects. They are not copied."""
    pieces = [b"["]
    for item in items:
        pieces += (item, b",")
    pieces[1:] = pieces[1:-1]
    return [*pieces, b"]"]


def error_response(status: int, msg: str, headers: Mapping[str, str] | None = None) -> web.Response:
    """The form of every error: a JSON object with a `msg`."""
    encodable = msg.encode(errors="replace").decode()  # a message may quote lone surrogates from a request
    body = msgspec.json.encode({"msg": encodable})
    return web.Response(status=status, body=body, content_type="application/json", charset="utf-8", headers=headers)


async def read_json_object(request: web.Request) -> dict[str, JSON]:
    """The JSON object in a request's body; an empty body counts as an empty object. Raises Invalid and TooBig."""
    if (request.content_length or 0) > request.client_max_size:
        raise TooBig(f"The body is larger than {request.client_max_size} bytes")
    return decode_json_object(await request.read(), "body")


def decode_json_object(body: bytes, what: str) -> dict[str, JSON]:
    """Decode a JSON object; no bytes count as an empty object. `what` names the input in errors. Raises Invalid."""
    if not body.strip():
        return {}
    try:
        value: JSON = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Invalid(f"{what} is not valid JSON: {error}") from None
    if not isinstance(value, dict):
        raise Invalid(f"{what} must be a JSON object")
    return value
