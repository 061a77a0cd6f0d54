"""The disk cache: shared between processes, verified, and bounded."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from canvus_async import Client, DiskCache
from tests.content.test_fetcher import HASH, WEBP, mipmaps
from tests.raw_server import raw_server


def trimmed() -> None:
    """Wait for the threads in which caches trim their folders."""
    while "canvus-cache-trim" in {thread.name for thread in threading.enumerate()}:
        time.sleep(0.001)


@pytest.fixture(autouse=True)
def nothing_left_trimming() -> Iterator[None]:
    yield
    trimmed()


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


async def test_clients_with_the_same_token_share_the_cache(tmp_path: Path) -> None:
    async with raw_server(mipmaps) as server:
        for _ in range(2):
            async with Client(server.url, token="t", cache=DiskCache(tmp_path)) as client:
                body = await client.canvas("c1").mipmaps.fetch(HASH, 2)
                assert body.startswith(WEBP)
        async with Client(server.url, token="someone-else", cache=DiskCache(tmp_path)) as client:
            await client.canvas("c1").mipmaps.fetch(HASH, 2)

    assert len(server.requests) == 2


async def test_damaged_value_is_fetched_again(tmp_path: Path) -> None:
    async with raw_server(mipmaps) as server:
        async with Client(server.url, token="t", cache=DiskCache(tmp_path)) as client:
            whole = await client.canvas("c1").mipmaps.fetch(HASH, 2)
        (kept,) = files(tmp_path)
        damaged = bytearray(kept.read_bytes())
        damaged[-1] ^= 1
        kept.write_bytes(damaged)
        cache = DiskCache(tmp_path)
        async with Client(server.url, token="t", cache=cache) as client:
            assert await client.canvas("c1").mipmaps.fetch(HASH, 2) == whole

    assert len(server.requests) == 2
    assert cache.stats().corrupted == 1


def test_size_is_bounded_and_the_least_recently_used_is_evicted(tmp_path: Path) -> None:
    cache = DiskCache(tmp_path, max_bytes=100_000)
    for number in range(100):
        cache.put(f"key {number}", os.urandom(5_000))

    trimmed()
    cache.trim()
    assert cache.stats().bytes == sum(path.stat().st_size for path in files(tmp_path)) <= 100_000
    assert cache.get("key 99") is not None
    assert cache.get("key 0") is None


def test_value_is_found_by_another_process(tmp_path: Path) -> None:
    DiskCache(tmp_path).put("key", b"value")
    program = "import sys; from canvus_async import DiskCache; print(DiskCache(sys.argv[1]).get('key'))"

    done = subprocess.run([sys.executable, "-c", program, tmp_path], capture_output=True, text=True)

    assert done.stdout == "b'value'\n", done.stderr


def test_unusable_folder_is_reported_by_the_constructor(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OSError, match="file"):
        DiskCache(tmp_path / "file" / "cache")
