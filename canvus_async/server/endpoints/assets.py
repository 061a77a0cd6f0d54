"""`/mipmaps` and `/assets`: files by their hash, for users who may view a canvas that shows them."""

from pathlib import PurePath
from typing import NamedTuple

import msgspec
from aiohttp import web

from canvus_async.protocol.urls import API
from canvus_async.server.access import Right, check_right
from canvus_async.server.endpoints.services import SLASH, Services
from canvus_async.server.http.file_responses import IMMUTABLE, file_response
from canvus_async.server.http.responses import json_response
from canvus_async.server.refusals import Invalid, Missing, Unsupported
from canvus_async.server.rendering.renderer import BrokenAsset, LevelOutOfRange, PageOutOfRange, UnsupportedAsset
from canvus_async.server.store.database import StoredAsset

CANVAS = "canvas-id"


class _Found(NamedTuple):
    """An asset, and its file name on the canvas that the request names."""

    asset: StoredAsset
    filename: str


class AssetEndpoints:
    """A request needs two headers: the token identifies the user, `canvas-id` a canvas that shows the file.

    A page that does not exist gives 400, like a level that does not exist. A file that turns out to be damaged when it
    is rendered gives 501, like a file of a type without mipmaps.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self._assets = services.state.assets

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get(f"{API}/mipmaps/{{hash}}{SLASH}", self.info),
            web.get(f"{API}/mipmaps/{{hash}}/{{level}}{SLASH}", self.level),
            web.get(f"{API}/assets/{{hash}}{SLASH}", self.asset),
        ]

    async def info(self, request: web.Request) -> web.StreamResponse:
        """Describe the mipmap levels of a page."""
        found = self._find(request)
        page = _whole_number("page", request.query.get("page", "0"))
        try:
            info = await self._services.renderer.info(found.asset.hash, self._assets.path(found.asset), page)
        except PageOutOfRange as error:
            raise Invalid(str(error)) from None
        except (UnsupportedAsset, BrokenAsset) as error:
            raise Unsupported(str(error)) from None
        self._find(request)  # the right may have been withdrawn meanwhile
        response = json_response(msgspec.json.encode(info))
        response.headers["Cache-Control"] = IMMUTABLE
        return response

    async def level(self, request: web.Request) -> web.StreamResponse:
        """Send one mipmap level of a page as WebP."""
        found = self._find(request)
        page = _whole_number("page", request.query.get("page", "0"))
        level = _whole_number("level", request.match_info["level"])
        try:
            path = await self._services.renderer.level(found.asset.hash, self._assets.path(found.asset), page, level)
        except (PageOutOfRange, LevelOutOfRange) as error:
            raise Invalid(str(error)) from None
        except (UnsupportedAsset, BrokenAsset) as error:
            raise Unsupported(str(error)) from None
        self._find(request)
        return file_response(
            request,
            path,
            etag=f"{found.asset.hash}-{page}-{level}",
            content_type="image/webp",
            filename=f"{PurePath(found.filename).stem}-{page}-{level}.webp",
            disposition="inline",
        )

    async def asset(self, request: web.Request) -> web.StreamResponse:
        """Send the uploaded file."""
        found = self._find(request)
        return file_response(
            request,
            self._assets.path(found.asset),
            etag=found.asset.hash,
            content_type=found.asset.content_type,
            filename=found.filename,
            disposition="attachment",
        )

    def _find(self, request: web.Request) -> _Found:
        """The asset, if the user may view it. A missing `canvas-id` is a 404 whatever the token is."""
        canvas_id = request.headers.get(CANVAS)
        if not canvas_id:
            raise Missing("The canvas-id header is missing")
        user = self._services.users.require(request)
        canvas = check_right(user, self._services.state.canvases.get(canvas_id), canvas_id, Right.VIEW)
        asset_hash = request.match_info["hash"]
        widget = canvas.find_by_hash(asset_hash)
        asset = self._assets.known.get(asset_hash)
        if widget is None or asset is None:
            raise Missing(f"Asset {asset_hash} does not exist on canvas {canvas_id}")
        return _Found(asset, widget.filename or asset_hash)


def _whole_number(name: str, text: str) -> int:
    """Parse ASCII digits; anything else, such as a sign, is invalid."""
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise Invalid(f"{name} must be a non-negative integer, got {text[:40]}")
    return int(text)
