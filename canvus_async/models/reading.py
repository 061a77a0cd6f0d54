"""Records from JSON that was stored or received elsewhere, such as in a web hook."""

from collections.abc import Mapping, Sequence

import msgspec

from canvus_async.models.widgets import UnknownWidget, Widget


def from_json(data: bytes | str | Mapping[str, object] | Sequence[Mapping[str, object]]) -> list[Widget]:
    """The widgets in JSON text, or in objects that were decoded from it: one widget, or a list of them.

    It reads what the API sends and what `msgspec.json.encode()` makes of records. An unknown type, or an object that
    does not fit its type, becomes an UnknownWidget, as in `canvas.widgets.list()`. Raises ValueError for anything that
    is not JSON with one object or a list of objects.
    """
    # The decoder imports the records, so it cannot be imported at the top of a module of this room.
    from canvus_async.protocol.responses import decoder_for  # noqa: PLC0415

    text = data.encode() if isinstance(data, str) else data if isinstance(data, bytes) else msgspec.json.encode(data)
    decoder = decoder_for(Widget)
    records = [decoder.one(text)] if text.lstrip().startswith(b"{") else decoder.many(text)
    return [_original(record) for record in records]


def _original(record: Widget) -> Widget:
    """The object of an UnknownWidget that was encoded as a record, read again: it may be known by now."""
    if isinstance(record, UnknownWidget) and record.raw.get("widget_type") == UnknownWidget.__name__:
        encoded = record.raw.get("raw")
        return from_json(encoded)[0] if isinstance(encoded, dict) else record
    return record
