"""Hostile text takes linear time: doubling its length never triples the work.

There is a case for each regular expression and each normalisation of text from a server, a file or a user.
"""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from canvus_async import safe_filename
from canvus_async.bulk.export import stem_of
from canvus_async.content.download import content_range
from canvus_async.content.filesystem import sweep
from canvus_async.content.hashes import ContentHashes
from canvus_async.protocol.decoding.repair import load, repair, split
from canvus_async.protocol.names import path_segment
from canvus_async.protocol.responses import ResponseReader
from canvus_async.server.http.file_responses import requested_range
from canvus_async.server.http.uploads import _filename
from canvus_async.server.refusals import Invalid
from canvus_async.server.rendering.vectors import svg_size
from canvus_async.server.rules.fields import colour
from canvus_async.snapshots.colours import BLACK
from canvus_async.snapshots.colours import colour as drawn_colour


def svg(attributes: str) -> Callable[[int], object]:
    """Measure an SVG whose attributes have a long hostile text in place of {}."""

    def measure(size: int, hostile: str) -> object:
        return svg_size(f'<svg xmlns="http://www.w3.org/2000/svg" {attributes}></svg>'.replace("{}", hostile).encode())

    return lambda size: measure(size, "1" * size)


def refused(call: Callable[[str], object]) -> Callable[[str], object]:
    def run(text: str) -> object:
        try:
            return call(text)
        except (ValueError, Invalid) as error:
            return error

    return run


answers = ResponseReader(redact=lambda text: text)

CASES: dict[str, Callable[[int], object]] = {
    "svg width of digits": svg('width="{}x"'),
    "svg width of digits and an exponent": svg('width="1e{}x"'),
    "svg width after a point": svg('width="1.{}x"'),
    "svg width of spaces": lambda size: svg_size(b'<svg width="1' + b" " * size + b'x"></svg>'),
    "svg view box of digits": svg('viewBox="0 0 {} {}x"'),
    "svg view box of commas": lambda size: svg_size(b'<svg viewBox="' + b", " * size + b'x"></svg>'),
    "svg width by nested entities": lambda size: svg_size(
        b'<!DOCTYPE svg [<!ENTITY a "' + b"1" * size + b'">]><svg width="' + b"&a;" * 50 + b'x"></svg>'
    ),
    "file name of combining marks": lambda size: safe_filename("a" + "\u0301\u0316" * size),
    "file name of combining marks before an extension": lambda size: safe_filename("\u0316\u0301" * size + ".png"),
    "file name of slashes": lambda size: safe_filename("/" * size + "a"),
    "file name of dots": lambda size: safe_filename("." * size),
    "file name of spaces": lambda size: safe_filename(" " * size + "."),
    "file name of control characters": lambda size: safe_filename("\u202e" * size),
    "file name in a form, percent-encoded": lambda size: _filename("%41" * size + "%"),
    "id": lambda size: refused(lambda text: path_segment(text, what="id"))("a" * size + "/"),
    "colour": lambda size: refused(lambda text: colour("color", text))("#" + "0" * size + "x"),
    "colour of a record": lambda size: drawn_colour("#" + "0" * size + "x", BLACK),
    "Range": lambda size: requested_range("bytes=" + "1" * size + "-", size),
    "Content-Range": lambda size: content_range("bytes " + "1" * size),
    "hash": lambda size: ContentHashes().worth_computing("a" * size + "x"),
    "hash as a file name": lambda size: stem_of("a" * size + "/"),
    "tags that never end": lambda size: answers.message(b"<" * size),
    "scripts that never end": lambda size: answers.message(b"<script " * size),
    "styles that end otherwise": lambda size: answers.message(b"<style></styl " * size),
    "JSON of backslashes": lambda size: repair(b'"' + b"\\\\" * size + b"\\ud800"),
    "JSON of surrogates": lambda size: repair(b"\\ud800" * size),
    "JSON string without an end": lambda size: repair(b'NaN "' + b"\\a" * size),
    "JSON of quotes": lambda size: repair(b'"' * size + b"NaN"),
    "JSON of minus signs": lambda size: repair(b"-" * size + b"NaN"),
    "JSON of spaces": lambda size: refused(lambda _: split(b" " * size + b"x"))(""),
    "JSON number of many digits": lambda size: load(b'{"a": NaN, "b": ' + b"1" * size + b"}"),
}


def work(call: Callable[[int], object], size: int) -> float:
    """The processor time of one call: the minimum of several, because every disturbance adds to it."""
    times: list[float] = []
    for _ in range(7):
        before = time.thread_time_ns()
        call(size)
        times.append(time.thread_time_ns() - before)
    return min(times)


@pytest.mark.parametrize("name", CASES)
def test_doubling_a_hostile_text_never_triples_the_work(name: str) -> None:
    call = CASES[name]
    size = 1000
    while work(call, size) < 200_000 and size < 16_000:  # long enough for the resolution of the clock
        size *= 2
    fixed = 50_000  # ns that every call takes

    assert work(call, 2 * size) < 3 * work(call, size) + fixed


def test_sweep_handles_names_of_any_length(tmp_path: Path) -> None:
    (tmp_path / ("." * 250)).touch()

    sweep(str(tmp_path))

    assert [path.name for path in tmp_path.iterdir()] == ["." * 250]
