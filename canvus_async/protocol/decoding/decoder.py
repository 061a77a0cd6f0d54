"""JSON into records, in two speeds.

A block of lines is decoded at once by one typed union decoder. Only what that refuses is looked at line by line, and
only what is refused then element by element, so that one odd object costs itself and no other.
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
from canvus_async.protocol.decoding.kinds import Omissible, become
from canvus_async.protocol.decoding.learning import Kinds
from canvus_async.protocol.decoding.lines import BOM, nonblank_lines, one_each
from canvus_async.protocol.decoding.repair import UNREADABLE, BrokenLine, load, reason, split

T = TypeVar("T")

_ARRAY = re.compile(rb"\s*\[")


class Batch(Generic[T]):
    """What one or more lines held, in order.

    `plain` says that every record is a T that the fast path decoded, so that none needs a closer look. `broken` is
    None, or why the line after `records` has no meaning; nothing of that line or after it is in the batch.
    """

    __slots__ = ("_by_id", "_elements", "_known", "_states", "_texts", "broken", "plain", "records")

    def __init__(
        self,
        records: list[T | UnknownWidget | Patch[T]],
        text: bytes | bytearray = b"",
        plain: bool = True,  # by position: this is made once per event
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
        """The object that `records[index]` was decoded from: a record does not show which fields were left out."""
        sources = self._sources()
        source = bisect_right(sources, index, key=_first) - 1
        first, text = sources[source]
        if self._elements is None:
            self._elements = {}
        if first not in self._elements:
            self._elements[first] = list(chain.from_iterable(map(split, nonblank_lines(text))))
        return load(self._elements[first][index - first])

    def alone(self) -> list[T | UnknownWidget]:
        """The records of a snapshot, where each item stands for itself."""
        if self.plain:
            return cast("list[T | UnknownWidget]", self.records)
        return [cast("Patch[T]", item).alone() if isinstance(item, Patch) else item for item in self.records]

    def index(self, known: Mapping[str, T] | None = None) -> tuple[dict[str, T], set[str]]:
        """Of a plain batch, the last record of each id, and all states. What is indexed piece by piece, while it is in
        the processor's cache, costs a third of what it costs at the end.

        A record that is equal to the known one of its id gives way to that: a snapshot that comes again, as most of it
        is as it was, takes no memory then.
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
        """Append what came after this batch; without its text, `fields` cannot tell of its records."""
        if keep_text:
            self._texts = sources = self._sources()
            sources += [(len(self.records) + first, text) for first, text in other._sources()]
        self.plain = self.plain and other.plain
        self.broken = other.broken
        if self.plain:
            self._add_to_index(other.records)
        self.records += other.records

    def _sources(self) -> list[tuple[int, bytes | bytearray]]:
        """The texts of the records, each with the index of its first."""
        return self._texts if isinstance(self._texts, list) else [(0, self._texts)]


def _first(source: tuple[int, bytes | bytearray]) -> int:
    return source[0]


