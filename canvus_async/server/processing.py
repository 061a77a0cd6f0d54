"""Publishes the hash of an uploaded file a moment after the upload, as real servers do once they have processed it."""

import asyncio

from canvus_async.server.rules import editing
from canvus_async.server.rules.widgets import StoredCanvas, StoredWidget
from canvus_async.server.state import State


class Processing:
    """Fills the `hash` of a widget `delay` seconds after its upload.

    At the start it also schedules the widgets whose hash is still empty because an earlier server stopped too soon.
    """

    def __init__(self, state: State, delay: float) -> None:
        self._state = state
        self._delay = delay
        self._timers: dict[str, asyncio.TimerHandle] = {}
        for canvas, widget in state.unprocessed():
            self.schedule(canvas, widget)

    def schedule(self, canvas: StoredCanvas, widget: StoredWidget) -> None:
        """Publish the hash after the delay. A pending timer of the same widget is restarted."""
        loop = asyncio.get_running_loop()
        self._cancel(widget.id)
        self._timers[widget.id] = loop.call_later(self._delay, self._finish, canvas.id, widget.id)

    def close(self) -> None:
        """Cancel all timers; the next start schedules them again."""
        for widget_id in list(self._timers):
            self._cancel(widget_id)

    def _cancel(self, widget_id: str) -> None:
        timer = self._timers.pop(widget_id, None)
        if timer is not None:
            timer.cancel()

    def _finish(self, canvas_id: str, widget_id: str) -> None:
        self._timers.pop(widget_id, None)
        canvas = self._state.canvases.get(canvas_id)
        widget = None if canvas is None else canvas.widgets.get(widget_id)
        if canvas is not None and widget is not None and widget.asset != widget.hash:
            self._state.put(canvas, [editing.with_hash(widget)])
