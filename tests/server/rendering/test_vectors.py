"""The size of an SVG from its root element."""

import pytest

from canvus_async.server.rendering.vectors import svg_size


@pytest.mark.parametrize(
    ("attributes", "size"),
    [
        ('width="20" height="10"', (20, 10)),
        ('width="0.2" height="0.3px"', (1, 1)),
        ('width="1in" height="2.54cm"', (96, 96)),
        ('width=" +1e2 PX " height=".5in"', (100, 48)),
        ('viewBox="0 0 30,40"', (30, 40)),
        ('width="60" viewBox="0 0 30 40"', (60, 80)),
        ('height="80" viewBox="0 0 30 40"', (60, 80)),
        ('width="50%" height="100%"', (300, 150)),
        ('width="1." height="1e"', (300, 150)),
        ('width="-5" height="0"', (300, 150)),
        ('width="9999999" height="10"', (300, 10)),
        (f'width="{"0" * 64}1" height="10"', (300, 10)),
        ("", (300, 150)),
    ],
)
def test_sides_are_read_in_css_pixels_or_have_the_default(attributes: str, size: tuple[int, int]) -> None:
    assert svg_size(f'<svg xmlns="http://www.w3.org/2000/svg" {attributes}></svg>'.encode()) == size


@pytest.mark.parametrize("head", [b"", b"text", b"<html></html>", b"\xff\xfe", b"<svgx></svgx>"])
def test_other_documents_have_no_size(head: bytes) -> None:
    assert svg_size(head) is None
