"""What others could have put into the folder of a bulk download, or what a server calls its files, does no harm."""

import os
import stat
from contextlib import aclosing
from pathlib import Path

import pytest

from canvus_async.bulk.export import stem_of
from canvus_async.models import Image, Point, Size
from tests.content.test_fetcher import client
from tests.raw_server import Exchange, raw_server

HASH = "abcdef012345"
BODY = b"bytes of the server\n"


async def serve(exchange: Exchange) -> None:
    while True:
        await exchange.request()
        await exchange.answer(BODY, 200, 'ETag: "x"')


def image(hash_: str, filename: str) -> Image:
    return Image(
        id="w1", state="normal", location=Point(0, 0), size=Size(1, 1), depth=1, scale=1, pinned=False, parent_id="",
        hash=hash_, title="", original_filename=filename,
    )  # fmt: skip


async def download(into: Path, *items: object) -> list[object]:
    async with raw_server(serve) as server, client(server.url) as canvus:
        async with aclosing(canvus.canvas("c1").download_many(items, into=into, levels=None)) as results:
            return [result async for result in results]


@pytest.mark.parametrize("planted", ["link", "dangling link", "fifo", "link to a folder"])
async def test_a_planted_file_is_replaced_and_neither_followed_nor_believed(tmp_path: Path, planted: str) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    folder = tmp_path / "export"
    folder.mkdir()
    target = folder / HASH
    match planted:
        case "fifo":
            os.mkfifo(target)
        case "link to a folder":
            target.symlink_to(tmp_path)
        case _:
            target.symlink_to(victim if planted == "link" else tmp_path / "elsewhere")

    (result,) = await download(folder, HASH)

    if planted == "link to a folder":
        assert result.error is not None
    else:
        assert (result.error, result.fetched) == (None, True)
        assert stat.S_ISREG(target.lstat().st_mode)
        assert target.read_bytes() == BODY
    assert victim.read_text() == "precious"
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize(("hash_", "filename"), [("export", "x.jsonl"), ("mipmaps", "x"), ("export", "x.JSONL")])
async def test_a_hash_that_names_our_own_files_gets_another_name(tmp_path: Path, hash_: str, filename: str) -> None:
    (first,) = await download(tmp_path, image(hash_, filename))
    (again,) = await download(tmp_path, image(hash_, filename))

    assert (first.error, first.fetched, again.fetched) == (None, True, False)
    assert Path(first.file).read_bytes() == BODY
    assert Path(first.file).name.startswith(f"{hash_}-")
    assert (tmp_path / "export.jsonl").read_bytes().startswith(b'{"hash":')


def test_no_stem_is_reserved() -> None:
    assert stem_of("export") != "export"
    assert stem_of("mipmaps") != "mipmaps"
    assert stem_of("exports") == "exports"
