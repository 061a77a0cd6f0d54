"""Renders mipmap levels on demand in threads, and caches them on disk as WebP files.

The rest of the server uses only the names in `__all__`; `pictures` and `documents` do the drawing.
"""

import asyncio
import re
import tempfile
from collections import OrderedDict
from collections.abc import Callable, Container, Coroutine, Hashable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from PIL import Image

from canvus_async.models import MipmapInfo, Size
from canvus_async.server.private_files import private_folder, restrict
from canvus_async.server.rendering.documents import page_picture, page_size
from canvus_async.server.rendering.formats import BrokenAsset, LevelOutOfRange, PageOutOfRange, UnsupportedAsset
from canvus_async.server.rendering.levels import level_size, max_level
from canvus_async.server.rendering.pictures import fit_webp, picture_level, picture_size, shrink
from canvus_async.server.rendering.probing import AssetInfo, identify, probe

__all__ = [
    "AssetInfo",
    "BrokenAsset",
    "LevelOutOfRange",
    "PageOutOfRange",
    "Renderer",
    "UnsupportedAsset",
    "probe",
]

QUALITY = 80
"""WebP quality of the colours, 0 to 100; alpha is lossless."""

METHOD = 1
"""WebP effort, 0 to 6. 1 takes 10 % longer than 0 and saves up to 44 % of the bytes; the default 4 takes three times as
long."""

_PREFIX = "."

CACHED_INFOS = 4096
"""Pages whose `MipmapInfo` is cached in memory."""

_HEX = re.compile(r"[0-9a-fA-F]{1,128}")
_LEVEL_NAME = re.compile(rf"\d+-\d+\.webp|{re.escape(_PREFIX)}\w+\.tmp")

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Renderer:
    """Renders and caches the mipmap levels of assets.

    `cache` is a folder for the WebP files, created when needed; several renderers may share it. `workers` is the number
    of threads. A hash stands for content that never changes, so a file is read only if its hash is not cached.
    """

    renders: int
    """The number of renderings; each produces one level and all smaller ones."""

    def __init__(self, cache: Path, *, workers: int = 2) -> None:
        self.renders = 0
        self._cache = cache
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="canvus-render")
        self._infos: OrderedDict[tuple[str, int], MipmapInfo] = OrderedDict()
        self._measuring: dict[tuple[str, int], asyncio.Task[MipmapInfo]] = {}
        self._drawing: dict[tuple[str, int], asyncio.Task[None]] = {}
        self._forgetting: dict[str, asyncio.Task[None]] = {}

    async def info(self, hash: str, path: Path, page: int) -> MipmapInfo:  # noqa: A002 - the wire's name
        """Describe the levels of a page. Pages are counted from 0; a picture has only page 0.

        `resolution` is the size of the picture after its EXIF orientation, or of the PDF page at
        `documents.PIXELS_PER_POINT`. Raises UnsupportedAsset, BrokenAsset, PageOutOfRange, and ValueError for a hash
        that is not hexadecimal.
        """
        key = (_checked_hash(hash), page)
        if key in self._infos:
            self._infos.move_to_end(key)
            return self._infos[key]
        return await _run_once(self._measuring, key, lambda: self._measure(key, path))

    async def level(self, hash: str, path: Path, page: int, level: int) -> Path:  # noqa: A002 - the wire's name
        """The WebP file of one level of a page, rendered now if it is not cached.

        Its size is `level_size`, reduced to WebP's largest side of 16383 pixels. A page is rendered only once for all
        concurrent callers, and it is completed even if a caller is cancelled. Raises what `info` raises, and
        LevelOutOfRange. Some damage is found only by rendering, so BrokenAsset may be raised here and not by `info`.
        """
        info = await self.info(hash, path, page)
        if not 0 <= level <= info.max_level:
            raise LevelOutOfRange(f"Mipmap level {level} does not exist: levels are 0 to {info.max_level}.")
        folder = self._folder(hash)
        target = folder / _name(page, level)
        if hash in self._forgetting:
            await asyncio.wait((self._forgetting[hash],))
        while not _is_complete(target):
            await _run_once(self._drawing, (hash, page), lambda: self._draw(path, folder, info, page, level))
        return target

    def forget(self, hash: str) -> None:  # noqa: A002 - the wire's name
        """Remove the levels of a hash after its current renderings. A later request renders them again."""
        for key in [key for key in self._infos if key[0] == hash]:
            del self._infos[key]
        if hash not in self._forgetting:
            task = self._forgetting[hash] = asyncio.create_task(self._remove(hash))
            task.add_done_callback(partial(_finished, self._forgetting, hash))

    def sweep(self, known: Container[str]) -> None:
        """Remove the levels of all hashes that are not in `known`, when the server starts. Blocking.

        Those that stay are made private, because version 0.1 did not do that.
        """
        restrict(self._cache)
        for folder in self._cache.glob("??/*"):
            if not _HEX.fullmatch(folder.name) or folder != self._folder(folder.name):
                continue
            if folder.name in known:
                _restrict_levels(folder)
            else:
                _remove_levels(folder)

    async def _remove(self, hash_: str) -> None:
        if drawing := [task for (name, _), task in self._drawing.items() if name == hash_]:
            await asyncio.wait(drawing)
        await asyncio.to_thread(_remove_levels, self._folder(hash_))

    async def aclose(self) -> None:
        """Stop. Queued renderings are cancelled, running ones are completed; their callers get a RuntimeError."""
        for task in [*self._drawing.values(), *self._measuring.values()]:
            task.cancel()
        if self._forgetting:
            await asyncio.wait(self._forgetting.values())
        await asyncio.to_thread(self._threads.shutdown, wait=True, cancel_futures=True)

    def _folder(self, hash_: str) -> Path:
        return self._cache / hash_[:2] / hash_

    async def _measure(self, key: tuple[str, int], path: Path) -> MipmapInfo:
        info = await asyncio.to_thread(measure, path, key[1])
        self._infos[key] = info
        if len(self._infos) > CACHED_INFOS:
            self._infos.popitem(last=False)
        return info

    async def _draw(self, path: Path, folder: Path, info: MipmapInfo, page: int, level: int) -> None:
        draw = partial(draw_levels, path, folder, info, page, level)
        await asyncio.get_running_loop().run_in_executor(self._threads, draw)
        self.renders += 1


