"""Seed 003, PDFs, line by line."""

import json

import aiohttp
import pytest

from canvus_async.server import CanvusServer
from tests.seeds import bodies, common
from tests.seeds.common import FileKind
from tests.seeds.stage import UUID, Stage, assert_like, pages, photo, webp
from tests.server import samples
from tests.server.conftest import Ask

REPORT = samples.document(3, width=595, height=842)
PDFS = FileKind("pdfs", "Pdf", REPORT, "quarterly-report.pdf")
PDF = "d2c53c80-fc5f-4e10-9c8b-28f4a7f06232"
OURS = ("id", "parent_id", "hash")


@pytest.fixture
async def report(stage: Stage) -> Stage:
    """The stage with the PDF of the examples on it."""
    place = {"x": 4629.51, "y": 2105.47}
    made = await stage.place("pdfs", REPORT, "quarterly-report.pdf", location=place, depth=2.0, title="Q3 Report")
    stage.ids[PDF] = made["id"]
    return stage


# -- Authentication --


async def test_seed_003_authentication_by_token_or_cookie(stage: Stage, ask: Ask) -> None:
    await common.check_token_and_cookie(stage, ask, PDFS)


async def test_seed_003_authentication_by_link_sharing(stage: Stage, ask: Ask) -> None:
    await common.check_link_sharing(stage, ask, PDFS)


async def test_seed_003_view_only_users_get_403_on_any_write(stage: Stage, ask: Ask) -> None:
    await common.check_viewers_write_nothing(stage, ask, PDFS)


async def test_seed_003_writing_takes_edit_access(stage: Stage, ask: Ask) -> None:
    await common.check_editors_write(stage, ask, PDFS)


# -- Common Widget Properties, PDF-Specific Properties --


async def test_seed_003_read_only_properties_are_sent_in_vain(stage: Stage) -> None:
    await common.check_read_only(stage, PDFS)


