"""Downloads with faults, against a server that writes literal bytes."""

import asyncio
import hashlib
import os
import time
from pathlib import Path

import pytest

from canvus_async import (
    Client,
    CorruptDownload,
    IncompleteDownload,
    Limits,
    RequestTimeout,
    Retry,
    Stalled,
    Timeouts,
    UnexpectedContent,
)
from canvus_async.bulk.export import name_of, stem_of
from canvus_async.bulk.items import Content, suffix_of
from canvus_async.content.filesystem import PART
from tests.content.test_fetcher import HASH, WEBP, client
from tests.raw_server import Exchange, Script, raw_server

BODY = os.urandom(300_000)
TAG = 'ETag: "one"'


def whole(body: bytes = BODY, *headers: str) -> Script:
    async def script(exchange: Exchange) -> None:
        while True:
            await exchange.request()
            await exchange.answer(body, 200, *headers)

    return script


def cut(after: int, *headers: str, body: bytes = BODY) -> Script:
    async def script(exchange: Exchange) -> None:
        await exchange.request()
        await exchange.start(200, f"Content-Length: {len(body)}", *headers)
        await exchange.send(body[:after])

    return script


def part(start: int, *headers: str, body: bytes = BODY, said: int | None = None) -> Script:
    async def script(exchange: Exchange) -> None:
        await exchange.request()
        first = start if said is None else said
        place = f"Content-Range: bytes {first}-{len(body) - 1}/{len(body)}"
        await exchange.answer(body[start:], 206, place, *headers)

    return script


def raw(head: str, body: bytes) -> Script:
    async def script(exchange: Exchange) -> None:
        await exchange.request()
        await exchange.send(head.replace("\n", "\r\n"), body)

    return script


async def fetched(folder: Path, *scripts: Script, name: str = HASH, **options) -> tuple[bytes, list[dict[str, str]]]:
    """The content of a downloaded file, and the headers of all requests; checks that no other file is left."""
    limit = options.pop("max_bytes", None)
    async with raw_server(*scripts) as server, client(server.url, **options) as canvus:
        try:
            path = await canvus.canvas("c1").assets.download(name, to=folder / "a", max_bytes=limit)
        except BaseException:
            assert list(folder.iterdir()) == []
            raise
    assert list(folder.iterdir()) == [path]
    return path.read_bytes(), [request.headers for request in server.requests]


@pytest.mark.row("D1")
async def test_truncated_body_without_a_strong_etag_restarts(tmp_path: Path) -> None:
    body, heads = await fetched(tmp_path, cut(1000, 'ETag: W/"one"'), whole())

    assert body == BODY
    assert "range" not in heads[1]


@pytest.mark.row("D1")
async def test_download_that_makes_progress_outlasts_its_attempts(tmp_path: Path) -> None:
    large, step = os.urandom(9 << 20), 1 << 20

    async def a_piece(exchange: Exchange) -> None:
        received = await exchange.request()
        start = int(received.headers.get("range", "bytes=0-")[6:-1])
        head = [f"Content-Length: {len(large) - start}", TAG]
        if start:
            head.append(f"Content-Range: bytes {start}-{len(large) - 1}/{len(large)}")
        await exchange.start(206 if start else 200, *head)
        await exchange.send(large[start : start + step])

    body, heads = await fetched(tmp_path, a_piece)

    assert body == large
    assert heads[1]["if-range"] == '"one"'
    assert len(heads) > Retry().attempts


@pytest.mark.row("D4")
@pytest.mark.parametrize(
    "lengths",
    [
        "Content-Length: 5\nContent-Length: 6\n",
        "Content-Length: -5\n",
        "Content-Length: 5\nTransfer-Encoding: chunked\n",
    ],
    ids=["two", "negative", "and chunked"],
)
async def test_contradictory_lengths_raise_unexpected_content(tmp_path: Path, lengths: str) -> None:
    with pytest.raises(UnexpectedContent, match="not valid HTTP"):
        await fetched(tmp_path, raw(f"HTTP/1.1 200 OK\n{lengths}\n", b"12345"))


@pytest.mark.row("D4")
async def test_too_small_content_length_is_detected_by_the_hash(tmp_path: Path) -> None:
    proof = hashlib.sha256(BODY).hexdigest()
    async with raw_server(whole(), raw("HTTP/1.1 200 OK\nContent-Length: 5\n\n", BODY)) as server:
        async with client(server.url, limits=Limits(connections=1)) as canvus:
            assets = canvus.canvas("c1").assets
            await assets.download(proof, to=tmp_path / "proof")
            server.scripts = (raw("HTTP/1.1 200 OK\nContent-Length: 5\nConnection: close\n\n", BODY),)
            with pytest.raises(CorruptDownload):
                await assets.download(hashlib.sha256(b"other").hexdigest(), to=tmp_path / "a")

    assert [path.name for path in tmp_path.iterdir()] == ["proof"]


