"""Uploaded files on disk, each under the hash of its content, so that the same file is kept once.

The hash is the SHA-256 of the content as 64 hexadecimal digits. A file is fsynced and renamed into its place before
anything names it, and removed only after nothing does; what a killed server left half done is swept at the next start.
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

from canvus_async.server.store.database import StoredAsset

_INCOMING_PREFIX = "upload-"
_ASSET_NAME = re.compile(r"[0-9a-f]{64}")
_INCOMING_NAME = re.compile(rf"{_INCOMING_PREFIX}[0-9a-z_]{{8}}|tmp[0-9a-z_]{{8}}")  # the second: those of version 0.1


class AssetStore:
    """The files that belong to `known` assets, in a folder of their own.

    A path is only ever made from a hash that this class was given with an upload, never from a request's text.
    Names come and go in one thread, in the order in which that was decided, so that none is removed that has come back.
    `durable`: what is written must survive a loss of power.
    """

    def __init__(self, folder: Path, known: Iterable[StoredAsset], *, durable: bool) -> None:
        self.folder = folder
        self.incoming = folder / "incoming"
        self.incoming.mkdir(parents=True, exist_ok=True)
        self.known = {asset.hash: asset for asset in known}
        self._durable = durable
        self._adding: Counter[str] = Counter()
        self._file_thread = ThreadPoolExecutor(1, thread_name_prefix="canvus-assets")
        self._sweep()

    def _sweep(self) -> None:
        """Remove what a killed server left: assets that no widget needs, and unfinished uploads. Blocking.

        Only regular files whose names this server gives; anything else in these folders belongs to someone else.
        """
        for folder, pattern in ((self.folder, _ASSET_NAME), (self.incoming, _INCOMING_NAME)):
            for path in folder.iterdir():
                if (
                    pattern.fullmatch(path.name)
                    and path.name not in self.known
                    and path.is_file()
                    and not path.is_symlink()
                ):
                    path.unlink()

    def close(self) -> None:
        """Finish what was decided."""
        self._file_thread.shutdown()

    def path(self, asset: StoredAsset) -> Path:
        """Where a known file is."""
        return self.folder / asset.hash

    def exists(self, asset_hash: str) -> bool:
        """Whether that file is known and really there."""
        asset = self.known.get(asset_hash)
        return asset is not None and self.path(asset).is_file()

    def create_incoming(self) -> IO[bytes]:
        """A new file for an upload; it stays until it is moved or removed, at the latest by the next start."""
        return NamedTemporaryFile(dir=self.incoming, prefix=_INCOMING_PREFIX, delete=False)

    @asynccontextmanager
    async def adding(self, temporary: Path, asset: StoredAsset) -> AsyncGenerator[None, None]:
        """Move an uploaded file into its place, where it stays if it is `register`ed inside.

        It is not removed meanwhile, even if another widget with the same content goes.
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
        """From now on the file is known."""
        self.known[asset.hash] = asset

    def discard(self, asset: StoredAsset) -> None:
        """From now on it is not, and the file goes, unless it is just being uploaded once more."""
        self.known.pop(asset.hash, None)
        if not self._adding[asset.hash]:
            del self._adding[asset.hash]
            self._file_thread.submit(self.path(asset).unlink, missing_ok=True)


def _rename(temporary: Path, path: Path, *, durable: bool) -> None:
    temporary.replace(path)
    if durable and os.name != "nt":  # Windows has no way to wait for a folder
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _sync(path: Path) -> None:
    with path.open("r+b") as file:
        os.fsync(file.fileno())
