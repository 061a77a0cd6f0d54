"""`canvus download` against a server in this process."""

import asyncio
import json
from pathlib import Path

import pytest

from canvus_async import Canvas, Fit, Retry
from canvus_async.cli import download as module
from canvus_async.cli.config import connect
from canvus_async.cli.download import download, levels_from
from canvus_async.server import CanvusServer
from tests.files import picture


@pytest.fixture(autouse=True)
def no_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "connect", lambda url, token: connect(url, token, retry=Retry(attempts=1)))


@pytest.mark.parametrize(
    ("text", "levels"),
    [("all", "all"), ("none", None), ("2", [2]), ("3,0,3", [0, 3]), ("fit:640x480", Fit(640, 480))],
)
def test_levels_are_parsed(text: str, levels: object) -> None:
    assert levels_from(text) == levels


@pytest.mark.parametrize("text", ["", "some", "1,", "1-3", "fit:640", "fit:x480", "fit:0x480", "640x480"])
def test_invalid_levels_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="--levels must be all, none, numbers such as 0,1, or fit:640x480"):
        levels_from(text)


async def test_failed_files_are_listed_and_the_exit_status_is_1(
    server: CanvusServer, canvas: Canvas, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    image = await canvas.images.upload(picture(64, 64, "PNG"), filename="a.png", wait_ready=True)
    server.faults.fail_next(status=503, match="/assets/")

    status = await download(canvas.id, into=tmp_path / "out", url=server.url, token=server.token)

    assert status == 1
    first, *rest = capsys.readouterr().err.splitlines()
    assert first.startswith(f"failed {image.hash}: GET assets/{image.hash}: 503 ")
    assert rest[0].startswith(f"{tmp_path / 'out'}: 1 failed, 1 fetched; ")
    assert rest[1:] == ["run the same command again to fetch what is missing"]


async def test_a_failure_in_json_has_the_error_and_no_path(
    server: CanvusServer, canvas: Canvas, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await canvas.images.upload(picture(64, 64, "PNG"), filename="a.png", wait_ready=True)
    server.faults.fail_next(status=503, match="/assets/")

    await download(canvas.id, into=tmp_path / "out", levels="none", as_json=True, url=server.url, token=server.token)

    (line,) = map(json.loads, capsys.readouterr().out.splitlines())
    assert line["path"] is None
    assert "503" in line["error"]


async def test_a_file_that_the_server_makes_no_mipmaps_of_is_not_a_failure(
    server: CanvusServer, canvas: Canvas, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await canvas.images.upload(picture(64, 64, "PNG"), filename="a.png", wait_ready=True)
    server.faults.fail_next(status=501, match="/mipmaps/")

    status = await download(canvas.id, into=tmp_path / "out", url=server.url, token=server.token)

    assert status == 0
    assert capsys.readouterr().err.startswith(f"{tmp_path / 'out'}: 1 fetched, 1 without mipmaps; ")


async def test_a_canvas_without_files_is_reported(
    server: CanvusServer, canvas: Canvas, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await download(canvas.id, into=tmp_path / "out", url=server.url, token=server.token) == 0

    assert capsys.readouterr().err.startswith(f"{tmp_path / 'out'}: no files; 0 bytes in ")


async def test_an_interrupted_download_says_how_to_continue(
    server: CanvusServer, canvas: Canvas, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await canvas.images.upload(picture(64, 64, "PNG"), filename="a.png", wait_ready=True)
    server.faults.delay(30, match="/mipmaps/")
    running = asyncio.create_task(download(canvas.id, into=tmp_path / "out", url=server.url, token=server.token))
    async with asyncio.timeout(10):
        while not list((tmp_path / "out").glob("*.png")):
            await asyncio.sleep(0.001)
    running.cancel()

    with pytest.raises(asyncio.CancelledError):
        await running
    assert capsys.readouterr().err.endswith("\nrun the same command again to fetch what is missing\n")