@pytest.mark.row("D5")
@pytest.mark.parametrize("announced", [True, False])
async def test_body_over_max_bytes_is_refused(tmp_path: Path, announced: bool) -> None:
    async def chunked(exchange: Exchange) -> None:
        await exchange.request()
        await exchange.start(200, "Transfer-Encoding: chunked")
        for _ in range(10_000):
            await exchange.chunk(bytes(65536))

    with pytest.raises(UnexpectedContent, match="larger than 100000 bytes"):
        await fetched(tmp_path, whole() if announced else chunked, max_bytes=100_000)


@pytest.mark.row("D6")
async def test_dripping_body_is_stalled(tmp_path: Path) -> None:
    async def drip(exchange: Exchange) -> None:
        await exchange.request()
        await exchange.start(200, "Content-Length: 100000", TAG)
        while True:
            await exchange.send(b"x")
            await asyncio.sleep(0.005)

    with pytest.raises(Stalled, match="below 1024 bytes/s"):
        await fetched(tmp_path, drip, timeouts=Timeouts(slow=0.1), retry=Retry(attempts=2, first_wait=0.001))


@pytest.mark.row("D6")
async def test_dripping_download_is_resumed(tmp_path: Path) -> None:
    async def drip(exchange: Exchange) -> None:
        await exchange.request()
        await exchange.start(200, f"Content-Length: {len(BODY)}", TAG)
        for place in range(len(BODY)):
            await exchange.send(BODY[place : place + 1])
            await asyncio.sleep(0.005)

    async def rest(exchange: Exchange) -> None:
        start = int((await exchange.request()).headers["range"][6:-1])
        await exchange.answer(BODY[start:], 206, f"Content-Range: bytes {start}-{len(BODY) - 1}/{len(BODY)}", TAG)

    body, heads = await fetched(tmp_path, drip, rest, timeouts=Timeouts(slow=0.1))

    assert body == BODY
    assert heads[1]["if-range"] == '"one"'


@pytest.mark.row("D7")
async def test_stalled_download_is_resumed(tmp_path: Path) -> None:
    async def stall(exchange: Exchange) -> None:
        await exchange.request()
        await exchange.start(200, f"Content-Length: {len(BODY)}", TAG)
        await exchange.send(BODY[:1000])
        await exchange.gone()

    body, heads = await fetched(tmp_path, stall, part(1000, TAG), timeouts=Timeouts(stall=0.1))

    assert body == BODY
    assert heads[1]["range"] == "bytes=1000-"


@pytest.mark.row("D8", "D10")
@pytest.mark.parametrize(
    "wrong",
    [
        part(1000, TAG, said=999),
        part(1000, 'ETag: "two"'),
        part(1000, TAG, body=BODY + b"more"),
        raw(f"HTTP/1.1 206 Partial\nContent-Length: {len(BODY) - 1000}\n\n", BODY[1000:]),
        raw("HTTP/1.1 416 No\nContent-Range: bytes */5\nContent-Length: 0\n\n", b""),
        raw("HTTP/1.1 412 No\nContent-Length: 0\n\n", b""),
    ],
    ids=["another start", "another etag", "another length", "no Content-Range", "416", "412"],
)
async def test_mismatched_part_restarts_the_download(tmp_path: Path, wrong: Script) -> None:
    body, heads = await fetched(tmp_path, cut(1000, TAG), wrong, whole(BODY, TAG))

    assert body == BODY
    assert ["range" in head for head in heads] == [False, True, False]


@pytest.mark.row("D8")
async def test_unrequested_206_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnexpectedContent, match="status 206"):
        await fetched(tmp_path, part(1000, TAG))


@pytest.mark.row("D9")
async def test_ignored_range_restarts_the_download(tmp_path: Path) -> None:
    body, heads = await fetched(tmp_path, cut(1000, TAG), whole(BODY, TAG))

    assert body == BODY
    assert len(heads) == 2


@pytest.mark.row("D11")
async def test_wrong_content_is_fetched_once_more_and_then_refused(tmp_path: Path) -> None:
    name = hashlib.sha256(BODY).hexdigest()
    wrong = bytes(len(BODY))
    async with raw_server(whole()) as server, client(server.url) as canvus:
        assets = canvus.canvas("c1").assets
        await assets.download(name, to=tmp_path / "first")  # proves that hashes of this server are SHA-256
        bad = hashlib.sha256(b"something else").hexdigest()
        with pytest.raises(CorruptDownload, match="twice"):
            await assets.download(bad, to=tmp_path / "a")
        with pytest.raises(CorruptDownload, match="twice"):
            await assets.fetch(bad)
        assert len(server.requests) == 5

    assert [path.name for path in tmp_path.iterdir()] == ["first"]
    assert wrong != BODY


