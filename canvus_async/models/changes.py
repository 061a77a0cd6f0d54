"""What changed on a canvas, as a subscription works it out from what the server sends."""

from typing import Generic, Literal, Protocol, TypeVar, cast

import msgspec


class Record(Protocol):
    """A record that a subscription can follow: it has an id, and `state` tells when it is gone."""

    @property
    def id(self) -> str: ...

    @property
    def state(self) -> str: ...


R = TypeVar("R", bound=Record)


class Change(msgspec.Struct, Generic[R], frozen=True, gc=False):
    """One item that came, changed or went. `id` is its id; a background without one goes by its widget type.

    `old` is what you were last told of it, None for "created"; `new` is None for "deleted". `initial` marks the items
    that were there when you began to listen, `resync` what happened while the connection was lost.
    """

    kind: Literal["created", "updated", "deleted"]
    id: str
    old: R | None
    new: R | None
    resync: bool = False
    initial: bool = False

    @property
    def record(self) -> R:
        """The whole record after the change; for a delete, the last one known, with `state` "deleted"."""
        if self.new is not None:
            return self.new
        if self.old is None:
            raise ValueError(f"a change without old and new: {self.id!r}")
        return as_deleted(self.old)

    @property
    def type_changed(self) -> bool:
        """Whether the id now names a widget of another type."""
        if self.old is None or self.new is None:
            return False
        return getattr(self.old, "widget_type", None) != getattr(self.new, "widget_type", None)


def as_deleted(record: R) -> R:
    """The same record, saying that it is gone."""
    return cast("R", msgspec.structs.replace(cast("msgspec.Struct", record), state="deleted"))
