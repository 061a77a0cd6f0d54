"""The disk cache at its limits: full and failing disks, its size, large values, and other processes."""

import asyncio
import errno
import logging
import os
import shutil
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from canvus_async import DiskCache
from canvus_async.content.part_file import PART
from tests.content.test_disk_cache import files, trimmed

LARGE = os.urandom(300_000)
"""More than is read and written in the event loop."""


@pytest.fixture(autouse=True)
def nothing_left_trimming() -> Iterator[None]:
    yield
    trimmed()


def refusing(number: int) -> Callable[..., Any]:
    """A system call that fails with an errno."""

    def call(*_: object) -> int:
        raise OSError(number, os.strerror(number))

    return call


def no_new_files(number: int) -> Callable[..., int]:
    """`os.open` on a disk that takes no more files."""
    create = os.open

    def call(path: str, *args: int) -> int:
        if PART in str(path):
            raise OSError(number, os.strerror(number))
        return create(path, *args)

    return call


def used(folder: Path) -> int:
    return sum(path.stat().st_size for path in files(folder))


def aged(folder: Path) -> None:
    """Make all entries older, but keep the order in which they were used."""
    for age, path in enumerate(sorted(files(folder), key=lambda path: path.stat().st_mtime_ns, reverse=True)):
        os.utime(path, (time.time() - 100 - age, time.time() - 100 - age))


# -- a disk that fails --


@pytest.mark.parametrize(
    "failure",
    [("open", no_new_files(errno.EACCES)), ("writev", refusing(errno.ENOSPC)), ("replace", refusing(errno.EDQUOT))],
    ids=["unwritable", "full", "over quota"],
)
def test_values_that_cannot_be_written_are_counted_and_the_first_one_is_logged_as_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, failure: tuple[str, Any]
) -> None:
    caplog.set_level(logging.DEBUG)
    cache = DiskCache(tmp_path)
    cache.put("before", b"value")
    with monkeypatch.context() as patch:
        patch.setattr(os, *failure)
        for number in range(3):
            cache.put(f"key {number}", b"value")
            assert cache.stats().failed == number + 1
    cache.put("after", b"value")

    levels = [record.levelno for record in caplog.records if str(tmp_path) in record.getMessage()]
    assert levels == [logging.WARNING, logging.DEBUG, logging.DEBUG]
    assert [cache.get(key) for key in ("before", "key 0", "after")] == [b"value", None, b"value"]
    assert (cache.stats().stored, len(files(tmp_path))) == (2, 2)


def test_value_that_cannot_be_read_is_a_miss_and_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = DiskCache(tmp_path)
    cache.put("key", b"value")
    with monkeypatch.context() as patch:
        patch.setattr(os, "read", refusing(errno.EIO))
        assert cache.get("key") is None

    assert (cache.stats().hits, cache.stats().misses, cache.stats().corrupted) == (0, 1, 1)
    assert files(tmp_path) == []


@pytest.mark.parametrize("left", [0, 10, 1000])
def test_entry_that_was_cut_short_is_a_miss_and_removed(tmp_path: Path, left: int) -> None:
    cache = DiskCache(tmp_path)
    cache.put("key", bytes(2000))
    os.truncate(files(tmp_path)[0], left)

    assert cache.get("key") is None
    assert cache.stats().corrupted == 1
    assert files(tmp_path) == []


