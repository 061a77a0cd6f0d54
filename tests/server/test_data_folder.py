"""A data folder must be empty or from an earlier server, and only the server's own files are removed."""

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from canvus_async.server import CanvusServer, UnsuitableFolder
from tests.server import samples
from tests.server.api import Api, eventually
from tests.server.conftest import ApiIn


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def plant(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"my only copy")


@pytest.mark.parametrize(
    "names",
    [
        ("assets/logo.png", "mipmaps/de/photos/a.jpg"),
        ("thesis.docx",),
        (".ssh/id_ed25519",),
        ("mipmaps/ab/abcdef/0-0.webp",),
        (f"assets/{'a' * 64}",),
    ],
)
async def test_a_folder_with_other_files_is_refused_and_not_changed(tmp_path: Path, names: tuple[str, ...]) -> None:
    plant(tmp_path, *names)

    with pytest.raises(UnsuitableFolder, match="choose an empty folder"):
        await CanvusServer(data=tmp_path).start()

    assert files(tmp_path) == dict.fromkeys(names, b"my only copy")


@pytest.mark.parametrize("make", ["text", "other tables"])
async def test_a_database_of_another_program_is_refused_and_not_changed(tmp_path: Path, make: str) -> None:
    database = tmp_path / "canvus.sqlite3"
    if make == "text":
        database.write_bytes(b"not a database at all" * 100)
    else:
        with sqlite3.connect(database) as opened:
            opened.execute("CREATE TABLE meta (id)")
        opened.close()
    before = files(tmp_path)

    with pytest.raises(UnsuitableFolder, match="is not a database of this server"):
        await CanvusServer(data=tmp_path).start()

    assert files(tmp_path) == before


@pytest.mark.parametrize("name", ["lost+found/x", ".gitkeep", "lock.sqlite3", "canvus.sqlite3"])
async def test_a_folder_with_harmless_files_counts_as_empty(tmp_path: Path, name: str) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).touch()

    async with CanvusServer(data=tmp_path) as server:
        assert await server.create_canvas()


async def test_a_restart_removes_only_the_servers_own_leftovers(api_in: ApiIn, tmp_path: Path) -> None:
    kept = [
        "notes.txt",
        "assets/logo.png",
        "assets/incoming/draft.txt",
        f"assets/{'A' * 64}",
        "mipmaps/de/photos/a.jpg",
        "mipmaps/ab/abcd/holiday.webp",
        "mipmaps/ab/cdef/0-0.webp",
        "mipmaps/notes.md",
    ]
    swept = [
        f"assets/{'a' * 64}",
        "assets/incoming/tmpabc_1234",
        "assets/incoming/upload-abc_1234",
        "mipmaps/ab/abcdef/0-0.webp",
        "mipmaps/ab/abcdef/.tmpx1.tmp",
    ]
    async with api_in(tmp_path) as api:
        shown = await _shown(api)
    before = files(tmp_path)
    plant(tmp_path, *kept, *swept)
    (tmp_path / "assets" / ("b" * 64)).symlink_to(tmp_path / "notes.txt")

    async with api_in(tmp_path) as api:
        assert (await api.get(f"mipmaps/{shown}/0", **{"canvas-id": _canvas(api)})).status == 200

    after = files(tmp_path)
    assert {name: after.get(name) for name in kept} == dict.fromkeys(kept, b"my only copy")
    assert not set(swept) & set(after)
    assert {name for name in before if "sqlite3" not in name} <= set(after)


def _canvas(api: Api) -> str:
    return api.server.canvas_ids[0]


async def _shown(api: Api) -> str:
    canvas = f"canvases/{await api.server.create_canvas('Demo')}"
    image = (await api.upload(f"{canvas}/images", samples.picture())).json
    image = await api.ready(f"{canvas}/images/{image['id']}")
    assert (await api.get(f"mipmaps/{image['hash']}/0", **{"canvas-id": _canvas(api)})).status == 200
    return str(image["hash"])


async def test_removing_levels_keeps_other_files_in_their_folder(api_in: ApiIn, tmp_path: Path) -> None:
    async with api_in(tmp_path) as api:
        shown = await _shown(api)
        levels = tmp_path / "mipmaps" / shown[:2] / shown
        (levels / "mine.txt").write_text("kept")

        assert (await api.delete(f"canvases/{_canvas(api)}")).status == 200
        await eventually(lambda: [path.name for path in levels.iterdir()] == ["mine.txt"])


def test_the_command_line_explains_an_unsuitable_folder_in_one_line(tmp_path: Path) -> None:
    plant(tmp_path, "thesis.docx")
    command = [sys.executable, "-m", "canvus_async", "serve", "--port", "0", "--data", str(tmp_path)]

    done = subprocess.run(command, capture_output=True, text=True, timeout=60)

    assert done.returncode == 1
    assert done.stderr.startswith(f"canvus: {tmp_path} is not empty ('thesis.docx') and contains no Canvus data")
    assert done.stderr.count("\n") == 1
