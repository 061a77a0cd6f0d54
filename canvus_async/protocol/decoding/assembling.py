"""Plain objects made into records: spellings normalized, omissions noticed, invalid objects kept as UnknownWidgets."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Generic, TypeVar, cast

import msgspec

from canvus_async.models import JSON, UnknownWidget
from canvus_async.protocol.decoding.kinds import RecordKind
from canvus_async.protocol.decoding.learning import RecordKinds
from canvus_async.protocol.decoding.repair import BrokenLine, describe

T = TypeVar("T")

_NOT_FINITE = {"nan", "inf", "infinity"}


class Patch(Generic[T]):
    """An object without all fields of its type: a partial update, or a complete object that omits some fields.

    `fields` have their names in JSON, with the correct hyphens. `record` is the record that the fields make without any
    others, None if a required field is missing; `error` names that field. `key` is the id, or the widget type for a
    background without an id.
    """

    __slots__ = ("error", "fields", "key", "record")

    def __init__(self, key: str, fields: dict[str, JSON], record: T | UnknownWidget | None, error: str) -> None:
        self.key = key
        self.fields = fields
        self.record = record
        self.error = error

    def standalone(self) -> T | UnknownWidget:
        """The record where there is no earlier one to apply the patch to; an UnknownWidget if fields are missing."""
        return _unknown(self.fields, self.error) if self.record is None else self.record


class Assembler(Generic[T]):
    """Makes records of the given kinds from plain objects."""

    def __init__(self, kinds: RecordKinds[T]) -> None:
        self._kinds = kinds

    def record(self, fields: dict[str, JSON]) -> T | UnknownWidget | Patch[T]:
        """The record or patch that an object is.

        Raises BrokenLine if it has no id, and if it is not valid for a kind that is not a widget: only widgets can be
        kept as UnknownWidgets.
        """
        kind = self._kinds.of(fields)
        id_ = fields.get("id")
        if (kind is None or "id" in kind.required) and not (isinstance(id_, str) and id_):
            raise BrokenLine("an object without an id")
        if kind is None:
            name = fields.get("widget_type")
            if isinstance(name, str):
                return _unknown(fields, self._kinds.why_unknown(name))
            return Patch(str(id_), fields, None, "no widget_type")
        sent, fields = fields, _with_hyphens(kind, fields)
        missing = kind.required.difference(fields)
        if missing:  # the usual partial update; it makes no record whatever else it contains
            record, problem = None, f"Object missing required field `{min(missing)}`"
        else:
            record, problem = _convert(kind, fields)
        if record is None:
            if not self._kinds.tagged:
                raise BrokenLine(problem)
            if not missing:
                record = _unknown(sent, problem)
        if missing or not kind.others.issubset(fields):
            return Patch(_key(kind, id_), fields, cast("T | UnknownWidget | None", record), problem)
        return cast("T | UnknownWidget", record)

    def merged(self, known: T | UnknownWidget, fields: Mapping[str, JSON]) -> T | UnknownWidget:
        """The record `known` with the given fields replaced; the others keep their values.

        Raises BrokenLine if the result is not valid for a kind that is not a widget.
        """
        before: Mapping[str, JSON] = known.raw if isinstance(known, UnknownWidget) else msgspec.to_builtins(known)
        after = self.record({**before, **fields})
        return cast("Patch[T]", after).standalone() if isinstance(after, Patch) else after


def _key(kind: RecordKind, id_: object) -> str:
    return id_ if isinstance(id_, str) and id_ else str(kind.tag)


def _unknown(fields: dict[str, JSON], problem: str) -> UnknownWidget:
    id_, state = fields.get("id"), fields.get("state")
    return UnknownWidget(
        id=id_ if isinstance(id_, str) else "",
        state=state if isinstance(state, str) else "normal",
        raw=fields,
        error=problem,
    )


def _with_hyphens(kind: RecordKind, fields: dict[str, JSON]) -> dict[str, JSON]:
    """The fields with hyphens in their names where the API has hyphens and the server sent underscores."""
    if kind.hyphenated.keys().isdisjoint(fields):
        return fields
    return {kind.hyphenated.get(name, name): value for name, value in fields.items()}


def _convert(kind: RecordKind, fields: dict[str, JSON]) -> tuple[object, str]:
    """The record, or None and the reason. Text that spells a boolean or a number is accepted for one."""
    complete: dict[str, Any] = {**dict.fromkeys(kind.hyphenated.values(), ""), **fields}
    if kind.tag is not None:
        complete["widget_type"] = kind.tag
    try:
        return msgspec.convert(complete, kind.record), ""
    except msgspec.ValidationError as error:
        problem = describe(error)
    if _only_finite(fields):
        with suppress(msgspec.ValidationError):
            return msgspec.convert(complete, kind.record, strict=False), ""
    return None, problem


def _only_finite(value: JSON) -> bool:
    """Whether no text in the value would be converted to nan or infinity, which JSON cannot express."""
    if isinstance(value, str):
        return value.strip().lower().lstrip("+-") not in _NOT_FINITE
    if isinstance(value, list):
        return all(map(_only_finite, value))
    return not isinstance(value, dict) or all(map(_only_finite, value.values()))
