"""Files that downloads leave: whole or missing, also where the disk, the server or another program interferes."""

import asyncio
import errno
import hashlib
import os
import threading
from pathlib import Path

import pytest

from canvus_async import CorruptDownload, Forbidden, LocalWriteError, Retry, Stalled
from canvus_async.content import saver
from canvus_async.content.disk import until_done
from canvus_async.content.part_file import BATCH, PART, PartFile
from tests.content.test_downloads import BODY, TAG, cut, part, whole
from tests.content.test_fetcher import HASH, WEBP, client, mipmaps
from tests.raw_server import Exchange, Script, raw_server
from tests.subscriptions.clock import on_a_jumping_clock

BIG = os.urandom(BATCH + 1000)
"""More than one batch, so a thread writes it."""


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def full(*_: object) -> int:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


# -- overwrite=False --


@pytest.mark.parametrize("body", [b"small", BIG], ids=["small", "large"])
async def test_file_saved_without_overwriting_is_alone_in_its_folder(tmp_path: Path, body: bytes) -> None:
    async with raw_server(whole(body)) as server, client(server.url) as canvus:
        assets = canvus.canvas("c1").assets
        for name in ("first", "second"):  # the second one knows the folder already
            await assets.download(HASH, to=tmp_path / name, overwrite=False)

    assert names(tmp_path) == ["first", "second"]
    assert {path.read_bytes() for path in tmp_path.iterdir()} == {body}


@pytest.mark.parametrize("body", [b"small", BIG], ids=["small", "large"])
@pytest.mark.parametrize("place", ["new folder", "known folder"])
async def test_file_that_appears_during_a_download_without_overwriting_stays(
    tmp_path: Path, body: bytes, place: str
) -> None:
    target = tmp_path / "a"

    async def another_program(exchange: Exchange) -> None:
        await exchange.request()
        target.write_bytes(b"theirs")
        await exchange.answer(body)

    async with raw_server(another_program) as server, client(server.url) as canvus:
        assets = canvus.canvas("c1").assets
        if place == "known folder":
            await assets.download(HASH, to=target)
            target.unlink()
        with pytest.raises(FileExistsError, match="overwrite=True"):
            await assets.download(HASH, to=target, overwrite=False)

    assert target.read_bytes() == b"theirs"
    assert names(tmp_path) == ["a"]


# -- the disk --


async def test_full_disk_leaves_nothing_of_a_level_that_was_cached(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with raw_server(mipmaps) as server, client(server.url) as canvus:
        levels = canvus.canvas("c1").mipmaps
        await levels.fetch(HASH, 0)
        monkeypatch.setattr(os, "writev", full)
        with pytest.raises(LocalWriteError) as failed:
            await levels.download(HASH, 0, to=tmp_path / "a")

    assert failed.value.errno == errno.ENOSPC
    assert len(server.requests) == 1
    assert names(tmp_path) == []


async def test_full_disk_during_a_restart_closes_the_response_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "ftruncate", full)

    async def ignores_the_range(exchange: Exchange) -> None:
        await exchange.request()
        await exchange.start(200, f"Content-Length: {len(BIG)}", TAG)
        await exchange.gone()

    first = cut(1000, TAG, body=BIG)
    async with raw_server(first, ignores_the_range) as server, client(server.url) as canvus:
        with pytest.raises(LocalWriteError) as failed:
            await canvus.canvas("c1").assets.download(HASH, to=tmp_path / "a")
        await server.until_open(0)

    assert failed.value.errno == errno.ENOSPC
    assert len(server.requests) == 2
    assert names(tmp_path) == []


async def test_discarding_a_file_whose_last_write_has_failed_removes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "writev", full)
    file = PartFile(tmp_path / "a")
    await file.open()
    await file.write(BIG)
    assert PART in names(tmp_path)[0]
    await file.discard()

    assert names(tmp_path) == []


async def test_discarding_a_file_that_could_not_be_created_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "open", full)
    file = PartFile(tmp_path / "a")
    await file.write(BIG)
    await file.discard()

    assert names(tmp_path) == []


