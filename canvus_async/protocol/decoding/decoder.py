"""JSON decoded into records, with a fast path and slower ones for what it does not accept.

A block of lines is decoded in one call of a typed union decoder. If that fails, it is decoded line by line; a line that
fails is decoded element by element. So an object that does not fit its type does not affect the others.
"""

import re
from bisect import bisect_right
from collections import deque
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any, Generic, TypeVar, Union, cast

import msgspec

from canvus_async.models import JSON, UnknownWidget
from canvus_async.protocol.decoding.assembling import Assembler, Patch
from canvus_async.protocol.decoding.kinds import OmittableField, set_class
from canvus_async.protocol.decoding.learning import RecordKinds
from canvus_async.protocol.decoding.lines import BOM, nonblank_lines, one_per_line
from canvus_async.protocol.decoding.repair import UNREADABLE, BrokenLine, describe, load, split

T = TypeVar("T")

_ARRAY = re.compile(rb"\s*\[")


class Batch(Generic[T]):
    """The content of one or more lines, in order.

    `plain` is true if every record is a T that the fast path decoded, so that no patch or UnknownWidget is among them.
    `broken` is None, or the reason why the line after `records` cannot be read; nothing of that line, or after it, is
    in the batch.
    """

    __slots__ = ("_by_id", "_elements", "_known", "_states", "_texts", "broken", "plain", "records")

    def __init__(
        self,
        records: list[T | UnknownWidget | Patch[T]],
        text: bytes | bytearray = b"",
        plain: bool = True,  # positional, because a batch is made for every event
        broken: str | None = None,
    ) -> None:
        self.records = records
        self.plain = plain
        self.broken = broken
        self._texts: bytes | bytearray | list[tuple[int, bytes | bytearray]] = text
        self._elements: dict[int, list[msgspec.Raw]] | None = None
        self._by_id: dict[str, T] | None = None
        self._states: set[str] | None = None
        self._known: Mapping[str, T] | None = None

    def fields(self, index: int) -> dict[str, JSON]:
        """The object that `records[index]` was decoded from: a record does not show which fields were omitted."""
        sources = self._sources()
        source = bisect_right(sources, index, key=_first) - 1
        first, text = sources[source]
        if self._elements is None:
            self._elements = {}
        if first not in self._elements:
            self._elements[first] = list(chain.from_iterable(map(split, nonblank_lines(text))))
        return load(self._elements[first][index - first])

    def standalone(self) -> list[T | UnknownWidget]:
        """The records of a snapshot, in which there is no earlier record to apply a patch to."""
        if self.plain:
            return cast("list[T | UnknownWidget]", self.records)
        return [cast("Patch[T]", item).standalone() if isinstance(item, Patch) else item for item in self.records]

    def index(self, known: Mapping[str, T] | None = None) -> tuple[dict[str, T], set[str]]:
        """The last record of each id in a plain batch, and all states that occur.

        Call it on an empty batch to index records as they are added: while they are still in the processor's cache,
        that takes a third of the time that it takes at the end. A record that is equal to the one in `known` with its
        id is replaced by it, so that the snapshot after a reconnect, which is mostly unchanged, needs no memory.
        """
        if self._by_id is None or self._states is None:
            self._by_id, self._states, self._known = {}, set(), known
            self._add_to_index(self.records)
        return self._by_id, self._states

    def _add_to_index(self, records: list[Any]) -> None:
        if self._by_id is not None and self._states is not None:
            if self._known:
                get = self._known.get
                records[:] = [old if (old := get(record.id)) == record else record for record in records]
            self._by_id.update({record.id: record for record in records})
            self._states.update({record.state for record in records})

    def extend(self, other: "Batch[T]", *, keep_text: bool = True) -> None:
        """Append the next batch. Without its text, `fields()` does not work for its records."""
        if keep_text:
            self._texts = sources = self._sources()
            sources += [(len(self.records) + first, text) for first, text in other._sources()]
        self.plain = self.plain and other.plain
        self.broken = other.broken
        if self.plain:
            self._add_to_index(other.records)
        self.records += other.records

    def _sources(self) -> list[tuple[int, bytes | bytearray]]:
        """The texts of the records, each with the index of its first record."""
        return self._texts if isinstance(self._texts, list) else [(0, self._texts)]


def _first(source: tuple[int, bytes | bytearray]) -> int:
    return source[0]


