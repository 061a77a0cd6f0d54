"""aiohttp for the lines, `json` for the objects and pydantic for the records, as in the other public client."""

import json
import time

from pydantic import BaseModel

from benchmarks.candidates.aiohttp_streams import Found, opened
from benchmarks.jobs import Delivered, PacedJob, StreamJob, punctuality
from benchmarks.watch import Watch

_LONGEST = 256 << 20


class _Point(BaseModel):
    x: float
    y: float


class _Size(BaseModel):
    width: float
    height: float


class _Widget(BaseModel):
    id: str
    state: str = "normal"
    widget_type: str
    location: _Point
    size: _Size
    depth: float
    parent_id: str
    scale: float = 1.0
    pinned: bool = False


class _Asset(_Widget):
    title: str = ""
    original_filename: str = ""
    hash: str = ""


class _Pdf(_Asset):
    index: int = 0


class _Note(_Widget):
    text: str = ""
    title: str = ""
    background_color: str = ""
    text_color: str = ""
    auto_text_color: bool = True


class _Browser(_Widget):
    url: str = ""
    title: str = ""
    transparent_mode: bool = False
    main_frame_scroll_offset: _Point | None = None


class _Anchor(_Widget):
    anchor_name: str = ""
    anchor_index: int = 0


_BY_TYPE: dict[str, type[_Widget]] = {
    "Image": _Asset,
    "Pdf": _Pdf,
    "Note": _Note,
    "Browser": _Browser,
    "Anchor": _Anchor,
}


def _records(line: bytes) -> list[_Widget]:
    found: Found = json.loads(line)
    objects = found if isinstance(found, list) else [found]
    return [_BY_TYPE.get(fields["widget_type"], _Widget).model_validate(fields) for fields in objects]


async def stream(job: StreamJob, watch: Watch) -> Delivered:
    """Count the records in each line."""
    left = job.count
    records: list[_Widget] = []
    watch.start()
    async with opened(job.url, job.canvas_id) as content:
        async for line in content:
            records = _records(line)
            left -= len(records)
            if left <= 0:
                break
        watch.stop()
    return Delivered(job.count - left, _where(records[-1]))


async def first_line(job: StreamJob, watch: Watch) -> Delivered:
    """A first line that is too long for `async for`: `readline` with a higher limit."""
    watch.start()
    async with opened(job.url, job.canvas_id) as content:
        records = _records(await content.readline(max_line_length=_LONGEST))
        watch.stop()
    return Delivered(len(records), _where(records[-1]))


async def paced(job: PacedJob, watch: Watch) -> Delivered:
    """Measure the latency of each note."""
    delays: list[int] = []
    watch.start()
    async with opened(job.url, job.canvas_id) as content:
        async for line in content:
            notes = _records(line)
            delays.extend(time.monotonic_ns() - int(note.text) for note in notes if isinstance(note, _Note))
            if len(delays) >= job.plan.events:
                break
        watch.stop()
    return punctuality(delays)


def _where(widget: _Widget) -> tuple[str, float]:
    return widget.id, widget.location.x
