"""The fuzzer of subscriptions: a few hundred inputs in every run, and it finds planted defects."""

from pathlib import Path

import pytest

from canvus_async.protocol.decoding.lines import LineSplitter
from canvus_async.protocol.decoding.reader import LineReader
from tests.security import fuzz_stream
from tests.security.hostile_bytes import Target, mutate

SEED = 7


def test_hostile_bytes_raise_only_documented_errors() -> None:
    assert mutate(Target(), SEED, seconds=30, at_most=600) == 600


@pytest.mark.parametrize("defect", ["an undocumented error", "a lost tail", "a hoard"])
def test_defect_is_found_and_its_input_kept(defect: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    feed, read = LineSplitter.feed, LineReader.feed

    def failing(self: LineReader[object], chunk: bytes) -> object:
        return {}[chunk] if b"\xff" in chunk else read(self, chunk)

    def forgetful(self: LineSplitter, chunk: bytes) -> bytes | bytearray:
        return b"" if len(chunk) == 5 else feed(self, chunk)

    def hoarding(self: LineSplitter, chunk: bytes) -> bytes | bytearray:
        block = feed(self, chunk)
        self._tail += b" " * 200_000
        return block

    owner, name, defective = {
        "an undocumented error": (LineReader, "feed", failing),
        "a lost tail": (LineSplitter, "feed", forgetful),
        "a hoard": (LineSplitter, "feed", hoarding),
    }[defect]
    monkeypatch.setattr(owner, name, defective)
    monkeypatch.chdir(tmp_path)

    with pytest.raises((KeyError, AssertionError)) as found:
        mutate(Target(), SEED, seconds=30, at_most=2000)

    (note,) = found.value.__notes__
    (kept,) = tmp_path.iterdir()
    assert f"of seed {SEED}, kept as {kept.name}" in note
    with pytest.raises(type(found.value)):
        Target()(kept.read_bytes())


def test_command_runs_a_seed_for_a_time(capsys: pytest.CaptureFixture[str]) -> None:
    fuzz_stream.main(["--seconds", "0", "--seed", "1"])

    assert "inputs, nothing found" in capsys.readouterr().out
