"""`canvus snapshot` as a user runs it: in a process of its own."""

import asyncio
import contextlib
import json
import signal
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image as Picture

from canvus_async import Canvas, Point, Retry
from canvus_async.cli import snapshot as module
from canvus_async.cli.config import connect
from canvus_async.content.filesystem import PART
from canvus_async.server import CanvusServer
from tests.cli.test_app import CANVUS, canvus, serving
from tests.cli.test_commands import canvus_at
from tests.files import document, picture


@pytest.fixture(scope="module")
def info() -> Iterator[dict[str, str]]:
    with serving() as (_, info):
        yield info


def request(info: dict[str, str], method: str, path: str, body: dict[str, object]) -> dict[str, str]:
    asked = urllib.request.Request(f"{info['url']}/api/v1/canvases/{info['canvas_id']}/{path}", method=method)
    asked.add_header("Private-Token", info["token"])
    asked.data = json.dumps(body).encode()
    with urllib.request.urlopen(asked) as response:
        return json.loads(response.read())


def pixel(path: Path, place: tuple[int, int]) -> tuple[int, ...]:
    with Picture.open(path) as image:
        return image.convert("RGB").getpixel(place)


@contextlib.contextmanager
def watching(info: dict[str, str], *arguments: object) -> Iterator[subprocess.Popen[str]]:
    where = ["--url", info["url"], "--token", info["token"]]
    process = subprocess.Popen(
        [*CANVUS, "snapshot", info["canvas_id"], "--watch", *map(str, arguments), *where],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_a_region_is_drawn_into_the_given_file(info: dict[str, str], tmp_path: Path) -> None:
    note = {"background_color": "#ff0000", "location": {"x": 1000, "y": 1000}, "size": {"width": 400, "height": 200}}
    request(info, "POST", "notes", note)

    done = canvus_at(
        info, "snapshot", info["canvas_id"], "-o", tmp_path / "a.png", "--region", "900,900,800,400", "--width", 400
    )

    assert done.returncode == 0, done.stderr
    assert done.stderr == f"{tmp_path / 'a.png'}: 400 x 200 pixels\n"
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]
    assert pixel(tmp_path / "a.png", (200, 120)) == (255, 0, 0)
    assert pixel(tmp_path / "a.png", (20, 20)) == (0x1E, 0x1E, 0x1E)


@pytest.mark.parametrize(("name", "image_format"), [("a.jpg", "JPEG"), ("b.webp", "WEBP"), ("c.PNG", "PNG")])
def test_the_file_name_extension_chooses_the_format(
    info: dict[str, str], tmp_path: Path, name: str, image_format: str
) -> None:
    done = canvus_at(
        info, "snapshot", info["canvas_id"], "--output", tmp_path / name, "--region", "canvas", "--width", "96"
    )

    assert done.returncode == 0, done.stderr
    with Picture.open(tmp_path / name) as image:
        assert (image.format, image.size) == (image_format, (96, 54))


