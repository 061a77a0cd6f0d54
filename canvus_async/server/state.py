"""The canvases of a running server. A change is written to the database first, then to memory, then to the streams."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from canvus_async.models import JSON
from canvus_async.server.access import Right
from canvus_async.server.refusals import Full
from canvus_async.server.rules import editing
from canvus_async.server.rules.widgets import StoredCanvas, StoredWidget, encode
from canvus_async.server.store.asset_files import AssetStore
from canvus_async.server.store.database import Storage, StoredAsset
from canvus_async.server.streams.broadcast import Broadcast, Event

MAX_MEMORY = 512 << 20
"""Bytes of memory, estimated, that widgets may take. Without a limit, a request of 60 bytes for a table takes 21 MB."""

_WIDGET_OVERHEAD = 1500
"""Bytes of memory that a widget takes besides its JSON and its fields."""


class State:
    """All canvases, their subscribers, and the uploaded files that they use.

    No method awaits, so each change is atomic for the other tasks.
    """

    def __init__(self, storage: Storage, assets: Path, *, on_asset_removed: Callable[[str], None]) -> None:
        """`assets` is a folder. `on_asset_removed` is called with the hash of each file that is not used any more."""
        self._storage = storage
        self._on_asset_removed = on_asset_removed
        self.canvases = {canvas.id: canvas for canvas in storage.canvases()}
        widgets = (widget for canvas in self.canvases.values() for widget in canvas.widgets.values())
        self._memory = sum(_memory(widgets) for widgets in (each.widgets.values() for each in self.canvases.values()))
        self._uses = Counter(widget.asset for widget in widgets if widget.asset)
        used = (asset for asset in storage.assets() if self._uses[asset.hash])
        self.assets = AssetStore(assets, used, durable=storage.durable)
        self.list_broadcast = Broadcast()
        self._broadcasts = {canvas_id: Broadcast() for canvas_id in self.canvases}

    def broadcast(self, canvas: StoredCanvas) -> Broadcast:
        """The broadcast of changes to the widgets of a canvas."""
        return self._broadcasts[canvas.id]

    def unprocessed(self) -> Iterator[tuple[StoredCanvas, StoredWidget]]:
        """Widgets with a file whose hash has not been published yet."""
        for canvas in self.canvases.values():
            for widget in canvas.widgets.values():
                if widget.asset and widget.hash != widget.asset:
                    yield canvas, widget

    def create_canvas(self, name: str, canvas_id: str) -> StoredCanvas:
        """Create a canvas with its root and its background."""
        now = timestamp()
        canvas = StoredCanvas(id=canvas_id, name=name, created_at=now, modified_at=now)
        widgets = editing.default_widgets(canvas)
        added = _memory(widgets)
        self._check_room(added)
        with self._storage.transaction():
            self._storage.put_canvas(canvas)
            self._storage.put_widgets(canvas.id, widgets)
        for widget in widgets:
            canvas.put(widget)
        self._memory += added
        self.canvases[canvas.id] = canvas
        self._broadcasts[canvas.id] = Broadcast()
        self._publish_canvas(canvas)
        return canvas

    def change_canvas(
        self, canvas: StoredCanvas, *, name: str | None = None, mode: str | None = None, link: str | None = None
    ) -> None:
        """Change the name, the mode or the link right of a canvas; None keeps a value."""
        before = canvas.name, canvas.mode, canvas.link, canvas.modified_at
        canvas.name = canvas.name if name is None else name
        canvas.mode = canvas.mode if mode is None else mode
        canvas.link = canvas.link if link is None else link
        canvas.modified_at = timestamp()
        try:
            self._storage.put_canvas(canvas)
        except BaseException:
            canvas.name, canvas.mode, canvas.link, canvas.modified_at = before
            raise
        self._publish_canvas(canvas)

    def delete_canvas(self, canvas: StoredCanvas) -> None:
        """Delete a canvas with all its widgets."""
        unused = self._unused_assets(removed=list(canvas.widgets.values()))
        with self._storage.transaction():
            self._storage.remove_canvas(canvas.id)
            self._storage.remove_assets(unused)
        self._memory -= _memory(canvas.widgets.values())
        del self.canvases[canvas.id]
        self._broadcasts.pop(canvas.id).end()
        self._publish_canvas(canvas, deleted=True)
        self._count_uses(removed=list(canvas.widgets.values()))
        self._discard(unused)

    def put(self, canvas: StoredCanvas, widgets: Sequence[StoredWidget], *, asset: StoredAsset | None = None) -> None:
        """Add or replace widgets, and register the uploaded file that they use."""
        now = timestamp()
        old = [canvas.widgets[widget.id] for widget in widgets if widget.id in canvas.widgets]
        unused = self._unused_assets(removed=old, added=widgets)
        added = _memory(widgets) - _memory(old)
        self._check_room(added)
        with self._storage.transaction():
            if asset is not None:
                self._storage.put_asset(asset)
            self._storage.put_widgets(canvas.id, widgets)
            self._storage.remove_assets(unused)
            self._storage.touch_canvas(canvas.id, now)
        self._memory += added
        if asset is not None:
            self.assets.register(asset)
        canvas.modified_at = now
        self._count_uses(removed=old, added=widgets)
        for widget in widgets:
            canvas.put(widget)
            self._broadcasts[canvas.id].publish(_event(widget))
        self._discard(unused)

    def remove(self, canvas: StoredCanvas, widgets: Sequence[StoredWidget]) -> None:
        now = timestamp()
        unused = self._unused_assets(removed=widgets)
        with self._storage.transaction():
            self._storage.remove_widgets(widgets)
            self._storage.remove_assets(unused)
            self._storage.touch_canvas(canvas.id, now)
        self._memory -= _memory(widgets)
        canvas.modified_at = now
        self._count_uses(removed=widgets)
        for widget in widgets:
            canvas.remove(widget)
            self._broadcasts[canvas.id].publish(_event(widget, deleted=True))
        self._discard(unused)

    def canvas_json(self, canvas: StoredCanvas, right: Right, *, deleted: bool = False) -> bytes:
        """A canvas as the API shows it to a user with that right."""
        fields: dict[str, JSON] = {
            "id": canvas.id,
            "name": canvas.name,
            "folder_id": "",
            "access": right.name.lower(),
            "mode": canvas.mode,
            "state": "deleted" if deleted else "normal",
            "in_trash": False,
            "asset_size": sum(self.assets.known[each].bytes for each in canvas.hashes),
            "preview_hash": "",
            "created_at": canvas.created_at,
            "modified_at": canvas.modified_at,
        }
        return encode(fields)

    def _check_room(self, added: int) -> None:
        """Raises Full if a change would need too much memory. Changes that need less than before are always allowed."""
        if added > 0 and self._memory + added > MAX_MEMORY:
            raise Full(f"The server has no room for more objects: delete some of the {len(self.canvases)} canvases")

    def _publish_canvas(self, canvas: StoredCanvas, *, deleted: bool = False) -> None:
        """Publish one event per right, because `access` in the JSON depends on the subscriber's right."""
        for right in (Right.VIEW, Right.EDIT, Right.OWNER):
            self.list_broadcast.publish(
                Event(
                    key=canvas.id,
                    raw=self.canvas_json(canvas, right, deleted=deleted),
                    canvas=canvas,
                    right=right,
                    deleted=deleted,
                )
            )

    def _unused_assets(
        self, *, removed: Sequence[StoredWidget], added: Sequence[StoredWidget] = ()
    ) -> list[StoredAsset]:
        """The files that no widget uses any more once these widgets have been removed and added."""
        uses = Counter(widget.asset for widget in removed if widget.asset)
        uses.subtract(widget.asset for widget in added if widget.asset)
        return [self.assets.known[each] for each, fewer in uses.items() if fewer > 0 and self._uses[each] == fewer]

    def _count_uses(self, *, removed: Sequence[StoredWidget], added: Sequence[StoredWidget] = ()) -> None:
        self._uses.update(widget.asset for widget in added if widget.asset)
        self._uses.subtract(widget.asset for widget in removed if widget.asset)

    def _discard(self, unused: Sequence[StoredAsset]) -> None:
        for asset in unused:
            del self._uses[asset.hash]
            self.assets.discard(asset)
            self._on_asset_removed(asset.hash)


def _memory(widgets: Iterable[StoredWidget]) -> int:
    """About how many bytes of memory widgets take: their JSON, the same as Python objects, and what each one costs.

    A hash counts before it is published, so that there is always room to publish it.
    """
    return sum(_WIDGET_OVERHEAD + 2 * (len(each.raw) + len(each.asset) - len(each.hash)) for each in widgets)


def timestamp() -> str:
    """The current time in the API's format."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _event(widget: StoredWidget, *, deleted: bool = False) -> Event:
    raw = encode({**widget.fields, "state": "deleted"}) if deleted else widget.raw
    return Event(key=widget.id, raw=raw, kind=widget.kind, parent_id=widget.parent_id, deleted=deleted)
