"""Thousands of files into one folder: each exists whole or not at all, and an existing one is not fetched again.

`<hash>.<extension>` is an original, `mipmaps/<hash>-<page>-<level>.webp` a level; `export.jsonl` lists what is what.
"""

import asyncio
import hashlib
import os
import re
import stat
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, closing
from functools import partial
from pathlib import Path

import msgspec

from canvus_async.bulk.items import Content
from canvus_async.bulk.job import Fetch
from canvus_async.bulk.manifest import NAME, Entry, Manifest
from canvus_async.bulk.planner import FileRequest
from canvus_async.content.disk import until_done
from canvus_async.content.fetcher import Fetcher
from canvus_async.content.filesystem import sweep, write_error
from canvus_async.progress import ProgressCounter

LEVELS = "mipmaps"
_RESERVED = {LEVELS, NAME.partition(".")[0]}
"""Hashes that would name files of ours: the server chooses the hash and, through file names, the extension."""

_PORTABLE = re.compile(r"[0-9a-z]{6,128}")
_NOT_ALPHANUMERIC = re.compile(r"[^0-9A-Za-z]")


class Downloaded(msgspec.Struct, frozen=True, kw_only=True):
    """One file of a bulk download, or the error that prevented it.

    `item` is the item it was requested by. `page` and `level` count from 0 and are None for an original. `file` is its
    path as text, "" if there is an `error`; `bytes` is its length. `fetched` is false for a file that existed already.
    `missing` is true in a dry run for a file that would be fetched; its `bytes` are 0 then.
    """

    item: object
    hash: str
    page: int | None = None
    level: int | None = None
    file: str = ""
    bytes: int = 0
    fetched: bool = False
    missing: bool = False
    error: Exception | None = None

    @property
    def path(self) -> Path | None:
        """`file` as a Path; None if there is an `error`."""
        return Path(self.file) if self.file else None


class Export:
    """One run of a bulk download into one folder."""

    def __init__(
        self,
        fetcher: Fetcher,
        canvas_id: str,
        into: str | os.PathLike[str],
        *,
        with_levels: bool,
        fsync: bool,
        counter: ProgressCounter,
        dry_run: bool,
    ) -> None:
        self._fetcher = fetcher
        self._canvas_id = canvas_id
        self._into = os.fspath(into)
        self._with_levels = with_levels
        self._fsync = fsync
        self._counter = counter
        self._dry_run = dry_run

    @asynccontextmanager
    async def opened(self) -> AsyncGenerator[Fetch[Downloaded]]:
        """The function that downloads one file, while the folder and its manifest are open. Raises LocalWriteError."""
        opening = asyncio.get_running_loop().run_in_executor(None, self._open)
        try:
            await until_done(opening)
        except asyncio.CancelledError:
            if opening.exception() is None:
                opening.result().close()
            raise
        with closing(opening.result()) as manifest:
            yield partial(self._download, manifest)

    def _open(self) -> Manifest:
        """Make the folder, remove what killed runs left in it, and read its manifest. Blocking."""
        if self._dry_run:
            return Manifest(self._into, writable=False)
        folders = [self._into, os.path.join(self._into, LEVELS)] if self._with_levels else [self._into]  # noqa: PTH118
        for folder in folders:
            try:
                os.makedirs(folder, exist_ok=True)  # noqa: PTH103
            except OSError as problem:
                raise write_error(problem, folder) from None
            sweep(folder)
        return Manifest(self._into)

    async def _download(self, manifest: Manifest, request: FileRequest) -> Downloaded:
        """Make sure that a file exists and is in the manifest."""
        content, page, level = request.content, request.page, request.level
        name = name_of(content, page, level)
        path = f"{self._into}{os.sep}{name}"
        ensure = partial(self._ensure, manifest, request, name, path)
        key = f"{path}\0{self._fsync}\0{self._dry_run}"  # only jobs that promise the same may share
        size, fetched = await self._fetcher.exports.once(key, ensure)
        missing = size is None
        if not self._dry_run:
            widgets = (content.widget_id,) if content.widget_id else ()
            entry = Entry(content.hash, page, level, name, size or 0, widgets)
            if manifest.remember(entry):
                await self._fetcher.disk.run(partial(manifest.append, entry))
        return Downloaded(
            item=request.item,
            hash=content.hash,
            page=page,
            level=level,
            file=path,
            bytes=size or 0,
            fetched=fetched,
            missing=missing,
        )

    async def _ensure(self, manifest: Manifest, request: FileRequest, name: str, path: str) -> tuple[int | None, bool]:
        """The size of the file, None if it is missing in a dry run, and whether it was fetched.

        Looking at the disk may wait for a thread, so it is part of what simultaneous jobs share.
        """
        size = await self._fetcher.disk.run(partial(_existing_size, manifest, name, path))
        if size is not None or self._dry_run:
            return size, False
        return await self._fetch(request, path), True

    async def _fetch(self, request: FileRequest, path: str) -> int:
        hash_, progress = request.content.hash, self._counter.per_file()
        if request.level is None:
            return await self._fetcher.save_asset(self._canvas_id, hash_, path, fsync=self._fsync, progress=progress)
        return await self._fetcher.save_level(
            self._canvas_id, hash_, request.level, request.page or 0, path, fsync=self._fsync, progress=progress
        )

    def failed(self, request: FileRequest, error: Exception) -> Downloaded:
        """The result for a file that could not be downloaded."""
        return Downloaded(
            item=request.item, hash=request.content.hash, page=request.page, level=request.level, error=error
        )


def _existing_size(manifest: Manifest, name: str, path: str) -> int | None:
    """The size of a regular file that exists and is whole; None otherwise, also for a link, which is replaced."""
    if not os.access(path, os.F_OK):  # checked for every file: cheaper than raising and catching FileNotFoundError
        return None
    try:
        found = os.stat(path, follow_symlinks=False)  # noqa: PTH116
    except FileNotFoundError:
        return None
    except OSError as problem:
        raise write_error(problem, path) from None
    return found.st_size if stat.S_ISREG(found.st_mode) and manifest.may_be_complete(name, found.st_size) else None


def name_of(content: Content, page: int | None, level: int | None) -> str:
    """The path of a file within its folder, made from the hash alone, with "/" between parts."""
    stem = stem_of(content.hash)
    return f"{stem}{content.suffix}" if level is None else f"{LEVELS}/{stem}-{page}-{level}.webp"


def stem_of(hash: str) -> str:  # noqa: A002  # the wire's name
    """A portable file name for a hash, unique also on file systems that ignore case."""
    if _PORTABLE.fullmatch(hash) and hash not in _RESERVED:
        return hash
    kept = _NOT_ALPHANUMERIC.sub("", hash)[:64]
    return f"{kept or 'hash'}-{hashlib.sha256(hash.encode(errors='surrogatepass')).hexdigest()[:16]}"