class RecordDecoder(Generic[T]):
    """Decodes records of one kind, or widgets of several kinds, from lines of subscriptions and bodies of responses.

    It learns from the objects that it decodes (see `learning`), so keep one instead of making one for each use.
    """

    def __init__(self, *records: type[T]) -> None:
        self._kinds = RecordKinds(records)
        self._assembler = Assembler(self._kinds)
        self._prepare()

    @property
    def omittable(self) -> Mapping[type, tuple[OmittableField, ...]]:
        """The fields, by record class, that an object may have omitted although the fast path decoded it."""
        return self._kinds.omittable

    @property
    def complete(self) -> frozenset[type]:
        """The classes whose instances in a batch are complete, except for `omittable` fields; with UnknownWidgets."""
        return self._kinds.final_classes

    def block(self, text: bytes | bytearray) -> Batch[T]:
        """The records of a block of complete lines, each an object or an array of objects."""
        if text.find(b"\n", 0, len(text) - 1) < 0:  # a single line, the usual case
            return self.line(text)
        if self._kinds.stale:
            self._prepare()
        try:
            lines = self._decode_lines(text)
        except UNREADABLE:
            return self._by_line(text)
        if not one_per_line(text, len(lines)):  # msgspec accepts two documents in a line, and one in two lines
            return self._by_line(text)
        forms: set[type] = set(map(type, lines))
        if list not in forms:
            return self._batch(lines, text)
        if len(forms) > 1:
            lines = [line if isinstance(line, list) else [line] for line in lines]
        return self._batch(list(chain.from_iterable(lines)), text)

    def line(self, text: bytes | bytearray, *, snapshot: bool = False) -> Batch[T]:
        """The records of one line, an object or an array of objects. Objects in a snapshot count as complete."""
        batch = self.fast(text, snapshot=snapshot)
        if batch is not None:
            return batch
        try:
            return self.one_by_one(split(text), text)
        except BrokenLine as problem:
            return Batch([], broken=str(problem))

    def fast(self, text: bytes | bytearray, *, snapshot: bool) -> Batch[T] | None:
        """The same as `line()` if the fast path can decode all of it, else None."""
        if self._kinds.stale:
            self._prepare()
        decode = self._decode_snapshot if snapshot else self._decode
        try:
            found = decode(text)
        except UNREADABLE:
            return None
        if not isinstance(found, msgspec.Struct):
            return self._batch(found, text)
        kind = self._kinds.final_class[type(found)]
        set_class(found, kind)
        return Batch([cast("Any", found)], text, kind not in self._kinds.unknown_classes)

    def one_by_one(self, elements: Sequence[msgspec.Raw], text: bytes | bytearray) -> Batch[T]:
        """The records of the elements of `text`, decoded one by one. Raises BrokenLine if one cannot be read."""
        return Batch([self._record(element) for element in elements], text, False)

    def one(self, body: bytes) -> T | UnknownWidget:
        """The record in the body of a response. Raises BrokenLine if it contains no record."""
        record = self._record(body.removeprefix(BOM))
        return cast("Patch[T]", record).standalone() if isinstance(record, Patch) else record

    def many(self, body: bytes) -> list[T | UnknownWidget]:
        """The records in the body of a response. Raises BrokenLine if it is not a list of objects."""
        body = body.removeprefix(BOM)
        batch = self.line(body, snapshot=True)
        if batch.broken is not None:
            raise BrokenLine(batch.broken)
        if not _ARRAY.match(body):
            raise BrokenLine("an object instead of an array")
        return batch.standalone()

    def merged(self, known: T | UnknownWidget, fields: Mapping[str, JSON]) -> T | UnknownWidget:
        """The record `known` with `fields` replaced; see `Assembler.merged()`."""
        return self._assembler.merged(known, fields)

    def _by_line(self, block: bytes | bytearray) -> Batch[T]:
        batch: Batch[T] = Batch([])
        for line in nonblank_lines(block):
            batch.extend(self.line(line))
            if batch.broken is not None:
                break
        return batch

    def _record(self, text: bytes | msgspec.Raw) -> T | UnknownWidget | Patch[T]:
        if self._kinds.stale:
            self._prepare()
        try:
            record: T | UnknownWidget = self._decode_one(text)
        except UNREADABLE:
            pass
        else:
            set_class(record, self._kinds.final_class[type(record)])
            return record
        try:
            fields = load(text)
            self._kinds.learn(fields)
            return self._assembler.record(fields)
        except RecursionError as problem:
            raise BrokenLine(describe(problem)) from None

    def _batch(self, records: list[Any], text: bytes | bytearray) -> Batch[T]:
        """A batch of what the fast path decoded, after each object got its final class."""
        kinds = self._kinds
        found = set(map(type, records))
        if not found <= kinds.final_classes:  # deque(maxlen=0) runs the map without a Python loop
            deque(map(set_class, records, map(kinds.final_class.__getitem__, map(type, records))), maxlen=0)
        return Batch(records, text, kinds.unknown_classes.isdisjoint(found))

    def _prepare(self) -> None:
        """Build the msgspec decoders from the current classes."""
        strict, lenient = self._kinds.classes()
        line = _one_or_list(strict)
        self._decode_lines, self._decode = line.decode_lines, line.decode
        self._decode_snapshot = _one_or_list(lenient).decode
        self._decode_one = msgspec.json.Decoder[Any](_union(strict)).decode


def _union(classes: Sequence[type]) -> Any:  # noqa: ANN401  # made at run time, so it is not a type for a checker
    return cast("Any", Union)[tuple(classes)]


def _one_or_list(classes: Sequence[type]) -> msgspec.json.Decoder[Any]:
    one = _union(classes)
    return msgspec.json.Decoder(_union([one, cast("Any", list)[one]]))
