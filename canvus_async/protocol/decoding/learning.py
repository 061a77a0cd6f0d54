"""How a decoder comes by the classes it chooses from.

msgspec decodes a union of tagged structs in one pass, but it matches tags exactly, and one object that does not fit
fails all that is decoded with it. So what does not fit is learned: another spelling of a type ("PDF"), a field that a
server leaves out, a type that nobody knows. From then on such objects cost what the others cost.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Generic, TypeVar, cast

import msgspec

from canvus_async.models import JSON
from canvus_async.protocol.decoding.kinds import Kind, Omissible, kind_of, learned, omissible, strict

T = TypeVar("T")

_MAX_FIELDS = 64
_MAX_TAGS = 64
_MAX_LESSONS = 256
_LEARNABLE = re.compile(r"[\w.: -]{1,64}")
_SPELLINGS = ("PDF",)
"""Spellings that the documents use beside ours (seeds 000 and 004)."""


class Kinds(Generic[T]):
    """The records that were asked for, by `widget_type` in any case, and the classes to decode with.

    `becomes` gives for each of these the class that its instances are to be, one of `final`. `omissible` gives for that
    one the fields that objects may lack nevertheless. `strangers` are the final classes of UnknownWidgets. `stale` says
    that something was learned since `classes`. What is learned is bounded, names included: they come from outside.
    """

    def __init__(self, records: Sequence[type[T]]) -> None:
        known = [kind_of(cast("type[msgspec.Struct]", record)) for record in records]
        self.tagged = all(kind.tag is not None for kind in known)
        self._only = known[0] if len(known) == 1 else None
        self._by_name = {str(kind.tag).lower(): kind for kind in known}
        self._spelled: dict[str | None, Kind] = {kind.tag: kind for kind in known}
        self._spelled |= {name: self._by_name[key] for name in _SPELLINGS if (key := name.lower()) in self._by_name}
        self._left_out = {kind.record: frozenset[str]() for kind in known}
        self._strange: dict[str, tuple[frozenset[str], frozenset[str]]] = {}
        self._lessons = _MAX_LESSONS
        self._strict: dict[str | None, type[msgspec.Struct]] = {}
        self._lenient: dict[str | None, type[msgspec.Struct]] = {}
        self.stale = True
        self.final = frozenset[type](kind.record for kind in known)
        self.becomes: dict[type, type] = {}
        self.omissible: dict[type, tuple[Omissible, ...]] = {}
        self.strangers: frozenset[type] = frozenset()
        for name, kind in self._spelled.items():
            self._put(name, kind)

    def classes(self) -> tuple[list[type[msgspec.Struct]], list[type[msgspec.Struct]]]:
        """The classes to decode with, as of now: for changes, where a field left out must show, and for snapshots."""
        self.stale = False
        return list(self._strict.values()), list(self._lenient.values())

    def of(self, fields: Mapping[str, JSON]) -> Kind | None:
        """The kind that an object says it is. One that says nothing is of the only kind, where there is only one."""
        name = fields.get("widget_type")
        if not self.tagged or name is None:
            return self._only
        return self._by_name.get(name.lower()) if isinstance(name, str) else None

    def stranger(self, name: str) -> str:
        """Why an object of the type `name` has no record here."""
        short = f"{name[:64]!r}"
        return f"unknown widget_type {short}" if self._only is None else f"widget_type {short}, not {self._only.tag}"

    def learn(self, fields: Mapping[str, JSON]) -> None:
        """Make room for objects like this one, which did not decode."""
        if self._lessons == 0:
            return
        name = fields.get("widget_type") if self.tagged else None
        kind = self.of(fields)
        if kind is None:
            if isinstance(name, str) and isinstance(fields.get("id"), str) and isinstance(fields.get("state"), str):
                self._learn_type(name, frozenset(fields) - {"id", "state", "widget_type"})
        elif kind.required <= fields.keys():  # less would be changes to a record rather than one
            self._learn_spelling(name, kind)
            self._learn_left_out(kind, frozenset(kind.optional.keys() - fields.keys()))

    def _learn_spelling(self, name: JSON, kind: Kind) -> None:
        if isinstance(name, str) and name not in self._spelled and self._has_room(name):
            self._spelled[name] = kind
            self._lessons -= 1
            self._put(name, kind)

    def _learn_left_out(self, kind: Kind, lacking: frozenset[str]) -> None:
        before = self._left_out[kind.record]
        if lacking <= before:
            return
        self._left_out[kind.record] = now = before | lacking
        self.omissible[kind.record] = omissible(kind, now)
        self._lessons -= 1
        for name in [name for name, same in self._spelled.items() if same is kind]:
            self._put(name, kind)

    def _learn_type(self, name: str, found: frozenset[str]) -> None:
        before = self._strange.get(name)
        if before is None and not self._has_room(name):
            return
        required, optional = before or (found, frozenset[str]())
        now = required & found, optional | (required ^ found)
        if now == before or len(now[0] | now[1]) > _MAX_FIELDS or not all(map(_LEARNABLE.fullmatch, found)):
            return
        self._strange[name] = now
        made, may_lack = learned(name, *now, self.stranger(name))
        if may_lack:
            self.omissible[made] = may_lack
        self._lessons -= 1
        former = self._strict.get(name, made)
        self.becomes.pop(former, None)
        self.strangers = self.strangers - {former} | {made}
        self.final = self.final - {former} | {made}
        self.becomes[made] = self._strict[name] = self._lenient[name] = made
        self.stale = True

    def _has_room(self, name: str) -> bool:
        return len(self._spelled) + len(self._strange) < len(self._by_name) + _MAX_TAGS and bool(
            _LEARNABLE.fullmatch(name)
        )

    def _put(self, name: str | None, kind: Kind) -> None:
        """The classes for what is spelled `name`: all but what was seen to be left out is required, or nothing more."""
        self.becomes.pop(self._strict.get(name, object), None)
        self._strict[name] = strict(kind, name, self._left_out[kind.record])
        self._lenient[name] = kind.record if name == kind.tag else strict(kind, name, frozenset(kind.optional))
        self.becomes[self._strict[name]] = self.becomes[self._lenient[name]] = kind.record
        self.stale = True
