"""The house keeps its drawing: imports run one way, and the public names are those that are meant."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import canvus_async

PACKAGE = Path(canvus_async.__file__).parent

FLOORS = (
    {"errors", "models"},
    {"options", "protocol"},
    {"credentials", "deadlines", "turns"},
    {
        "exchanges",
        "retries",
        "sessions",
        "slots",
        "flights",
        "hashes",
        "uploads",
        "files",
        "store",
        "lanes",
        "bulk",
        "selecting",
    },
    {"manifest", "diskcache"},
    {"transport"},
    {"connection", "downloads", "streaming"},
    {"saving"},
    {"fetching", "subscription"},
    {"expanding"},
    {"exporting"},
    {"live"},
    {"resources"},
    {"snapshots"},
    {"client"},
    {"cli", "testing", "__main__", "__init__"},
)
"""From the ground up; a module may import what is on its own floor or below."""

ALONE = {"server": {"server", "errors", "models", "options", "protocol"}}
"""Rooms with a list of their own: the embedded server knows nothing of the client."""

PURE = {"models": {"msgspec"}, "protocol": {"msgspec", "pathvalidate"}, "errors": set[str](), "options": set[str]()}
"""Rooms without I/O, and the libraries that they may use."""

NO_IO = {
    "aiohttp",
    "anyio",
    "asyncio",
    "io",
    "os",
    "pathlib",
    "random",
    "socket",
    "ssl",
    "tempfile",
    "threading",
    "time",
}


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path) -> set[str]:
    """The dotted names that a module imports, those for type checking only left in: they are arrows too."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found.add(node.module or "")
    return found


def floor(name: str) -> int:
    return next(number for number, names in enumerate(FLOORS) if name in names)


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_run_one_way(path: Path) -> None:
    here = room(path)
    for name in imports(path):
        parts = name.split(".")
        if parts[0] != "canvus_async":
            continue
        there = parts[1] if len(parts) > 1 else "__init__"
        if here in ALONE:
            assert there in ALONE[here], f"{path} imports {name}"
        elif there == "server":
            assert here in {"cli", "testing", "server"}, f"{path} imports {name}"
        else:
            assert floor(there) <= floor(here), f"{path} imports {name}, which is above it"


@pytest.mark.parametrize(
    "path", [path for path in modules() if room(path) in PURE], ids=lambda path: str(path.relative_to(PACKAGE))
)
def test_what_is_pure_imports_no_io(path: Path) -> None:
    for name in imports(path):
        top = name.partition(".")[0]
        assert top not in NO_IO, f"{path} imports {name}"
        assert top in sys.stdlib_module_names | PURE[room(path)] | {"canvus_async"}, f"{path} imports {name}"


def test_only_the_drawing_of_snapshots_needs_pillow() -> None:
    rooms = [path for path in modules() if room(path) == "snapshots"]

    assert {path.stem for path in rooms if any(name.partition(".")[0] == "PIL" for name in imports(path))} == {
        *("lettering", "masks", "painting"),
    }
    for path in rooms:
        if path.stem != "taking":
            assert not {name.partition(".")[0] for name in imports(path)} & (NO_IO - {"io"}), path


def test_only_one_module_makes_sessions_and_only_one_sends_requests() -> None:
    texts = [(room(path), path.read_text(encoding="utf-8")) for path in modules()]

    assert {name for name, text in texts if "ClientSession(" in text} == {"sessions"}
    assert {name for name, text in texts if ".session(" in text} == {"transport"}


def test_the_public_names_exist_and_are_sorted() -> None:
    assert list(canvus_async.__all__) == sorted(canvus_async.__all__)
    for name in canvus_async.__all__:
        assert getattr(canvus_async, name) is not None


def test_the_library_imports_without_the_extras() -> None:
    blocked = "import sys; [sys.modules.update({name: None}) for name in ('PIL', 'pypdfium2', 'rich', 'cyclopts')]"

    done = subprocess.run([sys.executable, "-W", "error", "-c", f"{blocked}; import canvus_async"], capture_output=True)

    assert done.returncode == 0, done.stderr.decode()