def test_entry_that_cannot_be_removed_is_still_a_miss(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = DiskCache(tmp_path)
    cache.put("key", b"value")
    files(tmp_path)[0].write_bytes(b"damaged")
    monkeypatch.setattr(os, "unlink", refusing(errno.EBUSY))

    assert cache.get("key") is None
    assert cache.get("key") is None


def test_entry_that_the_system_reads_in_pieces_is_read_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = DiskCache(tmp_path)
    cache.put("key", LARGE)
    read = os.read
    monkeypatch.setattr(os, "read", lambda fd, size: read(fd, min(size, 7000)))

    assert cache.get("key") == LARGE


# -- its size --


def test_default_size_is_one_gibibyte(tmp_path: Path) -> None:
    cache = DiskCache(tmp_path)

    assert cache.max_bytes == 1024**3
    assert repr(cache) == f"<DiskCache {tmp_path}: up to {1024**3} bytes>"


@pytest.mark.parametrize("writers", [1, 4])
def test_folder_never_holds_more_than_its_size_while_up_to_four_clients_write(tmp_path: Path, writers: int) -> None:
    caches = [DiskCache(tmp_path, max_bytes=100_000) for _ in range(writers)]
    most = 0
    for number in range(200):
        caches[number % writers].put(f"key {number}", os.urandom(1_000))
        trimmed()
        most = max(most, used(tmp_path))

    assert 50_000 < most <= 100_000
    assert sum(cache.stats().evicted for cache in caches) > 50


def test_value_that_was_read_is_evicted_after_those_that_were_not(tmp_path: Path) -> None:
    cache = DiskCache(tmp_path, max_bytes=1_000_000)
    for number in range(20):
        cache.put(f"key {number}", bytes(1_000))
    trimmed()
    aged(tmp_path)
    assert cache.get("key 0") is not None

    small = DiskCache(tmp_path, max_bytes=20_000)
    small.trim()

    kept = {number for number in range(20) if small.get(f"key {number}") is not None}
    assert 0 in kept
    assert kept - {0} == set(range(20 - len(kept) + 1, 20))
    assert small.stats().evicted == 20 - len(kept) > 0


def test_value_that_was_read_just_now_is_not_touched_again(tmp_path: Path) -> None:
    cache = DiskCache(tmp_path)
    cache.put("key", b"value")
    (path,) = files(tmp_path)
    before = path.stat().st_mtime_ns
    assert cache.get("key") == b"value"

    assert path.stat().st_mtime_ns == before


def test_value_of_more_than_an_eighth_is_not_kept(tmp_path: Path) -> None:
    cache = DiskCache(tmp_path, max_bytes=8_000)
    cache.put("large", bytes(1_001))
    cache.put("small", bytes(1_000))

    assert (cache.get("large"), cache.get("small")) == (None, bytes(1_000))


def test_second_look_through_the_folder_does_nothing_while_the_first_is_running(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = DiskCache(tmp_path, max_bytes=1_000_000)
    cache.put("key", b"value")
    trimmed()
    entered, leave, look = threading.Event(), threading.Event(), os.scandir
    looks: list[object] = []

    def slow(path: str) -> object:
        looks.append(path)
        entered.set()
        assert leave.wait(10)
        return look(path)

    monkeypatch.setattr(os, "scandir", slow)
    first = threading.Thread(target=cache.trim)
    first.start()
    assert entered.wait(10)
    before = len(looks)
    cache.trim()
    assert len(looks) == before
    leave.set()
    first.join()


def test_entries_and_folders_that_another_process_removes_meanwhile_are_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = DiskCache(tmp_path, max_bytes=10_000_000)
    for number in range(600):
        cache.put(f"key {number}", b"value")
    trimmed()
    shrinking, vanishing = [path for path in tmp_path.iterdir() if len(files(path)) > 1][:2]
    look = os.scandir
    removed: list[str] = []

    class Shrunk:
        """What `os.scandir` returns for a folder whose first file is removed before its size is asked for."""

        def __init__(self) -> None:
            with look(shrinking) as found:
                self.entries = list(found)
            removed.append(self.entries[0].path)
            Path(self.entries[0].path).unlink()

        def __enter__(self) -> list[os.DirEntry[str]]:
            return self.entries

        def __exit__(self, *_: object) -> None:
            pass

    def scandir(path: Any) -> Any:
        if path == str(shrinking) and not removed:
            return Shrunk()
        if path == str(vanishing):
            shutil.rmtree(vanishing)
        return look(path)

    # The search for leftovers lists each folder before.
    monkeypatch.setattr("canvus_async.content.disk_cache.sweep", lambda _folder: 0)
    monkeypatch.setattr(os, "scandir", scandir)
    cache.trim()

    assert removed
    assert not vanishing.exists()
    assert cache.stats().entries == len(files(tmp_path)) < 600


# -- large values --


async def test_large_values_are_written_and_read_in_another_thread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: set[int] = set()

    def noted(call: Callable[..., Any]) -> Callable[..., Any]:
        def noting(*args: Any) -> Any:
            threads.add(threading.get_ident())
            return call(*args)

        return noting

    for name in ("writev", "read"):
        monkeypatch.setattr(os, name, noted(getattr(os, name)))
    cache = DiskCache(tmp_path)
    writing = cache.put("large", LARGE)
    assert isinstance(writing, Awaitable)
    await writing
    reading = cache.get("large")
    assert isinstance(reading, Awaitable)
    assert await reading == LARGE
    assert threading.get_ident() not in threads

    while not cache._disk.in_loop:  # small values move into the event loop once the disk has proved to be fast
        if (writing := cache.put("small", b"value")) is not None:
            await writing
    assert cache.get("small") == b"value"
    assert threading.get_ident() in threads
    await asyncio.to_thread(trimmed)


def test_large_values_are_written_and_read_at_once_outside_of_an_event_loop(tmp_path: Path) -> None:
    cache = DiskCache(tmp_path)

    assert cache.put("large", LARGE) is None
    assert cache.get("large") == LARGE


async def test_large_entry_that_was_damaged_is_a_miss_and_its_file_is_closed(tmp_path: Path) -> None:
    cache = DiskCache(tmp_path)
    await asyncio.to_thread(cache.put, "large", LARGE)
    (path,) = files(tmp_path)
    path.write_bytes(b"x" * path.stat().st_size)
    reading = cache.get("large")
    assert isinstance(reading, Awaitable)

    assert await reading is None
    assert files(tmp_path) == []
    await asyncio.to_thread(trimmed)


# -- a disk that has proved to be fast --


async def test_small_values_on_a_fast_disk_are_written_and_read_at_once_and_large_ones_in_a_thread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("canvus_async.content.disk.PROOFS", 0)
    cache = DiskCache(tmp_path)

    assert cache.put("small", b"value") is None
    assert cache.get("small") == b"value"
    assert cache.get("missing") is None
    writing = cache.put("large", LARGE)
    assert isinstance(writing, Awaitable)
    await writing
    reading = cache.get("large")
    assert isinstance(reading, Awaitable)
    assert await reading == LARGE
    assert cache.put("too large", bytes(cache.max_bytes // 8 + 1)) is None
    await asyncio.to_thread(trimmed)


# -- what others put into the folder --


@pytest.mark.parametrize("planted", ["a file of a terabyte", "a pipe"])
def test_entry_that_others_have_replaced_is_a_miss_and_removed(tmp_path: Path, planted: str) -> None:
    cache = DiskCache(tmp_path)
    cache.put("key", b"value")
    (path,) = files(tmp_path)
    if planted == "a pipe":
        path.unlink()
        os.mkfifo(path)
    else:
        os.truncate(path, 1 << 40)

    assert cache.get("key") is None
    assert cache.stats().corrupted == 1
    assert not path.exists()


def test_other_files_in_the_folders_of_entries_are_neither_counted_nor_removed(tmp_path: Path) -> None:
    cache = DiskCache(tmp_path, max_bytes=10_000)
    cache.put("key", b"value")
    trimmed()
    (entry,) = files(tmp_path)
    theirs = entry.with_name("notes.txt")
    theirs.write_bytes(bytes(20_000))
    cache.trim()

    assert theirs.exists()
    assert cache.get("key") == b"value"
    assert cache.stats().bytes == entry.stat().st_size


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="Windows has no users by number")
@pytest.mark.parametrize("mode", [0o770, 0o702])
def test_folder_that_others_may_write_to_is_refused(tmp_path: Path, mode: int) -> None:
    tmp_path.chmod(mode)
    with pytest.raises(PermissionError, match="other users"):
        DiskCache(tmp_path)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give a folder away")
def test_folder_of_another_user_is_refused(tmp_path: Path) -> None:
    os.chown(tmp_path, 65534, -1)
    with pytest.raises(PermissionError, match="another user"):
        DiskCache(tmp_path)


def test_unknown_mode_of_a_disk_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="threads"):
        DiskCache(tmp_path, disk="fast")  # type: ignore[arg-type]
