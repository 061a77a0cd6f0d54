"""The commands that read and change canvases, as processes against one server."""

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
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    with serving() as (_, told):
        yield told


def at(told: dict[str, str], *arguments: object) -> subprocess.CompletedProcess[str]:
    return canvus(*arguments, "--url", told["url"], "--token", told["token"])


def test_files_are_uploaded_into_a_grid_and_listed_as_a_tree(told: dict[str, str], tmp_path: Path) -> None:
    board = told["canvas_id"]
    for number in range(3):
        (tmp_path / f"{number}.png").write_bytes(picture(200, 100, "PNG"))
    (tmp_path / "report.pdf").write_bytes(document(pages=1, size=(200, 100)))

    done = at(told, "upload", board, *sorted(tmp_path.iterdir()), "--at", "100,50", "--grid", "--json")
    listed = at(told, "ls", board)
    plain = json.loads(at(told, "ls", board, "--json").stdout)

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


def test_a_note_is_put_down_and_copied_to_another_canvas(told: dict[str, str]) -> None:
    board = told["canvas_id"]
    made = json.loads(at(told, "note", board, "[b]hello", "--at", "5,6", "--color", "#ffee00", "--json").stdout)[0]
    copy = json.loads(at(told, "clone", board, made["id"], board, "--json").stdout)[0]

    assert (made["text"], made["location"]) == ("[b]hello", {"x": 5, "y": 6})
    assert copy["text"] == "[b]hello"
    assert copy["id"] != made["id"]
    assert "“[b]hello” at 5,6" in at(told, "ls", board).stdout


