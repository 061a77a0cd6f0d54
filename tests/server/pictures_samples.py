"""Sample pictures, colour profiles and PDFs, and functions to compare pictures.

What no library can write is written by hand.
"""

import hashlib
import struct
import zlib
from collections.abc import Iterable, Sequence
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

from PIL import Image, ImageChops, ImageCms, ImageDraw, ImageOps, ImageStat

from canvus_async.server.rendering.renderer import Renderer

RED, GREEN, BLUE, YELLOW = (220, 30, 30), (20, 160, 60), (30, 60, 210), (240, 210, 40)


def scene(width: int, height: int) -> Image.Image:
    """A picture with different corners, fine lines and gradients."""
    picture = Image.merge(
        "RGB",
        [
            Image.linear_gradient("L").resize((width, height)),
            Image.linear_gradient("L").rotate(90).resize((width, height)),
            Image.radial_gradient("L").resize((width, height)),
        ],
    )
    draw = ImageDraw.Draw(picture)
    w, h = width // 4, height // 4
    draw.rectangle((0, 0, w, h), RED)
    draw.rectangle((width - w, 0, width, h), GREEN)
    draw.rectangle((0, height - h, w, height), BLUE)
    draw.ellipse((width * 0.4, height * 0.4, width * 0.7, height * 0.6), YELLOW)
    for x in range(0, width, 16):
        draw.line((x, height * 0.7, x + w, height * 0.75), (0, 0, 0), 2)
    return picture


def content_hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


async def drawn(path: Path, level: int = 0, page: int = 0) -> Image.Image:
    """One level of a file, rendered by a new renderer."""
    renderer = Renderer(path.parent / f"cache-{path.name}")
    try:
        return opened(await renderer.level(content_hash(path), path, page, level))
    finally:
        await renderer.aclose()


def opened(path: Path) -> Image.Image:
    with Image.open(path) as picture:
        assert picture.format == "WEBP"
        picture.load()
    return picture


def reference(path: Path, size: tuple[int, int]) -> Image.Image:
    """Render with Pillow alone: open, apply the EXIF orientation, resize with Lanczos."""
    with Image.open(path) as stored:
        upright = ImageOps.exif_transpose(stored)
    return upright.convert("RGBA").resize(size, Image.Resampling.LANCZOS)


def difference(one: Image.Image, other: Image.Image, backdrop: tuple[int, int, int] = (255, 255, 255)) -> float:
    """The mean absolute difference of two pictures on a backdrop, 0 to 255."""
    assert one.size == other.size
    flat = [
        Image.alpha_composite(Image.new("RGBA", one.size, (*backdrop, 255)), p.convert("RGBA")) for p in (one, other)
    ]
    return sum(ImageStat.Stat(ImageChops.difference(flat[0].convert("RGB"), flat[1].convert("RGB"))).mean) / 3


def webp_loss(picture: Image.Image) -> float:
    """The difference that WebP alone makes: between a picture and itself after encoding."""
    file = BytesIO()
    picture.convert("RGB").save(file, "WEBP", quality=80, method=1)
    with Image.open(file) as encoded:
        return difference(encoded, picture)


def near(colour: Sequence[int], wanted: Sequence[int], tolerance: int = 8) -> bool:
    return len(colour) == len(wanted) and all(abs(a - b) <= tolerance for a, b in zip(colour, wanted, strict=True))


# PNG


def png(
    width: int, height: int, depth: int, colour_type: int, rows: Iterable[bytes], *extra: tuple[bytes, bytes]
) -> bytes:
    """A PNG of packed rows. `extra` chunks precede the pixels, except those named eXIf, which follow them."""
    packer = zlib.compressobj(9)
    pixels = b"".join(packer.compress(b"\0" + row) for row in rows) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, 0)
    before = [chunk for chunk in extra if chunk[0] != b"eXIf"]
    behind = [chunk for chunk in extra if chunk[0] == b"eXIf"]
    chunks = [(b"IHDR", header), *before, (b"IDAT", pixels), *behind, (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    )


# ICC profiles

P3_COLORANTS = ((0.51512, 0.24120, -0.00105), (0.29198, 0.69225, 0.04189), (0.15710, 0.06657, 0.78407))
"""Red, green and blue of Display P3 as XYZ under D50."""


def s15(*values: float) -> bytes:
    return b"".join(struct.pack(">i", round(value * 65536)) for value in values)


def srgb_profile() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def swapped_profile() -> bytes:
    """A profile with red and green exchanged: red in the file is shown as green."""
    profile = srgb_profile()
    return profile.replace(b"rXYZ", b"?XYZ").replace(b"gXYZ", b"rXYZ").replace(b"?XYZ", b"gXYZ")


def p3_profile() -> bytes:
    """A profile with the curves of sRGB and the primary colours of Display P3."""
    profile = bytearray(srgb_profile())
    for name, colorant in zip((b"rXYZ", b"gXYZ", b"bXYZ"), P3_COLORANTS, strict=True):
        entry = profile.index(name)
        (offset,) = struct.unpack_from(">I", profile, entry + 4)
        profile[offset + 8 : offset + 20] = s15(*colorant)
    return bytes(profile)


def p3_to_srgb(colour: Sequence[int]) -> tuple[int, ...]:
    """Convert from Display P3 to sRGB by the formulas, for colours inside sRGB."""
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in (part / 255 for part in colour)]
    matrix = ((1.2249, -0.2247, 0.0), (-0.0420, 1.0419, 0.0), (-0.0197, -0.0786, 1.0979))
    mixed = [sum(m * v for m, v in zip(row, linear, strict=True)) for row in matrix]
    return tuple(round(255 * (12.92 * v if v <= 0.0031308 else 1.055 * v ** (1 / 2.4) - 0.055)) for v in mixed)


