"""Hostile bytes of a subscription, and what must hold for any of them, however they are cut.

- Neither the reader nor the merger raises an error.
- Cut or whole, the input gives the same changes in the same order, and the same final state.
- At most the limit and a chunk of an unfinished line is kept.

`fuzz_stream.py` runs such inputs for a given time, `test_fuzz_stream.py` runs a few hundred.
"""

import hashlib
import json
import random
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from canvus_async.models import KINDS, UnknownWidget, Widget
from canvus_async.models.changes import Change
from canvus_async.protocol.decoding.decoder import Batch, RecordDecoder
from canvus_async.protocol.decoding.reader import LineReader
from canvus_async.protocol.merging import SnapshotMerger
from tests.protocol.samples import BACKGROUND, line, widget

LIMIT = 1 << 16
KEEP = 100
"""The number of inputs for which one decoder is used: it learns from its input."""

FRAGMENTS = [
    *(b"\n", b"\r\n", b"\n\n\n", b"[]", b"{}", b"[", b"]", b"{", b"}", b",", b":", b'"', b"\\", b"null", b"NaN"),
    *(
        b"-Infinity",
        b"1e999",
        b"9" * 400,
        b'"\\ud800"',
        b'"\\ud83d\\ude00"',
        b"\xff",
        b"\xc0\x80",
        b"\xef\xbb\xbf",
        b"\0",
    ),
    *(b'"state":"deleted"', b'"widget_type":"PDF"', b'"widget_type":"Hologram"', b'"id":1', b'"id":""', b"<html>"),
    *(b"[" * 2000, b'{"a":' * 2000, b" " * 5000, b"x" * (LIMIT + 1)),
]


def seeds() -> list[bytes]:
    """Valid streams, to be mutated."""
    kinds = ["Note", "Image", "PDF", "Anchor", "IpVideo", "Hologram"]
    widgets = [widget(kind, f"w{number}") for number, kind in enumerate(kinds)]
    changes = [{"id": "w0", "text": "new"}, {"id": "w1", "state": "deleted"}, widget("Image", "w9", title="日\ud83d")]
    snapshot = line([*widgets, BACKGROUND])
    updates = b"\n".join(json.dumps(change).encode() for change in changes)
    return [snapshot, snapshot + updates, snapshot + b"\r\n\n" + line(changes[:1]) + snapshot, line([]), b"", b"{}"]


@dataclass
class Outcome:
    """The result of an input: its changes, the final state, and what ended it."""

    changes: list[Change[Widget]] = field(default_factory=list)
    state: dict[str, Widget | UnknownWidget] = field(default_factory=dict)
    stopped: str = ""


def chunks(data: bytes, cuts: Iterable[int]) -> Iterator[bytes]:
    """The data, cut at these places."""
    places = sorted({cut % (len(data) + 1) for cut in cuts})
    yield from (data[start:end] for start, end in zip([0, *places], [*places, len(data)], strict=True) if start < end)


def read(decoder: RecordDecoder[Widget], pieces: Iterable[bytes]) -> Outcome:
    """Read a connection to its end, as a subscription does."""
    outcome = Outcome()
    reader = LineReader(decoder, limit=LIMIT)
    merger = SnapshotMerger(decoder)
    began = False

    def take(batches: list[Batch[Widget]]) -> bool:
        nonlocal began
        for batch in batches:
            merge = merger.update(batch) if began else merger.snapshot(batch)
            outcome.changes += merge.changes
            began = True
            if batch.broken is not None or merge.gap:
                outcome.stopped = "lost"  # an invalid line, or a change of an unknown id
                return False
        return True

    for piece in pieces:
        if not take(reader.feed(piece)):
            break
        kept = len(reader._splitter.pending)
        assert kept <= LIMIT + len(piece), f"{kept} bytes kept"
        if reader.overflow:
            outcome.stopped = "overflow"
            break
    else:
        take(reader.finish())
    outcome.state = dict(merger.state)
    return outcome


class Target:
    """Reads one input after another, with a new decoder after every `KEEP` inputs."""

    def __init__(self) -> None:
        self.inputs = 0
        self._decoder: RecordDecoder[Widget] = RecordDecoder(*KINDS)

    def __call__(self, data: bytes) -> None:
        """Read an input whole and cut; its first bytes say where. Raises AssertionError, or what the reader raised."""
        if self.inputs % KEEP == 0:
            self._decoder = RecordDecoder(*KINDS)
        self.inputs += 1
        count = data[0] % 8 if data else 0
        cuts = [int.from_bytes(data[1 + 2 * each : 3 + 2 * each]) for each in range(count)]
        data = data[1 + 2 * count :]
        whole = read(self._decoder, [data] if data else [])
        cut = read(self._decoder, chunks(data, cuts))
        assert cut == whole, f"cut at {cuts}:\n{cut}\nis not\n{whole}"


def mutated(data: bytes, dice: random.Random) -> bytes:
    """The input after a few random mutations."""
    text = bytearray(data)
    for _ in range(dice.randint(1, 6)):
        at = dice.randint(0, len(text))
        end = min(len(text), at + dice.choice([1, 1, 2, 8, 100]))
        match dice.randrange(6):
            case 0:
                del text[at:end]
            case 1:
                text[at:at] = dice.choice(FRAGMENTS)
            case 2:
                text[at:at] = text[end : end + dice.randint(0, 300)]
            case 3:
                text[at:end] = bytes(dice.randrange(256) for _ in range(end - at))
            case 4:
                text[at:end] = dice.choice(FRAGMENTS)
            case _:
                text = text[at:] + text[:at]
    return bytes(text)


def inputs(seed: int) -> Iterator[bytes]:
    """Endless inputs, the same ones for the same seed."""
    dice = random.Random(seed)
    pool = seeds()
    while True:
        made = mutated(dice.choice(pool), dice)
        if len(pool) < 400 and len(made) < 4 * LIMIT:
            pool.append(made)
        yield bytes([dice.randrange(8), *(dice.randrange(256) for _ in range(14))]) + made


def mutate(target: Callable[[bytes], None], seed: int, *, seconds: float, at_most: int | None = None) -> int:
    """Run inputs of a seed for a time; returns their number. An error gets a note with the number of its input."""
    end = time.monotonic() + seconds
    for number, data in enumerate(inputs(seed)):
        if time.monotonic() > end or number == at_most:
            return number
        try:
            target(data)
        except BaseException as problem:
            kept = Path(f"crash-{hashlib.sha256(data).hexdigest()[:12]}.bin")
            kept.write_bytes(data)
            problem.add_note(f"input {number} of seed {seed}, kept as {kept}; decoders are fresh every {KEEP} inputs")
            raise
    raise AssertionError("inputs() is endless")
