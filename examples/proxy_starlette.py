"""Show a canvas's pictures to people who have no token: a proxy with Starlette.

    CANVUS_URL=https://canvus.example.com CANVUS_TOKEN=... CANVUS_CANVAS=<canvas id> \
        uvicorn --factory examples.proxy_starlette:from_env

`/thumbnails/<hash>?width=320&height=240` comes from the cache where it can, `/files/<hash>` is passed on as it comes.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from canvus_async import ApiError, Canvas, Client


async def thumbnail(request: Request) -> Response:
    canvas: Canvas = request.app.state.canvas
    width, height = int(request.query_params.get("width", "320")), int(request.query_params.get("height", "240"))
    body = await canvas.mipmaps.fetch_fit(request.path_params["hash"], width=width, height=height)
    headers = {"Cache-Control": "private, max-age=31536000, immutable"}
    return Response(body, media_type="image/webp", headers=headers)


class File:
    """An ASGI endpoint, because the stream must stay open until the answer is sent, or its reader has gone."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        canvas: Canvas = request.app.state.canvas
        stream = canvas.assets.stream(request.path_params["hash"], part=request.headers.get("Range"))
        async with stream as body:
            response = StreamingResponse(body, status_code=body.status, headers=body.headers)
            await response(scope, receive, send)


async def refused(request: Request, error: Exception) -> Response:
    status = error.status if isinstance(error, ApiError) else 400
    return JSONResponse({"msg": error.msg if isinstance(error, ApiError) else str(error)}, status_code=status)


def application(url: str, token: str, canvas_id: str) -> Starlette:
    @asynccontextmanager
    async def opened(app: Starlette) -> AsyncIterator[None]:
        async with Client(url, token=token) as client:  # one for the whole process
            app.state.canvas = client.canvas(canvas_id)
            yield

    routes = [Route("/thumbnails/{hash}", thumbnail), Route("/files/{hash}", File())]
    return Starlette(routes=routes, lifespan=opened, exception_handlers={ApiError: refused, ValueError: refused})


def from_env() -> Starlette:
    return application(os.environ["CANVUS_URL"], os.environ["CANVUS_TOKEN"], os.environ["CANVUS_CANVAS"])
