"""The pytest plugin works in a project that has only this package and a plugin for asynchronous tests."""

import subprocess
import sys
from pathlib import Path

import pytest

HEADERS = {
    "pytest-asyncio": "import pytest\npytestmark = pytest.mark.asyncio\n",
    "anyio": (
        "import pytest\npytestmark = pytest.mark.anyio\n\n@pytest.fixture\ndef anyio_backend():\n    return 'asyncio'\n"
    ),
}

MODULE = """
{header}

async def test_the_fixtures_belong_together(canvus_canvas, canvus_client, canvus_server):
    note = await canvus_canvas.notes.create(text="hello")
    assert await canvus_canvas.notes.list() == [note]
    assert canvus_client.url.startswith(canvus_server.url)
    canvus_server.faults.fail_next(status=503)
    assert await canvus_canvas.notes.get(note.id) == note

async def test_the_next_test_has_a_new_server(canvus_canvas):
    assert await canvus_canvas.notes.list() == []
"""

WITHOUT_PYTEST_ASYNCIO = "import sys; sys.modules['pytest_asyncio'] = None; import pytest; sys.exit(pytest.main())"


@pytest.mark.parametrize("runner", HEADERS)
def test_the_fixtures_work_with_each_plugin_for_asynchronous_tests(
    tmp_path: Path, runner: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "test_bot.py").write_text(MODULE.format(header=HEADERS[runner]), encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-o", "asyncio_default_fixture_loop_scope=function"]
    if runner == "anyio":  # as if pytest-asyncio were not installed
        monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
        command = [sys.executable, "-c", WITHOUT_PYTEST_ASYNCIO, "-p", "anyio", "-p", "canvus_async.testing"]

    options = ["-q", "-W", "error", "-p", "no:cacheprovider"]
    done = subprocess.run([*command, *options], capture_output=True, text=True, cwd=tmp_path)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 passed" in done.stdout


SCOPES = {
    "fixtures of the session": ("asyncio_default_fixture_loop_scope=session", "pytest.mark.asyncio"),
    "tests of the module": ("asyncio_default_fixture_loop_scope=function", "pytest.mark.asyncio(loop_scope='module')"),
}


@pytest.mark.parametrize(("option", "mark"), SCOPES.values(), ids=SCOPES)
def test_loop_scopes_that_differ_fail_at_once_and_name_the_setting(tmp_path: Path, option: str, mark: str) -> None:
    module = MODULE.format(header=f"import pytest\npytestmark = {mark}\n")
    (tmp_path / "test_bot.py").write_text(module, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-o", option, "-q", "-p", "no:cacheprovider", "-p", "no:randomly"]

    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=60)

    assert "2 failed" in done.stdout, done.stdout + done.stderr
    assert "set asyncio_default_fixture_loop_scope and asyncio_default_test_loop_scope" in done.stdout
    assert "canvus_async/http" not in done.stdout  # no request was sent


@pytest.mark.parametrize("scope", ["module", "session"])
def test_loop_scopes_that_agree_work(tmp_path: Path, scope: str) -> None:
    header = f"import pytest\npytestmark = pytest.mark.asyncio(loop_scope='{scope}')\n"
    (tmp_path / "test_bot.py").write_text(MODULE.format(header=header), encoding="utf-8")
    option = f"asyncio_default_fixture_loop_scope={scope}"
    command = [sys.executable, "-m", "pytest", "-o", option, "-q", "-p", "no:cacheprovider", "-p", "no:randomly"]

    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=60)

    assert "2 passed" in done.stdout, done.stdout + done.stderr


def test_under_trio_the_fixtures_skip_the_test(tmp_path: Path) -> None:
    pytest.importorskip("trio")
    header = "import pytest\npytestmark = pytest.mark.anyio\n"
    (tmp_path / "test_bot.py").write_text(MODULE.format(header=header), encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider", "-p", "no:randomly"]

    done = subprocess.run([*command, "-p", "no:asyncio"], capture_output=True, text=True, cwd=tmp_path, timeout=60)

    assert "2 passed, 2 skipped" in done.stdout, done.stdout + done.stderr
    assert "let the fixture anyio_backend return 'asyncio'" in done.stdout
