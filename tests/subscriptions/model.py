"""A canvas as a dict, random changes to it, and the invariants that every consumer may rely on."""

import json
import random
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import msgspec

from canvus_async import Change
from canvus_async.models import BY_TYPE, UnknownWidget, Widget
from tests.subscriptions.wire import Fields, gone, image, note, widget

IDS = [f"id-{number}" for number in range(12)]
TEXTS = ("", "x", 'a "quoted" one', "},{", "日本🎉", "back\\slash", "odd \ufffd one", "long " * 40)

KINDS: Mapping[str, Callable[[str, str], Fields]] = {
    "Note": lambda id_, text: note(id_, text=text),
    "Image": lambda id_, text: image(id_, title=text),
    "PDF": lambda id_, text: widget("PDF", id_, title=text, original_filename="a.pdf", hash="", index=0),
    "Browser": lambda id_, text: widget("Browser", id_, url=text, title="", transparent_mode=False),
    "Anchor, fields left out": lambda id_, text: widget("Anchor", id_, anchor_name=text),
    "Connector": lambda id_, text: {
        "id": id_,
        "widget_type": "Connector",
        "state": "normal",
        "src": {"id": "a", "rel_location": None, "auto_location": True, "tip": "none"},
        "dst": {"id": "b", "rel_location": {"x": 0.5, "y": 1.0}, "auto_location": False, "tip": text},
        "type": "curve",
        "line_color": "#ff0000ff",
        "line_width": 2.0,
    },
    "an unknown type": lambda id_, text: widget("Hologram", id_, beams=[text]),
    "an invalid note": lambda id_, text: note(id_, text=text, size=None),
}
TEXT_FIELD = {"Note": "text", "Image": "title", "PDF": "title", "Browser": "url", "Anchor": "anchor_name"}


class ModelCanvas:
    """What a server knows. Each change returns the lines that report it, as values."""

    def __init__(self, dice: random.Random) -> None:
        self.dice = dice
        self.widgets: dict[str, Fields] = {}
        self.happenings = 0

    def happen(self) -> list[object]:
        """Make a random change."""
        self.happenings += 1
        what = self.dice.choices(
            (self.put, self.change, self.remove, self.at_once, self.waver, self.repeat, self.mislead),
            (5, 8, 3, 2, 1, 1, 1),
        )
        return what[0]()

    def put(self, id_: str | None = None, kind: str | None = None, text: str | None = None) -> list[object]:
        """Create a widget; if the id exists, it now names the new widget, perhaps of another type."""
        id_ = id_ or self.dice.choice(IDS)
        make = KINDS[kind or self.dice.choice(list(KINDS))]
        self.widgets[id_] = make(id_, self.dice.choice(TEXTS) if text is None else text)
        return [self.widgets[id_]]

    def change(self) -> list[object]:
        """Change a widget; the line has all fields or only the changed ones, with the type or without."""
        if not self.widgets:
            return self.put()
        id_ = self.dice.choice(list(self.widgets))
        old = self.widgets[id_]
        new: Fields = {}
        if "depth" in old and self.dice.random() < 0.7:
            new["depth"] = float(self.happenings)
        if old["widget_type"] in TEXT_FIELD:
            new[TEXT_FIELD[old["widget_type"]]] = self.dice.choice(TEXTS)
        if "beams" in old:
            new["beams"] = [self.happenings]
        if "size" in old and self.dice.random() < 0.2:
            new["size"] = self.dice.choice([None, {"width": 1.0, "height": float(self.happenings)}])
        self.widgets[id_] = {**old, **new}
        form = self.dice.randrange(3)
        if form == 0 or not new:
            return [self.widgets[id_]]
        return [{"id": id_, **({"widget_type": old["widget_type"]} if form == 1 else {}), **new}]

    def remove(self, id_: str | None = None) -> list[object]:
        """Delete a widget; the line has its id and little more, or all fields."""
        if not self.widgets:
            return self.put()
        old = self.widgets.pop(id_ or self.dice.choice(list(self.widgets)))
        return [self.dice.choice([gone(old), {**old, "state": "deleted"}, {"id": old["id"], "state": "deleted"}])]

    def at_once(self) -> list[object]:
        """Make several changes, reported in one line that is an array, or in lines that arrive together."""
        ways = self.dice.choices((self.put, self.change, self.remove), k=self.dice.randint(2, 6))
        lines = [line for way in ways for line in way()]
        return [lines] if self.dice.random() < 0.5 else lines

    def waver(self) -> list[object]:
        """Change a widget and change it back, so that a slow consumer sees no difference."""
        if not self.widgets:
            return self.put()
        old = self.dice.choice(list(self.widgets.values()))
        return [{**old, "depth": float(self.happenings) + 0.5}, old]

    def repeat(self) -> list[object]:
        """Report a widget twice without a change."""
        return [self.dice.choice(list(self.widgets.values()))] * 2 if self.widgets else []

    def mislead(self) -> list[object]:
        """Report something about an id that does not exist."""
        lies = gone(note("nobody")), {"id": "nobody", "text": "half"}, {"id": "nobody", "state": "deleted"}
        return [self.dice.choice(lies)]


