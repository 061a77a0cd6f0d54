"""`canvus snapshot` as a person meets it: as a process."""

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

from canvus_async.content.part_file import PART
from tests.cli.test_app import CANVUS, canvus, serving
from tests.cli.test_commands import at
from tests.files import picture


@pytest.fixture(scope="module")
def told() -> Iterator[dict[str, str]]:
    with serving() as (_, told):
        yield told


def request(told: dict[str, str], method: str, path: str, body: dict[str, object]) -> dict[str, str]:
    asked = urllib.request.Request(f"{told['url']}/api/v1/canvases/{told['canvas_id']}/{path}", method=method)
    asked.add_header("Private-Token", told["token"])
    asked.data = json.dumps(body).encode()
    with urllib.request.urlopen(asked) as answer:
        return json.loads(answer.read())


def pixel(path: Path, place: tuple[int, int]) -> tuple[int, ...]:
    with Picture.open(path) as image:
        return image.convert("RGB").getpixel(place)


@contextlib.contextmanager
def watching(told: dict[str, str], *arguments: object) -> Iterator[subprocess.Popen[str]]:
    where = ["--url", told["url"], "--token", told["token"]]
    process = subprocess.Popen(
        [*CANVUS, "snapshot", told["canvas_id"], "--watch", *map(str, arguments), *where],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_a_region_is_drawn_into_the_file_that_was_named(told: dict[str, str], tmp_path: Path) -> None:
    note = {"background_color": "#ff0000", "location": {"x": 1000, "y": 1000}, "size": {"width": 400, "height": 200}}
    request(told, "POST", "notes", note)

    done = at(
        told, "snapshot", told["canvas_id"], "-o", tmp_path / "a.png", "--region", "900,900,800,400", "--width", 400
    )

    assert done.returncode == 0, done.stderr
    assert done.stderr == f"{tmp_path / 'a.png'}: 400 x 200 pixels\n"
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]
    assert pixel(tmp_path / "a.png", (200, 120)) == (255, 0, 0)
    assert pixel(tmp_path / "a.png", (20, 20)) == (0x1E, 0x1E, 0x1E)


@pytest.mark.parametrize(("name", "image_format"), [("a.jpg", "JPEG"), ("b.webp", "WEBP"), ("c.PNG", "PNG")])
def test_the_file_name_extension_chooses_the_format(
    told: dict[str, str], tmp_path: Path, name: str, image_format: str
) -> None:
    done = at(told, "snapshot", told["canvas_id"], "--output", tmp_path / name, "--region", "canvas", "--width", "96")

    assert done.returncode == 0, done.stderr
    with Picture.open(tmp_path / name) as image:
        assert (image.format, image.size) == (image_format, (96, 54))


def test_what_is_missing_is_told(told: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "photo.png").write_bytes(picture(200, 100, "PNG"))
    (tmp_path / "empty.pdf").write_bytes(_blank())
    (made,) = json.loads(at(told, "upload", told["canvas_id"], tmp_path / "empty.pdf", "--json").stdout)
    request(told, "PATCH", f"pdfs/{made['id']}", {"index": 9})

    plain = at(told, "snapshot", told["canvas_id"], "-o", tmp_path / "a.png")
    listed = at(told, "snapshot", told["canvas_id"], "-o", tmp_path / "a.png", "--json")

    assert plain.returncode == 0
    assert f"missing {made['hash']} page 9: " in plain.stderr
    line = json.loads(listed.stdout)
    assert (line["path"], line["width"]) == (str(tmp_path / "a.png"), 1920)
    assert [(gap["hash"], gap["page"]) for gap in line["missing"]] == [(made["hash"], 9)]
    assert listed.stderr == ""


def _blank() -> bytes:
    from tests.files import document

    return document(pages=1)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--region", "1,2,3"], "'1,2,3' is no region: give X,Y,WIDTH,HEIGHT"),
        (["--region", "0,0,0,5"], "above 0"),
        (["--region", "0,0,1,5000"], "megapixels"),
        (["--width", "0"], "width must be 1 to"),
        (["-o", "canvas.gif"], "canvas.gif is no picture's name"),
        (["-o", "nowhere/canvas.png"], "nowhere/canvas.png: cannot be written"),
    ],
)
def test_what_cannot_be_drawn_is_said_in_one_line(
    told: dict[str, str], tmp_path: Path, arguments: list[str], words: str
) -> None:
    where = ["--url", told["url"], "--token", told["token"]]
    done = canvus("snapshot", told["canvas_id"], *arguments, *where, cwd=tmp_path)

    assert done.returncode == 1
    assert words in done.stderr
    assert done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_watching_draws_again_after_a_change_and_ctrl_c_leaves_cleanly(told: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "live.png"
    spot = {"location": {"x": 5000, "y": 0}, "size": {"width": 100, "height": 100}}
    note = request(told, "POST", "notes", {"background_color": "#00ff00", **spot})

    with watching(told, "-o", file, "--region", "5000,0,100,100", "--width", 64, "--json") as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["path"] == str(file)
        assert pixel(file, (32, 32)) == (0, 255, 0)
        began = time.monotonic()
        for number in range(30):
            request(told, "PATCH", f"notes/{note['id']}", {"background_color": f"#0000{number:02x}"})
        request(told, "PATCH", f"notes/{note['id']}", {"background_color": "#0000ff"})
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


def test_watching_comes_back_after_the_server_did(tmp_path: Path) -> None:
    file = tmp_path / "live.png"
    with contextlib.ExitStack() as stack:
        first, told = stack.enter_context(serving("--data", tmp_path / "data"))
        spot = {"location": {"x": 0, "y": 0}, "size": {"width": 100, "height": 100}}
        note = request(told, "POST", "notes", {"background_color": "#00ff00", **spot})
        process = stack.enter_context(watching(told, "-o", file, "--region", "0,0,100,100", "--width", 64, "--json"))
        assert process.stdout is not None
        process.stdout.readline()
        first.kill()
        first.communicate()
        _, again = stack.enter_context(serving("--data", tmp_path / "data", port=told["url"].rpartition(":")[2]))
        request(again, "PATCH", f"notes/{note['id']}", {"background_color": "#0000ff"})
        while pixel(file, (32, 32)) != (0, 0, 255):
            assert process.poll() is None
            process.stdout.readline()
