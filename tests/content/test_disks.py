"""Downloads onto disks that refuse: full, limited, read-only, without permission."""

import errno
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from canvus_async import LocalWriteError
from tests.content.test_downloads import whole
from tests.content.test_fetcher import HASH, client
from tests.raw_server import raw_server

Mount = Callable[[str], Path]

LARGE = os.urandom(4_000_000)
"""More than one batch, so that it is written while it arrives."""


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Mount]:
    """Mounts a file system with the given options; skips the test without the right to mount."""
    folder = tmp_path / "disk"
    folder.mkdir()

    def mount(options: str) -> Path:
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], capture_output=True)
        if done.returncode:
            pytest.skip("nothing can be mounted here")
        return folder

    yield mount
    if os.path.ismount(folder):
        subprocess.run(["umount", folder], check=True)  # fails while anything on it is open


async def refused(body: bytes, target: Path) -> tuple[int | None, int]:
    """The errno that a download ends with, and the number of its requests."""
    async with raw_server(whole(body)) as server, client(server.url) as canvus:
        with pytest.raises(LocalWriteError) as failed:
            await canvus.canvas("c1").assets.download(HASH, to=target)
    assert not list(target.parent.glob(f"{target.name}*"))
    return failed.value.errno, len(server.requests)


@pytest.mark.row("D14")
@pytest.mark.parametrize("size", [100_000, len(LARGE)])
async def test_full_disk_is_reported_and_left_clean(mounted: Mount, size: int) -> None:
    assert await refused(LARGE[:size], mounted("size=64k") / "a") == (errno.ENOSPC, 1)


@pytest.mark.row("D14")
@pytest.mark.parametrize("size", [100_000, len(LARGE)])
async def test_file_over_the_system_limit_is_reported_and_removed(tmp_path: Path, size: int) -> None:
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, hard))
    try:
        assert await refused(LARGE[:size], tmp_path / "a") == (errno.EFBIG, 1)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.row("D14")
async def test_full_disk_is_not_retried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same on systems where nothing can be mounted."""

    def full(fd: int, chunks: list[bytes]) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "writev", full)
    assert await refused(LARGE[:300_000], tmp_path / "a") == (errno.ENOSPC, 1)


@pytest.mark.row("D15")
async def test_read_only_disk_is_reported_before_any_request(mounted: Mount) -> None:
    assert await refused(b"small", mounted("size=64k,ro") / "a") == (errno.EROFS, 0)


@pytest.mark.row("D15")
@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is forbidden to root")
async def test_unwritable_folder_is_reported_before_any_request(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    assert await refused(b"small", tmp_path / "a") == (errno.EACCES, 0)


@pytest.mark.row("D15")
@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="no /proc on this system")
async def test_folder_that_takes_no_files_is_reported_before_any_request() -> None:
    assert await refused(b"small", Path("/proc", HASH)) == (errno.ENOENT, 0)


@pytest.mark.row("D15")
async def test_folder_removed_meanwhile_is_reported_before_any_request(tmp_path: Path) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    async with raw_server(whole(b"small")) as server, client(server.url) as canvus:
        assets = canvus.canvas("c1").assets
        await assets.download(HASH, to=folder / "a")
        (folder / "a").unlink()
        folder.rmdir()
        with pytest.raises(LocalWriteError) as failed:
            await assets.download(HASH, to=folder / "b")
    assert (failed.value.errno, len(server.requests)) == (errno.ENOENT, 1)


@pytest.mark.row("D15")
async def test_disk_that_takes_no_more_files_keeps_the_earlier_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even if its permissions allow it."""
    create = os.open

    def full(path: str, *args: int) -> int:
        if ".part-" in str(path):
            raise OSError(errno.EDQUOT, os.strerror(errno.EDQUOT))
        return create(path, *args)

    async with raw_server(whole(b"small")) as server, client(server.url) as canvus:
        assets = canvus.canvas("c1").assets
        await assets.download(HASH, to=tmp_path / "a")
        monkeypatch.setattr(os, "open", full)
        for requests in (2, 2):  # noticed after the response, and from then on before the request
            with pytest.raises(LocalWriteError) as failed:
                await assets.download(HASH, to=tmp_path / "b")
            assert (failed.value.errno, len(server.requests)) == (errno.EDQUOT, requests)
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
