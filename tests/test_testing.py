"""The pytest plugin serves a project that has nothing but this package and a way to run async tests."""

import subprocess
import sys
from pathlib import Path

import pytest

HEADS = {
    "pytest-asyncio": "import pytest\npytestmark = pytest.mark.asyncio\n",
    "anyio": (
        "import pytest\npytestmark = pytest.mark.anyio\n\n@pytest.fixture\ndef anyio_backend():\n    return 'asyncio'\n"
    ),
}

MODULE = """
{head}

async def test_a_note_is_there(canvus_canvas, canvus_client, canvus_server):
    note = await canvus_canvas.notes.create(text="hello")
    assert await canvus_canvas.notes.list() == [note]
    assert canvus_client.url.startswith(canvus_server.url)
    canvus_server.faults.fail_next(status=503)
    assert await canvus_canvas.notes.get(note.id) == note

async def test_the_next_test_has_a_server_of_its_own(canvus_canvas):
    assert await canvus_canvas.notes.list() == []
"""

WITHOUT_PYTEST_ASYNCIO = "import sys; sys.modules['pytest_asyncio'] = None; import pytest; sys.exit(pytest.main())"


@pytest.mark.parametrize("runner", HEADS)
def test_its_fixtures_work_in_a_project_of_their_users(
    tmp_path: Path, runner: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "test_bot.py").write_text(MODULE.format(head=HEADS[runner]), encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-o", "asyncio_default_fixture_loop_scope=function"]
    if runner == "anyio":  # as where pytest-asyncio is not installed
        monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
        command = [sys.executable, "-c", WITHOUT_PYTEST_ASYNCIO, "-p", "anyio", "-p", "canvus_async.testing"]

    options = ["-q", "-W", "error", "-p", "no:cacheprovider"]
    done = subprocess.run([*command, *options], capture_output=True, text=True, cwd=tmp_path)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 passed" in done.stdout
