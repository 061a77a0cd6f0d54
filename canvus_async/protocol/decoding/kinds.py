"""What a record class is to a decoder, and the classes made to decode into.

A record with a default does not show whether the field was sent, and a type without a record cannot be decoded at all.
So objects are decoded into classes made for the purpose: one in which all fields are required, which then becomes the
record's own class; or one with the fields that objects of an unknown type have had.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, ClassVar, NamedTuple, cast

import msgspec

from canvus_async.models import JSON, UnknownWidget

_SHADOWED = frozenset({"raw", "error"})
"""Slots of UnknownWidget that a learned one does not need; they hold the object's own fields of these names."""

become: Callable[[object, type], None] = object.__dict__["__class__"].__set__
"""Change an object's class, past the setter of frozen structs. Python allows it between classes with the same slots."""


class Omissible(NamedTuple):
    """A field that an object may lack although it was decoded: its attribute, its name on the wire, its default."""

    attribute: str
    name: str
    default: object


class Kind(NamedTuple):
    """What there is to know of a record class. Names are those on the wire.

    An `id` that may be absent is not among the `optional` fields, because nothing is merged into what has none. The
    `hyphenated` fields are by the name with underscores that some servers give them. Decoding requires them, so that a
    server with that spelling is noticed, but they may be absent. `others` are the optional and the hyphenated ones.
    """

    record: type[msgspec.Struct]
    tag: str | None
    required: frozenset[str]
    optional: Mapping[str, msgspec.structs.FieldInfo]
    hyphenated: Mapping[str, str]
    others: frozenset[str]


@cache
def kind_of(record: type[msgspec.Struct]) -> Kind:
    """What there is to know of a record class."""
    fields = msgspec.structs.fields(record)
    tag = record.__struct_config__.tag
    hyphenated = {name.replace("-", "_"): name for field in fields if "-" in (name := field.encode_name)}
    optional = {name: field for field in fields if not field.required and (name := field.encode_name) != "id"}
    return Kind(
        record,
        None if tag is None else str(tag),
        frozenset(field.encode_name for field in fields if field.required) - set(hyphenated.values()),
        optional,
        hyphenated,
        frozenset({*optional, *hyphenated.values()}),
    )


def omissible(kind: Kind, names: frozenset[str]) -> tuple[Omissible, ...]:
    """What to look at in a record of `kind` that may lack the fields `names`."""
    fields = (kind.optional[name] for name in sorted(names))
    return tuple(Omissible(field.name, field.encode_name, _default(field)) for field in fields)


def _default(field: msgspec.structs.FieldInfo) -> object:
    return field.default_factory() if field.default is msgspec.NODEFAULT else field.default


def strict(kind: Kind, tag: str | None, left_out: frozenset[str]) -> type[msgspec.Struct]:
    """A class with the slots of the kind's record, in which only the fields `left_out` may be absent."""
    fields = [
        (field.name, field.type, msgspec.field(name=name))
        for name, field in kind.optional.items()
        if name not in left_out
    ]
    return _made(kind.record, fields, tag)


class LearnedWidget(UnknownWidget, frozen=True, gc=False, kw_only=True):  # noqa: PLW1641  # `raw` has no hash either
    """An UnknownWidget of a type that was met before: its fields lie in slots, and `raw` is put together when read."""

    reason: ClassVar[str]

    @property  # type: ignore[misc]  # takes the place of a field; frozen, so nobody could have assigned it either
    def raw(self) -> dict[str, JSON]:  # pyright: ignore[reportIncompatibleVariableOverride]  # as above
        """The object as the server sent it."""
        return cast("dict[str, JSON]", msgspec.to_builtins(self))

    @property  # type: ignore[misc]  # as above
    def error(self) -> str:  # pyright: ignore[reportIncompatibleVariableOverride]  # as above
        """Why it has no record of its own."""
        return self.reason

    @property
    def widget_type(self) -> str:
        """The type's name as sent."""
        return str(self.__struct_config__.tag)

    def __eq__(self, other: object) -> bool:
        """By value, also beside one that was not learned, or learned with other fields."""
        if type(self) is type(other):
            return bool(super().__eq__(other))
        if not isinstance(other, UnknownWidget):
            return NotImplemented
        return self.state == other.state and self.raw == other.raw and self.error == other.error

    def __ne__(self, other: object) -> bool:
        """The opposite; msgspec defines this one as well, and only for the same class."""
        return not self == other

    def __repr__(self) -> str:
        return f"UnknownWidget(id={self.id!r}, state={self.state!r}, raw={self.raw!r}, error={self.error!r})"

    def __reduce__(self) -> tuple[Callable[..., UnknownWidget], tuple[object, ...]]:
        """Pickle as a plain UnknownWidget: the class exists in this process only."""
        return _unlearned, (self.id, self.state, self.raw, self.error)


def _unlearned(id_: str, state: str, raw: dict[str, JSON], error: str) -> UnknownWidget:
    return UnknownWidget(id=id_, state=state, raw=raw, error=error)


def learned(
    tag: str, required: frozenset[str], optional: frozenset[str], reason: str
) -> tuple[type[LearnedWidget], tuple[Omissible, ...]]:
    """A class for objects of the type `tag` with all `required` fields, maybe `optional` ones and no others.

    One with others fails to decode, so that `raw` never lacks anything.
    """
    fields: list[tuple[str, Any, Any]] = [("state", str, msgspec.field())]
    may_lack: list[Omissible] = []
    for number, name in enumerate(sorted(required | optional)):
        attribute = name if name in _SHADOWED else f"field_{number}"
        if name in required:
            fields += [(attribute, Any, msgspec.field(name=name))]
        else:
            fields += [(attribute, Any, msgspec.field(name=name, default=msgspec.UNSET))]
            may_lack += [Omissible(attribute, name, msgspec.UNSET)]
    for name in _SHADOWED - required - optional:
        fields += [(name, Any, msgspec.field(name=f"{name} (not sent)", default=msgspec.UNSET))]
    made = _made(LearnedWidget, fields, tag, namespace={"reason": reason}, forbid_unknown_fields=True)
    return cast("type[LearnedWidget]", made), tuple(may_lack)


def _made(
    base: type[msgspec.Struct],
    fields: list[tuple[str, Any, Any]],
    tag: str | None,
    *,
    namespace: dict[str, Any] | None = None,
    forbid_unknown_fields: bool = False,
) -> type[msgspec.Struct]:
    config = base.__struct_config__
    return msgspec.defstruct(
        base.__name__,
        fields,
        bases=(base,),
        namespace=namespace,
        module=__name__,
        tag=tag,
        forbid_unknown_fields=forbid_unknown_fields,
        frozen=config.frozen,
        gc=config.gc,
        kw_only=True,
    )
