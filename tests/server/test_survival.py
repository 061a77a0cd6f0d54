"""Every confirmed write survives a kill and a restart."""

import asyncio
import json
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import aiohttp
import pytest

import canvus_async
from canvus_async.server import CanvusServer, DataInUse
from canvus_async.server.store.database import CHECKPOINT_EVERY
from tests.server import samples
from tests.server.api import Api, eventually
from tests.server.conftest import ApiIn

ROOT = Path(canvus_async.__file__).parents[1]


@asynccontextmanager
async def killed_server(folder: Path, session: aiohttp.ClientSession, *, delay: float = 0.01) -> AsyncIterator[Api]:
    """The owner's API of a server in another process, which is killed at the end."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.server.serve", str(folder), str(delay), stdout=asyncio.subprocess.PIPE, cwd=ROOT
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(30):
            started = json.loads(await process.stdout.readline())
        yield Api(cast("CanvusServer", SimpleNamespace(url=started["url"])), session, started["token"])
    finally:
        process.kill()
        await process.communicate()


async def read_everything(api: Api) -> dict[str, Any]:
    """All canvases and their widgets."""
    return {
        canvas["id"]: (canvas, (await api.get(f"canvases/{canvas['id']}/widgets")).json)
        for canvas in (await api.get("canvases")).json
    }


async def test_every_confirmed_write_survives_a_kill(
    session: aiohttp.ClientSession, api_in: ApiIn, tmp_path: Path
) -> None:
    async with killed_server(tmp_path, session) as api:
        canvases = [f"canvases/{(await api.post('canvases', {'name': name})).json['id']}" for name in ("a", "b", "c")]
        canvas = canvases[0]
        notes = [(await api.post(f"{canvas}/notes", {"text": str(number)})).json["id"] for number in range(50)]
        image = (await api.upload(f"{canvas}/images", samples.picture())).json
        image = await api.ready(f"{canvas}/images/{image['id']}")
        await api.post(f"{canvas}/tables")
        await api.patch(f"{canvas}/notes/{notes[3]}", text="changed", parent_id=notes[4])
        await api.delete(f"{canvas}/notes/{notes[5]}")
        await api.upload(f"{canvases[1]}/background", samples.picture(colour="#00ff00"))
        await api.ready(f"{canvases[1]}/background")
        await api.patch(canvases[1], name="renamed")
        await api.delete(canvases[2])
        before, info = await read_everything(api), (await api.get("server-info")).json

    async with api_in(tmp_path) as after:
        assert after.headers == api.headers, "the token is the same"
        assert (await after.get("server-info")).json == info
        assert await read_everything(after) == before
        assert (await after.get(f"{canvas}/images/{image['id']}/download")).body == samples.picture()
        resized = (await after.patch(f"{canvas}/images/{image['id']}", size={"width": 100, "height": 100})).json
        assert resized["size"] == {"width": 100, "height": 75}, "the aspect ratio is still known"
        await after.delete(f"{canvas}/notes/{notes[4]}")
        assert (await after.get(f"{canvas}/notes/{notes[3]}")).status == 404, "it was deleted with its parent"


async def test_processing_is_resumed_after_a_restart(
    session: aiohttp.ClientSession, api_in: ApiIn, tmp_path: Path
) -> None:
    async with killed_server(tmp_path, session, delay=3600) as api:
        canvas = f"canvases/{(await api.post('canvases')).json['id']}"
        image = (await api.upload(f"{canvas}/images", samples.picture())).json
        await api.upload(f"{canvas}/background", samples.picture(colour="#00ff00"))
        assert (await api.get(f"{canvas}/images/{image['id']}")).json["hash"] == ""

    async with api_in(tmp_path) as after:
        ready = await after.ready(f"{canvas}/images/{image['id']}")
        assert ready == image | {"hash": ready["hash"]}
        assert (await after.ready(f"{canvas}/background"))["image"]["hash"] != ready["hash"]


async def test_leftover_files_of_a_killed_server_are_removed(
    session: aiohttp.ClientSession, api_in: ApiIn, tmp_path: Path
) -> None:
    async with killed_server(tmp_path, session) as api:
        canvas = (await api.post("canvases")).json["id"]
        kept = (await api.upload(f"canvases/{canvas}/images", samples.picture())).json
        headers = api.headers | {"Content-Type": "multipart/form-data; boundary=x"}
        upload = asyncio.create_task(
            session.post(api.url(f"canvases/{canvas}/images"), headers=headers, data=_endless_form())
        )
        await eventually(lambda: any((tmp_path / "assets" / "incoming").iterdir()))
    with pytest.raises(aiohttp.ClientError):
        await upload
    (tmp_path / "assets" / ("ab" * 32)).write_bytes(b"renamed, but never used by a widget")

    async with api_in(tmp_path) as after:
        files = [path for path in (tmp_path / "assets").rglob("*") if path.is_file()]
        assert len(files) == 1
        assert files[0].read_bytes() == samples.picture()
        assert [each["id"] for each in (await after.get(f"canvases/{canvas}/images")).json] == [kept["id"]]


async def _endless_form() -> AsyncIterator[bytes]:
    yield b'--x\r\nContent-Disposition: form-data; name="data"; filename="a"\r\n\r\n'
    while True:
        yield bytes(1 << 16)
        await asyncio.sleep(0.01)


async def test_a_kill_during_writes_loses_no_confirmed_write(
    session: aiohttp.ClientSession, api_in: ApiIn, tmp_path: Path
) -> None:
    answered: list[dict[str, Any]] = []

    async def write(api: Api, path: str) -> None:
        while True:
            answered.append((await api.post(path, {"text": str(len(answered))})).json)

    async with killed_server(tmp_path, session) as api:
        notes = f"canvases/{(await api.post('canvases')).json['id']}/notes"
        writers = [asyncio.create_task(write(api, notes)) for _ in range(4)]
        await eventually(lambda: len(answered) > 200)
    await asyncio.wait(writers)
    assert all(isinstance(writer.exception(), aiohttp.ClientError) for writer in writers)

    async with api_in(tmp_path) as after:
        kept = {note["id"]: note for note in (await after.get(notes)).json}
    assert [kept.get(note["id"]) for note in answered] == answered


async def test_deleted_objects_leave_no_rows_or_files(api_in: ApiIn, tmp_path: Path) -> None:
    async with api_in(tmp_path) as api:
        colours = ("#ff0000", "#00ff00", "#0000ff")
        canvases = [f"canvases/{await api.server.create_canvas(colour)}" for colour in colours]
        for canvas, colour in zip(canvases, colours, strict=True):
            await api.upload(f"{canvas}/background", samples.picture(colour=colour))
            image = (await api.upload(f"{canvas}/images", samples.picture(65, colour=colour))).json
        await api.delete(canvases[0])
        await api.upload(f"{canvases[1]}/background", samples.picture(colour="#000000"))
        await api.delete(f"{canvases[2]}/images/{image['id']}")

    with closing(sqlite3.connect(tmp_path / "canvus.sqlite3")) as database:
        counts = [database.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in ("canvases", "assets")]
    assert counts == [2, 3]
    assert len([path for path in (tmp_path / "assets").iterdir() if path.is_file()]) == 3


async def test_users_and_links_survive_a_restart(session: aiohttp.ClientSession, tmp_path: Path) -> None:
    async with CanvusServer(data=tmp_path) as server:
        canvas = await server.create_canvas("Demo")
        hidden = await server.create_canvas("Hidden")
        viewer, blocked = server.add_user("view"), server.add_user(blocked=True)
        limited = server.add_user("edit", canvases=[canvas])
        server.share(hidden, "view")

    async with CanvusServer(data=str(tmp_path)) as server:
        paths = {
            viewer: [("GET", canvas, 200), ("POST", canvas, 403)],
            blocked: [("GET", canvas, 403)],
            limited: [("POST", canvas, 200), ("POST", hidden, 403)],
            None: [("GET", hidden, 200), ("GET", canvas, 401)],
        }
        for token, wanted in paths.items():
            for method, where, status in wanted:
                response = await Api(server, session, token).call(method, f"canvases/{where}/notes")
                assert response.status == status, f"{method} {where} by {token}"


async def test_the_token_option_replaces_the_stored_token(session: aiohttp.ClientSession, tmp_path: Path) -> None:
    async def works(server: CanvusServer, token: str) -> bool:
        return (await Api(server, session, token).get("canvases")).status == 200

    async with CanvusServer(data=tmp_path) as server:
        first = server.token
    async with CanvusServer(data=tmp_path, token="chosen") as server:
        assert server.token == "chosen"
        assert (await works(server, "chosen"), await works(server, first)) == (True, False)
    async with CanvusServer(data=tmp_path) as server:
        assert server.token == "chosen"


async def test_two_servers_cannot_use_one_folder(tmp_path: Path) -> None:
    async with CanvusServer(data=tmp_path):
        with pytest.raises(DataInUse, match="another server"):
            await CanvusServer(data=tmp_path).start()
    async with CanvusServer(data=tmp_path) as again:
        assert await again.create_canvas()


async def test_the_database_is_checkpointed_while_the_server_runs(tmp_path: Path) -> None:
    database = tmp_path / "canvus.sqlite3"
    async with CanvusServer(data=tmp_path) as server:
        before = database.stat().st_size
        for number in range(CHECKPOINT_EVERY + 1):
            await server.create_canvas(str(number))

        await eventually(lambda: database.stat().st_size > before)


async def test_a_write_that_fails_on_disk_changes_nothing(
    api_in: ApiIn, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with api_in(tmp_path) as api:
        canvas = f"canvases/{await api.server.create_canvas('Demo')}"
        note = (await api.post(f"{canvas}/notes", {"text": "kept"})).json
        with sqlite3.connect(tmp_path / "canvus.sqlite3", isolation_level=None) as other:
            other.execute("CREATE TRIGGER full BEFORE UPDATE ON widgets BEGIN SELECT RAISE(ABORT, 'disk is full'); END")
            async with api.stream(f"{canvas}/notes?subscribe") as stream:
                await stream.next()
                refused = await api.patch(f"{canvas}/notes/{note['id']}", text="lost")
                other.execute("DROP TRIGGER full")
                changed = (await api.patch(f"{canvas}/notes/{note['id']}", title="T")).json

                assert await stream.next() == [changed]
        other.close()

    assert (refused.status, refused.msg) == (500, "Internal server error: see the server's log")
    assert "disk is full" in caplog.text
    assert api.headers["Private-Token"] not in caplog.text
    assert changed == note | {"title": "T"}


async def test_other_system_users_cannot_read_the_database(tmp_path: Path) -> None:
    async with CanvusServer(data=tmp_path):
        assert (tmp_path / "canvus.sqlite3").stat().st_mode & 0o077 == 0
        assert all(path.stat().st_mode & 0o077 == 0 for path in tmp_path.glob("canvus.sqlite3*"))
