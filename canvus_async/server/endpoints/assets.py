"""`/mipmaps` and `/assets`: files by their hash, for who may see a canvas that shows them (seed 000)."""

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
    """An asset, and what its file is called on the canvas that it was asked for through."""

    asset: StoredAsset
    filename: str


class AssetEndpoints:
    """Content by hash. Both headers are needed: the token says who asks, the canvas id where the file is shown.

    A page that does not exist is refused as a level that does not: 400. A file that shows only when it is drawn that it
    is damaged has no mipmaps, like one of another type: 501.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self._assets = services.state.assets

    def routes(self) -> list[web.RouteDef]:
        """What is answered here."""
        return [
            web.get(f"{API}/mipmaps/{{hash}}{SLASH}", self.info),
            web.get(f"{API}/mipmaps/{{hash}}/{{level}}{SLASH}", self.level),
            web.get(f"{API}/assets/{{hash}}{SLASH}", self.asset),
        ]

    async def info(self, request: web.Request) -> web.StreamResponse:
        """Which mipmap levels a page has."""
        found = self._find(request)
        page = _whole_number("page", request.query.get("page", "0"))
        try:
            info = await self._services.renderer.info(found.asset.hash, self._assets.path(found.asset), page)
        except PageOutOfRange as error:
            raise Invalid(str(error)) from None
        except (UnsupportedAsset, BrokenAsset) as error:
            raise Unsupported(str(error)) from None
        reply = json_response(msgspec.json.encode(info))
        reply.headers["Cache-Control"] = IMMUTABLE
        return reply

    async def level(self, request: web.Request) -> web.StreamResponse:
        """One level of a page, as WebP."""
        found = self._find(request)
        page = _whole_number("page", request.query.get("page", "0"))
        level = _whole_number("level", request.match_info["level"])
        try:
            path = await self._services.renderer.level(found.asset.hash, self._assets.path(found.asset), page, level)
        except (PageOutOfRange, LevelOutOfRange) as error:
            raise Invalid(str(error)) from None
        except (UnsupportedAsset, BrokenAsset) as error:
            raise Unsupported(str(error)) from None
        return file_response(
            request,
            path,
            etag=f"{found.asset.hash}-{page}-{level}",
            content_type="image/webp",
            filename=f"{PurePath(found.filename).stem}-{page}-{level}.webp",
            disposition="inline",
        )

    async def asset(self, request: web.Request) -> web.StreamResponse:
        """The file as it was uploaded."""
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
        """The asset that a request may have. A missing canvas id is a 404 before anything else is looked at."""
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
    """A number from 0 on in plain digits; everything else is out of range."""
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise Invalid(f"{name} must be a whole number from 0 on, got {text[:40]}")
    return int(text)
