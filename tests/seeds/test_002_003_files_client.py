"""Seeds 002 and 003 through the client: what the pages on images and PDFs have in common."""

import json
from contextlib import aclosing
from pathlib import Path

import pytest

from canvus_async import ApiError, BadRequest, Forbidden, NotFound, Unauthorized
from tests.seeds.file_types import IMAGES, PDFS, FileType
from tests.seeds.sandbox import IMMUTABLE, replay, replay_stream


@pytest.fixture(params=[IMAGES, PDFS], ids=lambda files: files.endpoint)
def files(request: pytest.FixtureRequest) -> FileType:
    return request.param


@pytest.fixture
def path(files: FileType) -> str:
    """The path of the examples' list."""
    return f"/api/v1/canvases/{files.canvas_id}/{files.endpoint}"


async def test_client_subscribes_to_files(files: FileType, path: str) -> None:
    (example,) = json.loads(files.example_list)
    changed, deleted = example | {"title": "Changed"}, example | {"state": "deleted"}

    async with replay_stream([example], b"\n", [changed], b"\n", [deleted], canvas_id=files.canvas_id) as replayed:
        async with aclosing(files.collection(replayed.canvas).subscribe()) as updates:
            first, second, third = [await anext(updates) for _ in range(3)]

    assert first == files.record
    assert (second.title, second.hash) == ("Changed", files.record.hash)
    assert third.deleted
    assert replayed.sent == [("GET", f"{path}?subscribe")]


async def test_client_subscribes_to_a_single_file(files: FileType, path: str) -> None:
    example = json.loads(files.example)

    async with replay_stream(example, b"\n", example | {"pinned": True}, canvas_id=files.canvas_id) as replayed:
        async with aclosing(files.collection(replayed.canvas).subscribe(files.example_id)) as updates:
            states = [await anext(updates) for _ in range(2)]

    assert [each.pinned for each in states] == [False, True]
    assert replayed.sent == [("GET", f"{path}/{files.example_id}?subscribe")]


async def test_client_lists_files(files: FileType, path: str) -> None:
    async with replay(files.example_list, canvas_id=files.canvas_id) as replayed:
        assert await files.collection(replayed.canvas).list() == [files.record]

    assert replayed.sent == [("GET", path)]


async def test_client_gets_a_file(files: FileType, path: str) -> None:
    async with replay(files.example, canvas_id=files.canvas_id) as replayed:
        widget = await files.collection(replayed.canvas).get(files.example_id)

    assert widget == files.record
    assert (widget.widget_type, widget.deleted) == (files.widget_type, False)
    assert replayed.sent == [("GET", f"{path}/{files.example_id}")]


async def test_client_downloads_a_file(files: FileType, path: str, tmp_path: Path) -> None:
    headers = (
        f"Content-Type: {files.content_type}",
        f'content-disposition: attachment; filename="{files.filename}"',
        f"cache-control: {IMMUTABLE}",
    )
    async with replay(files.content, 200, *headers, canvas_id=files.canvas_id) as replayed:
        saved = await files.collection(replayed.canvas).download(files.example_id, to=tmp_path / files.filename)

    assert saved.read_bytes() == files.content
    assert replayed.sent == [("GET", f"{path}/{files.example_id}/download")]


async def test_client_deletes_a_file(files: FileType, path: str) -> None:
    async with replay(b"", canvas_id=files.canvas_id) as replayed:
        await files.collection(replayed.canvas).delete(files.example_id)

    assert replayed.sent == [("DELETE", f"{path}/{files.example_id}")]


@pytest.mark.parametrize(
    ("status", "error"), [(400, BadRequest), (401, Unauthorized), (403, Forbidden), (404, NotFound)]
)
async def test_client_raises_the_class_of_each_error_of_files(
    status: int, error: type[ApiError], files: FileType, tmp_path: Path
) -> None:
    body, changes = files.errors[-1]
    async with replay(body, status) as replayed:
        collection = files.collection(replayed.canvas)
        for call in (
            collection.list(),
            collection.get(files.example_id),
            collection.upload(b"x"),
            collection.update(files.example_id, **changes),
            collection.download(files.example_id, to=tmp_path / "file"),
            *([collection.delete(files.example_id)] if status != 404 else []),
        ):
            with pytest.raises(error) as caught:
                await call
            assert (caught.value.status, caught.value.msg) == (status, json.loads(body)["msg"])
