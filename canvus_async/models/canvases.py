"""Canvases and the server itself, as the REST API describes them (developer.multitaction.com/mt-canvus)."""

import msgspec


class CanvasInfo(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A canvas in a list or by itself. `access` is what the asker may do: owner, edit, view or none.

    `created_at` and `modified_at` are ISO 8601 text as sent; `asset_size` is in bytes.
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
        """Whether this record says that the canvas is gone."""
        return self.state == "deleted"


class ServerInfo(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What `GET /server-info` tells anyone: the API versions, the product version and the server's id."""

    api: tuple[str, ...] = ()
    version: str = ""
    server_id: str = ""
