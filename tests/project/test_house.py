"""The structure of the package: which room may import which, and which libraries each may use."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import canvus_async

PACKAGE = Path(canvus_async.__file__).parent

FLOORS = (
    {"errors", "models", "options", "progress", "generators", "event_loop", "protocol", "environment"},
    {"http"},
    {"content", "subscriptions"},
    {"bulk"},
    {"resources"},
    {"snapshots"},
    {"canvas"},
    {"client", "__init__"},
    {"cli", "testing", "__main__"},
)
"""From the ground up: a module may import from its own room, from its own floor, and from the floors below."""

SERVER = {"server", "errors", "event_loop", "models", "options", "protocol"}
"""What the embedded server may import. Only the command line and the pytest plugin may import the server."""

SERVER_FLOORS = (
    {"refusals", "private_files", "http", "rules", "rendering"},
    {"store"},
    {"access", "streams"},
    {"state"},
    {"processing", "faults", "gate", "hosts"},
    {"endpoints"},
    {"app", "startup", "__init__"},
)
"""The same within the embedded server."""

LIBRARIES = {
    "errors": set[str](),
    "options": set[str](),
    "progress": set[str](),
    "models": {"msgspec"},
    "protocol": {"msgspec", "pathvalidate"},
}
"""Rooms without I/O, and the libraries that they may use."""

NO_IO = {
    *("aiohttp", "anyio", "asyncio", "io", "os", "pathlib", "random"),
    *("socket", "ssl", "tempfile", "threading", "time"),
}

LONGEST = 300
"""Lines of a module."""

TOP_FILES = 9
"""Modules at the package's top, besides `__init__` and `__main__`."""


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path) -> set[str]:
    """The dotted names that a module imports, including those for type checking only."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found.add(node.module or "")
    return found


def floor(name: str, floors: tuple[set[str], ...]) -> int:
    return next(number for number, names in enumerate(floors) if name in names)


def name_of(path: Path) -> str:
    return str(path.relative_to(PACKAGE))


def all_modules() -> pytest.MarkDecorator:
    return pytest.mark.parametrize("path", modules(), ids=name_of)


@all_modules()
def test_imports_run_one_way(path: Path) -> None:
    here = room(path)
    for name in imports(path):
        parts = name.split(".")
        if parts[0] != "canvus_async":
            continue
        there = parts[1] if len(parts) > 1 else "__init__"
        if here == "server":
            assert there in SERVER, f"{path} imports {name}"
        elif there == "server":
            assert here in {"cli", "testing"}, f"{path} imports {name}"
        else:
            assert floor(there, FLOORS) <= floor(here, FLOORS), f"{path} imports {name}, which is on a higher floor"


@pytest.mark.parametrize("path", sorted((PACKAGE / "server").rglob("*.py")), ids=name_of)
def test_imports_within_the_server_run_one_way(path: Path) -> None:
    here = path.relative_to(PACKAGE / "server").parts[0].removesuffix(".py")
    for name in imports(path):
        if name.startswith("canvus_async.server."):
            there = name.split(".")[2]
            assert floor(there, SERVER_FLOORS) <= floor(here, SERVER_FLOORS), f"{path} imports {name}"


@pytest.mark.parametrize("path", [path for path in modules() if room(path) in LIBRARIES], ids=name_of)
def test_pure_rooms_import_no_io(path: Path) -> None:
    for name in imports(path):
        top = name.partition(".")[0]
        assert top not in NO_IO, f"{path} imports {name}"
        assert top in sys.stdlib_module_names | LIBRARIES[room(path)] | {"canvus_async"}, f"{path} imports {name}"


@all_modules()
def test_no_module_is_too_long(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST


def test_few_modules_are_at_the_top() -> None:
    top = {path.stem for path in PACKAGE.glob("*.py")} - {"__init__", "__main__"}

    assert len(top) <= TOP_FILES, sorted(top)


def test_only_the_painting_of_snapshots_needs_pillow() -> None:
    snapshots = [path for path in modules() if room(path) == "snapshots"]

    assert {path.stem for path in snapshots if any(name.partition(".")[0] == "PIL" for name in imports(path))} == {
        *("text", "masks", "painter"),
    }
    for path in snapshots:
        if path.stem != "camera":
            assert not {name.partition(".")[0] for name in imports(path)} & (NO_IO - {"io"}), path


def test_only_http_uses_the_client_of_aiohttp() -> None:
    rooms = {room(path) for path in modules() if any(name.partition(".")[0] == "aiohttp" for name in imports(path))}

    assert rooms == {"http", "server", "client"}, "client.py names aiohttp's types in the signature of Client"


def test_one_module_makes_sessions_and_one_sends_requests() -> None:
    texts = [(path.stem, path.read_text(encoding="utf-8")) for path in modules()]

    assert {name for name, text in texts if "ClientSession(" in text} == {"sessions"}
    assert {name for name, text in texts if ".session(" in text} == {"sender"}


def test_public_names_exist_and_are_sorted() -> None:
    assert list(canvus_async.__all__) == sorted(canvus_async.__all__)
    for name in canvus_async.__all__:
        assert getattr(canvus_async, name) is not None


def test_the_library_imports_without_the_extras() -> None:
    blocked = "import sys; [sys.modules.update({name: None}) for name in ('PIL', 'pypdfium2', 'rich', 'cyclopts')]"

    done = subprocess.run([sys.executable, "-W", "error", "-c", f"{blocked}; import canvus_async"], capture_output=True)

    assert done.returncode == 0, done.stderr.decode()