def test_missing_images_are_listed(info: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "report.pdf").write_bytes(document(pages=1))
    (made,) = json.loads(canvus_at(info, "upload", info["canvas_id"], tmp_path / "report.pdf", "--json").stdout)
    request(info, "PATCH", f"pdfs/{made['id']}", {"index": 9})

    plain = canvus_at(info, "snapshot", info["canvas_id"], "-o", tmp_path / "a.png")
    listed = canvus_at(info, "snapshot", info["canvas_id"], "-o", tmp_path / "a.png", "--json")

    assert plain.returncode == 0
    assert f"missing {made['hash']} page 9: " in plain.stderr
    line = json.loads(listed.stdout)
    assert (line["path"], line["width"]) == (str(tmp_path / "a.png"), 1920)
    assert [(gap["hash"], gap["page"]) for gap in line["missing"]] == [(made["hash"], 9)]
    assert listed.stderr == ""


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (
            ["--region", "1,2,3"],
            "--region must be content, canvas or X,Y,WIDTH,HEIGHT such as 0,0,1920,1080, not '1,2,3'",
        ),
        (["--region", "0,0,0,5"], "above 0"),
        (["--region", "0,0,1,5000"], "megapixels"),
        (["--width", "0"], "width must be 1 to"),
        (["-o", "canvas.gif"], "canvas.gif has no known image format: use a name that ends in .png"),
        (["-o", "nowhere/canvas.png"], "nowhere/canvas.png: cannot be written"),
    ],
)
def test_an_invalid_option_is_one_line_on_stderr(
    info: dict[str, str], tmp_path: Path, arguments: list[str], text: str
) -> None:
    where = ["--url", info["url"], "--token", info["token"]]
    done = canvus("snapshot", info["canvas_id"], *arguments, *where, cwd=tmp_path)

    assert done.returncode == 1
    assert text in done.stderr
    assert done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_watch_draws_again_after_a_change_and_ends_on_ctrl_c(info: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "live.png"
    spot = {"location": {"x": 5000, "y": 0}, "size": {"width": 100, "height": 100}}
    note = request(info, "POST", "notes", {"background_color": "#00ff00", **spot})

    with watching(info, "-o", file, "--region", "5000,0,100,100", "--width", 64, "--json") as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["path"] == str(file)
        assert pixel(file, (32, 32)) == (0, 255, 0)
        began = time.monotonic()
        for number in range(30):
            request(info, "PATCH", f"notes/{note['id']}", {"background_color": f"#0000{number:02x}"})
        request(info, "PATCH", f"notes/{note['id']}", {"background_color": "#0000ff"})
        drawn = 0
        while not drawn or pixel(file, (32, 32)) != (0, 0, 255):
            process.stdout.readline()
            drawn += 1
        assert drawn <= 2 + (time.monotonic() - began)  # at most once a second, however many changes there are
        process.send_signal(signal.SIGINT)
        out, errors = process.communicate(timeout=10)

    assert process.returncode == 130
    assert "Traceback" not in out + errors
    assert [path.name for path in tmp_path.iterdir()] == ["live.png"]
    assert PART not in "".join(path.name for path in tmp_path.iterdir())


def test_watch_continues_after_a_server_restart(tmp_path: Path) -> None:
    file = tmp_path / "live.png"
    with contextlib.ExitStack() as stack:
        first, info = stack.enter_context(serving("--data", tmp_path / "data"))
        spot = {"location": {"x": 0, "y": 0}, "size": {"width": 100, "height": 100}}
        note = request(info, "POST", "notes", {"background_color": "#00ff00", **spot})
        process = stack.enter_context(watching(info, "-o", file, "--region", "0,0,100,100", "--width", 64, "--json"))
        assert process.stdout is not None
        process.stdout.readline()
        first.kill()
        first.communicate()
        _, again = stack.enter_context(serving("--data", tmp_path / "data", port=info["url"].rpartition(":")[2]))
        request(again, "PATCH", f"notes/{note['id']}", {"background_color": "#0000ff"})
        while pixel(file, (32, 32)) != (0, 0, 255):
            assert process.poll() is None
            process.stdout.readline()


async def test_watch_draws_again_soon_after_a_connection_problem(
    server: CanvusServer, canvas: Canvas, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await canvas.images.upload(picture(64, 64, "PNG", "red"), filename="a.png", wait_ready=True, location=Point(0, 0))
    server.faults.lose_next(match="/mipmaps/")
    monkeypatch.setattr(module, "connect", lambda url, token: connect(url, token, retry=Retry(attempts=1)))
    monkeypatch.setattr(module, "_PACE", 0.0)
    monkeypatch.setattr(module, "_RETRY_AFTER", 0.01)
    file = tmp_path / "live.png"

    options = {"region": "0,0,64,64", "width": 64, "watch": True, "url": server.url, "token": server.token}
    watching = asyncio.create_task(module.snapshot(canvas.id, output=file, **options))
    async with asyncio.timeout(10):
        while not file.exists():
            await asyncio.sleep(0.001)
        while pixel(file, (32, 60))[1] > 20:  # the placeholder is light grey, the image is red
            await asyncio.sleep(0.001)
    watching.cancel()

    with pytest.raises(asyncio.CancelledError):
        await watching
