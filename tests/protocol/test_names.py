"""File names and ids from others cannot lead to another place."""

import ntpath
import unicodedata
from collections.abc import Callable
from pathlib import PurePosixPath, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canvus_async.protocol.names import path_segment, safe_filename

is_reserved: Callable[[str], bool] = getattr(ntpath, "isreserved", lambda name: PureWindowsPath(name).is_reserved())
"""Whether Windows reserves a name for a device; Python 3.13 moved the function."""


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("photo.jpg", "photo.jpg"),
        ("../../x", "x"),
        ("/etc/passwd", "passwd"),
        ("a\\..\\b", "b"),
        ("C:x", "Cx"),
        ("CON.txt", "CON_.txt"),
        ("a\0b.png", "ab.png"),
        ("annual\u202egnp.exe", "annualgnp.exe"),
        (".", "file"),
        ("", "file"),
        ("..", "file"),
        ("report.", "report"),
        ("-rf", "rf"),
        (".bashrc", "bashrc"),
        ("e\u0301.png", "\u00e9.png"),
    ],
)
def test_safe_filename_is_one_harmless_path_part(name: str, safe: str) -> None:
    assert safe_filename(name) == safe


def test_long_name_keeps_its_extension_within_200_bytes() -> None:
    assert safe_filename("日" * 100 + ".pdf").endswith("日.pdf")
    assert len(safe_filename("日" * 100 + ".pdf").encode()) <= 200


@given(st.text())
def test_any_text_becomes_a_safe_filename(text: str) -> None:
    name = safe_filename(text)

    assert PurePosixPath(name).parts == (name,) == PureWindowsPath(name).parts
    assert 0 < len(name.encode()) <= 200
    assert not any(unicodedata.category(char).startswith("C") for char in name)
    assert not is_reserved(name)


@pytest.mark.parametrize("value", ["cbcb439a796b", "40a30897-57ea-4c35-9bf8-64db7fc710e0", "trash.1000", "1000"])
def test_server_ids_and_hashes_are_accepted(value: str) -> None:
    assert path_segment(value, what="hash") == value


@pytest.mark.parametrize(
    "value", ["", ".", "..", "../../users", "a/b", "%2e%2e", "a?x=1", "a#b", "a b", "ä", "a\n", "x" * 300]
)
def test_path_changing_id_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="hash"):
        path_segment(value, what="hash")


def test_non_string_id_is_refused() -> None:
    with pytest.raises(TypeError, match="hash must be a str, got int"):
        path_segment(5, what="hash")  # type: ignore[arg-type]
