"""Bytes cut into lines. Only LF ends a line.

A subscription is newline-separated JSON; its first line may hold a whole canvas (API page "Widgets (Generic)",
section "Streaming"). Lines are returned in blocks, because decoding many at a time is cheaper than one by one.
"""

BOM = b"\xef\xbb\xbf"
"""The UTF-8 byte-order mark, which some servers send before the first line."""


class LineSplitter:
    """Takes bytes and returns blocks of complete lines; what follows the last LF is kept for the next call.

    A block contains one or more lines with their LFs. It may contain blank lines, which a JSON decoder ignores, but not
    only blank lines. A byte-order mark before the first line is removed. However the input is cut into chunks, each
    byte is examined and copied a bounded number of times, and at most `limit` bytes of a line are kept: a longer line
    sets `overflow`, and neither it nor anything after it is returned.
    """

    def __init__(self, limit: int) -> None:
        self.overflow = False
        self._limit = limit
        self._tail = bytearray()
        self._at_start = True

    @property
    def pending(self) -> bytearray:
        """The beginning of an unfinished line. Do not change it; `take()` removes it."""
        return self._tail

    def feed(self, chunk: bytes) -> bytes | bytearray:
        """The lines that `chunk` completes; b"" if there are none."""
        if self.overflow:
            return b""
        if self._at_start:
            chunk = self._without_bom(chunk)
        cut = chunk.rfind(b"\n") + 1
        tail = self._tail
        if not cut:
            if len(tail) + len(chunk) > self._limit:
                self._set_overflow()
            else:
                tail += chunk
            return b""
        block: bytes | bytearray
        if tail:
            tail += memoryview(chunk)[:cut]
            block, self._tail = tail, bytearray()
        else:
            block = chunk[:cut]
        if cut < len(chunk):
            self._tail += memoryview(chunk)[cut:]
        if len(self._tail) > self._limit:
            self._set_overflow()
        if len(block) > self._limit and (fits := self._length_within_limit(block)) < len(block):
            self._set_overflow()
            block = block[:fits]
        return b"" if block.isspace() else block

    def take(self) -> bytearray:
        """Remove and return the beginning of an unfinished line; the next `feed` starts a new line."""
        tail, self._tail = self._tail, bytearray()
        return tail

    def finish(self) -> bytes | bytearray:
        """A last line without LF at the end of the input, otherwise b""."""
        self._at_start = False
        tail = self.take()
        return b"" if tail.isspace() else tail

    def _without_bom(self, chunk: bytes) -> bytes:
        """The first bytes of the input without a byte-order mark; b"" while they may still become one."""
        start = bytes(self.take()) + chunk
        if len(start) < len(BOM) and BOM.startswith(start):
            self._tail += start
            return b""
        self._at_start = False
        return start.removeprefix(BOM)

    def _set_overflow(self) -> None:
        self.overflow = True
        self._tail = bytearray()

    def _length_within_limit(self, block: bytes | bytearray) -> int:
        """The length of the lines before the first one that is too long; the whole length if none is."""
        start = 0
        while len(block) - start > self._limit:
            end = block.find(b"\n", start)
            if end - start > self._limit:
                return start
            start = end + 1
        return len(block)


def nonblank_lines(block: bytes | bytearray) -> list[bytes]:
    """The lines of a block without surrounding white space, blank ones left out."""
    return list(filter(None, map(bytes.strip, bytes(block).split(b"\n"))))


def one_per_line(block: bytes | bytearray, documents: int) -> bool:
    """Whether a block in which a decoder found `documents` JSON documents has one document in each nonblank line.

    There is one undetected case: a blank line and a line with two documents. Nothing is lost then: both are decoded.
    """
    # replace() finds LFs with memchr and takes a fifth of the time of bytes.count(). Blank lines, and a last line
    # without LF, are rare: only if the numbers differ are the lines split.
    return len(block) - len(block.replace(b"\n", b"")) == documents or len(nonblank_lines(block)) == documents
