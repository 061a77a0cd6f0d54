"""One long line, decoded while it arrives.

The first line of a list subscription is a whole canvas in one JSON array. Decoding it in one call would block the event
loop (50 ms for 12 MB), and waiting for its end would waste the time until then.
"""

from collections.abc import Iterator, Mapping
from typing import Generic, TypeVar

from canvus_async.protocol.decoding.decoder import Batch, RecordDecoder
from canvus_async.protocol.decoding.repair import BrokenLine, repair, split_unrepaired

T = TypeVar("T")

PIECE = 128 << 10
"""Bytes that are decoded in one call, which takes less than a millisecond."""

_NEAR_END = 16 << 10
_BOUNDARIES = (b'},{"', b'}, {"')
"""What stands between two objects, without or with a space. Inside a JSON string, `},{"` can only be its very end."""


class ArrayPieces(Generic[T]):
    """The elements of a line `[{…},{…},…]` that arrives in chunks.

    A boundary is found by searching for `},{"` and then verified: if `[` + the text before it + `]` is a JSON array,
    the boundary is between two elements of the line. If it is not (it was in a nested array, or at the end of a
    string), a few earlier ones are tried, each farther back; then nothing is tried until the text is twice as long. So
    the work is linear whatever the line contains; in the worst case the line is decoded at its end.
    """

    def __init__(
        self, decoder: RecordDecoder[T], start: bytearray, *, snapshot: bool, known: Mapping[str, T] | None
    ) -> None:
        """`start` is the beginning of the line, with its `[`.

        Objects in a snapshot are complete, so their text is not kept; records that are equal to the one in `known` with
        their id are replaced by it, which saves memory.
        """
        self._decoder = decoder
        self._snapshot = snapshot
        self._rest = start
        self._batch: Batch[T] = Batch([])
        if snapshot:
            self._batch.index(known)
        self._next_attempt_at = 0
        self._last_cut_failed = False
        self._decode()

    def feed(self, chunk: bytes) -> None:
        """Add a part of the line without its end."""
        if self._batch.broken is None:
            self._rest += chunk
            self._decode()

    def finish(self, chunk: bytes) -> Batch[T]:
        """Add the end of the line, without LF. Returns everything that the line contained."""
        self.feed(chunk)
        if self._batch.broken is None:
            self._append(self._decoder.line(self._rest, snapshot=self._snapshot))
        return self._batch if self._batch.broken is None else Batch([], broken=self._batch.broken)

    def _decode(self) -> None:
        """Decode the text up to the last boundary, if there is enough of it."""
        if len(self._rest) < max(PIECE, self._next_attempt_at):
            return
        for cut in self._cuts():
            piece = self._rest[: cut + 1]
            piece[cut] = ord("]")
            batch = self._read(piece)
            if batch is not None:
                del self._rest[:cut]
                self._rest[0] = ord("[")  # replaces the comma
                self._append(batch)
                break
            self._last_cut_failed = True
        self._next_attempt_at = 2 * len(self._rest)

    def _cuts(self) -> Iterator[int]:
        """Possible commas between two elements: the last two, then the last one before ¾ and before ½ of the text."""
        end = length = len(self._rest)
        for limit in (length, length, length * 3 // 4, length // 2):
            found = self._last_boundary(min(end, limit))
            if found < 0:
                return
            yield found + 1
            end = found + 3  # a boundary has at least four bytes, so this one is not found again

    def _last_boundary(self, end: int) -> int:
        # Near the end first: if one of the two boundaries does not occur, rfind would search the whole text for it.
        for start in (max(0, end - _NEAR_END), 0):
            found = max(self._rest.rfind(boundary, start, end) for boundary in _BOUNDARIES)
            if found >= 0:
                return found
        return -1

    def _read(self, piece: bytearray) -> Batch[T] | None:
        """The records of a piece; None if it is not an array.

        After a cut that failed, the piece is first split into elements, which is cheaper than decoding it in vain.
        """
        if self._last_cut_failed and split_unrepaired(piece) is None:
            return None
        self._last_cut_failed = False
        batch = self._decoder.fast(piece, snapshot=self._snapshot)
        if batch is not None:
            return batch
        text = bytes(piece)
        elements = split_unrepaired(text)
        if elements is None and (repaired := repair(text)) != text:
            elements = split_unrepaired(repaired)
        try:
            return None if elements is None else self._decoder.one_by_one(elements, piece)
        except BrokenLine as problem:
            return Batch([], broken=str(problem))

    def _append(self, batch: Batch[T]) -> None:
        self._batch.extend(batch, keep_text=not self._snapshot)
        if batch.broken is not None:
            self._rest.clear()
