"""A real server and a client of it, fresh for every test; and proof after every test that nothing is left behind."""

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

from canvus_async import Canvas, Client
from canvus_async.server import CanvusServer
from tests.project.rows import ROWS

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as in the background of a script; and programs inherit it
    signal.signal(signal.SIGINT, signal.default_int_handler)
# Python's development mode is for this process: programs that tests start would say of each step that was slow, and
# any may be on a busy machine.
os.environ.pop("PYTHONDEVMODE", None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Refuse `@pytest.mark.row(...)` with an id that is not in the catalogue of faults."""
    for item in items:
        for mark in item.iter_markers("row"):
            if unknown := [row for row in mark.args if row not in ROWS]:
                raise pytest.UsageError(f"{item.nodeid}: no such row in tests/project/rows.py: {unknown}")


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
    """What a TLS server needs."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    return context


@pytest.fixture
def trusting(certificate: Path) -> ssl.SSLContext:
    """What a client of that server needs."""
    return ssl.create_default_context(cafile=certificate)


def descriptors() -> set[str]:
    """What this process has open: sockets, files and pipes, by what they are."""
    found: set[str] = set()
    for entry in Path("/proc/self/fd").iterdir():
        try:
            found.add(f"{entry.name} {entry.readlink()}")
        except OSError:  # the descriptor that lists the folder is gone by now
            continue
    return found


@pytest.fixture(scope="session", autouse=True)
def temporary_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder for temporary files that nobody else uses, so that what is left behind shows."""
    folder = tmp_path_factory.mktemp("temporary")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(folder))
        patch.setattr(tempfile, "tempdir", str(folder))
        yield folder


@pytest.fixture(autouse=True)
def nothing_left_open(request: pytest.FixtureRequest, temporary_folder: Path) -> Iterator[None]:
    """After the test and its fixtures there are no more descriptors and temporary files than before."""
    function = getattr(request, "function", None)
    if not Path("/proc/self/fd").is_dir() or not inspect.iscoroutinefunction(function):
        yield
        return
    before, files = descriptors(), set(temporary_folder.iterdir())
    yield
    left = {entry for entry in descriptors() - before if "/dev/null" not in entry}
    assert not left, f"left open: {sorted(left)}"
    gone = set(temporary_folder.iterdir()) - files
    assert not gone, f"left behind: {sorted(gone)}"


@pytest.fixture(autouse=True)
async def nothing_left_running(request: pytest.FixtureRequest, nothing_left_open: None) -> AsyncIterator[None]:
    """After the test and its fixtures there is no task but this one."""
    before = asyncio.all_tasks()
    yield
    left = {task for task in asyncio.all_tasks() - before if task is not asyncio.current_task()}
    for task in tuple(left):  # one that is just ending may end
        await asyncio.wait([task], timeout=1)
    left = {task for task in left if not task.done()}
    assert not left, f"left running: {left}"
