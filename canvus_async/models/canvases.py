"""Canvases and the server itself (API pages "Canvases" and "Server Info", developer.multitaction.com/mt-canvus)."""

import msgspec


class CanvasInfo(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A canvas. `access` is what you may do with it: "owner", "edit", "view" or "none".

    `created_at` and `modified_at` are ISO 8601 text, as the server sent them; `asset_size` is in bytes.
    """

    id: str
    name: str = ""
    folder_id: str = ""
    access: str = ""
    mode: str = "normal"
    state: str = "normal"
    in_trash: bool = False
    asset_size: int = 0
    preview_hash: str = ""
    created_at: str = ""
    modified_at: str = ""

    @property
    def deleted(self) -> bool:
        """Whether the canvas was deleted; only subscriptions yield such records."""
        return self.state == "deleted"


class ServerInfo(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """The response to `GET /server-info`: the API versions, the product version and the server's id."""

    api: tuple[str, ...] = ()
    version: str = ""
    server_id: str = ""
