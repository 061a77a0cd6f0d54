"""The classes that a decoder chooses from, and how it learns new ones.

msgspec decodes a union of tagged structs in one pass, but it compares tags exactly, and one object that does not fit
fails the whole text. So the decoder learns from objects that do not fit: another spelling of a type ("PDF"), a field
that a server omits, a type that this release does not know. After that, such objects decode as fast as the others.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Generic, TypeVar, cast

import msgspec

from canvus_async.models import JSON
from canvus_async.protocol.decoding.kinds import (
    OmittableField,
    RecordKind,
    kind_of,
    learned_class,
    omittable_fields,
    strict_class,
)

T = TypeVar("T")

# What is learned comes from a server, so it is bounded, names included. Each change also rebuilds the decoders.
_MAX_FIELDS = 64
_MAX_TAGS = 64
_MAX_CHANGES = 256
_LEARNABLE = re.compile(r"[\w.: -]{1,64}")
_SPELLINGS = ("PDF",)
"""Other spellings of types, used in the API's documentation."""


class RecordKinds(Generic[T]):
    """The wanted kinds of records, found by `widget_type` in any case, and the classes to decode with.

    Objects are decoded into helper classes, and then get their final class (see `kinds`). `final_class` maps each
    helper class to it, and `final_classes` are all of those. `omittable` lists, per final class, the fields that
    objects may have omitted. `unknown_classes` are the final classes that are UnknownWidgets. `stale` is true if
    something was learned since the last call of `classes()`.
    """

    def __init__(self, records: Sequence[type[T]]) -> None:
        known = [kind_of(cast("type[msgspec.Struct]", record)) for record in records]
        self.tagged = all(kind.tag is not None for kind in known)
        self._only = known[0] if len(known) == 1 else None
        self._by_name = {str(kind.tag).lower(): kind for kind in known}
        self._by_spelling: dict[str | None, RecordKind] = {kind.tag: kind for kind in known}
        self._by_spelling |= {name: self._by_name[key] for name in _SPELLINGS if (key := name.lower()) in self._by_name}
        self._omitted = {kind.record: frozenset[str]() for kind in known}
        self._unknown_types: dict[str, tuple[frozenset[str], frozenset[str]]] = {}
        self._changes_left = _MAX_CHANGES
        self._strict: dict[str | None, type[msgspec.Struct]] = {}
        self._lenient: dict[str | None, type[msgspec.Struct]] = {}
        self.stale = True
        self.final_classes = frozenset[type](kind.record for kind in known)
        self.final_class: dict[type, type] = {}
        self.omittable: dict[type, tuple[OmittableField, ...]] = {}
        self.unknown_classes: frozenset[type] = frozenset()
        for name, kind in self._by_spelling.items():
            self._define_classes(name, kind)

    def classes(self) -> tuple[list[type[msgspec.Struct]], list[type[msgspec.Struct]]]:
        """The current classes to decode with.

        The strict ones are for updates, in which an omitted field must be noticed, the lenient ones for snapshots.
        """
        self.stale = False
        return list(self._strict.values()), list(self._lenient.values())

    def of(self, fields: Mapping[str, JSON]) -> RecordKind | None:
        """The kind of an object by its `widget_type`. Without one it is of the only kind, if there is only one."""
        name = fields.get("widget_type")
        if not self.tagged or name is None:
            return self._only
        return self._by_name.get(name.lower()) if isinstance(name, str) else None

    def why_unknown(self, name: str) -> str:
        """Why an object of the type `name` has no record here."""
        short = f"{name[:64]!r}"
        return f"unknown widget_type {short}" if self._only is None else f"widget_type {short}, not {self._only.tag}"

    def learn(self, fields: Mapping[str, JSON]) -> None:
        """Define classes for objects like this one, which did not decode."""
        if self._changes_left == 0:
            return
        name = fields.get("widget_type") if self.tagged else None
        kind = self.of(fields)
        if kind is None:
            if isinstance(name, str) and isinstance(fields.get("id"), str) and isinstance(fields.get("state"), str):
                self._learn_type(name, frozenset(fields) - {"id", "state", "widget_type"})
        elif kind.required <= fields.keys():  # otherwise it is a partial update, which shows nothing about records
            self._learn_spelling(name, kind)
            self._learn_omitted(kind, frozenset(kind.optional.keys() - fields.keys()))

    def _learn_spelling(self, name: JSON, kind: RecordKind) -> None:
        if isinstance(name, str) and name not in self._by_spelling and self._has_room(name):
            self._by_spelling[name] = kind
            self._changes_left -= 1
            self._define_classes(name, kind)

    def _learn_omitted(self, kind: RecordKind, names: frozenset[str]) -> None:
        before = self._omitted[kind.record]
        if names <= before:
            return
        self._omitted[kind.record] = now = before | names
        self.omittable[kind.record] = omittable_fields(kind, now)
        self._changes_left -= 1
        for name in [name for name, other in self._by_spelling.items() if other is kind]:
            self._define_classes(name, kind)

    def _learn_type(self, name: str, found: frozenset[str]) -> None:
        before = self._unknown_types.get(name)
        if before is None and not self._has_room(name):
            return
        required, optional = before or (found, frozenset[str]())
        now = required & found, optional | (required ^ found)
        if now == before or len(now[0] | now[1]) > _MAX_FIELDS or not all(map(_LEARNABLE.fullmatch, found)):
            return
        self._unknown_types[name] = now
        defined, omittable = learned_class(name, *now, self.why_unknown(name))
        if omittable:
            self.omittable[defined] = omittable
        self._changes_left -= 1
        replaced = self._strict.get(name, defined)
        self.final_class.pop(replaced, None)
        self.unknown_classes = self.unknown_classes - {replaced} | {defined}
        self.final_classes = self.final_classes - {replaced} | {defined}
        self.final_class[defined] = self._strict[name] = self._lenient[name] = defined
        self.stale = True

    def _has_room(self, name: str) -> bool:
        tags = len(self._by_spelling) + len(self._unknown_types)
        return tags < len(self._by_name) + _MAX_TAGS and bool(_LEARNABLE.fullmatch(name))

    def _define_classes(self, name: str | None, kind: RecordKind) -> None:
        """Define the classes for the spelling `name` of a kind.

        In the strict one every field is required, except those that servers were seen to omit; in the lenient one only
        the required fields of the kind are.
        """
        self.final_class.pop(self._strict.get(name, object), None)
        self._strict[name] = strict_class(kind, name, self._omitted[kind.record])
        self._lenient[name] = kind.record if name == kind.tag else strict_class(kind, name, frozenset(kind.optional))
        self.final_class[self._strict[name]] = self.final_class[self._lenient[name]] = kind.record
        self.stale = True
