"""Files by the thousand into one folder: each is whole or not there, and what is whole is not fetched again.

`<hash>.<extension>` holds an original, `mipmaps/<hash>-<page>-<level>.webp` a level, `export.jsonl` says which is what.
"""

import asyncio
import hashlib
import os
import re
from pathlib import Path

import msgspec

from canvus_async.bulk.items import Content
from canvus_async.bulk.manifest import Entry, Manifest
from canvus_async.bulk.planner import Wish
from canvus_async.content.fetcher import Fetcher
from canvus_async.content.part_file import sweep, until_done, write_error
from canvus_async.progress import Progress, ProgressCounter

LEVELS = "mipmaps"
_PLAIN = re.compile(r"[0-9a-z]{6,128}")
_ODD = re.compile(r"[^0-9A-Za-z]")


class Downloaded(msgspec.Struct, frozen=True, kw_only=True):
    """A file of a bulk download, or why there is none.

    `item` is what it was asked for with. `page` and `level` count from 0 and are None for an original. `file` is its
    path as text, "" where there is an `error`. `bytes` is the file's length. `fetched` is false for a file that was
    there already. `missing` is true in a dry run for a file that would be fetched; its `bytes` are 0 then.
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
        """`file` as a Path; None where there is an `error`. Made when asked for: a Path costs more than a stat."""
        return Path(self.file) if self.file else None


class Export:
    """One run into one folder."""

    def __init__(
        self,
        fetcher: Fetcher,
        canvas_id: str,
        into: str | os.PathLike[str],
        *,
        levels: bool,
        fsync: bool,
        counter: ProgressCounter,
        dry: bool = False,
    ) -> None:
        self._fetcher = fetcher
        self._canvas_id = canvas_id
        self._into = os.fspath(into)
        self._levels = levels
        self._fsync = fsync
        self._counter = counter
        self._dry = dry
        self._manifest: Manifest | None = None

    async def prepare(self) -> None:
        """Make the folder, clear away what killed runs left in it, and read what it has. Raises LocalWriteError."""
        opening = asyncio.get_running_loop().run_in_executor(None, self._open)
        try:
            await until_done(opening)
        except asyncio.CancelledError:
            if opening.exception() is None:
                opening.result().close()
            raise
        self._manifest = opening.result()

    def _open(self) -> Manifest:
        if self._dry:
            return Manifest(self._into, adding=False)
        folders = [self._into, os.path.join(self._into, LEVELS)] if self._levels else [self._into]  # noqa: PTH118
        for folder in folders:
            try:
                os.makedirs(folder, exist_ok=True)  # noqa: PTH103
            except OSError as problem:
                raise write_error(problem, folder) from None
            sweep(folder)
        return Manifest(self._into)

    def finish(self) -> None:
        """Let go of the manifest."""
        manifest, self._manifest = self._manifest, None
        if manifest is not None:
            manifest.close()

    async def one(self, wish: Wish[Downloaded]) -> Downloaded:
        """A file that is there afterwards, and in the manifest."""
        if self._manifest is None:
            raise RuntimeError("the export is over")
        item, content, page, level = wish.item, wish.content, wish.page, wish.level
        name = name_of(content, page, level)
        path = f"{self._into}{os.sep}{name}"
        size = self._size(name, path)
        missing = self._dry and size is None
        fetched = size is None and not missing
        if fetched:
            progress = self._counting() if self._counter.watched else None
            fetcher, canvas_id, fsync = self._fetcher, self._canvas_id, self._fsync
            if level is None:
                size = await fetcher.save_asset(canvas_id, content.hash, path, fsync=fsync, progress=progress)
            else:
                size = await fetcher.save_level(
                    canvas_id, content.hash, level, page or 0, path, fsync=fsync, progress=progress
                )
        widgets = (content.widget_id,) if content.widget_id else ()
        size = size or 0
        if not self._dry:
            self._manifest.record(Entry(content.hash, page, level, name, size, widgets))
        return Downloaded(
            item=item,
            hash=content.hash,
            page=page,
            level=level,
            file=path,
            bytes=size,
            fetched=fetched,
            missing=missing,
        )

    def failed(self, wish: Wish[Downloaded], error: Exception) -> Downloaded:
        """The result for a file that there is not."""
        return Downloaded(item=wish.item, hash=wish.content.hash, page=wish.page, level=wish.level, error=error)

    def _size(self, name: str, path: str) -> int | None:
        """The size of a file that is there and whole."""
        if not os.access(path, os.F_OK):  # asked for every file; no exception to raise and catch
            return None
        try:
            size = os.stat(path, follow_symlinks=False).st_size  # noqa: PTH116
        except FileNotFoundError:
            return None
        except OSError as problem:
            raise write_error(problem, path) from None
        return size if self._manifest is not None and self._manifest.believes(name, size) else None

    def _counting(self) -> Progress:
        """Turns the bytes of one file so far into bytes more of the whole job."""
        before = 0

        def moved(done: int, total: int) -> None:
            nonlocal before
            self._counter.moved(done - before if done > before else done)
            before = done

        return moved


def name_of(content: Content, page: int | None, level: int | None) -> str:
    """Where a file is kept in its folder: made of the hash alone, with "/" between parts."""
    stem = stem_of(content.hash)
    return f"{stem}{content.suffix}" if level is None else f"{LEVELS}/{stem}-{page}-{level}.webp"


def stem_of(hash: str) -> str:  # noqa: A002  # the wire's name
    """A hash as a portable file name that no other hash has, also where upper and lower case are the same."""
    if _PLAIN.fullmatch(hash):
        return hash
    kept = _ODD.sub("", hash)[:64]
    return f"{kept or 'hash'}-{hashlib.sha256(hash.encode(errors='surrogatepass')).hexdigest()[:16]}"
