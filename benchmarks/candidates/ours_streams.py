"""Subscriptions of canvus_async as its README shows them, with all default guarantees."""

import time
from contextlib import aclosing
from typing import cast

from benchmarks.candidates.slow import slowly
from benchmarks.jobs import TOKEN, Delivered, PacedJob, ResyncJob, StreamJob, punctuality
from benchmarks.plans import RESYNCED_X
from benchmarks.watch import Watch
from canvus_async import Client, Limits, Reconnect
from canvus_async.models import Note, PlacedWidget, UnknownWidget, Widget
from canvus_async.models.changes import Change

_LIMITS = Limits(line=256 << 20)
"""The only setting that is not the default: the longest first line of the benchmarks exceeds 64 MiB."""


async def subscribe(job: StreamJob, watch: Watch) -> Delivered:
    """Count the records of `subscribe()`."""
    async with (
        Client(job.url, token=TOKEN, limits=_LIMITS) as client,
        aclosing(client.canvas(job.canvas_id).widgets.subscribe()) as widgets,
    ):
        for _ in range(job.skip):
            await anext(widgets)
        left = job.count
        widget: Widget | None = None
        watch.start()
        async for widget in widgets:  # noqa: B007  # read after the loop
            left -= 1
            if not left:
                break
        watch.stop()
    return Delivered(job.count - left, _where(widget))


async def live(job: StreamJob, watch: Watch) -> Delivered:
    """Count changes from one consumer of `Live.changes()`."""
    async with Client(job.url, token=TOKEN) as client:
        left = job.count
        change: Change[Widget] | None = None
        watch.start()
        async with client.canvas(job.canvas_id).live() as mirror:
            async for change in mirror.changes():  # noqa: B007  # read after the loop
                left -= 1
                if not left:
                    break
            watch.stop()
    return Delivered(job.count - left, _where(None if change is None else change.new))


async def slow_subscribe(job: StreamJob, watch: Watch) -> Delivered:
    """A slow consumer of `subscribe()`."""
    async with (
        Client(job.url, token=TOKEN) as client,
        aclosing(client.canvas(job.canvas_id).widgets.subscribe()) as widgets,
    ):
        return await slowly(widgets, job, watch)


async def slow_live(job: StreamJob, watch: Watch) -> Delivered:
    """A slow consumer of `Live.changes()`."""
    async with Client(job.url, token=TOKEN) as client, client.canvas(job.canvas_id).live() as mirror:
        return await slowly(mirror.changes(), job, watch)


async def resync(job: ResyncJob, watch: Watch) -> Delivered:
    """Measure from the last widget of the first snapshot to the last one that differs in the second."""
    plan = job.plan
    without_delay = Reconnect(first_wait=0.0001)
    left = len(range(0, plan.widgets, plan.each))
    async with (
        Client(job.url, token=TOKEN, reconnect=without_delay) as client,
        aclosing(client.canvas(job.canvas_id).widgets.subscribe()) as widgets,
    ):
        for _ in range(plan.widgets):
            await anext(widgets)
        widget: Widget | None = None
        watch.start()
        async for widget in widgets:  # noqa: B007  # read after the loop
            left -= 1
            if not left:
                break
        watch.stop()
    return Delivered(plan.widgets if left == 0 and _where(widget)[1] == RESYNCED_X else 0)


async def paced_subscribe(job: PacedJob, watch: Watch) -> Delivered:
    """Measure the latency of each note for a consumer of `subscribe()`."""
    delays: list[int] = []
    async with (
        Client(job.url, token=TOKEN) as client,
        aclosing(client.canvas(job.canvas_id).widgets.subscribe()) as widgets,
    ):
        watch.start()
        async for widget in widgets:
            assert isinstance(widget, Note)
            delays.append(time.monotonic_ns() - int(widget.text))
            if len(delays) == job.plan.events:
                break
        watch.stop()
    return punctuality(delays)


async def paced_live(job: PacedJob, watch: Watch) -> Delivered:
    """Measure the latency of each note for a consumer of `Live.changes()`."""
    delays: list[int] = []
    async with Client(job.url, token=TOKEN) as client:
        watch.start()
        async with client.canvas(job.canvas_id).live() as mirror:
            async for change in mirror.changes():
                assert isinstance(change.new, Note)
                delays.append(time.monotonic_ns() - int(change.new.text))
                if len(delays) == job.plan.events:
                    break
            watch.stop()
    return punctuality(delays)


def _where(widget: Widget | None) -> tuple[str, float]:
    """The id and the x of a widget, which identify the one that was sent last."""
    if widget is None:
        raise AssertionError("no widget was received")
    if isinstance(widget, UnknownWidget):
        return widget.id, cast("dict[str, float]", widget.raw["location"])["x"]
    return widget.id, cast("PlacedWidget", widget).location.x
