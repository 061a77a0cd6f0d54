"""What has changed, worked out from snapshots and updates: the memory behind a subscription.

The server keeps no history. Each connection begins with all that there is; the difference between that and what is
known here is what was missed while the one before was lost, deletes included.
"""

from collections.abc import Collection, Iterator, Mapping
from itertools import compress
from operator import ne
from types import MappingProxyType
from typing import Any, Generic, cast

from canvus_async.models import JSON, KINDS, UnknownWidget
from canvus_async.models.changes import Change, R, as_deleted
from canvus_async.protocol.decoding.assembling import Patch
from canvus_async.protocol.decoding.decoder import Batch, RecordDecoder
from canvus_async.protocol.decoding.kinds import kind_of
from canvus_async.protocol.decoding.repair import BrokenLine

_NAMELESS = "an object without an id"
_NO_CLASSES = frozenset[type]()
_NEED_NO_ID = frozenset(str(k.__struct_config__.tag).lower() for k in KINDS if "id" not in kind_of(k).required)


class Merge(Generic[R]):
    """What a batch has changed.

    `gap` is "", or says why what is known cannot be kept up to date without a new snapshot; nothing after it was looked
    at. `refused` are objects that were left out as not of the kind wanted; what was known under their ids stays.
    """

    __slots__ = ("changes", "gap", "refused")

    def __init__(self) -> None:
        self.changes: Collection[Change[R]] = []
        self.gap = ""
        self.refused: list[UnknownWidget] = []


class Initial(Collection[Change[R]]):
    """All that is there, as "created" changes; each is made when it is its turn: a canvas may hold 100,000 widgets."""

    def __init__(self, there: Mapping[str, R]) -> None:
        self._there = there

    def __len__(self) -> int:
        return len(self._there)

    def __iter__(self) -> Iterator[Change[R]]:
        return (Change("created", key, None, record, False, True) for key, record in self._there.items())

    def records(self) -> Iterator[R]:
        """The same for one who wants no more than what is there."""
        return iter(self._there.values())

    def __contains__(self, change: object) -> bool:
        return any(change == one for one in self)


