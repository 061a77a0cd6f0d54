"""The SQLite database with everything that must survive a restart, except the files.

`State` holds a copy in memory and serves all reads. Each change is one small transaction, which the event loop commits
before the response is sent. With the write-ahead log and `synchronous=NORMAL`, a commit writes to the page cache, which
takes tens of microseconds and survives a kill of the process. Only the checkpoint, which moves the log into the
database, waits for the disk; it runs in its own thread. So no request waits for the disk, memory and database never
differ, and if a write fails, the request fails before anything has changed.
"""

import json
import sqlite3
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import msgspec

from canvus_async.server.private_files import private_file, restrict
from canvus_async.server.rules.kinds import KIND_BY_TYPE
from canvus_async.server.rules.widgets import StoredCanvas, StoredWidget

CHECKPOINT_EVERY = 1000
"""Transactions between two checkpoints."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS users (token TEXT PRIMARY KEY, role TEXT NOT NULL, blocked INTEGER NOT NULL, canvases TEXT);
CREATE TABLE IF NOT EXISTS canvases (
    position INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL, mode TEXT NOT NULL, link TEXT NOT NULL,
    created_at TEXT NOT NULL, modified_at TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS widgets (
    position INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, type TEXT NOT NULL, asset TEXT NOT NULL,
    natural_width REAL, natural_height REAL, body BLOB NOT NULL,
    canvas_id TEXT NOT NULL REFERENCES canvases (id) ON DELETE CASCADE
);
CREATE INDEX IF NOT EXISTS widgets_by_canvas ON widgets (canvas_id);
CREATE TABLE IF NOT EXISTS assets (
    hash TEXT PRIMARY KEY, content_type TEXT NOT NULL, bytes INTEGER NOT NULL
) WITHOUT ROWID;
"""


DATABASE = "canvus.sqlite3"
LOCK = "lock.sqlite3"

_HARMLESS = {LOCK, "lost+found", ".DS_Store", ".gitignore", ".gitkeep"}
"""Names that an empty folder may contain: the lock of a start that was killed, and files of the system and of git."""


class DataInUse(OSError):
    """Another running server uses this data folder."""


class UnsuitableFolder(OSError):
    """The data folder is not empty, but contains no database of this server."""


class User(msgspec.Struct, frozen=True):
    """A user. `canvases` are the ids of the canvases that the user may see, None for all."""

    token: str
    role: str
    blocked: bool = False
    canvases: frozenset[str] | None = None

    def __repr__(self) -> str:
        return f"User(role={self.role!r}, blocked={self.blocked})"


class StoredAsset(msgspec.Struct, frozen=True):
    """An uploaded file, without its content. `bytes` is its size."""

    hash: str
    content_type: str
    bytes: int