def test_a_mipmap_is_described_and_saved(told: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(picture(1000, 600))
    made = json.loads(at(told, "upload", told["canvas_id"], tmp_path / "photo.jpg", "--json").stdout)[0]

    said = at(told, "mipmap", told["canvas_id"], made["hash"])
    saved = at(told, "mipmap", told["canvas_id"], made["hash"], "--fit", "400x200", "--output", tmp_path / "a.webp")

    assert said.stdout == "1000 x 600 pixels, levels 0 to 3, 1 page\n"
    assert "level 1 saved" in saved.stderr
    with Picture.open(tmp_path / "a.webp") as level:
        assert level.size == (500, 300)


def test_canvases_are_listed(told: dict[str, str]) -> None:
    assert told["canvas_id"] in at(told, "canvases").stdout
    assert [info["id"] for info in json.loads(at(told, "canvases", "--json").stdout)] == [told["canvas_id"]]


def test_what_others_wrote_cannot_steer_a_terminal(told: dict[str, str]) -> None:
    name = "[/bold][red]\x1b]0;title\x07\x1b[2J\u202e"

    async def write() -> str:
        async with Client(told["url"], token=told["token"]) as client:
            canvas = await client.canvases.create(name)
            await client.canvas(canvas.id).notes.create(text=name)
            return canvas.id

    canvas = asyncio.run(write())
    outputs = [at(told, "canvases"), at(told, "ls", canvas)]
    asyncio.run(_delete(told, canvas))

    for done in outputs:
        assert done.returncode == 0
        assert "[/bold][red]" in done.stdout
        assert done.stdout.replace("\n", "").isprintable()


async def _delete(told: dict[str, str], canvas: str) -> None:
    async with Client(told["url"], token=told["token"]) as client:
        await client.canvases.delete(canvas)


def test_the_doctor_finds_a_wrong_address_a_wrong_token_and_nothing_wrong(told: dict[str, str]) -> None:
    well = at(told, "doctor")
    nowhere = canvus("doctor", "--url", "http://127.0.0.1:9")
    stranger = canvus("doctor", "--url", told["url"], "--token", "wrong")

    assert (well.returncode, well.stdout.count("✓")) == (0, 4)
    assert nowhere.returncode == 1
    assert "✗ reachable" in nowhere.stdout
    assert stranger.returncode == 1
    assert "✗ token" in stranger.stdout
    assert "check --token or CANVUS_TOKEN" in stranger.stdout
    assert "wrong" not in stranger.stdout


def test_the_doctor_says_how_far_a_clock_is_off(told: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    async def an_hour_ago(_: Client) -> datetime:
        return datetime.now(UTC) - timedelta(hours=1)

    monkeypatch.setattr(Client, "server_time", an_hour_ago)
    monkeypatch.setattr("sys.stdout", output := io.StringIO())

    assert asyncio.run(doctor(url=told["url"], token=told["token"])) == 0
    assert re.search(r"! clock: the server's is 3[56]\d\d s behind\n  set one of them", output.getvalue())


def test_the_doctor_tells_programs_too(told: dict[str, str]) -> None:
    well = at(told, "doctor", "--json")
    nowhere = canvus("doctor", "--url", "http://127.0.0.1:9", "--json")

    assert [finding["ok"] for finding in json.loads(well.stdout)] == [True] * 4
    assert nowhere.returncode == 1
    (finding,) = json.loads(nowhere.stdout)
    assert (finding["check"], finding["ok"]) == ("reachable", False)
    assert "check the address" in finding["advice"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["ls", "some-id"], "no server: give --url, set CANVUS_URL"),
        (["upload", "some-id", "--url", "http://127.0.0.1:9"], "no files given"),
        (["note", "some-id", "hi", "--at", "here", "--url", "http://127.0.0.1:9"], "'here' is no place"),
        (["mipmap", "some-id", "..", "--url", "http://127.0.0.1:9", "--token", "t"], "hash"),
    ],
)
def test_what_cannot_be_right_is_said_in_one_line(arguments: list[str], words: str) -> None:
    done = canvus(*arguments)

    assert done.returncode == 1
    assert done.stderr.startswith("canvus: ")
    assert words in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_canvas_is_downloaded_and_a_second_run_fetches_nothing(told: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(picture(700, 300))
    at(told, "upload", told["canvas_id"], tmp_path / "photo.jpg")

    first = at(told, "download", told["canvas_id"], "--into", tmp_path / "out", "--levels", "all")
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*") if path.suffix != ".jsonl"}
    second = at(told, "download", told["canvas_id"], "--into", tmp_path / "out", "--levels", "all")

    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    assert picture(700, 300) in [path.read_bytes() for path in (tmp_path / "out").glob("*.jpg")]
    assert len(list((tmp_path / "out" / "mipmaps").glob("*.webp"))) >= 4
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_a_dry_run_tells_what_is_missing_and_writes_nothing(told: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "photo.png").write_bytes(picture(310, 200, "PNG"))
    made = json.loads(at(told, "upload", told["canvas_id"], tmp_path / "photo.png", "--json").stdout)[0]
    where = ("download", told["canvas_id"], "--into", tmp_path / "out", "--levels", "0,1")

    before = at(told, *where, "--dry-run")
    untouched = not (tmp_path / "out").exists()
    at(told, *where, "--kind", "images", "--no-originals")
    kept = {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()}
    after = at(told, *where, "--dry-run", "--json")

    assert before.returncode == 0, before.stderr
    assert untouched
    assert f"would fetch {tmp_path / 'out' / made['hash']}.png\n" in before.stdout
    assert " to fetch; 0 bytes there\n" in before.stderr
    files = [line for line in map(json.loads, after.stdout.splitlines()) if line["hash"] == made["hash"]]
    assert {(line["level"], line["missing"], line["bytes"] > 0) for line in files} == {
        (None, True, False),
        (0, False, True),
        (1, False, True),
    }
    assert not any(line["fetched"] for line in files)
    assert {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()} == kept


def test_only_the_kind_that_was_asked_for_is_downloaded(told: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "photo.png").write_bytes(picture(320, 210, "PNG"))
    (tmp_path / "report.pdf").write_bytes(document(pages=2, size=(210, 90)))
    at(told, "upload", told["canvas_id"], tmp_path / "photo.png", tmp_path / "report.pdf")
    here = ("download", told["canvas_id"], "--levels", "none", "--into")

    documents = at(told, *here, tmp_path / "pdfs", "--kind", "pdfs", "--json")
    both = at(told, *here, tmp_path / "both", "--kind", "pdfs", "--kind", "images")
    none = at(told, *here, tmp_path / "none", "--kind", "notes")

    assert {path.suffix for path in (tmp_path / "pdfs").iterdir()} == {".pdf", ".jsonl"}
    assert all(line["fetched"] and line["bytes"] for line in map(json.loads, documents.stdout.splitlines()))
    assert both.returncode == 0
    assert {path.suffix for path in (tmp_path / "both").iterdir()} >= {".pdf", ".png", ".jsonl"}
    assert none.returncode == 2
    assert none.stderr.startswith('canvus: Invalid value "notes" for --kind.')
    assert none.stderr.count("\n") == 1


def test_a_folder_of_pictures_is_uploaded(told: dict[str, str], tmp_path: Path) -> None:
    for name in ("b.png", "a.png", ".hidden.png"):
        (tmp_path / name).write_bytes(picture(50, 40, "PNG"))
    (tmp_path / "deeper").mkdir()

    made = json.loads(at(told, "upload", told["canvas_id"], tmp_path, "--grid", "--json").stdout)

    assert [widget["original_filename"] for widget in made] == ["a.png", "b.png"]