def is_of(record: Widget, fields: Fields) -> bool:
    """Whether a client should make this record of an object."""
    kind = BY_TYPE.get(fields["widget_type"].lower())
    if kind is not None:
        with suppress(msgspec.ValidationError):
            return record == msgspec.convert({**fields, "widget_type": kind.__struct_config__.tag}, kind)
    if not isinstance(record, UnknownWidget) or record.widget_type.lower() != fields["widget_type"].lower():
        return False
    # an unknown widget that was a typed record before also has the defaults of fields that were never sent
    return {**record.raw, **fields} == {**record.raw, "widget_type": fields["widget_type"]}


def mirrors(records: Mapping[str, Widget], canvas: ModelCanvas) -> bool:
    """Whether these records are exactly what is on the canvas."""
    return records.keys() == canvas.widgets.keys() and all(
        is_of(records[key], fields) for key, fields in canvas.widgets.items()
    )


def written(value: object, dice: random.Random) -> bytes:
    """A value as JSON in the style of some server: spaced or not, escaped or not; U+FFFD sometimes as invalid bytes."""
    text = json.dumps(value, ensure_ascii=dice.random() < 0.3, separators=dice.choice([None, (",", ":")])).encode()
    if dice.random() < 0.5:
        text = text.replace("\ufffd".encode(), b"\xff").replace(rb"\ufffd", rb"\ud83d")
    return text


CONNECTS, TAKE = 12, 5.5
HEALTHY = 60.0


def spares(requested: Sequence[float]) -> bool:
    """Whether a client that loses one connection after another backs off, judged by the times of its requests.

    Twelve requests in a row, none of them a minute after the one before, take 91 s on average, and less than 5.5 s once
    in billions of runs: the upper bounds of the eleven waits are 0.5, 1, 2, 4, 8, 16 and five times 30 s. If the waits
    did not grow, they would take at most 5.5 s.
    """
    streak: list[float] = []
    for time in requested:
        if streak and time - streak[-1] >= HEALTHY:
            streak.clear()
        streak.append(time)
        if len(streak) >= CONNECTS and time - streak[-CONNECTS] < TAKE:
            return False
    return True


class Fold:
    """The state that one consumer builds from its changes; raises AssertionError when an invariant is violated.

    Per id, `old` is the previous `new`; nothing is created twice, deleted before it was created, or reported without a
    difference.
    """

    def __init__(self, known: Mapping[str, Widget] | None = None) -> None:
        self.known = dict(known or {})
        self.told = 0

    def change(self, change: Change[Any]) -> None:
        """Apply a change from `live.changes()` or `live.batches()`."""
        self.told += 1
        key, old, new = change.id, change.old, change.new
        assert old == self.known.get(key), f"{key}: old is not the previous new"
        assert old != new, f"{key}: no difference"
        kind = "created" if old is None else "deleted" if new is None else "updated"
        assert change.kind == kind, f"{key}: {change.kind}, but it was {kind}"
        assert not (change.initial and kind != "created"), f"{key}: initial and {kind}"
        if new is None:
            del self.known[key]
        else:
            assert new.id == key
            self.known[key] = new

    def record(self, record: Widget) -> None:
        """Apply a record from `subscribe()`."""
        self.told += 1
        old = self.known.get(record.id)
        if record.deleted:
            assert old is not None, f"{record.id}: deleted but never seen"
            assert msgspec.structs.replace(record, state=old.state) == old, (
                f"{record.id}: not the last delivered record"
            )
            del self.known[record.id]
        else:
            assert record != old, f"{record.id}: no difference"
            self.known[record.id] = record
