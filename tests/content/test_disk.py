"""Disks that are not ext4: names in bytes, no hard links, no syncing of folders, denied renames, slow calls."""

import asyncio
import errno
import os
import threading
import time
from collections.abc import Callable
from contextlib import aclosing
from pathlib import Path

import pytest

from canvus_async import Canvas, Client, DiskCache, LocalWriteError
from canvus_async.content.disk import FAST, PROOFS, Disk
from canvus_async.content.filesystem import PART
from canvus_async.content.part_file import PartFile
from canvus_async.models import Image
from canvus_async.server import CanvusServer
from tests.files import picture


async def save(target: Path, content: bytes = b"content", *, fsync: bool = False, overwrite: bool = True) -> None:
    part = PartFile(target, overwrite=overwrite)
    try:
        await part.open()
        await part.write(content)
        await part.publish(fsync=fsync)
    finally:
        await part.discard()


def failing(function: Callable[..., object], number: int, *, times: int = 10**9) -> Callable[..., object]:
    """The function, which fails the first `times` times."""
    left = [times]

    def call(*args: object, **kwargs: object) -> object:
        if left[0] > 0:
            left[0] -= 1
            raise OSError(number, os.strerror(number))
        return function(*args, **kwargs)

    return call


# -- names --


@pytest.mark.parametrize(
    "name", ["x" * 255, "é" * 125, "日" * 83, "é" * 127, "a" * 199 + "日" * 18, "😀" * 63, "a" * 200, "a" * 201 + "é"]
)
@pytest.mark.parametrize("overwrite", [True, False])
async def test_any_name_of_up_to_255_bytes_can_be_written(tmp_path: Path, name: str, overwrite: bool) -> None:
    assert len(name.encode()) <= 255

    await save(tmp_path / name, overwrite=overwrite)

    assert [path.name for path in tmp_path.iterdir()] == [name]


async def test_a_name_of_more_bytes_is_refused_by_the_system(tmp_path: Path) -> None:
    with pytest.raises(LocalWriteError, match="File name too long") as failed:
        await save(tmp_path / ("é" * 128))

    assert failed.value.errno == errno.ENAMETOOLONG
    assert list(tmp_path.iterdir()) == []


# -- file systems that lack something --


@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOTSUP, errno.ENOSYS])
async def test_a_file_system_that_cannot_sync_still_gets_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    monkeypatch.setattr(os, "fsync", failing(os.fsync, number))

    await save(tmp_path / "a", fsync=True)

    assert (tmp_path / "a").read_bytes() == b"content"


async def test_an_error_of_syncing_the_content_is_raised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", failing(os.fsync, errno.EIO))

    with pytest.raises(LocalWriteError, match="Input/output error"):
        await save(tmp_path / "a", fsync=True)

    assert list(tmp_path.iterdir()) == []


async def test_a_folder_that_cannot_be_read_is_no_failed_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.open

    def opens(path: str, flags: int, *rest: int) -> int:
        if flags & os.O_DIRECTORY:
            raise PermissionError(errno.EACCES, "Permission denied")
        return real(path, flags, *rest)

    monkeypatch.setattr(os, "open", opens)
    await save(tmp_path / "a", fsync=True)

    assert (tmp_path / "a").read_bytes() == b"content"


@pytest.mark.parametrize("number", [errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK])
async def test_without_hard_links_a_new_file_is_written_and_an_old_one_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    monkeypatch.setattr(os, "link", failing(os.link, number))

    await save(tmp_path / "a", overwrite=False)
    with pytest.raises(FileExistsError):
        await save(tmp_path / "a", b"other", overwrite=False)

    assert (tmp_path / "a").read_bytes() == b"content"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


async def test_without_hard_links_a_file_that_appears_meanwhile_is_not_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "link", failing(os.link, errno.EPERM))
    part = PartFile(tmp_path / "a", overwrite=False)
    await part.open()
    await part.write(b"ours")
    (tmp_path / "a").write_bytes(b"theirs")

    with pytest.raises(FileExistsError):
        await part.publish()
    await part.discard()

    assert (tmp_path / "a").read_bytes() == b"theirs"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