async def test_seed_003_patchable_properties_change_alone_and_read_back(stage: Stage) -> None:
    note = (await stage.api.post(f"{stage.path}/notes", {})).json
    await common.check_patchable(
        stage,
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


async def test_seed_003_defaults(stage: Stage) -> None:
    bare = await stage.api.form(f"{stage.path}/pdfs", ("data", REPORT, None))

    defaults = {"title": "", "original_filename": "", "scale": 1, "pinned": False, "state": "normal", "hash": ""}
    defaults |= {"index": 0}
    assert {name: bare.json[name] for name in defaults} == defaults


async def test_seed_003_each_id_is_new_and_a_uuid(stage: Stage) -> None:
    ids = [(await PDFS.made(stage))["id"] for _ in range(3)]

    assert len(set(ids)) == 3
    assert all(UUID.fullmatch(each) for each in ids)


async def test_seed_003_the_location_is_relative_to_the_parent(stage: Stage) -> None:
    await common.check_parent(stage, PDFS)


async def test_seed_003_pinned_does_not_bind_the_api(stage: Stage) -> None:
    await common.check_pinned(stage, PDFS)


async def test_seed_003_auto_raise_brings_to_the_front_once(stage: Stage) -> None:
    await common.check_auto_raise(stage, PDFS)


async def test_seed_003_each_widget_shows_the_page_of_its_index(stage: Stage) -> None:
    """Index and mipmap page count alike: index 2 is `?page=2`."""
    made = await stage.place("pdfs", pages((100, 50), (50, 100), (300, 150)), "a.pdf", index=2)

    shown = await stage.api.call("GET", f"mipmaps/{made['hash']}/0?page={made['index']}", headers=stage.headers())

    assert webp(shown.body).size == (600, 300)


# -- Streaming --


async def test_seed_003_streaming_of_the_list_and_of_one(session: aiohttp.ClientSession) -> None:
    async with CanvusServer(processing_delay=0.01, keepalive=0.05) as server:
        await common.check_streams(server, Stage(server, session, await server.create_canvas()), PDFS)


# -- List PDFs, Get Single PDF --


async def test_seed_003_list_pdfs_example(report: Stage) -> None:
    reply = await report.play("list pdfs")

    (example,), (pdf,) = json.loads(bodies.PDF_LIST), reply.json
    assert reply.status == 200
    assert_like(pdf, example, but=OURS)


async def test_seed_003_get_single_pdf_example(report: Stage) -> None:
    reply = await report.play("get pdf")

    assert reply.status == 200
    assert_like(reply.json, json.loads(bodies.PDF), but=OURS)
    assert reply.json["id"] == report.ids[PDF]


# -- Create PDF --


async def test_seed_003_create_pdf_with_metadata_example(stage: Stage) -> None:
    reply = await stage.play("create pdf", quarterly_report_pdf=REPORT)

    assert reply.status == 200
    assert_like(reply.json, json.loads(bodies.PDF_CREATED), but=("id", "parent_id", "location"))


async def test_seed_003_create_pdf_without_metadata_example(stage: Stage) -> None:
    reply = await stage.play("create pdf without metadata", handbook_pdf=REPORT)

    example = json.loads(bodies.PDF_CREATED) | {"title": "", "original_filename": "handbook.pdf"}
    assert_like(reply.json, example, but=("id", "parent_id", "location"))


async def test_seed_003_create_pdf_needs_a_file(stage: Stage) -> None:
    await common.check_file_is_needed(stage, PDFS)


async def test_seed_003_create_pdf_takes_every_property(stage: Stage) -> None:
    note = (await stage.api.post(f"{stage.path}/notes", {})).json
    await common.check_create_fields(
        stage,
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


async def test_seed_003_create_pdf_takes_pdfs_only(stage: Stage) -> None:
    reply = await stage.api.upload(f"{stage.path}/pdfs", photo(8, 8), "a.pdf")

    assert reply.status == 400
    assert reply.msg


async def test_seed_003_the_hash_is_empty_at_first_and_follows(stage: Stage) -> None:
    await common.check_hash_follows(stage, PDFS)


# -- Update PDF --


async def test_seed_003_update_pdf_to_page_3_example(report: Stage) -> None:
    before = (await report.play("get pdf")).json

    reply = await report.play("turn to page 3")

    assert (reply.status, reply.json) == (200, before | {"index": 2})


async def test_seed_003_update_pdf_resize_example(report: Stage) -> None:
    before = (await report.play("get pdf")).json

    reply = await report.play("resize pdf")

    assert (reply.status, reply.json) == (200, before | {"size": {"height": 1684, "width": 1190}})


async def test_seed_003_a_resized_pdf_is_told_of_and_stays_sharp(report: Stage) -> None:
    """At twice its size in points, as the example makes it, a page has a pixel for every canvas unit."""
    async with report.api.stream(f"{report.path}/pdfs/{report.ids[PDF]}?subscribe") as stream:
        before = await stream.next()
        resized = (await report.play("resize pdf")).json
        assert await stream.next() == resized

    info = await report.api.call("GET", f"mipmaps/{before['hash']}", headers=report.headers())

    assert resized["hash"] == before["hash"], "the same content"
    assert info.json["resolution"]["width"] >= resized["size"]["width"]
    assert info.json["resolution"]["height"] >= resized["size"]["height"]


async def test_seed_003_update_pdf_move_to_the_front_example(report: Stage) -> None:
    await report.place("pdfs", REPORT, "another.pdf", depth=11.0)
    await report.play("turn to page 3")
    await report.play("resize pdf")

    reply = await report.play("move pdf to the front")

    assert reply.status == 200
    assert_like(reply.json, json.loads(bodies.PDF_UPDATED), but=OURS)
    assert (await report.play("get pdf")).json == reply.json


async def test_seed_003_a_depth_below_1_is_refused_in_these_words(stage: Stage) -> None:
    await common.check_depth(stage, PDFS)


@pytest.mark.parametrize("index", [-1, -17])
async def test_seed_003_an_index_below_0_is_refused_in_these_words(stage: Stage, index: int) -> None:
    pdf = await PDFS.made(stage)

    replies = [
        await stage.api.patch(PDFS.path(stage, pdf), index=index),
        await stage.api.upload(f"{stage.path}/pdfs", REPORT, index=index),
    ]

    said = {"msg": f"PDF index must be >= 0, got {index}"}
    assert [(reply.status, reply.json) for reply in replies] == [(400, said)] * 2
    assert (await stage.api.get(f"{stage.path}/pdfs")).json == [pdf]


async def test_seed_003_a_size_without_area_is_refused(stage: Stage) -> None:
    await common.check_size(stage, PDFS)


# -- Download PDF, Delete PDF --


async def test_seed_003_download_pdf_example(report: Stage) -> None:
    reply = await report.play("download pdf")

    assert (reply.status, reply.body) == (200, REPORT)
    assert reply.headers["Content-Type"] == "application/pdf"


async def test_seed_003_download_pdf_is_an_attachment_for_ever(stage: Stage) -> None:
    await common.check_download(stage, PDFS)


async def test_seed_003_delete_pdf_example(report: Stage) -> None:
    reply = await report.play("delete pdf")

    assert (reply.status, reply.body) == (200, b"")
    assert (await report.play("get pdf")).status == 404


async def test_seed_003_delete_pdf_removes_its_file_too(stage: Stage) -> None:
    await common.check_delete(stage, PDFS)


# -- Error Responses --


async def test_seed_003_what_does_not_exist_is_a_404(stage: Stage, ask: Ask) -> None:
    await common.check_not_found(stage, ask, PDFS)


async def test_seed_003_the_example_errors_come_letter_for_letter(stage: Stage) -> None:
    path = PDFS.path(stage, await PDFS.made(stage))

    replies = [await stage.api.patch(path, depth=0.5), await stage.api.patch(path, index=-1)]

    assert [reply.json for reply in replies] == [json.loads(bodies.PDF_DEPTH_ERROR), json.loads(bodies.PDF_INDEX_ERROR)]
