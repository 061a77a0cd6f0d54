"""Bytes cut into lines: LF ends a line, and nothing else does.

A subscription is newline-separated JSON whose first line may hold a whole canvas (seed 004, "Streaming"). Lines come
out in blocks, because decoding many at once is cheaper than one at a time.
"""

BOM = b"\xef\xbb\xbf"
"""The UTF-8 byte-order mark, which some put before their first line."""


class LineSplitter:
    """Bytes in, blocks of whole lines out; what follows the last LF waits for the rest of its line.

    A block holds one or more lines with their LFs. Blank lines in it do not matter to a JSON decoder; a block with
    nothing else does not come out at all. A byte-order mark before the first line is dropped. Each byte is looked at
    and copied a bounded number of times however the input is cut, and no more than `limit` bytes of a line are kept:
    at a longer one `overflow` becomes true, and neither it nor what follows comes out.
    """

    def __init__(self, limit: int) -> None:
        self.overflow = False
        self._limit = limit
        self._tail = bytearray()
        self._at_start = True

    @property
    def pending(self) -> bytearray:
        """The beginning of an unfinished line, to look at."""
        return self._tail

    def feed(self, chunk: bytes) -> bytes | bytearray:
        """The lines that `chunk` completes, b"" if there are none."""
        if self.overflow:
            return b""
        if self._at_start:
            chunk = self._without_mark(chunk)
        cut = chunk.rfind(b"\n") + 1
        tail = self._tail
        if not cut:
            if len(tail) + len(chunk) > self._limit:
                self._end()
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
            self._end()
        if len(block) > self._limit and (fits := self._fitting(block)) < len(block):
            self._end()
            block = block[:fits]
        return b"" if block.isspace() else block

    def take(self) -> bytearray:
        """The beginning of an unfinished line, for one who reads on from there; `feed` then begins a new line."""
        tail, self._tail = self._tail, bytearray()
        return tail

    def finish(self) -> bytes | bytearray:
        """At the end of the input: a last line without its LF, b"" if there is none."""
        self._at_start = False
        tail = self.take()
        return b"" if tail.isspace() else tail

    def _without_mark(self, chunk: bytes) -> bytes:
        """The input's beginning without a byte-order mark; kept back while it may still become one."""
        begun = bytes(self.take()) + chunk
        if len(begun) < len(BOM) and BOM.startswith(begun):
            self._tail += begun
            return b""
        self._at_start = False
        return begun.removeprefix(BOM)

    def _end(self) -> None:
        self.overflow = True
        self._tail = bytearray()

    def _fitting(self, block: bytes | bytearray) -> int:
        """The length of the lines before the first that is too long; of all where none is."""
        start = 0
        while len(block) - start > self._limit:
            end = block.find(b"\n", start)
            if end - start > self._limit:
                return start
            start = end + 1
        return len(block)


def nonblank_lines(block: bytes | bytearray) -> list[bytes]:
    """The lines of a block without LF, CR and surrounding white space; blank ones left out."""
    return list(filter(None, map(bytes.strip, bytes(block).split(b"\n"))))


def one_each(block: bytes | bytearray, documents: int) -> bool:
    """Whether the documents that a decoder found in a block are one a line, and none spans two lines.

    Blank lines do not count, but for this: one may make up for a second document in a line. Neither is lost then.
    """
    # Replacing finds each LF with memchr: a fifth of the time of bytes.count, which looks at every byte. Blank lines,
    # and a last one without LF, are rare: only where the sum is not right are lines looked at one by one.
    return len(block) - len(block.replace(b"\n", b"")) == documents or len(nonblank_lines(block)) == documents