async def test_discarding_a_file_that_a_thread_is_about_to_create_waits_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entered, leave, create = threading.Event(), threading.Event(), os.open

    def slow(path: str, *args: int) -> int:
        entered.set()
        assert leave.wait(10)
        return create(path, *args)

    monkeypatch.setattr(os, "open", slow)
    file = PartFile(tmp_path / "a")
    await file.write(BIG)
    assert await asyncio.to_thread(entered.wait, 10)
    ending = asyncio.create_task(file.discard())
    await asyncio.sleep(0)
    assert not ending.done()
    leave.set()
    await ending

    assert names(tmp_path) == []


async def test_full_disk_during_a_restart_without_an_etag_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "ftruncate", full)
    async with raw_server(cut(1000), whole()) as server, client(server.url) as canvus:
        with pytest.raises(LocalWriteError):
            await canvus.canvas("c1").assets.download(HASH, to=tmp_path / "a")

    assert len(server.requests) == 1
    assert names(tmp_path) == []


@pytest.mark.parametrize("system", ["writes all", "writes a part", "has no writev"])
async def test_file_of_many_tiny_chunks_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, system: str) -> None:
    """More chunks than the system writes in one call, and a system that does not even write those."""
    if system == "writes a part":
        write = os.write
        monkeypatch.setattr(os, "writev", lambda fd, chunks: write(fd, b"".join(chunks)[:7]))
        monkeypatch.setattr(os, "write", lambda fd, content: write(fd, content[:7]))
    elif system == "has no writev":
        monkeypatch.delattr(os, "writev")
    content = os.urandom(5000)
    file = PartFile(tmp_path / "a")
    for byte in content:
        await file.write(bytes([byte]))
    await file.publish()

    assert (tmp_path / "a").read_bytes() == content


@pytest.mark.parametrize("name", ["x" * 255, "日" * 80, "🖼" * 60], ids=["ascii", "three bytes", "four bytes"])
async def test_name_as_long_as_the_disk_allows_can_be_saved(tmp_path: Path, name: str) -> None:
    async with raw_server(whole(b"small")) as server, client(server.url) as canvus:
        await canvus.canvas("c1").assets.download(HASH, to=tmp_path / name)

    assert names(tmp_path) == [name]


async def test_file_made_without_hashing_has_no_hash(tmp_path: Path) -> None:
    file = PartFile(tmp_path / "a")
    with pytest.raises(RuntimeError, match="hashing"):
        await file.sha256()
    await file.discard()


