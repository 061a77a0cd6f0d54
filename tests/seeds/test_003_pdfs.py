"""Seed 003, PDFs, line by line."""

import json

import aiohttp
import pytest

from canvus_async.server import CanvusServer
from tests.seeds import bodies, common
from tests.seeds.common import FileType
from tests.seeds.sandbox import UUID, Sandbox, assert_matches, pages, photo, webp
from tests.server import samples
from tests.server.conftest import ApiFor

REPORT = samples.document(3, width=595, height=842)
PDFS = FileType("pdfs", "Pdf", REPORT, "quarterly-report.pdf")
PDF = "d2c53c80-fc5f-4e10-9c8b-28f4a7f06232"
GENERATED = ("id", "parent_id", "hash")


@pytest.fixture
async def report(sandbox: Sandbox) -> Sandbox:
    """The stage with the PDF of the examples on it."""
    upload = {"x": 4629.51, "y": 2105.47}
    created = await sandbox.upload(
        "pdfs", REPORT, "quarterly-report.pdf", location=upload, depth=2.0, title="Q3 Report"
    )
    sandbox.ids[PDF] = created["id"]
    return sandbox


# -- Authentication --


async def test_seed_003_authentication_by_token_or_cookie(sandbox: Sandbox, api_for: ApiFor) -> None:
    await common.check_token_and_cookie(sandbox, api_for, PDFS)


async def test_seed_003_authentication_by_link_sharing(sandbox: Sandbox, api_for: ApiFor) -> None:
    await common.check_link_sharing(sandbox, api_for, PDFS)


async def test_seed_003_view_only_users_get_403_on_any_write(sandbox: Sandbox, api_for: ApiFor) -> None:
    await common.check_viewers_write_nothing(sandbox, api_for, PDFS)


async def test_seed_003_writing_takes_edit_access(sandbox: Sandbox, api_for: ApiFor) -> None:
    await common.check_editors_write(sandbox, api_for, PDFS)


# -- Common Widget Properties, PDF-Specific Properties --


async def test_seed_003_read_only_properties_are_sent_in_vain(sandbox: Sandbox) -> None:
    await common.check_read_only(sandbox, PDFS)


async def test_seed_003_patchable_properties_change_alone_and_read_back(sandbox: Sandbox) -> None:
    note = (await sandbox.api.post(f"{sandbox.path}/notes", {})).json
    await common.check_patchable(
        sandbox,
        PDFS,
        location={"x": 12.5, "y": -3},
        size={"width": 320, "height": 180},
        depth=7.5,
        scale=0.25,
        pinned=True,
        parent_id=note["id"],
        title="Another title",
        original_filename="another-name.pdf",
        index=2,
    )


async def test_seed_003_defaults(sandbox: Sandbox) -> None:
    bare = await sandbox.api.form(f"{sandbox.path}/pdfs", ("data", REPORT, None))

    defaults = {"title": "", "original_filename": "", "scale": 1, "pinned": False, "state": "normal", "hash": ""}
    defaults |= {"index": 0}
    assert {name: bare.json[name] for name in defaults} == defaults


async def test_seed_003_each_id_is_new_and_a_uuid(sandbox: Sandbox) -> None:
    ids = [(await PDFS.created(sandbox))["id"] for _ in range(3)]

    assert len(set(ids)) == 3
    assert all(UUID.fullmatch(each) for each in ids)


async def test_seed_003_the_location_is_relative_to_the_parent(sandbox: Sandbox) -> None:
    await common.check_parent(sandbox, PDFS)


async def test_seed_003_pinned_does_not_bind_the_api(sandbox: Sandbox) -> None:
    await common.check_pinned(sandbox, PDFS)


async def test_seed_003_auto_raise_brings_to_the_front_once(sandbox: Sandbox) -> None:
    await common.check_auto_raise(sandbox, PDFS)


async def test_seed_003_each_widget_shows_the_page_of_its_index(sandbox: Sandbox) -> None:
    """Index and mipmap page count alike: index 2 is `?page=2`."""
    created = await sandbox.upload("pdfs", pages((100, 50), (50, 100), (300, 150)), "a.pdf", index=2)

    shown = await sandbox.api.call(
        "GET", f"mipmaps/{created['hash']}/0?page={created['index']}", headers=sandbox.headers()
    )

    assert webp(shown.body).size == (600, 300)


# -- Streaming --


async def test_seed_003_streaming_of_the_list_and_of_one(session: aiohttp.ClientSession) -> None:
    async with CanvusServer(processing_delay=0.01, keepalive=0.05) as server:
        await common.check_streams(server, Sandbox(server, session, await server.create_canvas()), PDFS)


# -- List PDFs, Get Single PDF --


async def test_seed_003_list_pdfs_example(report: Sandbox) -> None:
    response = await report.run("list pdfs")

    (example,), (pdf,) = json.loads(bodies.PDF_LIST), response.json
    assert response.status == 200
    assert_matches(pdf, example, ignoring=GENERATED)


async def test_seed_003_get_single_pdf_example(report: Sandbox) -> None:
    response = await report.run("get pdf")

    assert response.status == 200
    assert_matches(response.json, json.loads(bodies.PDF), ignoring=GENERATED)
    assert response.json["id"] == report.ids[PDF]


# -- Create PDF --


async def test_seed_003_create_pdf_with_metadata_example(sandbox: Sandbox) -> None:
    response = await sandbox.run("create pdf", quarterly_report_pdf=REPORT)

    assert response.status == 200
    assert_matches(response.json, json.loads(bodies.PDF_CREATED), ignoring=("id", "parent_id", "location"))