@pytest.mark.row("D11")
async def test_hashes_other_than_sha256_are_opaque(tmp_path: Path) -> None:
    async with raw_server(whole()) as server, client(server.url) as canvus:
        for number in range(5):
            path = await canvus.canvas("c1").assets.download(f"{number:064x}", to=tmp_path / str(number))
            assert path.read_bytes() == BODY

    assert len(server.requests) == 5


@pytest.mark.row("D12")
@pytest.mark.parametrize(
    "content", [WEBP, b"<!DOCTYPE html><html>log in</html>", b"RIFF"], ids=["webp", "html", "short"]
)
async def test_mipmap_must_be_webp_however_it_is_chunked(tmp_path: Path, content: bytes) -> None:
    async def drip(exchange: Exchange) -> None:
        await exchange.request()
        await exchange.start(200, f"Content-Length: {len(content)}")
        for byte in content[:20]:
            await exchange.send(bytes([byte]))
            await asyncio.sleep(0)
        await exchange.send(content[20:])

    async with raw_server(drip) as server, client(server.url) as canvus:
        download = canvus.canvas("c1").mipmaps.download(HASH, 0, to=tmp_path / "a.webp")
        if content is WEBP:
            assert (await download).read_bytes() == WEBP
        else:
            with pytest.raises(UnexpectedContent, match="not a WebP image"):
                await download
            assert list(tmp_path.iterdir()) == []


@pytest.mark.row("D13")
async def test_content_not_ready_yet_is_waited_for(tmp_path: Path) -> None:
    async def soon(exchange: Exchange) -> None:
        for _ in range(4):
            await exchange.request()
            await exchange.answer({"msg": "not yet"}, 202, "Retry-After: 0.01")
        await exchange.request()
        await exchange.answer(WEBP)

    async with raw_server(soon, soon) as server, client(server.url) as canvus:
        path = await canvus.canvas("c1").mipmaps.download(HASH, 0, to=tmp_path / "a.webp")

    assert path.read_bytes() == WEBP
    assert len(server.requests) == 5


@pytest.mark.row("D13")
async def test_content_never_ready_times_out() -> None:
    async def never(exchange: Exchange) -> None:
        while True:
            await exchange.request()
            await exchange.answer({"msg": "not yet"}, 202, "Retry-After: 0.02")

    async with raw_server(never) as server:
        options = {"timeouts": Timeouts(response=0.1), "retry": Retry(attempts=1)}
        async with client(server.url, **options) as canvus:
            with pytest.raises(RequestTimeout, match="not rendered within"):
                await canvus.canvas("c1").mipmaps.fetch(HASH, 0)


@pytest.mark.row("D18")
async def test_concurrent_downloads_of_one_file_share_a_transfer(tmp_path: Path) -> None:
    async with raw_server(whole()) as server, client(server.url) as canvus:
        assets = canvus.canvas("c1").assets
        paths = await asyncio.gather(*(assets.download(HASH, to=tmp_path / "a") for _ in range(20)))

    assert set(paths) == {tmp_path / "a"}
    assert (tmp_path / "a").read_bytes() == BODY
    assert len(server.requests) == 1


async def test_concurrent_downloads_of_one_file_keep_their_own_limits_and_promises(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"old")
    async with raw_server(whole()) as server, client(server.url) as canvus:
        assets = canvus.canvas("c1").assets
        downloads = [
            assets.download(HASH, to=tmp_path / "a"),
            assets.download(HASH, to=tmp_path / "a", max_bytes=1),
            assets.download(HASH, to=tmp_path / "a", overwrite=False),
        ]
        path, too_large, exists = await asyncio.gather(*downloads, return_exceptions=True)

    assert path == tmp_path / "a"
    assert isinstance(too_large, UnexpectedContent)
    assert isinstance(exists, FileExistsError)
    assert (tmp_path / "a").read_bytes() == BODY


@pytest.mark.row("D18")
async def test_cancelling_the_first_download_does_not_affect_the_others(tmp_path: Path) -> None:
    async def hang(exchange: Exchange) -> None:
        await exchange.request()
        await exchange.gone()

    async with raw_server(hang, whole()) as server, client(server.url) as canvus:
        assets = canvus.canvas("c1").assets
        first, *others = [asyncio.create_task(assets.download(HASH, to=tmp_path / "a")) for _ in range(5)]
        await server.until_requests(1)
        first.cancel()
        await asyncio.gather(*others)

    assert first.cancelled()
    assert (tmp_path / "a").read_bytes() == BODY


