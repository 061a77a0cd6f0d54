"""Everything in a data folder is private to the user of the server, whatever the umask is and was."""

import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from canvus_async.server import CanvusServer, DataInUse
from tests.server import samples
from tests.server.api import Api
from tests.server.conftest import ApiIn

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no modes")

OTHER_USER = 65534


def wrong_modes(folder: Path) -> dict[str, str]:
    """The modes of all folders that are not 0700 and of all files that are not 0600."""
    return {
        str(path.relative_to(folder)): oct(mode)
        for path in (folder, *folder.rglob("*"))
        if (mode := stat.S_IMODE(path.lstat().st_mode)) != (0o700 if path.is_dir() else 0o600)
    }


@pytest.fixture(params=[0, 0o022, 0o177], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


async def fill(api: Api) -> str:
    """A canvas with an image whose mipmaps are rendered. Returns the hash."""
    canvas_id = await api.server.create_canvas("Demo")
    image = (await api.upload(f"canvases/{canvas_id}/images", samples.picture())).json
    found = await api.ready(f"canvases/{canvas_id}/images/{image['id']}")
    assert (await api.get(f"mipmaps/{found['hash']}/0", canvas_id=canvas_id)).status == 200
    return str(found["hash"])


async def test_every_folder_and_file_is_private(api_in: ApiIn, tmp_path: Path, umask: int) -> None:
    folder = tmp_path / "data"
    async with api_in(folder) as api:
        shown = await fill(api)

        with api.server._running.state.assets.create_incoming() as incoming:
            assert wrong_modes(folder) == {}
        names = {path.name for path in folder.rglob("*")}
        assert {
            "lock.sqlite3",
            "canvus.sqlite3",
            "canvus.sqlite3-wal",
            "canvus.sqlite3-shm",
            shown,
            "0-0.webp",
        } <= names
        assert Path(incoming.name).name in names
    assert wrong_modes(folder) == {}


async def test_what_an_earlier_server_left_open_is_made_private(api_in: ApiIn, tmp_path: Path) -> None:
    async with api_in(tmp_path) as api:
        await fill(api)
    (tmp_path / "canvus.sqlite3-wal").touch()
    (tmp_path / "canvus.sqlite3-shm").touch()
    for path in (tmp_path, *tmp_path.rglob("*")):
        path.chmod(0o777 if path.is_dir() else 0o666)

    async with api_in(tmp_path):
        assert wrong_modes(tmp_path) == {}


async def test_files_that_are_not_the_servers_own_keep_their_modes(api_in: ApiIn, tmp_path: Path) -> None:
    async with api_in(tmp_path) as api:
        shown = await fill(api)
    levels = tmp_path / "mipmaps" / shown[:2] / shown
    others = [tmp_path / "notes.txt", tmp_path / "assets" / "logo.png", levels / "mine.txt"]
    outside = tmp_path.with_name("outside.txt")
    for path in (*others, outside):
        path.write_text("mine")
        path.chmod(0o644)
    (tmp_path / "assets" / ("b" * 64)).symlink_to(outside)
    (levels / "7-7.webp").symlink_to(outside)

    async with api_in(tmp_path):
        assert [oct(stat.S_IMODE(path.stat().st_mode)) for path in (*others, outside)] == ["0o644"] * 4
    outside.unlink()


async def test_an_unsuitable_folder_keeps_its_mode(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    (tmp_path / "thesis.docx").touch()

    with pytest.raises(OSError, match="choose an empty folder"):
        await CanvusServer(data=tmp_path).start()

    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755


async def test_a_data_folder_may_be_given_as_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir(mode=0o755)
    (tmp_path / "link").symlink_to("real")

    async with CanvusServer(data=tmp_path / "link"):
        assert wrong_modes(tmp_path / "real") == {}


@pytest.fixture
def open_place() -> Iterator[Path]:
    """A folder in which every user may open files, outside of the private folders of pytest."""
    folder = Path(tempfile.mkdtemp(dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def opens_as_another_user(path: Path) -> bool:
    """Whether another user can open a file for reading."""
    code = f"import os; os.setgroups([]); os.setgid({OTHER_USER}); os.setuid({OTHER_USER}); open({str(path)!r}, 'rb')"
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 or "PermissionError: [Errno 13]" in done.stderr, done.stderr
    return done.returncode == 0


@pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="only root can become another user")
@pytest.mark.parametrize("existing", [False, True])
async def test_another_user_can_open_neither_the_lock_nor_the_data(open_place: Path, existing: bool) -> None:
    folder = open_place / "data"
    (open_place / "control").touch()
    (open_place / "control").chmod(0o644)
    assert opens_as_another_user(open_place / "control"), "the test can tell the difference"
    if existing:
        folder.mkdir(mode=0o755)
        (folder / "lock.sqlite3").touch()
        (folder / "lock.sqlite3").chmod(0o644)
        assert opens_as_another_user(folder / "lock.sqlite3")

    async with CanvusServer(data=folder):
        folder.chmod(0o755)  # the files are private by themselves
        for name in ("lock.sqlite3", "canvus.sqlite3", "canvus.sqlite3-wal", "canvus.sqlite3-shm"):
            assert not opens_as_another_user(folder / name), name
        with pytest.raises(DataInUse):
            await CanvusServer(data=folder).start()
        folder.chmod(0o700)
        assert not opens_as_another_user(folder / "assets")
