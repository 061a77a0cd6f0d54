"""What a decoder knows about a record class, and the helper classes that it decodes into.

A record with a default does not show whether the field was sent, and msgspec cannot decode a type without a class. So
objects are first decoded into helper classes that are made at run time: one in which all fields are required, whose
instances then get the record's own class; or one with the fields that objects of an unknown type were seen with.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, ClassVar, NamedTuple, cast

import msgspec

from canvus_async.models import JSON, UnknownWidget

_REUSED_SLOTS = frozenset({"raw", "error"})
"""Slots of UnknownWidget that a LearnedWidget does not need; they hold the object's own fields of these names."""

set_class: Callable[[object, type], None] = object.__dict__["__class__"].__set__
"""Change the class of an object, past the `__setattr__` of frozen structs. Both classes must have the same slots."""


class OmittableField(NamedTuple):
    """A field that a decoded object may have omitted: its attribute, its name in JSON, its default."""

    attribute: str
    name: str
    default: object


class RecordKind(NamedTuple):
    """What a decoder knows about a record class. Field names are those in JSON.

    `tag` is the `widget_type`, None for records that are not widgets. `required` fields are in every complete object,
    `optional` ones have a default. An `id` with a default is not among the `optional` fields, because nothing is merged
    into an object without an id. `hyphenated` maps the spelling with underscores, which some servers use, to the
    correct one; these fields may be absent too, but decoding requires them, so that the other spelling is noticed.
    `others` are the optional and the hyphenated fields.
    """

    record: type[msgspec.Struct]
    tag: str | None
    required: frozenset[str]
    optional: Mapping[str, msgspec.structs.FieldInfo]
    hyphenated: Mapping[str, str]
    others: frozenset[str]


@cache
def kind_of(record: type[msgspec.Struct]) -> RecordKind:
    """The RecordKind of a record class."""
    fields = msgspec.structs.fields(record)
    tag = record.__struct_config__.tag
    hyphenated = {name.replace("-", "_"): name for field in fields if "-" in (name := field.encode_name)}
    optional = {name: field for field in fields if not field.required and (name := field.encode_name) != "id"}
    return RecordKind(
        record,
        None if tag is None else str(tag),
        frozenset(field.encode_name for field in fields if field.required) - set(hyphenated.values()),
        optional,
        hyphenated,
        frozenset({*optional, *hyphenated.values()}),
    )


def omittable_fields(kind: RecordKind, names: frozenset[str]) -> tuple[OmittableField, ...]:
    """The optional fields of a kind with these names."""
    fields = (kind.optional[name] for name in sorted(names))
    return tuple(OmittableField(field.name, field.encode_name, _default(field)) for field in fields)


def _default(field: msgspec.structs.FieldInfo) -> object:
    return field.default_factory() if field.default is msgspec.NODEFAULT else field.default


def strict_class(kind: RecordKind, tag: str | None, omittable: frozenset[str]) -> type[msgspec.Struct]:
    """A class with the slots of the kind's record, in which only the fields `omittable` may be absent."""
    fields = [
        (field.name, field.type, msgspec.field(name=name))
        for name, field in kind.optional.items()
        if name not in omittable
    ]
    return _define(kind.record, fields, tag)


class LearnedWidget(UnknownWidget, frozen=True, gc=False, kw_only=True):  # noqa: PLW1641  # `raw` has no hash either
    """An UnknownWidget of a type that was seen before: its fields are slots, and `raw` is built when it is read."""

    reason: ClassVar[str]

    @property  # type: ignore[misc]  # takes the place of a field; frozen, so nobody could have assigned it either
    def raw(self) -> dict[str, JSON]:  # pyright: ignore[reportIncompatibleVariableOverride]  # as above
        return cast("dict[str, JSON]", msgspec.to_builtins(self))

    @property  # type: ignore[misc]  # as above
    def error(self) -> str:  # pyright: ignore[reportIncompatibleVariableOverride]  # as above
        return self.reason

    @property
    def widget_type(self) -> str:
        return str(self.__struct_config__.tag)

    def __eq__(self, other: object) -> bool:
        """By value, also if the other one is not a LearnedWidget, or has a class with other fields."""
        if type(self) is type(other):
            return bool(super().__eq__(other))
        if not isinstance(other, UnknownWidget):
            return NotImplemented
        return self.state == other.state and self.raw == other.raw and self.error == other.error

    def __ne__(self, other: object) -> bool:
        """The opposite. msgspec defines its own `__ne__`, which compares instances of the same class only."""
        return not self == other

    def __repr__(self) -> str:
        return f"UnknownWidget(id={self.id!r}, state={self.state!r}, raw={self.raw!r}, error={self.error!r})"

    def __reduce__(self) -> tuple[Callable[..., UnknownWidget], tuple[object, ...]]:
        """Pickle as a plain UnknownWidget: the class exists in this process only."""
        return _unknown_widget, (self.id, self.state, self.raw, self.error)


def _unknown_widget(id_: str, state: str, raw: dict[str, JSON], error: str) -> UnknownWidget:
    return UnknownWidget(id=id_, state=state, raw=raw, error=error)


def learned_class(
    tag: str, required: frozenset[str], optional: frozenset[str], reason: str
) -> tuple[type[LearnedWidget], tuple[OmittableField, ...]]:
    """A class for objects of the unknown type `tag` with all `required` fields, perhaps `optional` ones, and no others.

    An object with another field fails to decode, so that `raw` is always complete.
    """
    fields: list[tuple[str, Any, Any]] = [("state", str, msgspec.field())]
    omittable: list[OmittableField] = []
    for number, name in enumerate(sorted(required | optional)):
        attribute = name if name in _REUSED_SLOTS else f"field_{number}"
        if name in required:
            fields += [(attribute, Any, msgspec.field(name=name))]
        else:
            fields += [(attribute, Any, msgspec.field(name=name, default=msgspec.UNSET))]
            omittable += [OmittableField(attribute, name, msgspec.UNSET)]
    for name in _REUSED_SLOTS - required - optional:
        fields += [(name, Any, msgspec.field(name=f"{name} (not sent)", default=msgspec.UNSET))]
    defined = _define(LearnedWidget, fields, tag, namespace={"reason": reason}, forbid_unknown_fields=True)
    return cast("type[LearnedWidget]", defined), tuple(omittable)


def _define(
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
