"""A proxy with aiohttp.web that shows the images of a canvas to users who have no Canvus token.

    CANVUS_URL=https://canvus.example.com CANVUS_TOKEN=... CANVUS_CANVAS=<canvas id> python examples/proxy_aiohttp.py

`/thumbnails/<hash>?width=320&height=240` is cached in memory, `/files/<hash>` is streamed. Both send an ETag. A browser
that has the content already gets 304, without a request to the Canvus server.
"""

import os
from collections.abc import AsyncIterator

from aiohttp import web
from aiohttp.typedefs import Handler

from canvus_async import ApiError, Canvas, CanvusError, Client

CANVAS = web.AppKey("canvas", Canvas)


async def thumbnail(request: web.Request) -> web.Response:
    name = request.match_info["hash"]
    width, height = int(request.query.get("width", "320")), int(request.query.get("height", "240"))
    headers = caching(f"{name}-{width}x{height}")
    if is_known(request, headers["ETag"]):
        return web.Response(status=304, headers=headers)
    body = await request.app[CANVAS].mipmaps.fetch_fit(name, width=width, height=height)
    return web.Response(body=body, content_type="image/webp", headers=headers)


async def file(request: web.Request) -> web.StreamResponse:
    name = request.match_info["hash"]
    headers = caching(name)
    if is_known(request, headers["ETag"]):
        return web.Response(status=304, headers=headers)
    part = request.headers.get("Range")
    if request.headers.get("If-Range", headers["ETag"]) != headers["ETag"]:
        part = None  # the browser has a part of other content: send all of it
    async with request.app[CANVAS].assets.stream(name, part=part) as body:
        response = web.StreamResponse(status=body.status, headers={**body.headers, **headers})
        await response.prepare(request)
        async for chunk in body:
            await response.write(chunk)  # waits while the browser is slow; so does the Canvus server
    return response


def caching(content: str) -> dict[str, str]:
    """Response headers. The content of a hash never changes, so the browser may cache it permanently."""
    return {"ETag": f'"{content}"', "Cache-Control": "private, max-age=31536000, immutable"}


def is_known(request: web.Request, etag: str) -> bool:
    """Whether the browser has this content already."""
    return any(tag.value in {"*", etag.strip('"')} for tag in request.if_none_match or ())


@web.middleware
async def errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except ApiError as error:
        return web.json_response({"msg": error.msg}, status=error.status)
    except ValueError as error:
        return web.json_response({"msg": str(error)}, status=400)
    except CanvusError:
        if request.transport is None or request.transport.is_closing():
            raise
        return web.json_response({"msg": "no valid response from the Canvus server"}, status=502)


def application(url: str, token: str, canvas_id: str) -> web.Application:
    async def opened(app: web.Application) -> AsyncIterator[None]:
        async with Client(url, token=token) as client:  # one client for the whole process
            app[CANVAS] = client.canvas(canvas_id)
            yield

    app = web.Application(middlewares=[errors])
    app.cleanup_ctx.append(opened)
    app.add_routes([web.get("/thumbnails/{hash}", thumbnail), web.get("/files/{hash}", file)])
    return app


if __name__ == "__main__":
    settings = os.environ["CANVUS_URL"], os.environ["CANVUS_TOKEN"], os.environ["CANVUS_CANVAS"]
    web.run_app(application(*settings), handler_cancellation=True)  # stop a transfer when the browser disconnects
