"""Seed 003, the page on PDFs; see test_002_003_files for what it has in common with the page on images."""

import json

import pytest

from tests.seeds import bodies
from tests.seeds.file_types import PDFS, REPORT
from tests.seeds.sandbox import GENERATED, Sandbox, assert_matches, pages, photo, webp


@pytest.fixture
async def example(sandbox: Sandbox) -> Sandbox:
    """The sandbox with the PDF of the examples."""
    await PDFS.create_example(sandbox)
    return sandbox


# -- PDF-Specific Properties --


async def test_seed_003_the_index_is_the_page_of_the_mipmaps(sandbox: Sandbox) -> None:
    created = await sandbox.upload("pdfs", pages((100, 50), (50, 100), (300, 150)), "a.pdf", index=2)

    path = f"mipmaps/{created['hash']}/0?page={created['index']}"
    level = await sandbox.api.call("GET", path, headers=sandbox.headers())

    assert webp(level.body).size == (600, 300)


# -- Create PDF --


async def test_seed_003_create_pdf_with_metadata_example(sandbox: Sandbox) -> None:
    response = await sandbox.run("create pdf", quarterly_report_pdf=REPORT)

    assert response.status == 200
    assert_matches(response.json, json.loads(bodies.PDF_CREATED), ignoring=("id", "parent_id", "location"))


async def test_seed_003_create_pdf_without_metadata_example(sandbox: Sandbox) -> None:
    response = await sandbox.run("create pdf without metadata", handbook_pdf=REPORT)

    example = json.loads(bodies.PDF_CREATED) | {"title": "", "original_filename": "handbook.pdf"}
    assert_matches(response.json, example, ignoring=("id", "parent_id", "location"))


async def test_seed_003_create_pdf_accepts_only_pdfs(sandbox: Sandbox) -> None:
    response = await sandbox.api.upload(f"{sandbox.path}/pdfs", photo(8, 8), "a.pdf")

    assert response.status == 400
    assert response.msg


# -- Update PDF --


async def test_seed_003_update_pdf_to_page_3_example(example: Sandbox) -> None:
    before = (await example.run("get pdf")).json

    response = await example.run("turn to page 3")

    assert (response.status, response.json) == (200, before | {"index": 2})


async def test_seed_003_update_pdf_resize_example(example: Sandbox) -> None:
    before = (await example.run("get pdf")).json

    response = await example.run("resize pdf")

    assert (response.status, response.json) == (200, before | {"size": {"height": 1684, "width": 1190}})


async def test_seed_003_a_resized_pdf_is_published_and_stays_sharp(example: Sandbox) -> None:
    """The example doubles the size in points; a page still has at least one pixel per canvas unit."""
    async with example.api.stream(f"{example.path}/pdfs/{example.ids[PDFS.example_id]}?subscribe") as stream:
        before = await stream.next()
        resized = (await example.run("resize pdf")).json
        assert await stream.next() == resized

    info = await example.api.call("GET", f"mipmaps/{before['hash']}", headers=example.headers())

    assert resized["hash"] == before["hash"], "the content is the same"
    assert info.json["resolution"]["width"] >= resized["size"]["width"]
    assert info.json["resolution"]["height"] >= resized["size"]["height"]


async def test_seed_003_update_pdf_move_to_the_front_example(example: Sandbox) -> None:
    await example.upload("pdfs", REPORT, "another.pdf", depth=11.0)
    await example.run("turn to page 3")
    await example.run("resize pdf")

    response = await example.run("move pdf to the front")

    assert response.status == 200
    assert_matches(response.json, json.loads(bodies.PDF_UPDATED), ignoring=GENERATED)
    assert (await example.run("get pdf")).json == response.json


@pytest.mark.parametrize("index", [-1, -17])
async def test_seed_003_a_negative_index_is_refused(sandbox: Sandbox, index: int) -> None:
    pdf = await PDFS.create(sandbox)

    responses = [
        await sandbox.api.patch(PDFS.path(sandbox, pdf), index=index),
        await sandbox.api.upload(f"{sandbox.path}/pdfs", REPORT, index=index),
    ]

    error = {"msg": f"PDF index must be >= 0, got {index}"}
    assert [(response.status, response.json) for response in responses] == [(400, error)] * 2
    assert (await sandbox.api.get(f"{sandbox.path}/pdfs")).json == [pdf]