async def test_old_part_files_are_removed_again_from_a_folder_that_was_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client remembers when it looked through which folder, but not for an unlimited number of folders."""
    monkeypatch.setattr(saver, "_MAX_FOLDERS", 2)
    folders = [tmp_path / name for name in ("first", "second", "third", "first")]
    old = folders[0] / f"b{PART}{'0' * 16}"
    async with raw_server(whole(b"small")) as server, client(server.url) as canvus:
        for folder in folders:
            folder.mkdir(exist_ok=True)
            await canvus.canvas("c1").assets.download(HASH, to=folder / "a")
            if folder == folders[1]:
                old.write_bytes(b"x")
                os.utime(old, (1, 1))

    assert names(folders[0]) == ["a"]


# -- the server --


async def test_content_that_is_wrong_once_is_replaced_by_the_right_one(tmp_path: Path) -> None:
    name = hashlib.sha256(BODY).hexdigest()

    async def wrong_once(exchange: Exchange) -> None:
        for body in (BODY, bytes(len(BODY)), BODY):
            await exchange.request()
            await exchange.answer(body)

    async with raw_server(wrong_once) as server, client(server.url) as canvus:
        assets = canvus.canvas("c1").assets
        await assets.download(name, to=tmp_path / "first")  # proves that this server's hashes are SHA-256
        await assets.download(name, to=tmp_path / "second")

    assert (tmp_path / "second").read_bytes() == BODY
    assert len(server.requests) == 3


@pytest.mark.parametrize("body", [BODY, BODY * 6, BIG], ids=["small", "medium", "large"])
async def test_file_with_a_sha256_as_its_name_is_checked(tmp_path: Path, body: bytes) -> None:
    right, wrong = hashlib.sha256(body).hexdigest(), hashlib.sha256(b"other").hexdigest()
    async with raw_server(whole(body)) as server, client(server.url) as canvus:
        assets = canvus.canvas("c1").assets
        await assets.download(right, to=tmp_path / "right")
        with pytest.raises(CorruptDownload, match="twice"):
            await assets.download(wrong, to=tmp_path / "wrong")

    assert (tmp_path / "right").read_bytes() == body
    assert names(tmp_path) == ["right"]


async def test_parts_that_end_early_are_continued_until_the_file_is_whole(tmp_path: Path) -> None:
    def piece(start: int, stop: int) -> Script:
        async def script(exchange: Exchange) -> None:
            assert (await exchange.request()).headers["range"] == f"bytes={start}-"
            where = f"Content-Range: bytes {start}-{stop - 1}/{len(BODY)}"
            await exchange.answer(BODY[start:stop], 206, where, TAG)

        return script

    scripts = [cut(1000, TAG), piece(1000, 2000), piece(2000, len(BODY))]
    async with raw_server(*scripts) as server, client(server.url) as canvus:
        path = await canvus.canvas("c1").assets.download(HASH, to=tmp_path / "a")

    assert path.read_bytes() == BODY
    assert len(server.requests) == 3


async def test_refusal_of_the_rest_is_raised_and_leaves_nothing(tmp_path: Path) -> None:
    async def forbids(exchange: Exchange) -> None:
        await exchange.request()
        await exchange.answer({"msg": "no longer yours"}, 403)

    async with raw_server(cut(1000, TAG), forbids) as server, client(server.url) as canvus:
        with pytest.raises(Forbidden, match="no longer yours"):
            await canvus.canvas("c1").assets.download(HASH, to=tmp_path / "a")

    assert len(server.requests) == 2
    assert names(tmp_path) == []


async def test_rest_that_completes_a_batch_is_written(tmp_path: Path) -> None:
    """The first response leaves a batch nearly full in memory; the small rest fills it."""
    async with raw_server(cut(BATCH - 500, TAG, body=BIG), part(BATCH - 500, TAG, body=BIG)) as server:
        async with client(server.url) as canvus:
            path = await canvus.canvas("c1").assets.download(HASH, to=tmp_path / "a")

    assert path.read_bytes() == BIG


@on_a_jumping_clock
async def test_body_that_was_fast_is_stalled_once_it_drips(tmp_path: Path) -> None:
    """The average counts from window to window, so a fast beginning does not excuse a slow end."""

    async def drips(exchange: Exchange) -> None:
        await exchange.request()
        await exchange.start(200, "Content-Length: 100000000", TAG)
        for _ in range(6):
            await exchange.send(bytes(100_000))
            await asyncio.sleep(10)
        for _ in range(20):
            await exchange.send(b"x")
            await asyncio.sleep(10)

    async with raw_server(drips) as server, client(server.url, retry=Retry(attempts=1)) as canvus:
        with pytest.raises(Stalled, match=r"^.* [1-9] bytes in 30 s"):
            await canvus.canvas("c1").assets.download(HASH, to=tmp_path / "a")


async def test_progress_of_a_level_that_was_cached_is_reported_once(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    async with raw_server(mipmaps) as server, client(server.url) as canvus:
        levels = canvus.canvas("c1").mipmaps
        body = await levels.fetch(HASH, 0)
        await levels.download(HASH, 0, to=tmp_path / "a", progress=lambda *now: seen.append(now))

    assert body.startswith(WEBP)
    assert seen == [(len(body), len(body))]


async def test_work_of_a_thread_that_was_cancelled_too_does_not_hide_the_cancellation() -> None:
    work: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    waiting = asyncio.create_task(until_done(work))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.sleep(0)
    assert not waiting.done()
    work.cancel()
    await asyncio.wait([waiting])

    assert waiting.cancelled()
