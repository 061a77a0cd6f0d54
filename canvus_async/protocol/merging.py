"""Computes what changed from snapshots and updates: the state behind a subscription.

The server keeps no history. Each connection begins with a snapshot of all items. Comparing it with the known state
shows what was missed while the connection was lost, deletes included.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from itertools import compress
from operator import ne
from types import MappingProxyType
from typing import Any, Generic, cast

from canvus_async.models import JSON, KINDS, UnknownWidget
from canvus_async.models.changes import Change, R, as_deleted
from canvus_async.protocol.decoding.assembling import Patch
from canvus_async.protocol.decoding.decoder import Batch, RecordDecoder
from canvus_async.protocol.decoding.kinds import kind_of
from canvus_async.protocol.decoding.repair import BrokenLine, describe

_NO_ID = "an object without an id"
_NO_CLASSES = frozenset[type]()
_TYPES_WITHOUT_ID = frozenset(str(k.__struct_config__.tag).lower() for k in KINDS if "id" not in kind_of(k).required)


class Merge(Generic[R]):
    """The result of applying a batch.

    A gap is an update that cannot be applied to the known state, for example a change of an unknown id: only a new
    snapshot helps. `gap` is the reason, or ""; nothing after the gap was applied. `skipped` are objects
    that are not of the wanted kind; the known records of their ids are kept.
    """

    __slots__ = ("changes", "gap", "skipped")

    def __init__(self) -> None:
        self.changes: Collection[Change[R]] = []
        self.gap = ""
        self.skipped: list[UnknownWidget] = []


class Initial(Collection[Change[R]]):
    """The current records as "created" changes.

    Each change is made when the iteration reaches it, because a canvas may hold 100,000 widgets.
    """

    def __init__(self, records: Mapping[str, R]) -> None:
        self._records = records

    def __len__(self) -> int:
        return len(self._records)

    def __iter__(self) -> Iterator[Change[R]]:
        return (Change("created", key, None, record, False, True) for key, record in self._records.items())

    def records(self) -> Iterator[R]:
        """The records alone, for a caller that needs no changes."""
        return iter(self._records.values())

    def __contains__(self, change: object) -> bool:
        return any(change == one for one in self)


class SnapshotMerger(Generic[R]):
    """Holds the current records by id, and computes what each batch changes.

    Invariants: for each id, the `old` of a change is the `new` of the change before it; no id is created twice, or
    deleted without being known; after a snapshot, the state equals the snapshot. The cost of a change does not depend
    on the number of known records.
    """

    def __init__(self, decoder: RecordDecoder[R], *, keep_unknown: bool = True) -> None:
        """`decoder` is the one that makes the batches. Without `keep_unknown`, UnknownWidgets are skipped."""
        self._decoder = decoder
        self._keep_unknown = keep_unknown
        self._known: dict[str, R] = {}
        self._started = False
        self.state: Mapping[str, R] = MappingProxyType(self._known)

    def snapshot(self, batch: Batch[R]) -> Merge[R]:
        """Replace the state by a snapshot of all items.

        The first snapshot makes "created" changes marked `initial`. A later one makes changes marked `resync` for what
        differs: deleted records first, then created ones, then updated ones. A broken batch is a gap and changes
        nothing.
        """
        return _merge(self._snapshot, batch)

    def _snapshot(self, batch: Batch[R], merge: Merge[R]) -> None:
        if batch.broken is not None:
            merge.gap = batch.broken
            return
        fresh = self._by_key(batch, merge)
        if "" in fresh:
            merge.gap = _NO_ID
            return
        known = self._known
        for widget in merge.skipped:  # each keeps the known record of its id, unless it says that the item is deleted
            key = _key(widget)
            if widget.deleted:
                fresh.pop(key, None)
            elif key in known:
                fresh.setdefault(key, known[key])
        merge.skipped = [widget for widget in merge.skipped if not widget.deleted]
        if self._started:
            merge.changes = _difference(known, fresh)
        else:
            merge.changes = Initial(fresh)
            self._started = True
        known.clear()
        known.update(fresh)

    def update(self, batch: Batch[R]) -> Merge[R]:
        """Apply records in the order in which they changed. A record that equals the known one makes no change."""
        return _merge(self._update, batch)

    def _update(self, batch: Batch[R], merge: Merge[R]) -> None:
        changes: list[Change[R]] = []
        merge.changes = changes
        known, plain, omittable = self._known, batch.plain, self._decoder.omittable
        complete = self._decoder.complete if self._keep_unknown else _NO_CLASSES
        check_for_omissions = bool(omittable) or not plain
        add = changes.append
        records: list[Any] = batch.records  # Any: narrowing the type of each record would take a call
        for index, item in enumerate(records):
            record: R | None = item if plain or type(item) in complete else self._resolve(item, merge)
            if record is None:
                if merge.gap:
                    break
                continue
            key = record.id or _key(record)
            if not key:
                merge.gap = _NO_ID
                break
            old = known.get(key)
            if old is None:
                if record.state != "deleted":
                    known[key] = record
                    add(Change("created", key, None, record))
                continue
            if record.state == "deleted":
                del known[key]
                add(Change("deleted", key, old, None))
                continue
            if record == old:
                continue
            if check_for_omissions and (type(record) in omittable or type(record) is not type(old)):
                record = self._with_omitted_fields(record, old, batch, index, merge)
                if record is None or record == old:
                    continue
            known[key] = record
            add(Change("updated", key, old, record))

    def _by_key(self, batch: Batch[R], merge: Merge[R]) -> dict[str, R]:
        """The records of a snapshot by id, the last one of each id, without those whose state is "deleted"."""
        if batch.plain:
            records = cast("list[R]", batch.records)
            fresh, states = batch.index(self._known)
        else:
            records = [record for item in batch.standalone() if (record := self._accept(item, merge)) is not None]
            fresh = {record.id: record for record in records}
            states = {record.state for record in records}
        if "" in fresh:  # the background has no id in the list of widgets
            fresh = {_key(record): record for record in records}
        if "deleted" in states:
            fresh = {key: record for key, record in fresh.items() if record.state != "deleted"}
        return fresh

    def _resolve(self, item: R | UnknownWidget | Patch[R], merge: Merge[R]) -> R | None:
        """The complete record after an update by `item`.

        None if there is nothing to apply: an unknown item was deleted, the object is skipped, or it is a gap.
        """
        if isinstance(item, Patch):
            key, deleted, complete = item.key, item.fields.get("state") == "deleted", item.record
        else:
            key, deleted, complete = _key(item), item.state == "deleted", item
        old = self._known.get(key)
        if deleted:
            return None if old is None else as_deleted(old)
        if old is not None and isinstance(item, Patch) and _may_be_of_type(item.fields, old):
            return self._merged(old, item.fields, merge)
        if old is not None and isinstance(item, UnknownWidget) and _may_be_of_type(item.raw, old):
            return self._merged(old, item.raw, merge)
        if complete is None:
            merge.gap = "a change of an unknown item"
            return None
        return self._accept(complete, merge)

    def _with_omitted_fields(self, record: R, old: R, batch: Batch[R], index: int, merge: Merge[R]) -> R | None:
        """The record, with the old values of those fields that the object in the batch did not contain.

        A field that was omitted has its default in the record. So a field is suspect if it has its default now and had
        another value before; only for those is the text of the object read again, which is slow.
        """
        if type(record) is not type(old):
            if isinstance(old, UnknownWidget) and _may_be_of_type(fields := batch.fields(index), old):
                return self._merged(old, fields, merge)  # `old` may have values for the fields that are omitted here
            return self._resolve(record, merge) if isinstance(record, UnknownWidget) else record
        suspects = {
            field.name
            for field in self._decoder.omittable[type(record)]
            if getattr(record, field.attribute) == field.default != getattr(old, field.attribute)
        }
        if suspects:
            fields = batch.fields(index)
            if not suspects <= fields.keys():
                return self._merged(old, fields, merge)
        return record

    def _merged(self, old: R, fields: Mapping[str, JSON], merge: Merge[R]) -> R | None:
        return self._accept(self._decoder.merged(old, fields), merge)

    def _accept(self, record: R | UnknownWidget, merge: Merge[R]) -> R | None:
        if isinstance(record, UnknownWidget) and not self._keep_unknown:
            merge.skipped.append(record)
            return None
        return cast("R", record)  # UnknownWidgets are kept only where R is Widget


def _merge(apply: Callable[[Batch[R], Merge[R]], None], batch: Batch[R]) -> Merge[R]:
    """The result of applying a batch. An object that is nested too deeply to be compared or read again is a gap."""
    merge: Merge[R] = Merge()
    try:
        apply(batch, merge)
    except (BrokenLine, RecursionError) as problem:
        merge.gap = describe(problem)
    return merge


def _key(record: object) -> str:
    """The id of a record; its widget type for a background, which has no id in the list of widgets; otherwise ""."""
    if key := getattr(record, "id", ""):
        return str(key)
    name = str(getattr(record, "widget_type", ""))
    return name if name.lower() in _TYPES_WITHOUT_ID else ""


def _difference(known: Mapping[str, R], fresh: Mapping[str, R]) -> list[Change[R]]:
    """The changes that turn `known` into `fresh`, deletes first. Records are compared without a Python loop."""
    changed = compress(fresh, map(ne, map(known.get, fresh), fresh.values()))
    differing = [(key, known.get(key), fresh[key]) for key in changed]
    created = [Change("created", key, None, new, True) for key, old, new in differing if old is None]
    updated = [Change("updated", key, old, new, True) for key, old, new in differing if old is not None]
    deleted: list[Change[R]] = []
    if len(known) > len(fresh) - len(created):
        deleted = [Change("deleted", key, old, None, True) for key, old in known.items() if key not in fresh]
    return deleted + created + updated


def _may_be_of_type(fields: Mapping[str, JSON], old: object) -> bool:
    """Whether an object has the type of the record `old`, or does not name its type."""
    name = fields.get("widget_type")
    return not isinstance(name, str) or name.lower() == getattr(old, "widget_type", name).lower()
