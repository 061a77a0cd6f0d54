"""The manifest of a folder on a disk that fails, and what a later run makes of it."""

import errno
import json
import os
import time
from pathlib import Path

import pytest

from canvus_async import Canvas, LocalWriteError
from canvus_async.models import Image
from tests.files import picture

MANIFEST = "export.jsonl"


@pytest.fixture
async def image(canvas: Canvas) -> Image:
    return await canvas.images.upload(picture(), filename="a.jpg", wait_ready=True)


def full(_fd: int, _content: bytes) -> int:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("dry_run", [False, True])
async def test_manifest_that_is_a_folder_is_the_error_of_the_job(
    canvas: Canvas, image: Image, tmp_path: Path, dry_run: bool
) -> None:
    (tmp_path / MANIFEST).mkdir()
    with pytest.raises(LocalWriteError, match=MANIFEST) as failed:
        async for _ in canvas.download_many([image], into=tmp_path, dry_run=dry_run):
            pass

    assert failed.value.errno in {errno.EISDIR, errno.EINVAL}
    assert list(tmp_path.rglob("*.jpg")) == []


async def test_line_that_cannot_be_added_is_the_error_of_its_file_and_added_by_the_next_run(
    canvas: Canvas, image: Image, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        (failed,) = [result async for result in canvas.assets.download_many([image], into=tmp_path)]
    assert isinstance(failed.error, LocalWriteError)
    assert failed.error.errno == errno.ENOSPC
    assert MANIFEST in str(failed.error)
    assert (tmp_path / MANIFEST).read_bytes() == b""

    (again,) = [result async for result in canvas.assets.download_many([image], into=tmp_path)]

    assert (again.error, again.fetched) == (None, False)
    (line,) = [json.loads(line) for line in (tmp_path / MANIFEST).read_text().splitlines()]
    assert (line["hash"], line["widgets"]) == (image.hash, [image.id])


async def test_manifest_whose_cut_line_cannot_be_ended_is_the_error_of_the_job(
    canvas: Canvas, image: Image, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / MANIFEST).write_text('{"hash": "cut off')
    monkeypatch.setattr(os, "write", full)
    with pytest.raises(LocalWriteError) as failed:
        async for _ in canvas.assets.download_many([image], into=tmp_path):
            pass

    assert failed.value.errno == errno.ENOSPC
    assert (tmp_path / MANIFEST).read_text() == '{"hash": "cut off'


@pytest.mark.parametrize(
    "rest", ["", ' now"}\n', ' now"}\n{"hash": "and more"}\n'], ids=["killed", "goes on", "adds more"]
)
async def test_line_without_an_end_is_ended_unless_another_process_does_so(
    canvas: Canvas, image: Image, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rest: str
) -> None:
    """A system may show a part of a line that another process is writing."""
    manifest = tmp_path / MANIFEST
    manifest.write_text('{"hash": "half')

    def goes_on(_seconds: float) -> None:
        with manifest.open("a") as file:
            file.write(rest)

    monkeypatch.setattr(time, "sleep", goes_on)
    async for _ in canvas.assets.download_many([image], into=tmp_path):
        pass

    *before, last = manifest.read_text().splitlines()
    assert before == f'{{"hash": "half{rest}'.splitlines()
    assert json.loads(last)["hash"] == image.hash
