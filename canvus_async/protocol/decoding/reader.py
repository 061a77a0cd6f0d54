"""The bytes of a subscription, read into batches of records."""

from collections.abc import Mapping
from typing import Generic, TypeVar

from canvus_async.protocol.decoding.decoder import Batch, RecordDecoder
from canvus_async.protocol.decoding.lines import LineSplitter
from canvus_async.protocol.decoding.pieces import PIECE, ArrayPieces

T = TypeVar("T")

_INDENT = 64
"""Bytes in which a line must show that it is an array, to be decoded in pieces."""


class LineReader(Generic[T]):
    """Reads one connection of a subscription: bytes in, batches out.

    The first batch holds the first line and nothing else: all that there is now. Later ones hold any number of lines,
    in order. Stop at a batch that is `broken`: whoever reads on has lost what its line said.
    """

    def __init__(self, decoder: RecordDecoder[T], *, limit: int, known: Mapping[str, T] | None = None) -> None:
        """`limit`: bytes of the longest line to accept; `known`: what may come again in the first one, by id."""
        self._decoder = decoder
        self._known = known
        self.limit = limit
        self.overflow = False
        self._splitter = LineSplitter(limit)
        self._began = False
        self._pieces: ArrayPieces[T] | None = None
        self._length = 0

    def feed(self, chunk: bytes) -> list[Batch[T]]:
        """What the lines hold that `chunk` completes, up to one above the limit, which makes `overflow` true."""
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
        if block and self._began and not batches:  # as almost always
            batches.append(self._decoder.block(block))
        elif block:
            self._read_block(block, batches)
        pending = self._splitter.pending
        if len(pending) >= PIECE and pending[:_INDENT].lstrip().startswith(b"["):
            self._length = len(pending)
            begun = self._splitter.take().lstrip()
            self._pieces = ArrayPieces(self._decoder, begun, snapshot=not self._began, known=self._known)
            self._began = True
        return batches

    def finish(self) -> list[Batch[T]]:
        """At the end of the input: what a last line without LF holds; broken where the input ended amid it."""
        if self._pieces is not None:
            return [self._pieces.finish(b"")]
        batches: list[Batch[T]] = []
        self._read_block(self._splitter.finish(), batches)
        return batches

    def _read_block(self, block: bytes | bytearray, batches: list[Batch[T]]) -> None:
        if block and not self._began:
            self._began = True
            first, _, block = block.lstrip().partition(b"\n")
            batches.append(self._decoder.line(first, snapshot=True))
            block = b"" if block.isspace() else block
        if block and not (batches and batches[-1].broken):
            batches.append(self._decoder.block(block))