@pytest.mark.row("D19")
@pytest.mark.parametrize("how", ["cancel", "timeout"])
async def test_download_cancelled_during_a_slow_write_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    writing, writev = asyncio.Event(), os.writev
    loop = asyncio.get_running_loop()

    def slow(fd: int, chunks: list[bytes]) -> int:
        loop.call_soon_threadsafe(writing.set)
        time.sleep(0.05)
        return writev(fd, chunks)

    monkeypatch.setattr(os, "writev", slow)
    async with raw_server(whole(os.urandom(8 << 20))) as server, client(server.url) as canvus:
        download = asyncio.create_task(canvus.canvas("c1").assets.download(HASH, to=tmp_path / "a"))
        await writing.wait()
        if how == "cancel":
            download.cancel()
            with pytest.raises(asyncio.CancelledError):
                await download
        else:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0):
                    await download
        assert list(tmp_path.iterdir()) == []
        await server.until_open(0)


@pytest.mark.row("D20")
async def test_old_part_files_are_removed_and_nothing_else(tmp_path: Path) -> None:
    names = [f"b{PART}{'0' * 16}", f"c{PART}{'1' * 16}", f"notes{PART}1", "mine"]
    for name in names:
        (tmp_path / name).write_bytes(b"x")
        if not name.startswith("c"):
            os.utime(tmp_path / name, (1, 1))
    async with raw_server(whole()) as server, client(server.url) as canvus:
        await canvus.canvas("c1").assets.download(HASH, to=tmp_path / "a")

    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["a", *names[1:]])


@pytest.mark.row("D21")
@pytest.mark.parametrize(
    "name",
    [
        "../../x",
        "/etc/passwd",
        "a\\..\\b",
        "C:x",
        "CON",
        "NUL",
        "x" * 300,
        "日" * 100,
        "a\u202eb",
        ".",
        "",
        "-rf",
        "a.",
        "A1",
    ],
)
def test_file_name_is_made_of_the_hash_and_stays_in_its_folder(tmp_path: Path, name: str) -> None:
    for made in (name_of(Content(name, ".jpg"), None, None), name_of(Content(name), 0, 3)):
        assert (tmp_path / made).resolve().is_relative_to(tmp_path.resolve())
        assert len(Path(made).name.encode()) <= 200
        assert Path(made).name == made or made == f"mipmaps/{Path(made).name}"
        assert not made.startswith(("-", "."))
    assert stem_of(name).lower() != stem_of(name.swapcase()).lower() or name == name.swapcase()


@pytest.mark.row("D21")
@pytest.mark.parametrize(
    ("name", "suffix"),
    [
        ("a.JPG", ".jpg"),
        ("a.tar.gz", ".gz"),
        ("a.j/../../x", ""),
        (".bashrc", ""),
        ("a.jp\u202eg", ""),
        ("a." + "x" * 9, ""),
    ],
)
def test_only_a_harmless_suffix_of_the_servers_name_is_used(name: str, suffix: str) -> None:
    assert suffix_of(name) == suffix


@pytest.mark.row("D23")
async def test_empty_file_is_refused_unless_its_hash_is_that_of_no_bytes(tmp_path: Path) -> None:
    with pytest.raises(UnexpectedContent, match="empty"):
        await fetched(tmp_path, whole(b""))
    body, _ = await fetched(tmp_path, whole(b""), name=hashlib.sha256(b"").hexdigest())
    assert body == b""


@pytest.mark.row("D24")
async def test_part_file_is_beside_its_target(tmp_path: Path) -> None:
    seen: list[str] = []
    async with raw_server(whole()) as server, client(server.url) as canvus:
        await canvus.canvas("c1").assets.download(
            HASH, to=tmp_path / "a", progress=lambda done, total: seen.extend(path.name for path in tmp_path.iterdir())
        )
    assert seen
    assert all(name.startswith(f"a{PART}") for name in seen)


async def test_closing_the_client_ends_its_downloads(tmp_path: Path) -> None:
    async def hang(exchange: Exchange) -> None:
        await exchange.request()
        await exchange.start(200, "Content-Length: 100")
        await exchange.gone()

    async with raw_server(hang) as server:
        canvus = Client(server.url, token="t")
        download = asyncio.create_task(canvus.canvas("c1").assets.download(HASH, to=tmp_path / "a"))
        await server.until_requests(1)
        await canvus.aclose()
        with pytest.raises(Exception, match="closed"):
            await download
    assert list(tmp_path.iterdir()) == []


async def test_truncated_stream_reports_received_and_expected_bytes() -> None:
    async with raw_server(cut(1000)) as server, client(server.url) as canvus:
        got = b""
        with pytest.raises(IncompleteDownload) as failed:
            async with canvus.canvas("c1").assets.stream(HASH) as body:
                assert (body.status, body.size) == (200, len(BODY))
                async for chunk in body:
                    got += chunk
    assert got == BODY[:1000]
    assert (failed.value.received, failed.value.expected) == (1000, len(BODY))
