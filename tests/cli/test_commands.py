"""The commands that read and change canvases, run as processes against one server."""

import asyncio
import io
import json
import re
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PIL import Image as Picture

from canvus_async import Client
from canvus_async.cli.doctor import doctor
from tests.cli.test_app import canvus, serving
from tests.files import document, picture


@pytest.fixture(scope="module")
def info(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    with serving() as (_, info):
        yield info


def canvus_at(info: dict[str, str], *arguments: object) -> subprocess.CompletedProcess[str]:
    return canvus(*arguments, "--url", info["url"], "--token", info["token"])


def test_upload_arranges_files_in_a_grid_and_ls_shows_them_as_a_tree(info: dict[str, str], tmp_path: Path) -> None:
    board = info["canvas_id"]
    for number in range(3):
        (tmp_path / f"{number}.png").write_bytes(picture(200, 100, "PNG"))
    (tmp_path / "report.pdf").write_bytes(document(pages=1, size=(200, 100)))

    done = canvus_at(info, "upload", board, *sorted(tmp_path.iterdir()), "--at", "100,50", "--grid", "--json")
    listed = canvus_at(info, "ls", board)
    plain = json.loads(canvus_at(info, "ls", board, "--json").stdout)

    made = json.loads(done.stdout)
    assert [(widget["location"]["x"], widget["location"]["y"]) for widget in made] == [
        (100, 50),
        (340, 50),
        (100, 190),
        (340, 190),
    ]
    assert "Image" in listed.stdout
    assert "“report.pdf” at 340,190 200x100" in listed.stdout
    assert {widget["id"] for widget in made} <= {widget.get("id") for widget in plain}
    assert all(widget["hash"] for widget in made)


def test_note_creates_a_note_and_clone_copies_it(info: dict[str, str]) -> None:
    board = info["canvas_id"]
    made = json.loads(canvus_at(info, "note", board, "[b]hello", "--at", "5,6", "--color", "#ffee00", "--json").stdout)[
        0
    ]
    copy = json.loads(canvus_at(info, "clone", board, made["id"], board, "--json").stdout)[0]

    assert (made["text"], made["location"]) == ("[b]hello", {"x": 5, "y": 6})
    assert copy["text"] == "[b]hello"
    assert copy["id"] != made["id"]
    assert "“[b]hello” at 5,6" in canvus_at(info, "ls", board).stdout


def test_mipmap_shows_the_levels_and_saves_one(info: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(picture(1000, 600))
    made = json.loads(canvus_at(info, "upload", info["canvas_id"], tmp_path / "photo.jpg", "--json").stdout)[0]

    said = canvus_at(info, "mipmap", info["canvas_id"], made["hash"])
    saved = canvus_at(
        info, "mipmap", info["canvas_id"], made["hash"], "--fit", "400x200", "--output", tmp_path / "a.webp"
    )

    assert said.stdout == "1000 x 600 pixels, levels 0 to 3, 1 page\n"
    assert "level 1 saved" in saved.stderr
    with Picture.open(tmp_path / "a.webp") as level:
        assert level.size == (500, 300)


def test_canvases_lists_the_canvases(info: dict[str, str]) -> None:
    assert info["canvas_id"] in canvus_at(info, "canvases").stdout
    assert [canvas["id"] for canvas in json.loads(canvus_at(info, "canvases", "--json").stdout)] == [info["canvas_id"]]


def test_text_of_other_users_cannot_control_the_terminal(info: dict[str, str]) -> None:
    name = "[/bold][red]\x1b]0;title\x07\x1b[2J\u202e"

    async def write() -> str:
        async with Client(info["url"], token=info["token"]) as client:
            canvas = await client.canvases.create(name)
            await client.canvas(canvas.id).notes.create(text=name)
            return canvas.id

    canvas = asyncio.run(write())
    outputs = [canvus_at(info, "canvases"), canvus_at(info, "ls", canvas)]
    asyncio.run(_delete(info, canvas))

    for done in outputs:
        assert done.returncode == 0
        assert "[/bold][red]" in done.stdout
        assert done.stdout.replace("\n", "").isprintable()


async def _delete(info: dict[str, str], canvas: str) -> None:
    async with Client(info["url"], token=info["token"]) as client:
        await client.canvases.delete(canvas)


def test_doctor_passes_a_good_server_and_finds_a_wrong_address_and_a_wrong_token(info: dict[str, str]) -> None:
    good = canvus_at(info, "doctor")
    nowhere = canvus("doctor", "--url", "http://127.0.0.1:9")
    bad_token = canvus("doctor", "--url", info["url"], "--token", "wrong")

    assert (good.returncode, good.stdout.count("✓")) == (0, 4)
    assert nowhere.returncode == 1
    assert "✗ reachable" in nowhere.stdout
    assert bad_token.returncode == 1
    assert "✗ token" in bad_token.stdout
    assert "check --token, CANVUS_TOKEN or the configuration file" in bad_token.stdout
    assert "wrong" not in bad_token.stdout


def test_doctor_reports_the_difference_between_the_clocks(
    info: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def an_hour_ago(_: Client) -> datetime:
        return datetime.now(UTC) - timedelta(hours=1)

    monkeypatch.setattr(Client, "server_time", an_hour_ago)
    monkeypatch.setattr("sys.stdout", output := io.StringIO())

    assert asyncio.run(doctor(url=info["url"], token=info["token"])) == 0
    assert re.search(r"! clock: the server is 3[56]\d\d s behind\n  set the clock", output.getvalue())


def test_doctor_prints_json(info: dict[str, str]) -> None:
    good = canvus_at(info, "doctor", "--json")
    nowhere = canvus("doctor", "--url", "http://127.0.0.1:9", "--json")

    assert [finding["ok"] for finding in json.loads(good.stdout)] == [True] * 4
    assert nowhere.returncode == 1
    (finding,) = json.loads(nowhere.stdout)
    assert (finding["check"], finding["ok"]) == ("reachable", False)
    assert "check the address" in finding["advice"]


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["ls", "some-id"], "no server given: use --url, set CANVUS_URL"),
        (["upload", "some-id", "--url", "http://127.0.0.1:9"], "no files given"),
        (
            ["note", "some-id", "hi", "--at", "here", "--url", "http://127.0.0.1:9"],
            "--at must be X,Y such as 100,200, not 'here'",
        ),
        (["mipmap", "some-id", "..", "--url", "http://127.0.0.1:9", "--token", "t"], "hash"),
    ],
)
def test_a_bad_argument_is_one_line_on_stderr(arguments: list[str], text: str) -> None:
    done = canvus(*arguments)

    assert done.returncode == 1
    assert done.stderr.startswith("canvus: ")
    assert text in done.stderr
    assert done.stderr.count("\n") == 1