class Storage:
    """The database in `folder`, or in memory if that is None. Only one server at a time may use a folder.

    Raises UnsuitableFolder and DataInUse.
    """

    def __init__(self, folder: Path | None) -> None:
        if folder is not None:
            _check_folder(folder)
            restrict(folder.resolve())
            for name in (LOCK, DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm", f"{LOCK}-journal"):
                restrict(folder / name)
        self._path = None if folder is None else folder / DATABASE
        self.durable = folder is not None
        self._lock = None if folder is None else _lock(folder)
        if self._path is not None:
            private_file(self._path)  # SQLite gives its other files the same mode
        self._database = sqlite3.connect(self._path or ":memory:", isolation_level=None)
        self._database.execute("PRAGMA journal_mode=WAL")
        self._database.execute("PRAGMA synchronous=NORMAL")
        self._database.execute("PRAGMA wal_autocheckpoint=0")
        self._database.execute("PRAGMA foreign_keys=ON")
        self._database.executescript(_SCHEMA)
        self._transactions = 0
        self._checkpoint_thread = ThreadPoolExecutor(1, thread_name_prefix="canvus-checkpoint")

    def close(self) -> None:
        """Checkpoint, close the database and release the lock."""
        self._checkpoint_thread.shutdown()
        if self._path is not None:
            self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._database.close()
        if self._lock is not None:
            self._lock.close()

    @contextmanager
    def transaction(self) -> Generator[None, None, None]:
        """Commit everything that is written inside, or nothing."""
        self._database.execute("BEGIN")
        try:
            yield
            self._database.execute("COMMIT")
        except BaseException:
            if self._database.in_transaction:
                self._database.execute("ROLLBACK")
            raise
        self._transactions += 1
        if self._path is not None and self._transactions % CHECKPOINT_EVERY == 0:
            self._checkpoint_thread.submit(_checkpoint, self._path)

    def meta(self, key: str) -> str | None:
        """A setting of the server, such as its id."""
        row = self._database.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return None if row is None else str(row[0])

    def set_meta(self, key: str, value: str) -> None:
        self._database.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    def users(self) -> list[User]:
        rows = self._database.execute("SELECT token, role, blocked, canvases FROM users")
        return [
            User(token, role, bool(blocked), None if canvases is None else frozenset(json.loads(canvases)))
            for token, role, blocked, canvases in rows
        ]

    def put_user(self, user: User) -> None:
        """Insert or replace a user."""
        canvases = None if user.canvases is None else json.dumps(sorted(user.canvases))
        row = (user.token, user.role, user.blocked, canvases)
        self._database.execute("INSERT OR REPLACE INTO users VALUES (?, ?, ?, ?)", row)

    def remove_user(self, token: str) -> None:
        self._database.execute("DELETE FROM users WHERE token = ?", (token,))

    def assets(self) -> list[StoredAsset]:
        rows = self._database.execute("SELECT hash, content_type, bytes FROM assets")
        return [StoredAsset(*row) for row in rows]

    def put_asset(self, asset: StoredAsset) -> None:
        """Insert an asset, whose file must be in its final place already."""
        row = (asset.hash, asset.content_type, asset.bytes)
        self._database.execute("INSERT OR REPLACE INTO assets VALUES (?, ?, ?)", row)

    def remove_assets(self, assets: Sequence[StoredAsset]) -> None:
        self._database.executemany("DELETE FROM assets WHERE hash = ?", [(asset.hash,) for asset in assets])

    def canvases(self) -> list[StoredCanvas]:
        """All canvases with their widgets, in the order of their creation."""
        rows = self._database.execute(
            "SELECT id, name, mode, link, created_at, modified_at FROM canvases ORDER BY position"
        )
        found = {row[0]: StoredCanvas(*row) for row in rows}
        rows = self._database.execute(
            "SELECT canvas_id, id, type, asset, natural_width, natural_height, body FROM widgets ORDER BY position"
        )
        for canvas_id, widget_id, kind, asset, width, height, body in rows:
            fields = msgspec.json.decode(body)
            natural_size = None if width is None else (width, height)
            found[canvas_id].put(StoredWidget(widget_id, KIND_BY_TYPE[kind], fields, body, asset, natural_size))
        return list(found.values())

    def put_canvas(self, canvas: StoredCanvas) -> None:
        """Insert or update a canvas without its widgets."""
        self._database.execute(
            "INSERT INTO canvases (id, name, mode, link, created_at, modified_at) VALUES (?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (id) DO UPDATE SET name = excluded.name, mode = excluded.mode, link = excluded.link,"
            " modified_at = excluded.modified_at",
            (canvas.id, canvas.name, canvas.mode, canvas.link, canvas.created_at, canvas.modified_at),
        )

    def remove_canvas(self, canvas_id: str) -> None:
        """Remove a canvas and its widgets."""
        self._database.execute("DELETE FROM canvases WHERE id = ?", (canvas_id,))

    def put_widgets(self, canvas_id: str, widgets: Sequence[StoredWidget]) -> None:
        """Insert widgets, or update known ones without changing their order."""
        self._database.executemany(
            "INSERT INTO widgets (canvas_id, id, type, asset, natural_width, natural_height, body)"
            " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET asset = excluded.asset,"
            " natural_width = excluded.natural_width, natural_height = excluded.natural_height, body = excluded.body",
            [(canvas_id, w.id, w.kind.type, w.asset, *(w.natural_size or (None, None)), w.raw) for w in widgets],
        )

    def remove_widgets(self, widgets: Sequence[StoredWidget]) -> None:
        self._database.executemany("DELETE FROM widgets WHERE id = ?", [(widget.id,) for widget in widgets])

    def touch_canvas(self, canvas_id: str, modified_at: str) -> None:
        self._database.execute("UPDATE canvases SET modified_at = ? WHERE id = ?", (modified_at, canvas_id))


def _check_folder(folder: Path) -> None:
    """Refuse a folder with other files before anything is written to it. Raises UnsuitableFolder."""
    database = folder / DATABASE
    advice = "choose an empty folder, or one that an earlier `canvus serve --data` created"
    if not database.exists():
        if other := sorted({entry.name for entry in folder.iterdir()} - _HARMLESS):
            raise UnsuitableFolder(f"{folder} is not empty ({other[0]!r}) and contains no Canvus data: {advice}")
    elif database.stat().st_size:  # an empty database is from a start that was killed
        try:
            with closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)) as opened:
                opened.execute("SELECT 1 FROM meta, canvases, widgets, assets LIMIT 1")
        except sqlite3.DatabaseError as error:
            raise UnsuitableFolder(f"{database} is not a database of this server ({error}): {advice}") from None


def _lock(folder: Path) -> sqlite3.Connection:
    """Lock the folder until the connection is closed or the process ends, even by a kill."""
    private_file(folder / LOCK)
    lock = sqlite3.connect(folder / LOCK, isolation_level=None, timeout=0)
    try:
        lock.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError:
        lock.close()
        raise DataInUse(f"another server is using {folder}") from None
    return lock


def _checkpoint(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA wal_checkpoint(PASSIVE)")
