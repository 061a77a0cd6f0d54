"""The renderer: one rendering for concurrent callers, complete files, a persistent cache, and clear errors."""

import asyncio
import gc
import threading
from pathlib import Path

import pytest

from canvus_async.models import MipmapInfo, Size
from canvus_async.server.rendering.levels import level_size
from canvus_async.server.rendering.renderer import (
    BrokenAsset,
    LevelOutOfRange,
    PageOutOfRange,
    Renderer,
    UnsupportedAsset,
)
from tests.server.pictures_samples import A4, PdfPage, content_hash, opened, pdf, scene

NAME = "cbcb439a796b"


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.jpg"
    scene(1024, 768).save(path)
    return path


@pytest.fixture
async def renderer(tmp_path: Path):
    created = Renderer(tmp_path / "cache")
    yield created
    await created.aclose()


async def test_the_levels_of_the_example_in_the_api_docs(renderer: Renderer, tmp_path: Path):
    path = tmp_path / "original.png"
    scene(4096, 3072).save(path, compress_level=1)
    assert await renderer.info(NAME, path, 0) == MipmapInfo(Size(4096, 3072), 5, 1)
    assert opened(await renderer.level(NAME, path, 0, 5)).size == (128, 96)


async def test_fifty_concurrent_callers_cause_one_rendering(renderer: Renderer, photo: Path):
    files = await asyncio.gather(*(renderer.level(NAME, photo, 0, 1) for _ in range(50)))
    assert renderer.renders == 1
    assert len(set(files)) == 1
    assert opened(files[0]).size == (512, 384)


async def test_a_level_that_is_being_removed_is_rendered_again_on_request(renderer: Renderer, photo: Path):
    drawing = [asyncio.create_task(renderer.level(NAME, photo, 0, 0)) for _ in range(2)]
    await asyncio.sleep(0)
    renderer.forget(NAME)
    renderer.forget(NAME)
    again = await asyncio.gather(*(renderer.level(NAME, photo, 0, level) for level in (0, 1)))
    await asyncio.gather(*drawing)
    assert [opened(path).size for path in again] == [(1024, 768), (512, 384)]


async def test_one_rendering_produces_the_smaller_levels_too(renderer: Renderer, photo: Path):
    await asyncio.gather(*(renderer.level(NAME, photo, 0, level) for level in (0, 1, 2, 3) * 10))
    assert renderer.renders == 1


async def test_a_larger_level_is_rendered_from_the_original(renderer: Renderer, photo: Path):
    assert opened(await renderer.level(NAME, photo, 0, 3)).size == (128, 96)
    assert opened(await renderer.level(NAME, photo, 0, 0)).size == (1024, 768)
    assert renderer.renders == 2


async def test_different_assets_are_rendered_concurrently(renderer: Renderer, tmp_path: Path):
    paths = [tmp_path / f"{number}.png" for number in range(6)]
    for number, path in enumerate(paths):
        scene(200 + number, 160).save(path)
    files = await asyncio.gather(*(renderer.level(content_hash(path), path, 0, 1) for path in paths * 5))
    assert renderer.renders == 6
    assert [opened(file).size for file in files[:6]] == [level_size(200 + number, 160, 1) for number in range(6)]


async def test_a_rendering_continues_when_its_first_caller_is_cancelled(renderer: Renderer, photo: Path):
    await renderer.info(NAME, photo, 0)
    first = asyncio.create_task(renderer.level(NAME, photo, 0, 0))
    second = asyncio.create_task(renderer.level(NAME, photo, 0, 0))
    await asyncio.sleep(0)
    first.cancel()
    assert opened(await second).size == (1024, 768)
    assert first.cancelled()
    assert renderer.renders == 1


async def test_a_rendering_without_callers_is_completed_and_cached(renderer: Renderer, photo: Path):
    await renderer.info(NAME, photo, 0)
    only = asyncio.create_task(renderer.level(NAME, photo, 0, 0))
    await asyncio.sleep(0)
    only.cancel()
    with pytest.raises(asyncio.CancelledError):
        await only
    await renderer.level(NAME, photo, 0, 0)
    assert renderer.renders == 1


