"""Compares all records that canvus_async delivers with the bytes that the server sent."""

from collections import deque
from collections.abc import Iterator
from contextlib import aclosing
from itertools import chain

import msgspec

from benchmarks import plans
from benchmarks.candidates.ours_fetches import CANVAS, client_of
from benchmarks.jobs import TOKEN, Delivered, FetchJob, StreamJob
from benchmarks.watch import Watch
from canvus_async import Client
from canvus_async.models import BY_TYPE, JSON, UnknownWidget, Widget


async def subscribe(job: StreamJob, _watch: Watch) -> Delivered:
    """Compare every record of `subscribe()`, in order, with the objects that were sent."""
    checked = 0
    async with (
        Client(job.url, token=TOKEN) as client,
        aclosing(client.canvas(job.canvas_id).widgets.subscribe()) as widgets,
    ):
        for number, fields in enumerate(expected(job.plan)):
            _compare(await anext(widgets), fields, number)
            checked += 1
    return Delivered(checked)


async def live(job: StreamJob, _watch: Watch) -> Delivered:
    """Compare every change of `Live.changes()` with the objects sent for its id, in order.

    Some objects may be skipped: while this function compares, `Live` merges waiting changes of the same widget.
    """
    sent: dict[str, deque[dict[str, JSON]]] = {}
    for fields in expected(job.plan):
        sent.setdefault(str(fields["id"]), deque()).append(fields)
    left = sum(map(len, sent.values()))
    checked = 0
    mirrored: dict[str, Widget] = {}
    async with Client(job.url, token=TOKEN) as client, client.canvas(job.canvas_id).live() as mirror:
        changes = mirror.changes()
        while checked < left:
            change = await anext(changes)
            if change.new is None or change.old != mirrored.get(change.id):
                raise AssertionError(f"{change} does not continue the changes before it")
            versions = sent[change.id]
            checked += 1
            while len(versions) > 1 and not _equal(change.new, versions[0]):
                versions.popleft()
                checked += 1
            _compare(change.new, versions.popleft(), checked)
            mirrored[change.id] = change.new
        if mirror.widgets != mirrored:
            raise AssertionError("the mirror differs from its changes")
    return Delivered(checked)


def expected(plan: plans.Stream) -> Iterator[dict[str, JSON]]:
    """The content of each record: the objects as sent, partial ones merged with those sent before."""
    known: dict[str, dict[str, JSON]] = {}
    for line in chain([plans.first_line(plan)], plans.change_lines(plan)):
        found: list[dict[str, JSON]] | dict[str, JSON] = msgspec.json.decode(line)
        for fields in found if isinstance(found, list) else [found]:
            key = str(fields["id"])
            known[key] = {**known.get(key, {}), **fields} if plan.partial else fields
            yield known[key]


def _equal(record: Widget, fields: dict[str, JSON]) -> bool:
    kind = BY_TYPE.get(str(fields["widget_type"]).lower())
    if isinstance(record, UnknownWidget):
        return record.raw == fields and kind is None
    return kind is not None and record == msgspec.convert(fields, kind)


def _compare(record: Widget, fields: dict[str, JSON], number: int) -> None:
    if not _equal(record, fields):
        raise AssertionError(f"widget {number}: {record!r} is not {fields!r}")


async def fetch(job: FetchJob, _watch: Watch) -> Delivered:
    """Compare every byte that `mipmaps.fetch()` returns."""
    body = plans.body(job.size)
    async with client_of(job) as client:
        mipmaps = client.canvas(CANVAS).mipmaps
        return Delivered(sum([await mipmaps.fetch(hash_, 0) == body for hash_ in job.hashes()]))


async def fetch_many(job: FetchJob, _watch: Watch) -> Delivered:
    """Compare every byte that `mipmaps.fetch_many()` returns."""
    body = plans.body(job.size)
    async with client_of(job) as client:
        results = client.canvas(CANVAS).mipmaps.fetch_many(job.hashes(), levels=0)
        return Delivered(sum([result.body == body async for result in results]))