async def test_seed_003_create_pdf_without_metadata_example(sandbox: Sandbox) -> None:
    response = await sandbox.run("create pdf without metadata", handbook_pdf=REPORT)

    example = json.loads(bodies.PDF_CREATED) | {"title": "", "original_filename": "handbook.pdf"}
    assert_matches(response.json, example, ignoring=("id", "parent_id", "location"))


async def test_seed_003_create_pdf_needs_a_file(sandbox: Sandbox) -> None:
    await common.check_file_is_needed(sandbox, PDFS)


async def test_seed_003_create_pdf_takes_every_property(sandbox: Sandbox) -> None:
    note = (await sandbox.api.post(f"{sandbox.path}/notes", {})).json
    await common.check_create_fields(
        sandbox,
        PDFS,
        title="T",
        original_filename="other.pdf",
        index=1,
        location={"x": 1.5, "y": 2},
        size={"width": 320, "height": 180},
        depth=9.5,
        scale=2,
        pinned=True,
        parent_id=note["id"],
    )


async def test_seed_003_create_pdf_takes_pdfs_only(sandbox: Sandbox) -> None:
    response = await sandbox.api.upload(f"{sandbox.path}/pdfs", photo(8, 8), "a.pdf")

    assert response.status == 400
    assert response.msg


async def test_seed_003_the_hash_is_empty_at_first_and_follows(sandbox: Sandbox) -> None:
    await common.check_hash_follows(sandbox, PDFS)


# -- Update PDF --


async def test_seed_003_update_pdf_to_page_3_example(report: Sandbox) -> None:
    before = (await report.run("get pdf")).json

    response = await report.run("turn to page 3")

    assert (response.status, response.json) == (200, before | {"index": 2})


async def test_seed_003_update_pdf_resize_example(report: Sandbox) -> None:
    before = (await report.run("get pdf")).json

    response = await report.run("resize pdf")

    assert (response.status, response.json) == (200, before | {"size": {"height": 1684, "width": 1190}})


async def test_seed_003_a_resized_pdf_is_told_of_and_stays_sharp(report: Sandbox) -> None:
    """At twice its size in points, as the example makes it, a page has a pixel for every canvas unit."""
    async with report.api.stream(f"{report.path}/pdfs/{report.ids[PDF]}?subscribe") as stream:
        before = await stream.next()
        resized = (await report.run("resize pdf")).json
        assert await stream.next() == resized

    info = await report.api.call("GET", f"mipmaps/{before['hash']}", headers=report.headers())

    assert resized["hash"] == before["hash"], "the same content"
    assert info.json["resolution"]["width"] >= resized["size"]["width"]
    assert info.json["resolution"]["height"] >= resized["size"]["height"]


async def test_seed_003_update_pdf_move_to_the_front_example(report: Sandbox) -> None:
    await report.upload("pdfs", REPORT, "another.pdf", depth=11.0)
    await report.run("turn to page 3")
    await report.run("resize pdf")

    response = await report.run("move pdf to the front")

    assert response.status == 200
    assert_matches(response.json, json.loads(bodies.PDF_UPDATED), ignoring=GENERATED)
    assert (await report.run("get pdf")).json == response.json


async def test_seed_003_a_depth_below_1_is_refused_in_these_words(sandbox: Sandbox) -> None:
    await common.check_depth(sandbox, PDFS)


@pytest.mark.parametrize("index", [-1, -17])
async def test_seed_003_an_index_below_0_is_refused_in_these_words(sandbox: Sandbox, index: int) -> None:
    pdf = await PDFS.created(sandbox)

    responses = [
        await sandbox.api.patch(PDFS.path(sandbox, pdf), index=index),
        await sandbox.api.upload(f"{sandbox.path}/pdfs", REPORT, index=index),
    ]

    said = {"msg": f"PDF index must be >= 0, got {index}"}
    assert [(response.status, response.json) for response in responses] == [(400, said)] * 2
    assert (await sandbox.api.get(f"{sandbox.path}/pdfs")).json == [pdf]


async def test_seed_003_a_size_without_area_is_refused(sandbox: Sandbox) -> None:
    await common.check_size(sandbox, PDFS)


# -- Download PDF, Delete PDF --


async def test_seed_003_download_pdf_example(report: Sandbox) -> None:
    response = await report.run("download pdf")

    assert (response.status, response.body) == (200, REPORT)
    assert response.headers["Content-Type"] == "application/pdf"


async def test_seed_003_download_pdf_is_an_attachment_for_ever(sandbox: Sandbox) -> None:
    await common.check_download(sandbox, PDFS)


async def test_seed_003_delete_pdf_example(report: Sandbox) -> None:
    response = await report.run("delete pdf")

    assert (response.status, response.body) == (200, b"")
    assert (await report.run("get pdf")).status == 404


async def test_seed_003_delete_pdf_removes_its_file_too(sandbox: Sandbox) -> None:
    await common.check_delete(sandbox, PDFS)


# -- Error Responses --


async def test_seed_003_what_does_not_exist_is_a_404(sandbox: Sandbox, api_for: ApiFor) -> None:
    await common.check_not_found(sandbox, api_for, PDFS)


async def test_seed_003_the_example_errors_come_letter_for_letter(sandbox: Sandbox) -> None:
    path = PDFS.path(sandbox, await PDFS.created(sandbox))

    responses = [await sandbox.api.patch(path, depth=0.5), await sandbox.api.patch(path, index=-1)]

    assert [response.json for response in responses] == [
        json.loads(bodies.PDF_DEPTH_ERROR),
        json.loads(bodies.PDF_INDEX_ERROR),
    ]