@pytest.mark.parametrize("fast", [True, False])
@pytest.mark.parametrize("size", [10, 5_000_000])
async def test_a_rename_that_is_denied_for_a_moment_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fast: bool, size: int
) -> None:
    monkeypatch.setattr(os, "replace", failing(os.replace, errno.EACCES, times=3))
    disk = Disk()
    while fast and not disk.in_loop:
        await disk.run(lambda: None)

    part = PartFile(tmp_path / "a", disk=disk)
    await part.open()
    await part.write(bytes(size))
    await part.publish()

    assert (tmp_path / "a").read_bytes() == bytes(size)


async def test_a_rename_that_stays_denied_is_an_error_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "replace", failing(os.replace, errno.EACCES))

    with pytest.raises(LocalWriteError, match="Permission denied"):
        await save(tmp_path / "a")

    assert list(tmp_path.iterdir()) == []


# -- slow disks --


async def test_disk_work_moves_into_the_event_loop_once_it_has_proved_to_be_fast() -> None:
    disk, threads = Disk(), set[threading.Thread]()

    for _ in range(PROOFS):
        await disk.run(lambda: threads.add(threading.current_thread()))
    assert threading.current_thread() not in threads
    assert disk.in_loop
    await disk.run(lambda: threads.add(threading.current_thread()))
    assert threading.current_thread() in threads


async def test_one_slow_piece_of_work_moves_it_back_into_threads() -> None:
    disk = Disk()
    for _ in range(PROOFS):
        await disk.run(lambda: None)
    await disk.run(lambda: time.sleep(2 * FAST))

    assert not disk.in_loop


async def test_with_threads_no_work_is_ever_done_in_the_event_loop() -> None:
    disk = Disk("threads")
    for _ in range(2 * PROOFS):
        assert await disk.run(threading.current_thread) is not threading.current_thread()


async def test_a_cancelled_piece_of_work_ends_before_its_cancellation_is_raised() -> None:
    started, go_on, done = threading.Event(), threading.Event(), threading.Event()

    def work() -> None:
        started.set()
        go_on.wait(10)
        done.set()

    task = asyncio.create_task(Disk().run(work))
    await asyncio.to_thread(started.wait, 10)
    task.cancel()
    await asyncio.sleep(0)
    assert not task.done()
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert done.is_set()


@pytest.fixture
async def images(canvas: Canvas) -> list[Image]:
    uploads = (canvas.images.upload(picture(), filename=f"{number}.jpg", wait_ready=True) for number in range(3))
    return await asyncio.gather(*uploads)


async def test_on_a_slow_disk_nothing_is_done_in_the_event_loop(
    server: CanvusServer, canvas: Canvas, images: list[Image], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every call of the operating system takes long, and the thread of each is noted."""
    monkeypatch.setattr("canvus_async.content.disk.FAST", 0.001)  # or the test would take ten times as long
    loop_thread = threading.current_thread()
    in_loop: list[str] = []
    inside = threading.local()

    def slow(name: str) -> None:
        real = getattr(os, name)

        def call(path: object, *args: object, **kwargs: object) -> object:
            if str(path).startswith(str(tmp_path)):
                if threading.current_thread() is loop_thread:
                    in_loop.append(name)
                elif not getattr(inside, "waiting", False):
                    inside.waiting = True
                    time.sleep(0.002)
                    inside.waiting = False
            return real(path, *args, **kwargs)

        monkeypatch.setattr(os, name, call)

    async with Client(server.url, token=server.token, cache=DiskCache(tmp_path / "cache")) as client:
        canvas = client.canvas(canvas.id)
        for name in ("open", "stat", "access", "replace", "unlink", "link", "makedirs", "scandir"):
            slow(name)
        for _ in range(PROOFS // 2):
            for image in images:
                await canvas.mipmaps.fetch(image.hash, 0)
        async with aclosing(canvas.download_many(images, into=tmp_path / "out")) as results:
            assert [result.error async for result in results if result.error] == []
        await canvas.assets.download(images[0].hash, to=tmp_path / "a.jpg")

    assert in_loop == []


async def test_a_folder_of_part_files_is_swept_by_names_of_any_bytes(tmp_path: Path) -> None:
    (tmp_path / f"{'é' * 100}{PART}{'0' * 16}").touch()
    os.utime(tmp_path / f"{'é' * 100}{PART}{'0' * 16}", (0, 0))

    from canvus_async.content.filesystem import sweep

    assert sweep(tmp_path) == 1
