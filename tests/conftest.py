"""A real server and a client of it, new for every test; and checks after every async test that nothing is left."""

import asyncio
import inspect
import os
import signal
import ssl
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import Phase, settings

from canvus_async import Canvas, Client
from canvus_async.server import CanvusServer
from tests.project.rows import ROWS

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # so in background jobs of a script, and programs inherit it
    signal.signal(signal.SIGINT, signal.default_int_handler)
# Python's development mode is for this process only: programs that tests start would print a warning for every slow
# callback, and on a busy machine any callback may be slow.
os.environ.pop("PYTHONDEVMODE", None)


# Failures are reported unshrunk: shrinking may take minutes, and pytest-timeout would end the test without a report.
# `pytest --hypothesis-profile=default` shrinks them; nothing is stored, because it would not shrink a stored example.
settings.register_profile(
    "suite", deadline=None, database=None, print_blob=True, phases=[Phase.explicit, Phase.generate]
)
settings.load_profile("suite")

LEAK_CHECKS = ("nothing_left_open", "nothing_left_running")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Refuse unknown rows, and add the leak checks to async tests: autouse, they would give every test a loop."""
    for item in items:
        for mark in item.iter_markers("row"):
            if unknown := [row for row in mark.args if row not in ROWS]:
                raise pytest.UsageError(f"{item.nodeid}: no such row in tests/project/rows.py: {unknown}")
        if isinstance(item, pytest.Function) and needs_a_loop(item) and LEAK_CHECKS[0] not in item.fixturenames:
            scopes = [getattr(definition(item, name), "scope", "") for name in item.fixturenames]
            first = scopes.index("function") if "function" in scopes else len(scopes)
            item.fixturenames[first:first] = LEAK_CHECKS  # set up before, torn down after all others of the test


def definition(item: pytest.Function, name: str) -> pytest.FixtureDef[object] | None:
    """The fixture that a test gets by that name."""
    found = item._fixtureinfo.name2fixturedefs.get(name)
    return found[-1] if found else None


def needs_a_loop(item: pytest.Function) -> bool:
    """Whether a test, or a fixture of it, is async."""
    functions = [item.function, *(getattr(definition(item, name), "func", None) for name in item.fixturenames)]
    return any(inspect.iscoroutinefunction(each) or inspect.isasyncgenfunction(each) for each in functions)


@pytest.fixture
async def server() -> AsyncIterator[CanvusServer]:
    async with CanvusServer() as running:
        yield running


@pytest.fixture
async def client(server: CanvusServer) -> AsyncIterator[Client]:
    async with Client(server.url, token=server.token) as opened:
        yield opened


@pytest.fixture
async def canvas(server: CanvusServer, client: Client) -> Canvas:
    return client.canvas(await server.create_canvas("Demo"))


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate for 127.0.0.1, with its key in the same file."""
    both = tmp_path_factory.mktemp("tls") / "both.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost"
    names = ["-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"]
    subprocess.run([*command.split(), *names, "-keyout", both, "-out", both], check=True, capture_output=True)
    return both


@pytest.fixture
def serving(certificate: Path) -> ssl.SSLContext:
    """The TLS context of a server with that certificate."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    return context


@pytest.fixture
def trusting(certificate: Path) -> ssl.SSLContext:
    """The TLS context of a client that trusts that certificate."""
    return ssl.create_default_context(cafile=certificate)


def descriptors() -> set[str]:
    """The open descriptors of this process (sockets, files, pipes), with what they refer to."""
    found: set[str] = set()
    for entry in Path("/proc/self/fd").iterdir():
        try:
            found.add(f"{entry.name} {entry.readlink()}")
        except OSError:  # the descriptor that listed the folder is closed by now
            continue
    return found


@pytest.fixture(scope="session", autouse=True)
def temporary_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder for the temporary files of this process only, so that files left behind are seen."""
    folder = tmp_path_factory.mktemp("temporary")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(folder))
        patch.setattr(tempfile, "tempdir", str(folder))
        yield folder


@pytest.fixture
def nothing_left_open(temporary_folder: Path) -> Iterator[None]:
    """After the test and its fixtures there are no more descriptors and temporary files than before."""
    if not Path("/proc/self/fd").is_dir():
        yield
        return
    before, files = descriptors(), set(temporary_folder.iterdir())
    yield
    left = {entry for entry in descriptors() - before if "/dev/null" not in entry}
    assert not left, f"left open: {sorted(left)}"
    gone = set(temporary_folder.iterdir()) - files
    assert not gone, f"left behind: {sorted(gone)}"


@pytest.fixture
async def nothing_left_running(nothing_left_open: None) -> AsyncIterator[None]:
    """After the test and its fixtures no task is left but the current one."""
    before = asyncio.all_tasks()
    yield
    left = {task for task in asyncio.all_tasks() - before if task is not asyncio.current_task()}
    for task in tuple(left):  # tasks that are about to end may end
        await asyncio.wait([task], timeout=1)
    left = {task for task in left if not task.done()}
    assert not left, f"left running: {left}"