def test_download_fetches_all_files_and_a_second_run_fetches_nothing(info: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(picture(700, 300))
    canvus_at(info, "upload", info["canvas_id"], tmp_path / "photo.jpg")

    first = canvus_at(info, "download", info["canvas_id"], "--into", tmp_path / "out", "--levels", "all")
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*") if path.suffix != ".jsonl"}
    second = canvus_at(info, "download", info["canvas_id"], "--into", tmp_path / "out", "--levels", "all")

    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    assert picture(700, 300) in [path.read_bytes() for path in (tmp_path / "out").glob("*.jpg")]
    assert len(list((tmp_path / "out" / "mipmaps").glob("*.webp"))) >= 4
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_download_dry_run_lists_missing_files_and_writes_nothing(info: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "photo.png").write_bytes(picture(310, 200, "PNG"))
    made = json.loads(canvus_at(info, "upload", info["canvas_id"], tmp_path / "photo.png", "--json").stdout)[0]
    where = ("download", info["canvas_id"], "--into", tmp_path / "out", "--levels", "0,1")

    before = canvus_at(info, *where, "--dry-run")
    untouched = not (tmp_path / "out").exists()
    canvus_at(info, *where, "--kind", "images", "--no-originals")
    kept = {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()}
    after = canvus_at(info, *where, "--dry-run", "--json")

    assert before.returncode == 0, before.stderr
    assert untouched
    assert f"would fetch {tmp_path / 'out' / made['hash']}.png\n" in before.stdout
    assert " to fetch; 0 bytes already there\n" in before.stderr
    files = [line for line in map(json.loads, after.stdout.splitlines()) if line["hash"] == made["hash"]]
    assert {(line["level"], line["missing"], line["bytes"] > 0) for line in files} == {
        (None, True, False),
        (0, False, True),
        (1, False, True),
    }
    assert not any(line["fetched"] for line in files)
    assert {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()} == kept


def test_download_fetches_only_the_given_kinds(info: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "photo.png").write_bytes(picture(320, 210, "PNG"))
    (tmp_path / "report.pdf").write_bytes(document(pages=2, size=(210, 90)))
    canvus_at(info, "upload", info["canvas_id"], tmp_path / "photo.png", tmp_path / "report.pdf")
    here = ("download", info["canvas_id"], "--levels", "none", "--into")

    documents = canvus_at(info, *here, tmp_path / "pdfs", "--kind", "pdfs", "--json")
    both = canvus_at(info, *here, tmp_path / "both", "--kind", "pdfs", "--kind", "images")
    none = canvus_at(info, *here, tmp_path / "none", "--kind", "notes")

    assert {path.suffix for path in (tmp_path / "pdfs").iterdir()} == {".pdf", ".jsonl"}
    assert all(line["fetched"] and line["bytes"] for line in map(json.loads, documents.stdout.splitlines()))
    assert both.returncode == 0
    assert {path.suffix for path in (tmp_path / "both").iterdir()} >= {".pdf", ".png", ".jsonl"}
    assert none.returncode == 2
    assert none.stderr.startswith('canvus: Invalid value "notes" for --kind.')
    assert none.stderr.count("\n") == 1


def test_upload_takes_a_folder(info: dict[str, str], tmp_path: Path) -> None:
    for name in ("b.png", "a.png", ".hidden.png"):
        (tmp_path / name).write_bytes(picture(50, 40, "PNG"))
    (tmp_path / "deeper").mkdir()

    made = json.loads(canvus_at(info, "upload", info["canvas_id"], tmp_path, "--grid", "--json").stdout)

    assert [widget["original_filename"] for widget in made] == ["a.png", "b.png"]
