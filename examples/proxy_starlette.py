"""A proxy with Starlette that shows the images of a canvas to users who have no Canvus token.

    CANVUS_URL=https://canvus.example.com CANVUS_TOKEN=... CANVUS_CANVAS=<canvas id> \
        uvicorn --factory examples.proxy_starlette:from_env

`/thumbnails/<hash>?width=320&height=240` is cached in memory, `/files/<hash>` is streamed. Both send an ETag. A browser
that has the content already gets 304, without a request to the Canvus server.
"""

import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from canvus_async import ApiError, Canvas, CanvusError, Client


async def thumbnail(request: Request) -> Response:
    canvas: Canvas = request.app.state.canvas
    name = request.path_params["hash"]
    width, height = int(request.query_params.get("width", "320")), int(request.query_params.get("height", "240"))
    headers = caching(f"{name}-{width}x{height}")
    if is_known(request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    body = await canvas.mipmaps.fetch_fit(name, width=width, height=height)
    return Response(body, media_type="image/webp", headers=headers)


class File:
    """An ASGI endpoint, because the stream must stay open until the response is sent or the browser disconnects."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        canvas: Canvas = request.app.state.canvas
        name = request.path_params["hash"]
        headers = caching(name)
        if is_known(request, headers["ETag"]):
            await Response(status_code=304, headers=headers)(scope, receive, send)
            return
        part = request.headers.get("Range")
        if request.headers.get("If-Range", headers["ETag"]) != headers["ETag"]:
            part = None  # the browser has a part of other content: send all of it
        async with canvas.assets.stream(name, part=part) as body:
            response = StreamingResponse(body, status_code=body.status, headers={**body.headers, **headers})
            await response(scope, receive, send)


def caching(content: str) -> dict[str, str]:
    """Response headers. The content of a hash never changes, so the browser may cache it permanently."""
    return {"ETag": f'"{content}"', "Cache-Control": "private, max-age=31536000, immutable"}


def is_known(request: Request, etag: str) -> bool:
    """Whether the browser has this content already."""
    tags = request.headers.get("If-None-Match", "").split(",")
    return any(tag.strip().removeprefix("W/") in {"*", etag} for tag in tags)


async def refused(request: Request, error: Exception) -> Response:
    if isinstance(error, ApiError):
        return JSONResponse({"msg": error.msg}, status_code=error.status)
    if isinstance(error, ValueError):
        return JSONResponse({"msg": str(error)}, status_code=400)
    return JSONResponse({"msg": "no valid response from the Canvus server"}, status_code=502)


def application(url: str, token: str, canvas_id: str) -> Starlette:
    @asynccontextmanager
    async def opened(app: Starlette) -> AsyncGenerator[None]:
        async with Client(url, token=token) as client:  # one client for the whole process
            app.state.canvas = client.canvas(canvas_id)
            yield

    routes = [Route("/thumbnails/{hash}", thumbnail), Route("/files/{hash}", File())]
    handlers = {CanvusError: refused, ValueError: refused}
    return Starlette(routes=routes, lifespan=opened, exception_handlers=handlers)


def from_env() -> Starlette:
    return application(os.environ["CANVUS_URL"], os.environ["CANVUS_TOKEN"], os.environ["CANVUS_CANVAS"])