async def test_an_error_is_raised_for_all_callers_and_not_cached(renderer: Renderer, tmp_path: Path):
    path = tmp_path / "cut.jpg"
    scene(640, 480).save(path)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    answers = await asyncio.gather(*(renderer.level(NAME, path, 0, 0) for _ in range(10)), return_exceptions=True)
    assert {type(answer) for answer in answers} == {BrokenAsset}
    assert renderer.renders == 0
    path.write_bytes(whole)
    assert opened(await renderer.level(NAME, path, 0, 0)).size == (640, 480)


async def test_another_renderer_uses_the_cached_levels(photo: Path, tmp_path: Path):
    first, second = Renderer(tmp_path / "cache"), Renderer(tmp_path / "cache")
    files = [await first.level(NAME, photo, 0, level) for level in range(4)]
    stamps = [file.stat().st_mtime_ns for file in files]
    assert [await second.level(NAME, photo, 0, level) for level in range(4)] == files
    assert [file.stat().st_mtime_ns for file in files] == stamps
    assert (first.renders, second.renders) == (1, 0)
    await first.aclose()
    await second.aclose()


async def test_a_larger_rendering_does_not_rewrite_cached_levels(renderer: Renderer, photo: Path):
    small = await renderer.level(NAME, photo, 0, 2)
    before = small.stat().st_mtime_ns
    await renderer.level(NAME, photo, 0, 0)
    assert small.stat().st_mtime_ns == before


async def test_an_empty_cached_file_is_rendered_again(renderer: Renderer, photo: Path):
    level = await renderer.level(NAME, photo, 0, 3)
    level.write_bytes(b"")
    assert opened(await renderer.level(NAME, photo, 0, 3)).size == (128, 96)


async def test_the_cache_never_contains_incomplete_files(renderer: Renderer, photo: Path, tmp_path: Path):
    seen: set[str] = set()
    asked = asyncio.create_task(renderer.level(NAME, photo, 0, 0))
    while not asked.done():
        for file in (tmp_path / "cache").rglob("[!.]*.webp"):
            if file.name not in seen:
                opened(file)
                seen.add(file.name)
        await asyncio.sleep(0.001)
    await asked
    assert sorted(file.name for file in (tmp_path / "cache").rglob("*.*")) == [f"0-{level}.webp" for level in range(4)]


async def test_a_full_disk_raises_oserror_and_leaves_nothing(renderer: Renderer, photo: Path, tmp_path: Path):
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5000, hard))
    try:
        with pytest.raises(OSError, match="too large"):  # the operating system's message
            await renderer.level(NAME, photo, 0, 0)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not [file for file in (tmp_path / "cache").rglob("*") if file.is_file()]
    assert opened(await renderer.level(NAME, photo, 0, 0)).size == (1024, 768)


@pytest.mark.parametrize("level", [-1, 4, 10**30])
async def test_a_level_out_of_range_raises(level: int, renderer: Renderer, photo: Path):
    with pytest.raises(LevelOutOfRange, match=f"Mipmap level {level} does not exist: levels are 0 to 3"):
        await renderer.level(NAME, photo, 0, level)


@pytest.mark.parametrize("page", [-1, 1, 10**30])
async def test_a_picture_has_only_page_0(page: int, renderer: Renderer, photo: Path):
    with pytest.raises(PageOutOfRange, match=f"Page {page} does not exist: a picture has only page 0"):
        await renderer.info(NAME, photo, page)


@pytest.mark.parametrize("content", [b"<svg/>", b"\0\0\0\x10ftypisom\0\0\0\0", b"text"])
async def test_svg_video_and_other_files_have_no_mipmaps(content: bytes, renderer: Renderer, tmp_path: Path):
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(UnsupportedAsset):
        await renderer.info(NAME, path, 0)
    with pytest.raises(UnsupportedAsset):
        await renderer.level(NAME, path, 0, 0)