def measure(path: Path, page: int) -> MipmapInfo:
    """Describe the mipmap levels of a page. Blocking. Raises what `Renderer.info` raises."""
    found = identify(path)
    if found.kind == "pdf":
        width, height, pages = page_size(path, page)
    elif found.kind == "image":
        if page != 0:
            raise PageOutOfRange(f"Page {page} does not exist: a picture has only page 0.")
        width, height, pages = *picture_size(path, found.decoder), 1
    else:
        raise UnsupportedAsset("Mipmaps exist for pictures and PDF documents only.")
    return MipmapInfo(Size(width, height), max_level(width, height), pages)


def draw_levels(path: Path, folder: Path, info: MipmapInfo, page: int, level: int) -> None:
    """Render `level` of a page and all smaller levels, and save those that are not cached. Blocking.

    The smaller levels take a third longer in total, but a later request for one need not decode the file again.
    """
    width, height = int(info.resolution.width), int(info.resolution.height)
    found = identify(path)
    if found.kind == "pdf":
        picture = shrink(page_picture(path, page), level_size(width, height, level))
    else:
        picture = picture_level(path, found.decoder, level)
    for each_folder in (folder.parent.parent, folder.parent, folder):
        private_folder(each_folder)
    for each in range(level, info.max_level + 1):
        picture = shrink(picture, fit_webp(*level_size(width, height, each)))
        target = folder / _name(page, each)
        if not _is_complete(target):
            _publish(picture, target)


def _publish(picture: Image.Image, target: Path) -> None:
    """Write a picture to a temporary file and rename that, so that `target` is never incomplete."""
    with tempfile.NamedTemporaryFile(prefix=_PREFIX, suffix=".tmp", dir=target.parent, delete=False) as file:
        temporary = Path(file.name)
        try:
            picture.save(file, "WEBP", quality=QUALITY, method=METHOD)
            file.close()
            temporary.replace(target)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise


def _restrict_levels(folder: Path) -> None:
    """Make the folder of a hash and a renderer's files in it private. Blocking."""
    for each in (folder.parent, folder):
        restrict(each)
    for path in folder.iterdir() if folder.is_dir() and not folder.is_symlink() else ():
        if _LEVEL_NAME.fullmatch(path.name):
            restrict(path)


def _remove_levels(folder: Path) -> None:
    """Remove a renderer's files from the folder of a hash, and the folder if it is empty then. Blocking."""
    with suppress(OSError):  # a later start tries again
        if folder.is_symlink():
            return
        for path in folder.iterdir():
            if _LEVEL_NAME.fullmatch(path.name) and path.is_file() and not path.is_symlink():
                path.unlink(missing_ok=True)
        folder.rmdir()


def _is_complete(target: Path) -> bool:
    """Whether a level is cached. A power failure may leave an empty file, which does not count."""
    try:
        return target.stat().st_size > 0
    except FileNotFoundError:
        return False


def _name(page: int, level: int) -> str:
    return f"{page}-{level}.webp"


def _checked_hash(hash_: str) -> str:
    if not _HEX.fullmatch(hash_):
        raise ValueError(f"a content hash has 1 to 128 hexadecimal digits, got {hash_!r}")
    return hash_


async def _run_once(running: dict[K, asyncio.Task[V]], key: K, work: Callable[[], Coroutine[Any, Any, V]]) -> V:
    """Run `work` once for all concurrent callers with the same key. It continues if a caller is cancelled."""
    task = running.get(key)
    if task is None:
        task = running[key] = asyncio.create_task(work())
        task.add_done_callback(partial(_finished, running, key))
    await asyncio.wait((task,))
    if task.cancelled():
        raise RuntimeError("the renderer has been closed")
    return task.result()


def _finished(running: dict[K, asyncio.Task[V]], key: K, task: asyncio.Task[V]) -> None:
    del running[key]
    if not task.cancelled():
        task.exception()  # retrieved, or asyncio would log it if all callers have been cancelled