class SnapshotMerger(Generic[R]):
    """Holds what is known, by id, and tells what each batch changes about it.

    Laws: per id, the `old` of a change is the `new` of the one before; nothing is created twice or deleted unseen; and
    the state after a snapshot is the snapshot. A change costs the same however much is known.
    """

    def __init__(self, decoder: RecordDecoder[R], *, keep_unknown: bool = True) -> None:
        """`decoder` is the one that makes the batches. Without `keep_unknown`, UnknownWidgets are refused."""
        self._decoder = decoder
        self._keep_unknown = keep_unknown
        self._known: dict[str, R] = {}
        self._started = False
        self.state: Mapping[str, R] = MappingProxyType(self._known)

    def snapshot(self, batch: Batch[R]) -> Merge[R]:
        """Everything there is, nothing else. The first one makes "created" changes with `initial`; any later one makes
        changes with `resync`, for what differs by value: deletes first, then what is new, then what changed.

        A batch that is broken changes nothing and is a gap.
        """
        merge: Merge[R] = Merge()
        if batch.broken is not None:
            merge.gap = batch.broken
            return merge
        fresh = self._by_key(batch, merge)
        if "" in fresh:
            merge.gap = _NAMELESS
            return merge
        known = self._known
        for widget in merge.refused:
            key = _key(widget)
            if widget.deleted:
                fresh.pop(key, None)
            elif key in known:
                fresh.setdefault(key, known[key])
        merge.refused = [widget for widget in merge.refused if not widget.deleted]
        if self._started:
            merge.changes = _difference(known, fresh)
        else:
            merge.changes = Initial(fresh)
            self._started = True
        known.clear()
        known.update(fresh)
        return merge

    def update(self, batch: Batch[R]) -> Merge[R]:
        """Some of what there is, in the order in which it changed. What is as it was makes no change."""
        merge: Merge[R] = Merge()
        changes: list[Change[R]] = []
        merge.changes = changes
        known, plain, omissible = self._known, batch.plain, self._decoder.omissible
        whole = self._decoder.whole if self._keep_unknown else _NO_CLASSES
        attentive = bool(omissible) or not plain
        changed = changes.append
        records: list[Any] = batch.records  # to say for each of what type it is would take a call
        for index, item in enumerate(records):
            record: R | None = item if plain or type(item) in whole else self._resolved(item, merge)
            if record is None:
                if merge.gap:
                    break
                continue
            key = record.id or _key(record)
            if not key:
                merge.gap = _NAMELESS
                break
            old = known.get(key)
            if old is None:
                if record.state != "deleted":
                    known[key] = record
                    changed(Change("created", key, None, record))
                continue
            if record.state == "deleted":
                del known[key]
                changed(Change("deleted", key, old, None))
                continue
            if record == old:
                continue
            if attentive and (type(record) in omissible or type(record) is not type(old)):
                record = self._completed(record, old, batch, index, merge)
                if record is None:
                    if merge.gap:
                        break
                    continue
                if record == old:
                    continue
            known[key] = record
            changed(Change("updated", key, old, record))
        return merge

    def _by_key(self, batch: Batch[R], merge: Merge[R]) -> dict[str, R]:
        """The records of a snapshot, the last of each key; those that say they are deleted do not count."""
        if batch.plain:
            records = cast("list[R]", batch.records)
            fresh, states = batch.index(self._known)
        else:  # each item stands for itself
            records = [record for item in batch.alone() if (record := self._wanted(item, merge)) is not None]
            fresh = {record.id: record for record in records}
            states = {record.state for record in records}
        if "" in fresh:
            fresh = {_key(record): record for record in records}
        if "deleted" in states:
            fresh = {key: record for key, record in fresh.items() if record.state != "deleted"}
        return fresh

    def _resolved(self, item: R | UnknownWidget | Patch[R], merge: Merge[R]) -> R | None:
        """The whole record that an item of an update stands for, None where it stands for none or stays out."""
        if isinstance(item, Patch):
            key, gone, whole = item.key, item.fields.get("state") == "deleted", item.whole
        else:
            key, gone, whole = _key(item), item.state == "deleted", item
        old = self._known.get(key)
        if gone:
            return None if old is None else as_deleted(old)
        if old is not None and isinstance(item, Patch) and _may_be_of_type(item.fields, old):
            return self._merged(old, item.fields, merge)
        if old is not None and isinstance(item, UnknownWidget) and _may_be_of_type(item.raw, old):
            return self._merged(old, item.raw, merge)
        if whole is None:
            merge.gap = "a change to something unknown"
            return None
        return self._wanted(whole, merge)

    def _completed(self, record: R, old: R, batch: Batch[R], index: int, merge: Merge[R]) -> R | None:
        """The record itself; or, where fields were left out of it, the record with what those held before."""
        if type(record) is not type(old):
            if isinstance(old, UnknownWidget) and _may_be_of_type(fields := batch.fields(index), old):
                return self._merged(old, fields, merge)  # what it leaves out, the odd object may have had
            return self._resolved(record, merge) if isinstance(record, UnknownWidget) else record
        suspects = {
            field.name
            for field in self._decoder.omissible[type(record)]
            if getattr(record, field.attribute) == field.default != getattr(old, field.attribute)
        }
        if suspects:
            fields = batch.fields(index)
            if not suspects <= fields.keys():
                return self._merged(old, fields, merge)
        return record

    def _merged(self, old: R, fields: Mapping[str, JSON], merge: Merge[R]) -> R | None:
        try:
            return self._wanted(self._decoder.merged(old, fields), merge)
        except BrokenLine as problem:
            merge.gap = str(problem)
            return None

    def _wanted(self, record: R | UnknownWidget, merge: Merge[R]) -> R | None:
        if isinstance(record, UnknownWidget) and not self._keep_unknown:
            merge.refused.append(record)
            return None
        return cast("R", record)  # where unknown ones are kept, R is Widget


def _key(record: object) -> str:
    """The id, or the widget type for the background, which has none in the list of widgets; "" for others without."""
    if key := getattr(record, "id", ""):
        return str(key)
    name = str(getattr(record, "widget_type", ""))
    return name if name.lower() in _NEED_NO_ID else ""


def _difference(known: Mapping[str, R], fresh: Mapping[str, R]) -> list[Change[R]]:
    """What turns one into the other, deletes first. All that is equal is passed over without a step in Python."""
    changed = compress(fresh, map(ne, map(known.get, fresh), fresh.values()))
    differing = [(key, known.get(key), fresh[key]) for key in changed]
    created = [Change("created", key, None, new, True) for key, old, new in differing if old is None]
    updated = [Change("updated", key, old, new, True) for key, old, new in differing if old is not None]
    deleted: list[Change[R]] = []
    if len(known) > len(fresh) - len(created):
        deleted = [Change("deleted", key, old, None, True) for key, old in known.items() if key not in fresh]
    return deleted + created + updated


def _may_be_of_type(fields: Mapping[str, JSON], old: object) -> bool:
    """Whether an object does not say that it is of another type than a record."""
    name = fields.get("widget_type")
    return not isinstance(name, str) or name.lower() == getattr(old, "widget_type", name).lower()