def _profile(space: bytes, device: bytes, connection: bytes, tags: dict[bytes, bytes]) -> bytes:
    table, body = struct.pack(">I", len(tags)), b""
    start = 128 + 4 + 12 * len(tags)
    for name, data in tags.items():
        table += name + struct.pack(">II", start + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    header = bytearray(128)
    struct.pack_into(">I", header, 0, start + len(body))
    header[8:12] = b"\x02\x40\0\0"
    header[12:16], header[16:20], header[20:24] = device, space, connection
    header[36:40] = b"acsp"
    header[68:80] = s15(0.9642, 1.0, 0.8249)
    return bytes(header) + table + body


def linear_grey_profile() -> bytes:
    """A profile of grey whose values are proportional to the light."""
    white = b"XYZ \0\0\0\0" + s15(0.9642, 1.0, 0.8249)
    return _profile(b"GRAY", b"mntr", b"XYZ ", {b"wtpt": white, b"kTRC": b"curv\0\0\0\0\0\0\0\0"})


def odd_ink_profile() -> bytes:
    """A CMYK profile whose cyan ink is a strong blue-violet, Lab (30, 60, -80), with any other ink."""
    ramp = bytes(range(256))
    paper, ink = bytes((255, 128, 128)), bytes((round(30 * 2.55), 128 + 60, 128 - 80))
    colours = b"".join(ink if point >> 3 else paper for point in range(16))  # cyan is the slowest index
    identity = s15(1, 0, 0, 0, 1, 0, 0, 0, 1)
    lut = b"mft1\0\0\0\0" + bytes((4, 3, 2, 0)) + identity + ramp * 4 + colours + ramp * 3
    white = b"XYZ \0\0\0\0" + s15(0.9642, 1.0, 0.8249)
    return _profile(b"CMYK", b"prtr", b"Lab ", {b"wtpt": white, b"A2B0": lut, b"A2B1": lut, b"A2B2": lut})


# PDF


class PdfPage(NamedTuple):
    """A page for `pdf`: its box in points (left, bottom, right, top), drawing operators, and more entries."""

    media: tuple[float, float, float, float]
    content: bytes = b""
    entries: bytes = b""


A4 = (0.0, 0.0, 595.28, 841.89)


def fill(colour: tuple[int, int, int], left: float, bottom: float, width: float, height: float) -> bytes:
    """Operators that fill a rectangle."""
    r, g, b = (part / 255 for part in colour)
    return b"%.4f %.4f %.4f rg %.2f %.2f %.2f %.2f re f\n" % (r, g, b, left, bottom, width, height)


def pdf(pages: Sequence[PdfPage], *further: bytes, catalog: bytes = b"", password: bytes | None = None) -> bytes:
    """A PDF file, encrypted if `password` is not None. `further` objects are numbered from 3 + 2 * len(pages)."""
    kids = b" ".join(b"%d 0 R" % (3 + 2 * index) for index in range(len(pages)))
    key, encryption = _encryption(password) if password is not None else (b"", b"")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R %s >>" % catalog,
        b"<< /Type /Pages /Kids [%s] /Count %d >>" % (kids, len(pages)),
    ]
    for index, page in enumerate(pages):
        box = b" ".join(b"%g" % side for side in page.media)
        body = 4 + 2 * index
        content = _rc4(_object_key(key, body), page.content) if key else page.content
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [%s] /Contents %d 0 R /Resources << >> %s >>"
            % (box, body, page.entries)
        )
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content))
    return _pdf_file([*objects, *further], encryption)


def _pdf_file(objects: Sequence[bytes], encryption: bytes) -> bytes:
    out, offsets = bytearray(b"%PDF-1.4\n"), []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(offsets) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer\n<< /Size %d /Root 1 0 R %s >>\nstartxref\n%d\n%%%%EOF\n" % (len(offsets) + 1, encryption, start)
    return bytes(out)


_PADDING = bytes.fromhex("28bf4e5e4e758a4164004e56fffa01082e2e00b6d0683e802f0ca9fe6453697a")
_ID = bytes(range(16))


def _encryption(user: bytes) -> tuple[bytes, bytes]:
    """The file key and the trailer entries for 40-bit RC4 (standard security handler, revision 2)."""
    owner_key = hashlib.md5((b"owner" + _PADDING)[:32]).digest()[:5]
    owner = _rc4(owner_key, (user + _PADDING)[:32])
    allowed = struct.pack("<i", -4)
    key = hashlib.md5((user + _PADDING)[:32] + owner + allowed + _ID).digest()[:5]
    entries = b"/Encrypt << /Filter /Standard /V 1 /R 2 /O <%s> /U <%s> /P -4 >> /ID [<%s> <%s>]" % tuple(
        part.hex().encode() for part in (owner, _rc4(key, _PADDING), _ID, _ID)
    )
    return key, entries


def _object_key(key: bytes, number: int) -> bytes:
    return hashlib.md5(key + struct.pack("<I", number)[:3] + b"\0\0").digest()[: len(key) + 5]


def _rc4(key: bytes, data: bytes) -> bytes:
    state, j = list(range(256)), 0
    for i in range(256):
        j = (j + state[i] + key[i % len(key)]) % 256
        state[i], state[j] = state[j], state[i]
    out, i, j = bytearray(), 0, 0
    for byte in data:
        i = (i + 1) % 256
        j = (j + state[i]) % 256
        state[i], state[j] = state[j], state[i]
        out.append(byte ^ state[(state[i] + state[j]) % 256])
    return bytes(out)