@pytest.mark.parametrize("name", ["", "../../etc", "ab/cd", "xyz", "a" * 129, "ab\n", "٣٤"])
async def test_a_hash_that_is_not_hexadecimal_is_refused(name: str, renderer: Renderer, photo: Path, tmp_path: Path):
    with pytest.raises(ValueError, match="hexadecimal"):
        await renderer.level(name, photo, 0, 0)
    assert not (tmp_path / "cache").exists()


async def test_infos_are_cached(renderer: Renderer, tmp_path: Path):
    path = tmp_path / "document.pdf"
    path.write_bytes(pdf([PdfPage(A4)]))
    info = await renderer.info(NAME, path, 0)
    path.unlink()
    assert await renderer.info(NAME, path, 0) is info


async def test_the_number_of_cached_infos_is_limited(renderer: Renderer, photo: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("canvus_async.server.rendering.renderer.CACHED_INFOS", 3)
    first = await renderer.info("00", photo, 0)
    for name in ("01", "02"):
        await renderer.info(name, photo, 0)
    assert await renderer.info("00", photo, 0) is first
    await renderer.info("03", photo, 0)  # replaces 01, the least recently used
    photo.unlink()
    assert await renderer.info("00", photo, 0) is first
    with pytest.raises(FileNotFoundError):
        await renderer.info("01", photo, 0)


async def test_rendering_does_not_block_the_event_loop(renderer: Renderer, tmp_path: Path):
    path = tmp_path / "large.png"
    scene(3000, 2000).save(path, compress_level=1)
    asked = asyncio.create_task(renderer.level(NAME, path, 0, 0))
    turns = 0
    while not asked.done():
        await asyncio.sleep(0)
        turns += 1
    assert turns > 100


async def test_closing_ends_the_threads_and_raises_for_waiting_callers(tmp_path: Path):
    renderer = Renderer(tmp_path / "cache", workers=1)
    paths = [tmp_path / f"{number}.png" for number in range(5)]
    for number, path in enumerate(paths):
        scene(600 + number, 400).save(path)
    names = [content_hash(path) for path in paths]
    for name, path in zip(names, paths, strict=True):
        await renderer.info(name, path, 0)
    asked = [asyncio.create_task(renderer.level(name, path, 0, 0)) for name, path in zip(names, paths, strict=True)]
    await asyncio.sleep(0)
    await renderer.aclose()
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert any(isinstance(answer, RuntimeError) for answer in answers)
    assert all(isinstance(answer, RuntimeError | Path) for answer in answers)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("canvus-render")]


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="counts open files where the system lists them")
async def test_no_file_stays_open(renderer: Renderer, tmp_path: Path):
    contents = {"document.pdf": pdf([PdfPage(A4)]), "bad.pdf": b"%PDF-1.7 nothing"}
    for name, format_ in (
        ("a.png", "PNG"),
        ("b.jpg", "JPEG"),
        ("c.tiff", "TIFF"),
        ("d.gif", "GIF"),
        ("e.webp", "WEBP"),
    ):
        scene(300, 200).save(tmp_path / name, format_)
        contents[name] = (tmp_path / name).read_bytes()
        contents["bad-" + name] = contents[name][: len(contents[name]) // 3]
    await renderer.info(NAME, tmp_path / "a.png", 0)  # starts the threads
    gc.collect()
    before = len(list(Path("/proc/self/fd").iterdir()))
    for number, (name, content) in enumerate(contents.items()):
        (tmp_path / name).write_bytes(content)
        answer = await asyncio.gather(renderer.level(f"{number:02}", tmp_path / name, 0, 0), return_exceptions=True)
        assert isinstance(answer[0], BrokenAsset) == name.startswith("bad"), name
    gc.collect()
    assert len(list(Path("/proc/self/fd").iterdir())) == before
