"""Detects a file's format by its first bytes, never by its name. Also the errors for files that cannot be rendered."""

from typing import Literal, NamedTuple

FileKind = Literal["image", "pdf", "svg", "video", "other"]

SNIFFED_BYTES = 65536
"""The number of bytes from the start of a file that `sniff` needs."""

PDF_MAGIC_WITHIN = 1024
"""`%PDF-` may be preceded by other bytes; PDF readers search for it in the first 1024."""


class UnsupportedAsset(Exception):
    """Files of this type have no mipmaps."""


class BrokenAsset(Exception):
    """The file cannot be read. The message is a sentence for the user."""


class PageOutOfRange(Exception):
    """The asset has no such page. The message is a sentence for the user."""


class LevelOutOfRange(Exception):
    """The page has no such mipmap level. The message is a sentence for the user."""


class Format(NamedTuple):
    """A file format: its kind, its media type, and for pictures the name of Pillow's decoder."""

    kind: FileKind
    content_type: str
    decoder: str = ""


OTHER = Format("other", "application/octet-stream")
PDF = Format("pdf", "application/pdf")
SVG = Format("svg", "image/svg+xml")
MP4 = Format("video", "video/mp4")
QUICKTIME = Format("video", "video/quicktime")
WEBM = Format("video", "video/webm")
MATROSKA = Format("video", "video/x-matroska")
AVI = Format("video", "video/x-msvideo")
AVIF = Format("image", "image/avif", "AVIF")
BMP = Format("image", "image/bmp", "BMP")
GIF = Format("image", "image/gif", "GIF")
JPEG2000 = Format("image", "image/jp2", "JPEG2000")
PNM = Format("image", "image/x-portable-anymap", "PPM")
TIFF = Format("image", "image/tiff", "TIFF")
WEBP = Format("image", "image/webp", "WEBP")

# Only plain decoders are listed. Pillow's EPS reader starts Ghostscript, and uploaded code must never be run.
_BY_MAGIC: tuple[tuple[bytes, Format], ...] = (
    (b"\xff\xd8\xff", Format("image", "image/jpeg", "JPEG")),
    (b"\x89PNG\r\n\x1a\n", Format("image", "image/png", "PNG")),
    (b"GIF87a", GIF),
    (b"GIF89a", GIF),
    (b"II*\0", TIFF),
    (b"MM\0*", TIFF),
    (b"II+\0", TIFF),
    (b"MM\0+", TIFF),
    (b"\0\0\0\x0cjP  \r\n\x87\n", JPEG2000),
    (b"\xff\x4f\xff\x51", JPEG2000),
    (b"8BPS\0\x01", Format("image", "image/vnd.adobe.photoshop", "PSD")),
    (b"qoif", Format("image", "image/qoi", "QOI")),
    *((b"P%d%c" % (digit, space), PNM) for digit in range(1, 7) for space in b" \t\r\n"),
)

_BMP_HEADER_SIZES = (12, 16, 40, 52, 56, 64, 108, 124)
_HEIF_BRANDS = {b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1"}


def sniff(head: bytes) -> Format:
    """The format of a file whose first `SNIFFED_BYTES` bytes are `head`.

    SVG is not detected here, because that needs an XML parser (`vectors.svg_size`).
    """
    for magic, found in _BY_MAGIC:
        if head.startswith(magic):
            return found
    if head[:2] == b"BM" and int.from_bytes(head[14:18], "little") in _BMP_HEADER_SIZES:
        return BMP
    if head[:4] == b"RIFF":
        return {b"WEBP": WEBP, b"AVI ": AVI}.get(head[8:12], OTHER)
    if head[:4] == b"\x1a\x45\xdf\xa3":
        return WEBM if b"webm" in head[:64] else MATROSKA
    if head[4:8] == b"ftyp":
        return _by_brand(head)
    if head[:1] == b"\0" and head[4:8] in {b"moov", b"mdat", b"wide"}:
        return QUICKTIME
    if b"%PDF-" in head[:PDF_MAGIC_WITHIN]:
        return PDF
    return OTHER


def _by_brand(head: bytes) -> Format:
    """Distinguish ISO base media formats (MP4, AVIF, HEIC, ...) by the brands in the `ftyp` box."""
    listed = head[8 : min(int.from_bytes(head[:4], "big"), 512)]
    brands = {listed[at : at + 4] for at in range(0, len(listed), 4)}
    if brands & {b"avif", b"avis"}:
        return AVIF
    if brands & _HEIF_BRANDS:
        return Format("other", "image/heic")
    major = head[8:12]
    if major in {b"M4A ", b"M4B "}:
        return Format("other", "audio/mp4")
    return QUICKTIME if major == b"qt  " else MP4
