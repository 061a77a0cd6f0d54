"""Bytes into lines: the same lines however the bytes are cut."""

import time
import tracemalloc
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from canvus_async.protocol.decoding.lines import BOM, LineSplitter, nonblank_lines, one_per_line

BYTES = st.lists(
    st.sampled_from([b"\n", b"\r\n", b"\r", b" ", b"{}", b'{"a":1}', b"\xe2\x80\xa8", b"\x00", BOM, b"\xef", b"x" * 9])
).map(b"".join)


def cut(data: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[start:end] for start, end in pairwise(edges)]


def lines_of(chunks: list[bytes], limit: int = 1 << 20) -> list[bytes]:
    splitter = LineSplitter(limit)
    blocks = [splitter.feed(chunk) for chunk in chunks]
    return [line for block in [*blocks, splitter.finish()] for line in nonblank_lines(block)]


@given(BYTES, st.lists(st.integers(0, 1 << 16)))
def test_same_lines_however_the_bytes_are_cut(data: bytes, places: list[int]) -> None:
    stripped = [line.strip() for line in data.removeprefix(BOM).split(b"\n")]

    assert lines_of(cut(data, places)) == [line for line in stripped if line]


@pytest.mark.row("S1", "S2", "S3")
@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_single_bytes_crlf_and_split_characters_change_nothing(size: int) -> None:
    data = '\r\n{"text":"日本 \u2028 \U0001f600"}\r\n\r\n  [1, 2]  \n{"last":"ä"}'.encode()
    chunks = [data[start : start + size] for start in range(0, len(data), size)]

    assert lines_of(chunks) == ['{"text":"日本 \u2028 \U0001f600"}'.encode(), b"[1, 2]", '{"last":"ä"}'.encode()]


@example(b"[1]\n[2]\n[3, 4, 5]\n[6]\n", [], 5)
@given(BYTES, st.lists(st.integers(0, 1 << 16)), st.integers(3, 12))
def test_only_lines_before_an_oversized_line_come_out(data: bytes, places: list[int], limit: int) -> None:
    lines = data.removeprefix(BOM).split(b"\n")
    too_long = [number for number, line in enumerate(lines) if len(line) > limit]
    only_mark = BOM.startswith(data)  # part of a byte-order mark is no line

    splitter = LineSplitter(limit)
    blocks = [splitter.feed(chunk) for chunk in cut(data, places)]
    assert splitter.overflow == bool(too_long and not only_mark)
    if splitter.overflow:
        assert nonblank_lines(b"".join(blocks)) == nonblank_lines(b"\n".join(lines[: too_long[0]]))
        assert splitter.finish() == b""


@pytest.mark.row("S5")
def test_bytes_without_lf_use_no_more_memory_than_the_limit_and_a_chunk() -> None:
    limit, chunk = 4 << 20, b"x" * (256 << 10)
    splitter = LineSplitter(limit)
    tracemalloc.start()
    try:
        while not splitter.overflow:
            splitter.feed(chunk)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert not splitter.pending
    assert peak < limit * 1.25 + len(chunk)  # a bytearray over-allocates by an eighth


@pytest.mark.row("S17")
def test_byte_order_mark_is_dropped_before_the_first_line_only() -> None:
    assert lines_of([BOM[:1], BOM[1:] + b"{}\n" + BOM + b"{}\n"]) == [b"{}", BOM + b"{}"]


def test_last_line_counts_without_lf() -> None:
    splitter = LineSplitter(100)

    assert splitter.feed(b"{}\n[1") == b"{}\n"
    assert splitter.finish() == b"[1"
    assert splitter.finish() == b""


def test_keepalives_give_no_lines() -> None:
    splitter = LineSplitter(100)

    assert [splitter.feed(chunk) for chunk in (b"\n", b"\r\n", b" \n\n \r\n")] == [b"", b"", b""]
    assert splitter.finish() == b""


def test_take_returns_the_unfinished_line_and_starts_a_new_one() -> None:
    splitter = LineSplitter(100)
    splitter.feed(b"{}\n[1,")

    assert splitter.take() == b"[1,"
    assert splitter.feed(b"[2]\n") == b"[2]\n"


def test_line_splitting_takes_linear_time() -> None:
    def seconds(size: int) -> float:
        splitter, chunk = LineSplitter(1 << 30), b"x" * 1024
        began = time.process_time()
        for _ in range(size // len(chunk)):
            splitter.feed(chunk)
        splitter.feed(b"\n")
        return time.process_time() - began

    small, large = (min(seconds(size) for _ in range(3)) for size in (4 << 20, 16 << 20))

    assert large < small * 10  # 16 if the pending bytes were scanned or copied again


@pytest.mark.parametrize(
    ("block", "documents", "fit"),
    [
        (b"{}\n", 1, True),
        (b"{}\n[]\n", 2, True),
        (b"{}\n\r\n\n[]", 2, True),
        (b"{}{}\n", 2, False),
        (b"{}\n[{},\n{}]\n", 2, False),
    ],
)
def test_one_each_detects_one_document_a_line(block: bytes, documents: int, fit: bool) -> None:
    assert one_per_line(block, documents) is fit
