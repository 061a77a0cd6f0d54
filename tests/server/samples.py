"""Small sample files of every type."""

from io import BytesIO

from PIL import Image

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20"><rect width="40" height="20"/></svg>'
MP4 = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + bytes(64)


def picture(width: int = 64, height: int = 48, *, kind: str = "PNG", colour: str = "#c83c28") -> bytes:
    """A picture of one colour; another colour gives other content."""
    file = BytesIO()
    Image.new("RGB", (width, height), colour).save(file, kind)
    return file.getvalue()


def noise(width: int, height: int) -> bytes:
    """A picture that cannot be compressed, of about three bytes per pixel."""
    file = BytesIO()
    Image.effect_noise((width, height), 80).convert("RGB").save(file, "BMP")
    return file.getvalue()


def document(pages: int = 1, *, width: int = 595, height: int = 842) -> bytes:
    """A PDF with empty pages of this size in points."""
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Count %d /Kids [%s] >>"
        % (pages, b" ".join(b"%d 0 R" % number for number in range(3, 3 + pages))),
        *(b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %d %d] >>" % (width, height) for _ in range(pages)),
    ]
    file = BytesIO()
    file.write(b"%PDF-1.4\n")
    offsets: list[int] = []
    for number, content in enumerate(objects, 1):
        offsets.append(file.tell())
        file.write(b"%d 0 obj\n%s\nendobj\n" % (number, content))
    start = file.tell()
    file.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    for offset in offsets:
        file.write(b"%010d 00000 n \n" % offset)
    file.write(b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start))
    return file.getvalue()
