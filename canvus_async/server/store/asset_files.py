"""Uploaded files on disk, each under the hash of its content, so that equal files are stored once.

The hash is the SHA-256 of the content in hexadecimal. A file is synced and moved to its final name before the database
refers to it, and removed only after the database no longer does. Files that a killed server left over are removed at
the next start.
"""

import asyncio
import os
import re
from collections import Counter
from collections.abc import AsyncGenerator, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO

from canvus_async.server.private_files import private_folder, restrict
from canvus_async.server.store.database import StoredAsset

_INCOMING_PREFIX = "upload-"
_ASSET_NAME = re.compile(r"[0-9a-f]{64}")
_INCOMING_NAME = re.compile(rf"{_INCOMING_PREFIX}[0-9a-z_]{{8}}|tmp[0-9a-z_]{{8}}")  # version 0.1 used the second form


class AssetStore:
    """A folder with the files of the `known` assets.

    Paths are built only from hashes of assets that were registered, never from text in a request. A single thread
    renames and removes files, in the order of the calls, so that a file that is uploaded again while it is being
    removed is kept. With `durable`, files are synced to disk, so that they survive a power failure.
    """

    def __init__(self, folder: Path, known: Iterable[StoredAsset], *, durable: bool) -> None:
        self.folder = folder
        self.incoming = folder / "incoming"
        private_folder(self.folder)
        private_folder(self.incoming)
        self.known = {asset.hash: asset for asset in known}
        self._durable = durable
        self._adding: Counter[str] = Counter()
        self._file_thread = ThreadPoolExecutor(1, thread_name_prefix="canvus-assets")
        self._sweep()

    def _sweep(self) -> None:
        """Remove unknown assets and unfinished uploads, which a killed server may have left over. Blocking.

        Only regular files with names that this server gives are removed: other files are not the server's own. Known
        assets are made private, because version 0.1 did not do that.
        """
        for folder, pattern in ((self.folder, _ASSET_NAME), (self.incoming, _INCOMING_NAME)):
            for path in folder.iterdir():
                if not pattern.fullmatch(path.name) or path.is_symlink() or not path.is_file():
                    continue
                if path.name in self.known:
                    restrict(path)
                else:
                    path.unlink()

    def close(self) -> None:
        """Wait for pending renames and removals."""
        self._file_thread.shutdown()

    def path(self, asset: StoredAsset) -> Path:
        return self.folder / asset.hash

    def exists(self, asset_hash: str) -> bool:
        """Whether the asset is known and its file is on disk."""
        asset = self.known.get(asset_hash)
        return asset is not None and self.path(asset).is_file()

    def create_incoming(self) -> IO[bytes]:
        """Create a file for an upload. It is not removed automatically; see `adding`."""
        return NamedTemporaryFile(dir=self.incoming, prefix=_INCOMING_PREFIX, delete=False)

    @asynccontextmanager
    async def adding(self, temporary: Path, asset: StoredAsset) -> AsyncGenerator[None, None]:
        """Move an uploaded file to its final name, and remove it at the end unless it was registered inside.

        Inside, the file is kept even if another widget with the same content is removed.
        """
        self._adding[asset.hash] += 1
        try:
            if self._durable:
                await asyncio.to_thread(_sync, temporary)
            rename = partial(_rename, temporary, self.path(asset), durable=self._durable)
            await asyncio.get_running_loop().run_in_executor(self._file_thread, rename)
            yield
        finally:
            self._adding[asset.hash] -= 1
            if asset.hash not in self.known:
                self.discard(asset)

    def register(self, asset: StoredAsset) -> None:
        self.known[asset.hash] = asset

    def discard(self, asset: StoredAsset) -> None:
        """Forget the asset and remove its file, unless the same content is being added at this moment."""
        self.known.pop(asset.hash, None)
        if not self._adding[asset.hash]:
            del self._adding[asset.hash]
            self._file_thread.submit(self.path(asset).unlink, missing_ok=True)


def _rename(temporary: Path, path: Path, *, durable: bool) -> None:
    temporary.replace(path)
    if durable and os.name != "nt":  # Windows cannot sync a folder
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _sync(path: Path) -> None:
    with path.open("r+b") as file:
        os.fsync(file.fileno())