class RecordDecoder(Generic[T]):
    """Decodes records of one kind, or widgets of several, from lines of a subscription and bodies of answers.

    It learns from what it meets (see `learning`), so keep one for a server rather than making one per use.
    """

    def __init__(self, *records: type[T]) -> None:
        self._kinds = Kinds(records)
        self._assembler = Assembler(self._kinds)
        self._prepare()

    @property
    def omissible(self) -> Mapping[type, tuple[Omissible, ...]]:
        """Per record class, the fields that an object may have lacked although the fast path read it."""
        return self._kinds.omissible

    @property
    def whole(self) -> frozenset[type]:
        """The classes whose instances in a batch are whole but for `omissible` fields, UnknownWidgets included."""
        return self._kinds.final

    def block(self, text: bytes | bytearray) -> Batch[T]:
        """The records of a block of whole lines, each an object or an array of objects."""
        if text.find(b"\n", 0, len(text) - 1) < 0:  # as most come: one at a time
            return self.line(text)
        if self._kinds.stale:
            self._prepare()
        try:
            lines = self._decode_lines(text)
        except UNREADABLE:
            return self._by_line(text)
        if not one_each(text, len(lines)):  # msgspec also takes two documents in a line, and one over two lines
            return self._by_line(text)
        forms: set[type] = set(map(type, lines))
        if list not in forms:
            return self._batch(lines, text)
        if len(forms) > 1:
            lines = [line if isinstance(line, list) else [line] for line in lines]
        return self._batch(list(chain.from_iterable(lines)), text)

    def line(self, text: bytes | bytearray, *, snapshot: bool = False) -> Batch[T]:
        """The records of one line, an object or an array of objects. Those of a snapshot are taken to be whole."""
        batch = self.fast(text, snapshot=snapshot)
        if batch is not None:
            return batch
        try:
            return self.each(split(text), text)
        except BrokenLine as problem:
            return Batch([], broken=str(problem))

    def fast(self, text: bytes | bytearray, *, snapshot: bool) -> Batch[T] | None:
        """The same where the fast path can read all of it, else None."""
        if self._kinds.stale:
            self._prepare()
        decode = self._decode_snapshot if snapshot else self._decode
        try:
            found = decode(text)
        except UNREADABLE:
            return None
        if not isinstance(found, msgspec.Struct):
            return self._batch(found, text)
        kind = self._kinds.becomes[type(found)]
        become(found, kind)
        return Batch([cast("Any", found)], text, kind not in self._kinds.strangers)

    def each(self, elements: Sequence[msgspec.Raw], text: bytes | bytearray) -> Batch[T]:
        """The records of the elements of `text`, one by one. Raises BrokenLine when one of them has no meaning."""
        return Batch([self._record(element) for element in elements], text, False)

    def one(self, body: bytes) -> T | UnknownWidget:
        """The record that an answer's body is. Raises BrokenLine when it is none."""
        record = self._record(body.removeprefix(BOM))
        return cast("Patch[T]", record).alone() if isinstance(record, Patch) else record

    def many(self, body: bytes) -> list[T | UnknownWidget]:
        """The records of an answer's body that is a list. Raises BrokenLine when it is none."""
        body = body.removeprefix(BOM)
        batch = self.line(body, snapshot=True)
        if batch.broken is not None:
            raise BrokenLine(batch.broken)
        if not _ARRAY.match(body):
            raise BrokenLine("an object where there should be an array")
        return batch.alone()

    def merged(self, known: T | UnknownWidget, fields: Mapping[str, JSON]) -> T | UnknownWidget:
        """`known` with `fields` laid over it. Raises BrokenLine where that is no widget and does not fit its type."""
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
            become(record, self._kinds.becomes[type(record)])
            return record
        try:
            fields = load(text)
            self._kinds.learn(fields)
            return self._assembler.record(fields)
        except RecursionError as problem:
            raise BrokenLine(reason(problem)) from None

    def _batch(self, records: list[Any], text: bytes | bytearray) -> Batch[T]:
        """What the fast path decoded, made into what it stands for."""
        kinds = self._kinds
        found = set(map(type, records))
        if not found <= kinds.final:
            deque(map(become, records, map(kinds.becomes.__getitem__, map(type, records))), maxlen=0)
        return Batch(records, text, kinds.strangers.isdisjoint(found))

    def _prepare(self) -> None:
        """Build the decoders anew, with all that was learned."""
        strict, lenient = self._kinds.classes()
        line = _one_or_list(strict)
        self._decode_lines, self._decode = line.decode_lines, line.decode
        self._decode_snapshot = _one_or_list(lenient).decode
        self._decode_one = msgspec.json.Decoder[Any](_union(strict)).decode


def _union(classes: Sequence[type]) -> Any:  # noqa: ANN401  # a type made at run time is none to a checker
    return cast("Any", Union)[tuple(classes)]


def _one_or_list(classes: Sequence[type]) -> msgspec.json.Decoder[Any]:
    one = _union(classes)
    return msgspec.json.Decoder(_union([one, cast("Any", list)[one]]))
