"""The plans of the load server, and the widgets that it sends: the same bytes for the same plan in every process.

Widgets have the form of the public documents: keys in alphabetical order, `widget_type` last, about 350 bytes each.
"""

from collections.abc import Iterator
from itertools import cycle, islice
from typing import Literal, TypeAlias

import msgspec

A_LINE = 0
"""For `Stream.chunk`: one HTTP chunk per line, as from a server that flushes after each line."""

RESYNCED_X = 1.5
"""The x of the widgets that differ in the first line of the second connection."""

ROOT = "eab4c3da-0fc3-46f2-a7a7-bf9d16494348"


class Stream(msgspec.Struct, frozen=True, kw_only=True, tag="stream"):
    """A subscription: a first line with `first` widgets, then `changes` changes of `ids` widgets in turn.

    Lines of the shape `mix` have one object, an array of one, an array of twenty, and so on; lines of the shape
    `single` have one object. `chunk` is the number of bytes per HTTP chunk. `unknown` is the share of widgets with
    unknown types. If `partial`, changes contain only the changed fields. After the last line the connection stays open
    without data.
    """

    shape: Literal["mix", "single"] = "single"
    changes: int = 0
    ids: int = 1
    first: int = 0
    chunk: int = 64 << 10
    unknown: float = 0.0
    partial: bool = False


class Resync(msgspec.Struct, frozen=True, kw_only=True, tag="resync"):
    """A connection that ends after its first line, and a second one in which every `each`th widget differs."""

    widgets: int
    each: int = 100
    chunk: int = 64 << 10


class Paced(msgspec.Struct, frozen=True, kw_only=True, tag="paced"):
    """An empty first line, then `rate` notes per second. The text of a note is the server's monotonic clock in ns."""

    events: int
    rate: int


class Bodies(msgspec.Struct, frozen=True, kw_only=True, tag="bodies"):
    """The same `size` bytes for every mipmap and asset; they begin like a WebP file."""

    size: int


Plan: TypeAlias = Stream | Resync | Paced | Bodies

_TEXT = b"Remember to review the Q3 numbers"
_IMAGE = (
    b'{"depth":12.5,"hash":"cbcb439a796b","id":"%b","location":{"x":%b,"y":2564.199951171875},'
    b'"original_filename":"IMG_20240311_142530.jpg","parent_id":"' + ROOT.encode() + b'","pinned":false,"scale":1.0,'
    b'"size":{"height":600.0,"width":800.0},"state":"normal","title":"Whiteboard, second floor",'
    b'"widget_type":"%bImage"}'
)
_NOTE = (
    b'{"auto_text_color":true,"background_color":"#ffffffff","depth":7.0,"id":"%b","location":{"x":%b,"y":3253.6},'
    b'"parent_id":"' + ROOT.encode() + b'","pinned":false,"scale":1.0,"size":{"height":300.0,"width":300.0},'
    b'"state":"normal","text":"' + _TEXT + b'","text_color":"#000000ff","title":"","widget_type":"%bNote"}'
)
_PDF = (
    b'{"depth":3.0,"hash":"5d41402abc4b","id":"%b","index":4,"location":{"x":%b,"y":812.25},'
    b'"original_filename":"Quarterly report.pdf","parent_id":"' + ROOT.encode() + b'","pinned":true,"scale":0.75,'
    b'"size":{"height":842.0,"width":595.0},"state":"normal","title":"Quarterly report","widget_type":"%bPdf"}'
)
_BROWSER = (
    b'{"depth":5.0,"id":"%b","location":{"x":%b,"y":64.5},"main_frame_scroll_offset":{"x":0.0,"y":120.0},'
    b'"parent_id":"' + ROOT.encode() + b'","pinned":false,"scale":1.0,"size":{"height":800.0,"width":1200.0},'
    b'"state":"normal","title":"Status","transparent_mode":false,"url":"https://status.example.com/","widget_type":"%bBrowser"}'
)
_ANCHOR = (
    b'{"anchor_index":2,"anchor_name":"Overview of the second quarter","depth":0.0,"id":"%b",'
    b'"location":{"x":%b,"y":2432.8},"parent_id":"' + ROOT.encode() + b'","pinned":false,"scale":1.0,'
    b'"size":{"height":800.0,"width":1200.0},"state":"normal","widget_type":"%bAnchor"}'
)
_KINDS = (_IMAGE, _NOTE, _IMAGE, _NOTE, _PDF, _IMAGE, _BROWSER, _NOTE, _IMAGE, _ANCHOR)
_PARTIAL = b'{"id":"%b","location":{"x":%b,"y":9.0},"state":"normal","widget_type":"%b"}'
_UNKNOWN = b"New"
"""Prefix that turns the name of a known type into an unknown one; the rest of the object stays the same."""


def widget_id(number: int) -> str:
    """The id of a widget."""
    return f"{number:08x}-7c3a-4f19-8d2e-{number:012x}"


def widget(number: int, x: float, *, unknown: bool = False) -> bytes:
    """A complete widget at `x`."""
    template = _KINDS[number % len(_KINDS)]
    return template % (widget_id(number).encode(), b"%r" % x, _UNKNOWN if unknown else b"")


def note(number: int) -> bytes:
    """A complete note with a placeholder for the text, to be filled with `%`."""
    return (_NOTE % (widget_id(number).encode(), b"0.5", b"")).replace(_TEXT, b"%d")


def _partial(number: int, x: float) -> bytes:
    name = _KINDS[number % len(_KINDS)].rpartition(b"%b")[2].removesuffix(b'"}')
    return _PARTIAL % (widget_id(number).encode(), b"%r" % x, name)


def first_line(plan: Stream) -> bytes:
    """The first line of a subscription, with LF."""
    objects = (widget(number, 0.5, unknown=_is_unknown(number, plan)) for number in range(plan.first))
    return b"[" + b",".join(objects) + b"]\n"


def snapshot(plan: Resync, *, again: bool) -> bytes:
    """The first line of the first or (`again`) the second connection, with LF."""
    places = (RESYNCED_X if again and number % plan.each == 0 else 0.5 for number in range(plan.widgets))
    return b"[" + b",".join(widget(number, x) for number, x in enumerate(places)) + b"]\n"


def change_lines(plan: Stream) -> Iterator[bytes]:
    """The lines after the first, with LF. Two successive changes of a widget always differ."""
    objects = (_change(number, plan) for number in range(plan.changes))
    if plan.shape == "single":
        yield from (text + b"\n" for text in objects)
        return
    for count in cycle((0, 1, 20)):
        together = list(islice(objects, count or 1))
        if not together:
            return
        yield b"[" + b",".join(together) + b"]\n" if count else together[0] + b"\n"


def last(plan: Stream) -> tuple[str, float]:
    """The id and the x of the last widget that is sent."""
    number = plan.changes - 1
    return (widget_id(number % plan.ids), _x(number)) if plan.changes else (widget_id(plan.first - 1), 0.5)


def _change(number: int, plan: Stream) -> bytes:
    which, x = number % plan.ids, _x(number)
    return _partial(which, x) if plan.partial else widget(which, x, unknown=_is_unknown(which, plan))


def _x(number: int) -> float:
    return number + 1.25


def _is_unknown(number: int, plan: Stream) -> bool:
    """Whether the type is unknown: evenly distributed over all kinds."""
    return int((number + 1) * plan.unknown) > int(number * plan.unknown)


def body(size: int) -> bytes:
    """The first bytes of the response to each fetch."""
    return (b"RIFF\x00\x00\x00\x00WEBP" + bytes(range(256)) * (size // 256 + 1))[:size]
