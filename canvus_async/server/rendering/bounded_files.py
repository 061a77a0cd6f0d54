"""Bounds what Pillow reads into memory besides pixels: comments, EXIF and profiles may be as large as an upload."""

import io
import os
from pathlib import Path

from canvus_async.server.rendering.formats import BrokenAsset

HEADER = 32 << 20
"""Bytes that may be read before the pixels, and bytes of a PNG's chunks that are not pixels."""

WHOLE_FILE = 64 << 20
"""The same for formats that Pillow reads as a whole."""

_READ_AS_A_WHOLE = {"WEBP", "AVIF"}
_PNG_SIGNATURE_BYTES = 8
_PNG_CHUNKS = 1_000_000
_PNG_PIXELS = {b"IDAT", b"fdAT"}

TOO_MUCH = "The picture contains too much data besides its pixels."


class BoundedFile(io.BufferedReader):
    """A file from which only a limited number of bytes can be read until `lift` is called."""

    def __init__(self, path: Path, decoder: str) -> None:
        super().__init__(io.FileIO(path, "rb"))
        self.path = path
        self._left: int | None = WHOLE_FILE if decoder in _READ_AS_A_WHOLE else HEADER

    def lift(self) -> None:
        """Allow to read everything: the header has been read, and the pixels follow."""
        self._left = None

    def read(self, size: int | None = -1, /) -> bytes:
        """Raises BrokenAsset instead of reading more than is left."""
        if self._left is not None:
            rest = max(0, os.fstat(self.fileno()).st_size - self.tell())
            self._left -= rest if size is None or size < 0 else min(size, rest)
            if self._left < 0:
                raise BrokenAsset(TOO_MUCH)
        return super().read(size)


def check_png_chunks(path: Path) -> None:
    """Refuse a PNG with too much data in chunks that are not pixels, wherever they are. Raises BrokenAsset.

    Pillow reads such a chunk into memory, and one after the pixels only when it decodes them.
    """
    left = HEADER
    with path.open("rb") as file:
        file.seek(_PNG_SIGNATURE_BYTES)
        for _ in range(_PNG_CHUNKS):
            header = file.read(8)
            length, kind = int.from_bytes(header[:4], "big"), header[4:]
            if kind in {b"", b"IEND"}:
                return
            left -= 0 if kind in _PNG_PIXELS else length + len(header)
            if left < 0:
                break
            file.seek(length + 4, os.SEEK_CUR)
    raise BrokenAsset(TOO_MUCH)
