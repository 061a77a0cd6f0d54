"""Keeps the server's folders and files private to its user, whatever the umask is, and also those that exist already.

Another user who may open the lock could keep the server from starting, and one who may read the database has the
tokens.
"""

import os
import stat
from contextlib import suppress
from pathlib import Path

FOLDER = 0o700
FILE = 0o600


def private_folder(folder: Path) -> None:
    """Create a folder, and missing ones above it, or restrict one that exists."""
    folder.mkdir(mode=FOLDER, parents=True, exist_ok=True)
    restrict(folder)


def private_file(path: Path) -> None:
    """Create an empty file, or restrict one that exists."""
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, FILE))
    restrict(path)


def restrict(path: Path) -> None:
    """Take all rights of other users away. Does nothing for a missing file, a link, or one of another user."""
    if os.name == "nt":  # folders of a user are private there, and modes mean something else
        return
    try:
        found = path.lstat()
    except FileNotFoundError:
        return
    mode = FOLDER if stat.S_ISDIR(found.st_mode) else FILE
    ours = found.st_uid == os.geteuid() and (stat.S_ISDIR(found.st_mode) or stat.S_ISREG(found.st_mode))
    if ours and stat.S_IMODE(found.st_mode) != mode:
        path.chmod(mode)
