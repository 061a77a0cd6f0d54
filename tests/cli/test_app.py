"""The command line as a person meets it: as a process."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image as Picture

from canvus_async.content.part_file import PART
from tests.files import document, picture

CANVUS = [sys.executable, "-W", "error", "-m", "canvus_async"]


def canvus(*arguments: object, home: Path | None = None, **options) -> subprocess.CompletedProcess[str]:
    env = {name: value for name, value in os.environ.items() if not name.startswith("CANVUS_")}
    if home is not None:
        env |= {"HOME": str(home), "XDG_DATA_HOME": str(home / "data"), "SHELL": "/bin/bash"}
    return subprocess.run(
        [*CANVUS, *map(str, arguments)], capture_output=True, text=True, timeout=50, env=env, **options
    )


@contextlib.contextmanager
def serving(*arguments: object, port: str = "0") -> Iterator[tuple[subprocess.Popen[str], dict[str, str]]]:
    process = subprocess.Popen(
        [*CANVUS, "serve", "--json", "--port", port, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        yield process, json.loads(process.stdout.readline())
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def test_demo_moves_the_users_files_and_finds_them_unchanged(tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(picture(500, 300))
    (tmp_path / "report.pdf").write_bytes(document(pages=2))

    done = canvus("demo", tmp_path / "photo.jpg", tmp_path / "report.pdf", "--out", tmp_path / "out")

    assert done.returncode == 0, done.stderr
    assert "every original is identical, every level has its size" in done.stdout
    assert f"a picture of the canvas: {tmp_path / 'out' / 'canvas.png'}" in done.stdout
    originals = sorted(path.read_bytes() for path in (tmp_path / "out" / "originals").iterdir())
    assert originals == sorted([picture(500, 300), (tmp_path / "report.pdf").read_bytes()])
    levels = list((tmp_path / "out" / "mipmaps").rglob("*.webp"))
    assert len([path for path in levels if path.name == "level-0.webp"]) == 3
    for path in levels:
        with Picture.open(path) as mipmap:
            assert mipmap.format == "WEBP"


def test_demo_runs_against_a_server_that_is_there(tmp_path: Path) -> None:
    (tmp_path / "photo.png").write_bytes(picture(form="PNG"))
    with serving() as (_, told):
        done = canvus(
            *("demo", tmp_path / "photo.png", "--out", tmp_path / "out", "--json"),
            *("--url", told["url"], "--token", told["token"]),
        )

    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert (report["uploaded"], report["originals"], report["faults"]) == (1, 1, [])
    with Picture.open(report["picture"]) as drawn:
        assert drawn.width == 1920


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["demo", "nowhere.jpg"], 1, "canvus: nowhere.jpg is not a file"),
        (["demo", __file__], 1, "400"),
        (
            ["demo", "--url", "not a url"],
            1,
            "canvus: url 'not a url' is not a valid server URL; expected https://host[/api/v1]",
        ),
        (["demo", "--url", "http://127.0.0.1:9"], 1, "no connection"),
        (["demo", "--url", "http://canvus.example.com", "--token", "t"], 1, "allow_insecure"),
        (["serve", "--port", "none"], 2, "port"),
        (["dance"], 2, "dance"),
        (["serve", "--data", "/dev/null/x"], 1, "/dev/null"),
    ],
)
def test_what_goes_wrong_is_one_line_on_stderr(arguments: list[str], status: int, words: str, tmp_path: Path) -> None:
    done = canvus(*arguments, cwd=tmp_path)

    errors = [line for line in done.stderr.splitlines() if line.startswith("canvus: ")]
    assert done.returncode == status
    assert len(errors) == 1
    assert words in errors[0]
    assert "Traceback" not in done.stderr


def test_serve_tells_where_it_is_in_one_line_of_json() -> None:
    with serving("--token", "chosen") as (process, told):
        assert told["token"] == "chosen"
        request = urllib.request.Request(f"{told['url']}/api/v1/canvases/{told['canvas_id']}/widgets")
        request.add_header("Private-Token", "chosen")
        with urllib.request.urlopen(request) as answer:
            assert json.load(answer)[0]["widget_type"] == "SharedCanvas"
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=10)
        assert (process.returncode, errors) == (0, "")


def test_everything_is_there_after_kill_9_and_a_restart(tmp_path: Path) -> None:
    with serving("--data", tmp_path / "data") as (process, told):
        args = ("--out", tmp_path / "out", "--url", told["url"], "--token", told["token"])
        (tmp_path / "photo.png").write_bytes(picture(form="PNG"))
        assert canvus("demo", tmp_path / "photo.png", *args).returncode == 0
        process.kill()
        process.communicate()
    with serving("--data", tmp_path / "data") as (_, again):
        assert (again["token"], again["canvas_id"]) == (told["token"], told["canvas_id"])
        request = urllib.request.Request(f"{again['url']}/api/v1/canvases")
        request.add_header("Private-Token", again["token"])
        with urllib.request.urlopen(request) as answer:
            demo = next(canvas["id"] for canvas in json.load(answer) if canvas["name"] == "canvus demo")
        request = urllib.request.Request(f"{again['url']}/api/v1/canvases/{demo}/images")
        request.add_header("Private-Token", again["token"])
        with urllib.request.urlopen(request) as answer:
            (image,) = json.load(answer)
        request = urllib.request.Request(f"{again['url']}/api/v1/assets/{image['hash']}")
        request.add_header("Private-Token", again["token"])
        request.add_header("canvas-id", demo)
        with urllib.request.urlopen(request) as answer:
            assert answer.read() == picture(form="PNG")


def test_ctrl_c_midway_leaves_no_half_file_and_no_traceback(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [*CANVUS, "demo", "--out", tmp_path / "out"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 40
    while not list((tmp_path / "out").rglob("*.webp")):
        assert process.poll() is None, process.stderr and process.stderr.read()
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    out, errors = process.communicate(timeout=20)

    assert process.returncode == 130
    assert "Traceback" not in out + errors
    assert errors.rstrip().endswith("canvus: interrupted")
    for path in (tmp_path / "out").rglob("*.*"):
        assert PART not in path.name
        if path.suffix in {".webp", ".png", ".jpg"}:
            with Picture.open(path) as whole:
                whole.load()


def test_without_its_extra_the_command_line_says_what_to_install() -> None:
    program = "import sys; sys.modules['cyclopts'] = None; from canvus_async.cli import main; main(['demo'])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)

    assert done.returncode == 1
    assert done.stderr == "canvus: cyclopts is not installed: pip install 'canvus-async[cli]'\n"


def test_version_and_help(tmp_path: Path) -> None:
    assert canvus("--version").stdout.strip()
    screen = canvus("--help").stdout
    assert "demo" in screen
    assert "serve" in screen


def test_watch_prints_changes_survives_a_restart_and_leaves_cleanly(tmp_path: Path) -> None:
    def request(told: dict[str, str], method: str, path: str, body: dict[str, object] | None = None) -> dict[str, str]:
        request = urllib.request.Request(f"{told['url']}/api/v1/{path}", method=method)
        request.add_header("Private-Token", told["token"])
        request.data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(request) as answer:
            return json.loads(answer.read() or b"{}")

    def change(wanted: str) -> dict[str, object]:
        assert watching.stdout is not None
        while (seen := json.loads(watching.stdout.readline()))["kind"] != wanted:
            assert watching.poll() is None
        return seen

    with contextlib.ExitStack() as stack:
        first, told = stack.enter_context(serving("--data", tmp_path / "data"))
        port = told["url"].rpartition(":")[2]
        notes = f"canvases/{told['canvas_id']}/notes"
        kept = request(told, "POST", notes, {"text": "kept"})
        where = ["--url", told["url"], "--token", told["token"]]
        watching = subprocess.Popen(
            [*CANVUS, "watch", told["canvas_id"], "--kind", "notes", "--json", *where],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        stack.callback(watching.communicate)
        stack.callback(watching.kill)
        assert change("created")["record"]["text"] == "kept"  # type: ignore[index]
        request(told, "PATCH", f"{notes}/{kept['id']}", {"text": "changed"})
        assert change("updated")["record"]["text"] == "changed"  # type: ignore[index]
        first.kill()
        first.communicate()
        _, again = stack.enter_context(serving("--data", tmp_path / "data", port=port))
        request(again, "DELETE", f"{notes}/{kept['id']}")
        assert change("deleted")["id"] == kept["id"]
        watching.send_signal(signal.SIGINT)
        _, errors = watching.communicate(timeout=10)

    assert watching.returncode == 130
    assert "Traceback" not in errors
    assert "reconnecting in" in errors


def test_watch_says_which_kinds_there_are() -> None:
    done = canvus("watch", "some-id", "--kind", "pictures", "--url", "http://127.0.0.1:9")

    assert done.returncode == 1
    assert "no such kind: pictures; there are images, pdfs" in done.stderr
