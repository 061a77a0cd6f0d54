"""Plain objects made into records: spelling evened out, gaps found, and what does not fit kept as an UnknownWidget."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Generic, TypeVar, cast

import msgspec

from canvus_async.models import JSON, UnknownWidget
from canvus_async.protocol.decoding.kinds import Kind
from canvus_async.protocol.decoding.learning import Kinds
from canvus_async.protocol.decoding.repair import BrokenLine, reason

T = TypeVar("T")

_NOT_FINITE = {"nan", "inf", "infinity"}


class Patch(Generic[T]):
    """An object with less than all fields of its type: changes to a record, or a whole one that leaves some out.

    `fields` are named as on the wire, hyphens as we write them. `whole` is the record that they make by themselves,
    None where a required field is missing; `error` says which. `key` is the id, or the type of a background without.
    """

    __slots__ = ("error", "fields", "key", "whole")

    def __init__(self, key: str, fields: dict[str, JSON], whole: T | UnknownWidget | None, error: str) -> None:
        self.key = key
        self.fields = fields
        self.whole = whole
        self.error = error

    def alone(self) -> T | UnknownWidget:
        """What it is where nothing is known that would complete it."""
        return _unknown(self.fields, self.error) if self.whole is None else self.whole


class Assembler(Generic[T]):
    """Makes records of `kinds` out of plain objects."""

    def __init__(self, kinds: Kinds[T]) -> None:
        self._kinds = kinds

    def record(self, fields: dict[str, JSON]) -> T | UnknownWidget | Patch[T]:
        """What an object is. Raises BrokenLine where it has no id, or is no widget and does not fit its type."""
        kind = self._kinds.of(fields)
        id_ = fields.get("id")
        if (kind is None or "id" in kind.required) and not (isinstance(id_, str) and id_):
            raise BrokenLine("an object without an id")
        if kind is None:
            name = fields.get("widget_type")
            if isinstance(name, str):
                return _unknown(fields, self._kinds.stranger(name))
            return Patch(str(id_), fields, None, "no widget_type")
        sent, fields = fields, _respelt(kind, fields)
        lacking = kind.required.difference(fields)
        if lacking:  # as changes do; no record comes of it, whatever else it holds
            whole, problem = None, f"Object missing required field `{min(lacking)}`"
        else:
            whole, problem = _converted(kind, fields)
        if whole is None:
            if not self._kinds.tagged:
                raise BrokenLine(problem)
            if not lacking:
                whole = _unknown(sent, problem)
        if lacking or not kind.others.issubset(fields):
            return Patch(_key(kind, id_), fields, cast("T | UnknownWidget | None", whole), problem)
        return cast("T | UnknownWidget", whole)

    def merged(self, known: T | UnknownWidget, fields: Mapping[str, JSON]) -> T | UnknownWidget:
        """`known` with `fields` laid over it: keys that are not there keep their values.

        Raises BrokenLine where the result is no widget and does not fit its type.
        """
        before: Mapping[str, JSON] = known.raw if isinstance(known, UnknownWidget) else msgspec.to_builtins(known)
        after = self.record({**before, **fields})
        return cast("Patch[T]", after).alone() if isinstance(after, Patch) else after


def _key(kind: Kind, id_: object) -> str:
    return id_ if isinstance(id_, str) and id_ else str(kind.tag)


def _unknown(fields: dict[str, JSON], problem: str) -> UnknownWidget:
    id_, state = fields.get("id"), fields.get("state")
    return UnknownWidget(
        id=id_ if isinstance(id_, str) else "",
        state=state if isinstance(state, str) else "normal",
        raw=fields,
        error=problem,
    )


def _respelt(kind: Kind, fields: dict[str, JSON]) -> dict[str, JSON]:
    """The same fields under the hyphenated names that we write."""
    if kind.hyphenated.keys().isdisjoint(fields):
        return fields
    return {kind.hyphenated.get(name, name): value for name, value in fields.items()}


def _converted(kind: Kind, fields: dict[str, JSON]) -> tuple[object, str]:
    """The record, or None and why there is none. Text that spells a boolean or a number will do for one."""
    complete: dict[str, Any] = {**dict.fromkeys(kind.hyphenated.values(), ""), **fields}
    if kind.tag is not None:
        complete["widget_type"] = kind.tag
    try:
        return msgspec.convert(complete, kind.record), ""
    except msgspec.ValidationError as error:
        problem = reason(error)
    if _only_finite(fields):
        with suppress(msgspec.ValidationError):
            return msgspec.convert(complete, kind.record, strict=False), ""
    return None, problem


def _only_finite(value: JSON) -> bool:
    """Whether no text in it would pass for a float that JSON has no form for."""
    if isinstance(value, str):
        return value.strip().lower().lstrip("+-") not in _NOT_FINITE
    if isinstance(value, list):
        return all(map(_only_finite, value))
    return not isinstance(value, dict) or all(map(_only_finite, value.values()))
