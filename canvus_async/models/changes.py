"""Changes of a canvas, which a subscription computes from what the server sends."""

from typing import Generic, Literal, Protocol, TypeVar, cast

import msgspec


class Record(Protocol):
    """A record that a subscription can follow: it has an id, and its `state` is "deleted" when it was deleted."""

    @property
    def id(self) -> str: ...

    @property
    def state(self) -> str: ...


R = TypeVar("R", bound=Record)


class Change(msgspec.Struct, Generic[R], frozen=True, gc=False):
    """One item that was created, updated or deleted. `id` is its id; for a background without an id, its widget type.

    `old` is the record that you last received, None for "created"; `new` is None for "deleted". `initial` is true for
    items that existed when you started, `resync` for changes that happened while the connection was lost.
    """

    kind: Literal["created", "updated", "deleted"]
    id: str
    old: R | None
    new: R | None
    resync: bool = False
    initial: bool = False

    @property
    def record(self) -> R:
        """The complete record after the change; after a delete, the last known record with `state` "deleted"."""
        if self.new is not None:
            return self.new
        if self.old is None:
            raise ValueError(f"the change of {self.id!r} has neither old nor new")
        return as_deleted(self.old)

    @property
    def type_changed(self) -> bool:
        """Whether the item is now a widget of another type."""
        if self.old is None or self.new is None:
            return False
        return getattr(self.old, "widget_type", None) != getattr(self.new, "widget_type", None)


def as_deleted(record: R) -> R:
    """The record with the state "deleted"."""
    return cast("R", msgspec.structs.replace(cast("msgspec.Struct", record), state="deleted"))
