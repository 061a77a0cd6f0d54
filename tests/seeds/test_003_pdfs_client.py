"""Seed 003 as a user of the client meets it: the examples' answers as records, files and errors."""

import json
from contextlib import aclosing
from pathlib import Path

import pytest

from canvus_async import ApiError, BadRequest, Client, Forbidden, NotFound, Point, Size, Unauthorized
from canvus_async.models import Pdf
from tests.seeds import bodies
from tests.seeds.common import FileType
from tests.seeds.sandbox import IMMUTABLE, Sandbox, form_parts, replay, replay_stream
from tests.server import samples

REPORT = samples.document(3, width=595, height=842)
PDFS = FileType("pdfs", "Pdf", REPORT, "quarterly-report.pdf")
CANVAS = "a528ddb9-ee56-47f2-a419-0c3a9227996e"
PDF = "d2c53c80-fc5f-4e10-9c8b-28f4a7f06232"
ADDRESS = f"/api/v1/canvases/{CANVAS}/pdfs"

Q3_REPORT = Pdf(
    id=PDF,
    hash="347b3c308971",
    index=0,
    location=Point(4629.51, 2105.47),
    size=Size(595, 842),
    depth=2.0,
    scale=1,
    pinned=False,
    state="normal",
    parent_id="0aad755b-c78f-4392-88fb-6efb31d35290",
    title="Q3 Report",
    original_filename="quarterly-report.pdf",
)
"""The PDF of the examples as a user gets it."""


async def test_seed_003_streaming_reaches_the_user() -> None:
    (example,) = json.loads(bodies.PDF_LIST)
    changed, gone = example | {"title": "Changed"}, example | {"state": "deleted"}

    async with replay_stream([example], b"\n", [changed], b"\n", [gone], canvas_id=CANVAS) as replayed:
        async with aclosing(replayed.canvas.pdfs.subscribe()) as updates:
            first, second, third = [await anext(updates) for _ in range(3)]

    assert first == Q3_REPORT
    assert (second.title, second.hash) == ("Changed", Q3_REPORT.hash)
    assert third.deleted
    assert replayed.sent == [("GET", f"{ADDRESS}?subscribe")]


async def test_seed_003_streaming_of_one_reaches_the_user() -> None:
    example = json.loads(bodies.PDF)

    async with replay_stream(example, b"\n", example | {"pinned": True}, canvas_id=CANVAS) as replayed:
        async with aclosing(replayed.canvas.pdfs.subscribe(PDF)) as updates:
            states = [await anext(updates) for _ in range(2)]

    assert [each.pinned for each in states] == [False, True]
    assert replayed.sent == [("GET", f"{ADDRESS}/{PDF}?subscribe")]


async def test_seed_003_list_pdfs_reaches_the_user() -> None:
    async with replay(bodies.PDF_LIST, canvas_id=CANVAS) as replayed:
        assert await replayed.canvas.pdfs.list() == [Q3_REPORT]

    assert replayed.sent == [("GET", ADDRESS)]


async def test_seed_003_get_single_pdf_reaches_the_user() -> None:
    async with replay(bodies.PDF, canvas_id=CANVAS) as replayed:
        pdf = await replayed.canvas.pdfs.get(PDF)

    assert (pdf, pdf.widget_type) == (Q3_REPORT, "Pdf")
    assert replayed.sent == [("GET", f"{ADDRESS}/{PDF}")]


async def test_seed_003_create_pdf_reaches_the_user() -> None:
    async with replay(bodies.PDF_CREATED, canvas_id=CANVAS) as replayed:
        pdf = await replayed.canvas.pdfs.upload(b"%PDF-", filename="quarterly-report.pdf", title="Q3 Report", index=0)

    assert pdf == Pdf(
        id="7456c122-cb58-4493-b66e-2efb706e213a",
        hash="",
        index=0,
        location=Point(3624.75, 2387.44),
        size=Size(595, 842),
        depth=1.0,
        parent_id="0aad755b-c78f-4392-88fb-6efb31d35290",
        title="Q3 Report",
        original_filename="quarterly-report.pdf",
    )
    (request,) = replayed.server.requests
    assert (request.method, request.target) == ("POST", ADDRESS)
    parts = form_parts(request)
    assert json.loads(parts["json"]) == {"title": "Q3 Report", "index": 0}
    assert parts["data"] == b"%PDF-"


async def test_seed_003_update_pdf_reaches_the_user() -> None:
    async with replay(bodies.PDF_UPDATED, canvas_id=CANVAS) as replayed:
        pdf = await replayed.canvas.pdfs.update(PDF, location=Point(3000, 1500), auto_raise=True)
        await replayed.canvas.pdfs.update(PDF, index=2)

    assert (pdf.depth, pdf.index, pdf.location, pdf.size) == (12.0, 2, Point(3000, 1500), Size(1190, 1684))
    assert replayed.sent == [("PATCH", f"{ADDRESS}/{PDF}")] * 2
    assert [json.loads(request.body) for request in replayed.server.requests] == [
        {"location": {"x": 3000, "y": 1500}, "auto_raise": True},
        {"index": 2},
    ]


async def test_seed_003_download_pdf_reaches_the_user_as_a_file(tmp_path: Path) -> None:
    headers = (
        "Content-Type: application/pdf",
        'content-disposition: attachment; filename="quarterly-report.pdf"',
        f"cache-control: {IMMUTABLE}",
    )
    async with replay(REPORT, 200, *headers, canvas_id=CANVAS) as replayed:
        saved = await replayed.canvas.pdfs.download(PDF, to=tmp_path / "downloaded-report.pdf")

    assert saved.read_bytes() == REPORT
    assert replayed.sent == [("GET", f"{ADDRESS}/{PDF}/download")]


async def test_seed_003_delete_pdf_is_done_with_an_empty_answer() -> None:
    async with replay(b"", canvas_id=CANVAS) as replayed:
        await replayed.canvas.pdfs.delete(PDF)

    assert replayed.sent == [("DELETE", f"{ADDRESS}/{PDF}")]


@pytest.mark.parametrize(
    ("status", "error"), [(400, BadRequest), (401, Unauthorized), (403, Forbidden), (404, NotFound)]
)
async def test_seed_003_each_error_reaches_the_user_as_its_class(
    status: int, error: type[ApiError], tmp_path: Path
) -> None:
    async with replay(bodies.PDF_INDEX_ERROR, status) as replayed:
        pdfs = replayed.canvas.pdfs
        for call in (
            pdfs.list(),
            pdfs.get(PDF),
            pdfs.upload(b"x"),
            pdfs.update(PDF, index=-1),
            pdfs.download(PDF, to=tmp_path / "a.pdf"),
            *([pdfs.delete(PDF)] if status != 404 else []),
        ):
            with pytest.raises(error) as caught:
                await call
            assert (caught.value.status, caught.value.msg) == (status, "PDF index must be >= 0, got -1")


async def test_seed_003_a_negative_index_is_a_bad_request_for_the_user(sandbox: Sandbox) -> None:
    pdf = await PDFS.created(sandbox)

    async with Client(sandbox.server.url, token=sandbox.server.token) as client:
        with pytest.raises(BadRequest, match="PDF index must be >= 0, got -1"):
            await client.canvas(sandbox.canvas_id).pdfs.update(pdf["id"], index=-1)
