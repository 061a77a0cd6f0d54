"""The bytes of a subscription, read into batches of records."""

from collections.abc import Mapping
from typing import Generic, TypeVar

from canvus_async.protocol.decoding.decoder import Batch, RecordDecoder
from canvus_async.protocol.decoding.lines import LineSplitter
from canvus_async.protocol.decoding.pieces import PIECE, ArrayPieces

T = TypeVar("T")

_MAX_INDENT = 64
"""A line is decoded in pieces only if its array begins within so many bytes."""


class LineReader(Generic[T]):
    """Reads one connection of a subscription: takes bytes, returns batches.

    The first batch contains only the first line: the snapshot. Each later one contains one or more lines, in order. Do
    not read on after a batch that is `broken`: the content of its broken line would be missing.
    """

    def __init__(self, decoder: RecordDecoder[T], *, limit: int, known: Mapping[str, T] | None = None) -> None:
        """`limit` is the longest accepted line in bytes.

        `known` are the current records by id: records of the snapshot that are equal to them are not kept twice.
        """
        self._decoder = decoder
        self._known = known
        self.limit = limit
        self.overflow = False
        self._splitter = LineSplitter(limit)
        self._has_snapshot = False
        self._pieces: ArrayPieces[T] | None = None
        self._length = 0

    def feed(self, chunk: bytes) -> list[Batch[T]]:
        """The content of the lines that `chunk` completes. A line above the limit sets `overflow`; nothing follows."""
        batches: list[Batch[T]] = []
        if self._pieces is not None:
            end = chunk.find(b"\n")
            self._length += len(chunk) if end < 0 else end
            if self._length > self.limit:
                self.overflow = True
                return batches
            if end < 0:
                self._pieces.feed(chunk)
                return batches
            batches.append(self._pieces.finish(chunk[:end]))
            self._pieces = None
            chunk = chunk[end + 1 :]
        block = self._splitter.feed(chunk)
        self.overflow = self._splitter.overflow
        if block and self._has_snapshot and not batches:  # the usual case
            batches.append(self._decoder.block(block))
        elif block:
            self._read_block(block, batches)
        pending = self._splitter.pending
        if len(pending) >= PIECE and pending[:_MAX_INDENT].lstrip().startswith(b"["):
            self._length = len(pending)
            start = self._splitter.take().lstrip()
            self._pieces = ArrayPieces(self._decoder, start, snapshot=not self._has_snapshot, known=self._known)
            self._has_snapshot = True
        return batches

    def finish(self) -> list[Batch[T]]:
        """The content of a last line without LF at the end of the input; broken if the line is incomplete."""
        if self._pieces is not None:
            return [self._pieces.finish(b"")]
        batches: list[Batch[T]] = []
        self._read_block(self._splitter.finish(), batches)
        return batches

    def _read_block(self, block: bytes | bytearray, batches: list[Batch[T]]) -> None:
        if block and not self._has_snapshot:
            self._has_snapshot = True
            first, _, block = block.lstrip().partition(b"\n")
            batches.append(self._decoder.line(first, snapshot=True))
            block = b"" if block.isspace() else block
        if block and not (batches and batches[-1].broken):
            batches.append(self._decoder.block(block))
