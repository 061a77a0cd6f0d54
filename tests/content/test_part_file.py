"""A file at its path is whole or absent."""

import asyncio
import errno
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from canvus_async import LocalWriteError
from canvus_async.content.filesystem import PART
from canvus_async.content.part_file import PartFile

BIG = os.urandom(64 * 1024) * 120  # two and a half batches


async def opened(target: Path, *, lazy: bool = False, **options: Any) -> PartFile:
    part = PartFile(target, **options)
    await part.open(lazy=lazy)
    return part


def leftovers(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if PART in path.name]


@pytest.mark.parametrize("content", [b"", b"small", BIG], ids=["empty", "small", "big"])
@pytest.mark.parametrize("fsync", [False, True])
async def test_file_appears_only_when_whole(tmp_path: Path, content: bytes, fsync: bool) -> None:
    part = await opened(tmp_path / "a.webp")
    for start in range(0, len(content), 100_000):
        await part.write(content[start : start + 100_000])
    assert not (tmp_path / "a.webp").exists()

    assert await part.publish(fsync=fsync) == str(tmp_path / "a.webp")
    await part.discard()

    assert (tmp_path / "a.webp").read_bytes() == content
    assert leftovers(tmp_path) == []


async def test_discarded_file_leaves_nothing(tmp_path: Path) -> None:
    part = await opened(tmp_path / "a")
    await part.write(BIG)
    await part.discard()
    await part.discard()

    assert list(tmp_path.iterdir()) == []


async def test_restart_discards_what_was_written(tmp_path: Path) -> None:
    part = await opened(tmp_path / "a")
    await part.write(BIG)
    await part.restart()
    await part.write(b"second")
    await part.publish()

    assert (tmp_path / "a").read_bytes() == b"second"


@pytest.mark.row("D16")
async def test_existing_file_is_replaced_or_refused(tmp_path: Path) -> None:
    target = tmp_path / "a"
    target.write_bytes(b"old")

    with pytest.raises(FileExistsError, match="overwrite=True"):
        await opened(target, overwrite=False)
    part = await opened(target)
    await part.write(b"new")
    await part.publish()

    assert target.read_bytes() == b"new"


@pytest.mark.row("D16")
async def test_file_created_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    part = await opened(tmp_path / "a", overwrite=False)
    await part.write(b"new")
    (tmp_path / "a").write_bytes(b"theirs")

    with pytest.raises(FileExistsError):
        await part.publish()
    await part.discard()

    assert (tmp_path / "a").read_bytes() == b"theirs"
    assert leftovers(tmp_path) == []


@pytest.mark.row("D17")
async def test_symbolic_link_is_replaced_and_its_target_is_not(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(b"precious")
    (tmp_path / "link").symlink_to(tmp_path / "real")

    part = await opened(tmp_path / "link")
    await part.write(b"new")
    await part.publish()

    assert (tmp_path / "real").read_bytes() == b"precious"
    assert (tmp_path / "link").read_bytes() == b"new"
    assert not (tmp_path / "link").is_symlink()


@pytest.mark.row("D15")
async def test_missing_folder_fails_immediately_with_its_errno(tmp_path: Path) -> None:
    with pytest.raises(LocalWriteError, match="No such file or directory") as failed:
        await opened(tmp_path / "nowhere" / "a")
    assert failed.value.errno == errno.ENOENT


@pytest.mark.parametrize("content", [b"", b"small", BIG], ids=["empty", "small", "big"])
@pytest.mark.parametrize("ending", ["published", "restarted", "discarded"])
async def test_file_created_late_is_whole_or_absent(tmp_path: Path, content: bytes, ending: str) -> None:
    part = await opened(tmp_path / "a", lazy=True)
    assert list(tmp_path.iterdir()) == []
    await part.write(content)
    if ending == "restarted":
        await part.restart()
        await part.write(content)
    if ending != "discarded":
        await part.publish()
    await part.discard()

    assert [path.read_bytes() for path in tmp_path.iterdir()] == ([] if ending == "discarded" else [content])


@pytest.mark.row("D15")
@pytest.mark.parametrize("overwrite", [False, True])
async def test_folder_at_the_path_is_refused(tmp_path: Path, overwrite: bool) -> None:
    with pytest.raises(LocalWriteError, match="is a folder"):
        await opened(tmp_path, overwrite=overwrite)


@pytest.mark.row("D15")
@pytest.mark.parametrize("content", [b"small", BIG], ids=["small", "big"])
async def test_folder_at_the_path_is_refused_when_published(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a").mkdir()
    part = await opened(tmp_path / "a", lazy=True)
    await part.write(content)
    with pytest.raises(LocalWriteError, match="is a folder"):
        await part.publish()
    await part.discard()

    assert list(tmp_path.iterdir()) == [tmp_path / "a"]


@pytest.mark.row("D18")
async def test_concurrent_writers_of_one_path_do_not_mix(tmp_path: Path) -> None:
    parts = [await opened(tmp_path / "a") for _ in range(5)]
    for number, part in enumerate(parts):
        await part.write(bytes([number]) * 100_000)
    await asyncio.gather(*(part.publish() for part in parts))

    content = (tmp_path / "a").read_bytes()
    assert len(content) == 100_000
    assert len(set(content)) == 1
    assert leftovers(tmp_path) == []


@pytest.mark.row("D19")
async def test_cancelled_write_waits_for_its_thread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entered, leave = threading.Event(), threading.Event()
    writev = os.writev

    def slow_write(fd: int, chunks: list[bytes]) -> int:
        entered.set()
        assert leave.wait(5)
        return writev(fd, chunks)

    monkeypatch.setattr(os, "writev", slow_write)
    part = await opened(tmp_path / "a")
    await part.write(BIG)
    assert await asyncio.to_thread(entered.wait, 5)

    ending = asyncio.create_task(part.discard())
    await asyncio.sleep(0)
    ending.cancel()
    await asyncio.sleep(0)
    assert not ending.done()
    leave.set()
    with pytest.raises(asyncio.CancelledError):
        await ending

    assert list(tmp_path.iterdir()) == []


@pytest.mark.row("D14")
async def test_full_disk_is_a_local_write_error_with_its_errno(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    part = await opened(tmp_path / "a")
    os.dup2(full, part._fd)
    os.close(full)

    with pytest.raises(LocalWriteError, match="No space left on device") as failed:
        await part.write(BIG)
        await part.publish()
    await part.discard()

    assert failed.value.errno == errno.ENOSPC
    assert list(tmp_path.iterdir()) == []
