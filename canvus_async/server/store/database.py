"""Everything that must survive, in SQLite.

The working copy is in memory (`State`); this is its journal. Each change is one small transaction, written in the event
loop before the reply: with the write-ahead log and `synchronous=NORMAL` a commit is a write to the page cache of some
tens of microseconds, which a killed process cannot lose. The part that waits for the disk, moving the log into the
database, runs in a thread of its own. So no request waits for another's disk, there is no moment in which memory and
disk disagree, and a failed write fails the request before anything has changed.
"""

import json
import sqlite3
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import msgspec

from canvus_async.server.rules.kinds import KIND_BY_TYPE
from canvus_async.server.rules.widgets import StoredCanvas, StoredWidget

CHECKPOINT_EVERY = 1000
"""Transactions between two runs that move the write-ahead log into the database."""

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
"""Names in a folder that counts as empty: what a start that was killed leaves, and what systems and git put there."""


class DataInUse(OSError):
    """Another server is running on this folder."""


class UnsuitableFolder(OSError):
    """The data folder is not empty and holds no database of this server, so its files belong to someone else."""


class User(msgspec.Struct, frozen=True):
    """Someone with a token. `canvases` are the ids of those that they may see, None for all."""

    token: str
    role: str
    blocked: bool = False
    canvases: frozenset[str] | None = None

    def __repr__(self) -> str:
        return f"User(role={self.role!r}, blocked={self.blocked})"


class StoredAsset(msgspec.Struct, frozen=True):
    """What is known of an uploaded file besides its content; `bytes` is its length."""

    hash: str
    content_type: str
    bytes: int


class Storage:
    """The database in a folder, or in memory for None. One server at a time may use a folder.

    Raises UnsuitableFolder for a folder with files but without a database, and DataInUse.
    """

    def __init__(self, folder: Path | None) -> None:
        if folder is not None:
            _check_folder(folder)
        self._path = None if folder is None else folder / DATABASE
        self.durable = folder is not None
        self._lock = None if folder is None else _lock(folder)
        if self._path is not None:
            self._path.touch(mode=0o600)  # it holds the tokens
        self._database = sqlite3.connect(self._path or ":memory:", isolation_level=None)
        self._database.execute("PRAGMA journal_mode=WAL")
        self._database.execute("PRAGMA synchronous=NORMAL")
        self._database.execute("PRAGMA wal_autocheckpoint=0")
        self._database.execute("PRAGMA foreign_keys=ON")
        self._database.executescript(_SCHEMA)
        self._transactions = 0
        self._checkpoint_thread = ThreadPoolExecutor(1, thread_name_prefix="canvus-checkpoint")

    def close(self) -> None:
        """Write everything into the one file and let go of it."""
        self._checkpoint_thread.shutdown()
        if self._path is not None:
            self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._database.close()
        if self._lock is not None:
            self._lock.close()

    @contextmanager
    def transaction(self) -> Generator[None, None, None]:
        """All of what is written inside, or none of it."""
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
        """One of the server's own facts."""
        row = self._database.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return None if row is None else str(row[0])

    def set_meta(self, key: str, value: str) -> None:
        """Keep one of the server's own facts."""
        self._database.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    def users(self) -> list[User]:
        """Everyone with a token."""
        rows = self._database.execute("SELECT token, role, blocked, canvases FROM users")
        return [
            User(token, role, bool(blocked), None if canvases is None else frozenset(json.loads(canvases)))
            for token, role, blocked, canvases in rows
        ]

    def put_user(self, user: User) -> None:
        """Keep a user, or what has become of them."""
        canvases = None if user.canvases is None else json.dumps(sorted(user.canvases))
        row = (user.token, user.role, user.blocked, canvases)
        self._database.execute("INSERT OR REPLACE INTO users VALUES (?, ?, ?, ?)", row)

    def remove_user(self, token: str) -> None:
        """Forget a token."""
        self._database.execute("DELETE FROM users WHERE token = ?", (token,))

    def assets(self) -> list[StoredAsset]:
        """What is known of every uploaded file."""
        rows = self._database.execute("SELECT hash, content_type, bytes FROM assets")
        return [StoredAsset(*row) for row in rows]

    def put_asset(self, asset: StoredAsset) -> None:
        """Keep what is known of a file; the file itself must be in its place."""
        row = (asset.hash, asset.content_type, asset.bytes)
        self._database.execute("INSERT OR REPLACE INTO assets VALUES (?, ?, ?)", row)

    def remove_assets(self, assets: Sequence[StoredAsset]) -> None:
        """Forget files."""
        self._database.executemany("DELETE FROM assets WHERE hash = ?", [(asset.hash,) for asset in assets])

    def canvases(self) -> list[StoredCanvas]:
        """Every canvas with its widgets, in the order in which they were made."""
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
        """Keep what the API says of a canvas; its widgets are kept one by one."""
        self._database.execute(
            "INSERT INTO canvases (id, name, mode, link, created_at, modified_at) VALUES (?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (id) DO UPDATE SET name = excluded.name, mode = excluded.mode, link = excluded.link,"
            " modified_at = excluded.modified_at",
            (canvas.id, canvas.name, canvas.mode, canvas.link, canvas.created_at, canvas.modified_at),
        )

    def remove_canvas(self, canvas_id: str) -> None:
        """Forget a canvas and all its widgets."""
        self._database.execute("DELETE FROM canvases WHERE id = ?", (canvas_id,))

    def put_widgets(self, canvas_id: str, widgets: Sequence[StoredWidget]) -> None:
        """Keep new widgets, or the new state of known ones in their old places."""
        self._database.executemany(
            "INSERT INTO widgets (canvas_id, id, type, asset, natural_width, natural_height, body)"
            " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET asset = excluded.asset,"
            " natural_width = excluded.natural_width, natural_height = excluded.natural_height, body = excluded.body",
            [(canvas_id, w.id, w.kind.type, w.asset, *(w.natural_size or (None, None)), w.raw) for w in widgets],
        )

    def remove_widgets(self, widgets: Sequence[StoredWidget]) -> None:
        """Forget widgets."""
        self._database.executemany("DELETE FROM widgets WHERE id = ?", [(widget.id,) for widget in widgets])

    def touch_canvas(self, canvas_id: str, modified_at: str) -> None:
        """Keep when a canvas was last changed."""
        self._database.execute("UPDATE canvases SET modified_at = ? WHERE id = ?", (modified_at, canvas_id))


def _check_folder(folder: Path) -> None:
    """Refuse a folder whose files are someone else's, before anything is written into it."""
    database = folder / DATABASE
    advice = "choose an empty folder, or one that an earlier `canvus serve --data` made"
    if not database.exists():
        if other := sorted({entry.name for entry in folder.iterdir()} - _HARMLESS):
            raise UnsuitableFolder(f"{folder} is not empty ({other[0]!r}) and holds no Canvus data: {advice}")
    elif database.stat().st_size:  # an empty one is from a start that was killed
        try:
            with closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)) as opened:
                opened.execute("SELECT 1 FROM meta, canvases, widgets, assets LIMIT 1")
        except sqlite3.DatabaseError as error:
            raise UnsuitableFolder(f"{database} is not a database of this server ({error}): {advice}") from None


def _lock(folder: Path) -> sqlite3.Connection:
    """Hold the folder until the connection is closed or the process ends, however it ends."""
    lock = sqlite3.connect(folder / LOCK, isolation_level=None, timeout=0)
    try:
        lock.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError:
        lock.close()
        raise DataInUse(f"another server is running on {folder}") from None
    return lock


def _checkpoint(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA wal_checkpoint(PASSIVE)")
