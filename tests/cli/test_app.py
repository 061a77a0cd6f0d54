"""The command line as a user runs it: in a process of its own."""

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

from canvus_async.cli import app
from canvus_async.content.filesystem import PART
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


def test_demo_uploads_given_files_and_finds_no_difference(tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(picture(500, 300))
    (tmp_path / "report.pdf").write_bytes(document(pages=2))

    done = canvus("demo", tmp_path / "photo.jpg", tmp_path / "report.pdf", "--out", tmp_path / "out")

    assert done.returncode == 0, done.stderr
    assert "all originals are identical, all mipmap levels have the right size" in done.stdout
    assert f"picture of the canvas: {tmp_path / 'out' / 'canvas.png'}" in done.stdout
    originals = sorted(path.read_bytes() for path in (tmp_path / "out" / "originals").iterdir())
    assert originals == sorted([picture(500, 300), (tmp_path / "report.pdf").read_bytes()])
    levels = list((tmp_path / "out" / "mipmaps").rglob("*.webp"))
    assert len([path for path in levels if path.name == "level-0.webp"]) == 3
    for path in levels:
        with Picture.open(path) as mipmap:
            assert mipmap.format == "WEBP"


def test_demo_runs_against_a_given_server(tmp_path: Path) -> None:
    (tmp_path / "photo.png").write_bytes(picture(form="PNG"))
    with serving() as (_, info):
        done = canvus(
            *("demo", tmp_path / "photo.png", "--out", tmp_path / "out", "--json"),
            *("--url", info["url"], "--token", info["token"]),
        )

    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert (report["uploaded"], report["originals"], report["faults"]) == (1, 1, [])
    with Picture.open(report["picture"]) as drawn:
        assert drawn.width == 1920


@pytest.mark.parametrize(
    ("arguments", "status", "text"),
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
def test_an_error_is_one_line_on_stderr(arguments: list[str], status: int, text: str, tmp_path: Path) -> None:
    done = canvus(*arguments, cwd=tmp_path)

    errors = [line for line in done.stderr.splitlines() if line.startswith("canvus: ")]
    assert done.returncode == status
    assert len(errors) == 1
    assert text in errors[0]
    assert "Traceback" not in done.stderr


def test_serve_prints_its_address_as_one_line_of_json() -> None:
    with serving("--token", "chosen") as (process, info):
        assert info["token"] == "chosen"
        request = urllib.request.Request(f"{info['url']}/api/v1/canvases/{info['canvas_id']}/widgets")
        request.add_header("Private-Token", "chosen")
        with urllib.request.urlopen(request) as response:
            assert json.load(response)[0]["widget_type"] == "SharedCanvas"
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=10)
        assert (process.returncode, errors) == (0, "")


def test_data_survives_sigkill_and_a_restart_of_serve(tmp_path: Path) -> None:
    with serving("--data", tmp_path / "data") as (process, info):
        args = ("--out", tmp_path / "out", "--url", info["url"], "--token", info["token"])
        (tmp_path / "photo.png").write_bytes(picture(form="PNG"))
        assert canvus("demo", tmp_path / "photo.png", *args).returncode == 0
        process.kill()
        process.communicate()
    with serving("--data", tmp_path / "data") as (_, again):
        assert (again["token"], again["canvas_id"]) == (info["token"], info["canvas_id"])
        request = urllib.request.Request(f"{again['url']}/api/v1/canvases")
        request.add_header("Private-Token", again["token"])
        with urllib.request.urlopen(request) as response:
            demo = next(canvas["id"] for canvas in json.load(response) if canvas["name"] == "canvus demo")
        request = urllib.request.Request(f"{again['url']}/api/v1/canvases/{demo}/images")
        request.add_header("Private-Token", again["token"])
        with urllib.request.urlopen(request) as response:
            (image,) = json.load(response)
        request = urllib.request.Request(f"{again['url']}/api/v1/assets/{image['hash']}")
        request.add_header("Private-Token", again["token"])
        request.add_header("canvas-id", demo)
        with urllib.request.urlopen(request) as response:
            assert response.read() == picture(form="PNG")


def test_ctrl_c_during_demo_leaves_no_partial_file_and_no_traceback(tmp_path: Path) -> None:
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


def test_without_the_extra_the_error_says_what_to_install() -> None:
    program = "import sys; sys.modules['cyclopts'] = None; from canvus_async.cli import main; main(['demo'])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)

    assert done.returncode == 1
    assert done.stderr == "canvus: cyclopts is not installed; run: pip install 'canvus-async[cli]'\n"


def test_a_missing_module_of_the_package_itself_is_an_error_with_a_traceback() -> None:
    program = (
        "import sys; sys.modules['canvus_async.cli.app'] = None; from canvus_async.cli import main; main(['demo'])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)

    assert done.returncode == 1
    assert "ModuleNotFoundError" in done.stderr


@pytest.mark.parametrize(
    ("error", "status", "text"),
    [
        (KeyboardInterrupt(), 130, "canvus: interrupted\n"),
        (OSError("no\n  space"), 1, "canvus: no space\n"),
        (ValueError(), 1, "canvus: ValueError\n"),
        (ExceptionGroup("", [ExceptionGroup("", [ValueError("first")]), OSError("second")]), 1, "canvus: first\n"),
    ],
)
def test_run_turns_an_error_into_a_status_and_a_line(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: BaseException,
    status: int,
    text: str,
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(app, "app", fail)

    assert app.run(["canvases"]) == status
    assert capsys.readouterr().err == text


def test_run_raises_an_unexpected_error_of_a_group(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ExceptionGroup("", [ZeroDivisionError()])

    monkeypatch.setattr(app, "app", fail)

    with pytest.raises(ExceptionGroup):
        app.run(["canvases"])


def test_version_and_help(tmp_path: Path) -> None:
    assert canvus("--version").stdout.strip()
    screen = canvus("--help").stdout
    assert "demo" in screen
    assert "serve" in screen


def test_watch_prints_changes_across_a_server_restart_and_ends_on_ctrl_c(tmp_path: Path) -> None:
    def request(info: dict[str, str], method: str, path: str, body: dict[str, object] | None = None) -> dict[str, str]:
        request = urllib.request.Request(f"{info['url']}/api/v1/{path}", method=method)
        request.add_header("Private-Token", info["token"])
        request.data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(request) as response:
            return json.loads(response.read() or b"{}")

    def next_change(kind: str) -> dict[str, object]:
        assert watching.stdout is not None
        while (change := json.loads(watching.stdout.readline()))["kind"] != kind:
            assert watching.poll() is None
        return change

    with contextlib.ExitStack() as stack:
        first, info = stack.enter_context(serving("--data", tmp_path / "data"))
        port = info["url"].rpartition(":")[2]
        notes = f"canvases/{info['canvas_id']}/notes"
        kept = request(info, "POST", notes, {"text": "kept"})
        where = ["--url", info["url"], "--token", info["token"]]
        watching = subprocess.Popen(
            [*CANVUS, "watch", info["canvas_id"], "--kind", "notes", "--json", *where],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        stack.callback(watching.communicate)
        stack.callback(watching.kill)
        assert next_change("created")["record"]["text"] == "kept"  # type: ignore[index]
        request(info, "PATCH", f"{notes}/{kept['id']}", {"text": "changed"})
        assert next_change("updated")["record"]["text"] == "changed"  # type: ignore[index]
        first.kill()
        first.communicate()
        _, again = stack.enter_context(serving("--data", tmp_path / "data", port=port))
        request(again, "DELETE", f"{notes}/{kept['id']}")
        assert next_change("deleted")["id"] == kept["id"]
        watching.send_signal(signal.SIGINT)
        _, errors = watching.communicate(timeout=10)

    assert watching.returncode == 130
    assert "Traceback" not in errors
    assert "reconnecting in" in errors


def test_watch_lists_the_valid_kinds_for_an_unknown_one() -> None:
    done = canvus("watch", "some-id", "--kind", "pictures", "--url", "http://127.0.0.1:9")

    assert done.returncode == 1
    assert "--kind must be one of images, pdfs" in done.stderr
