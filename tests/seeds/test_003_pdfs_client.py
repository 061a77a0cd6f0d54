"""Seed 003 through the client; see test_002_003_files_client for what it has in common with seed 002."""

import json

import pytest

from canvus_async import BadRequest, Client, Point, Size
from canvus_async.models import Pdf
from tests.seeds import bodies
from tests.seeds.file_types import PDFS
from tests.seeds.sandbox import Sandbox, form_parts, replay

PATH = f"/api/v1/canvases/{PDFS.canvas_id}/pdfs"


async def test_seed_003_client_creates_a_pdf() -> None:
    async with replay(bodies.PDF_CREATED, canvas_id=PDFS.canvas_id) as replayed:
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
    assert (request.method, request.target) == ("POST", PATH)
    parts = form_parts(request)
    assert json.loads(parts["json"]) == {"title": "Q3 Report", "index": 0}
    assert parts["data"] == b"%PDF-"


async def test_seed_003_client_updates_a_pdf() -> None:
    async with replay(bodies.PDF_UPDATED, canvas_id=PDFS.canvas_id) as replayed:
        pdf = await replayed.canvas.pdfs.update(PDFS.example_id, location=Point(3000, 1500), auto_raise=True)
        await replayed.canvas.pdfs.update(PDFS.example_id, index=2)

    assert (pdf.depth, pdf.index, pdf.location, pdf.size) == (12.0, 2, Point(3000, 1500), Size(1190, 1684))
    assert replayed.sent == [("PATCH", f"{PATH}/{PDFS.example_id}")] * 2
    assert [json.loads(request.body) for request in replayed.server.requests] == [
        {"location": {"x": 3000, "y": 1500}, "auto_raise": True},
        {"index": 2},
    ]


async def test_seed_003_client_raises_bad_request_for_a_negative_index(sandbox: Sandbox) -> None:
    pdf = await PDFS.create(sandbox)

    async with Client(sandbox.server.url, token=sandbox.server.token) as client:
        with pytest.raises(BadRequest, match="PDF index must be >= 0, got -1"):
            await client.canvas(sandbox.canvas_id).pdfs.update(pdf["id"], index=-1)
