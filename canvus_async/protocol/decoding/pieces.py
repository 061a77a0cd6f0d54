"""One long line, decoded while it arrives.

The first line of a list subscription is a whole canvas in one JSON array. Decoding it in one go would stop everything
else for as long (50 ms for 12 MB), and waiting for its end would waste the time until then.
"""

from collections.abc import Iterator, Mapping
from typing import Generic, TypeVar

from canvus_async.protocol.decoding.decoder import Batch, RecordDecoder
from canvus_async.protocol.decoding.repair import BrokenLine, mend, split_unmended

T = TypeVar("T")

PIECE = 128 << 10
"""Bytes that are worth a decode of their own: below a millisecond each."""

_NEAR = 16 << 10
_BOUNDARIES = (b'},{"', b'}, {"')
"""Between two objects, without or with the usual space. Inside a JSON text `},{"` can only be its very end."""


class ArrayPieces(Generic[T]):
    """The elements of a line `[{…},{…},…]`, of which the beginning is there and the rest comes in pieces.

    Whether a cut fell between two elements is not guessed: if `[` + what lies before it + `]` is a JSON array, then a
    reader of the line is between two elements at that point as well. Where the cut was wrong (within a nested array,
    or at the end of a text) earlier ones are tried, few and ever farther back; then the line is left to grow to twice
    its length before the next try. So the work is linear whatever the line holds; at worst it is decoded at its end.
    """

    def __init__(
        self, decoder: RecordDecoder[T], begun: bytearray, *, snapshot: bool, known: Mapping[str, T] | None
    ) -> None:
        """`begun` starts with `[`. Records of a snapshot are taken to be whole, so no text is kept to tell later; those
        that are equal to what is `known` by now give way to it."""
        self._decoder = decoder
        self._snapshot = snapshot
        self._rest = begun
        self._batch: Batch[T] = Batch([])
        if snapshot:
            self._batch.index(known)
        self._next_try = 0
        self._doubtful = False
        self._decode()

    def feed(self, chunk: bytes) -> None:
        """More of the line, without its end."""
        if self._batch.broken is None:
            self._rest += chunk
            self._decode()

    def finish(self, chunk: bytes) -> Batch[T]:
        """The end of the line, without LF: all that the line held."""
        self.feed(chunk)
        if self._batch.broken is None:
            self._append(self._decoder.line(self._rest, snapshot=self._snapshot))
        return self._batch if self._batch.broken is None else Batch([], broken=self._batch.broken)

    def _decode(self) -> None:
        if len(self._rest) < max(PIECE, self._next_try):
            return
        for cut in self._cuts():
            piece = self._rest[: cut + 1]
            piece[cut] = ord("]")
            batch = self._read(piece)
            if batch is not None:
                del self._rest[:cut]
                self._rest[0] = ord("[")  # in the place of the comma
                self._append(batch)
                break
            self._doubtful = True
        self._next_try = 2 * len(self._rest)

    def _cuts(self) -> Iterator[int]:
        """Where commas between two elements may be: the last two, then the last before ¾ and before ½ of the text."""
        end = length = len(self._rest)
        for limit in (length, length, length * 3 // 4, length // 2):
            found = self._last_boundary(min(end, limit))
            if found < 0:
                return
            yield found + 1
            end = found + 3  # where this one does not fit in any more

    def _last_boundary(self, end: int) -> int:
        for start in (max(0, end - _NEAR), 0):  # to find one kind must not mean to look for the other everywhere
            found = max(self._rest.rfind(boundary, start, end) for boundary in _BOUNDARIES)
            if found >= 0:
                return found
        return -1

    def _read(self, piece: bytearray) -> Batch[T] | None:
        """The records of a piece, or None if it is no array by itself. In doubt, a cheap look comes first."""
        if self._doubtful and split_unmended(piece) is None:
            return None
        self._doubtful = False
        batch = self._decoder.fast(piece, snapshot=self._snapshot)
        if batch is not None:
            return batch
        text = bytes(piece)
        elements = split_unmended(text)
        if elements is None and (mended := mend(text)) != text:
            elements = split_unmended(mended)
        try:
            return None if elements is None else self._decoder.each(elements, piece)
        except BrokenLine as problem:
            return Batch([], broken=str(problem))

    def _append(self, batch: Batch[T]) -> None:
        self._batch.extend(batch, keep_text=not self._snapshot)
        if batch.broken is not None:
            self._rest.clear()
