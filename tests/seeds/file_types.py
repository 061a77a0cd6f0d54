"""Images (seed 002) and PDFs (seed 003): their examples, and helpers for tests of both."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from canvus_async import Canvas, Point, Size
from canvus_async.models import Image, Pdf
from tests.seeds import bodies
from tests.seeds.sandbox import Sandbox, photo
from tests.server import samples
from tests.server.api import Api, Response

REPORT = samples.document(3, width=595, height=842)


@dataclass(frozen=True, kw_only=True)
class FileType:
    """Images or PDFs.

    `content` and `filename` are a sample file. `fields` are the fields that only this type has, with two values to set.
    `example_id`, `example_content` and `example_fields` are the widget of the examples, and `record` is the same as the
    client returns it. `errors` are the example errors and the changes that cause them.
    """

    endpoint: str
    name: str
    widget_type: str
    content: bytes
    filename: str
    content_type: str
    fields: Mapping[str, tuple[Any, Any]]
    canvas_id: str
    example_id: str
    example_content: bytes
    example_fields: Mapping[str, Any]
    example_list: str
    example: str
    record: Image | Pdf
    errors: tuple[tuple[str, Mapping[str, Any]], ...]

    async def create(self, sandbox: Sandbox, **fields: Any) -> Any:
        """Upload a sample file and wait until the widget has its hash."""
        return await sandbox.upload(self.endpoint, self.content, self.filename, **fields)

    async def create_example(self, sandbox: Sandbox) -> None:
        """Upload the file of the examples."""
        created = await sandbox.upload(self.endpoint, self.example_content, self.filename, **self.example_fields)
        sandbox.ids[self.example_id] = created["id"]

    def path(self, sandbox: Sandbox, widget: Any) -> str:
        return f"{sandbox.path}/{self.endpoint}/{widget['id']}"

    async def read(self, api: Api, sandbox: Sandbox, widget: Any) -> list[Response]:
        """Send every request that reads a widget."""
        one = self.path(sandbox, widget)
        return [await api.get(path) for path in (f"{sandbox.path}/{self.endpoint}", one, f"{one}/download")]

    async def write(self, api: Api, sandbox: Sandbox, widget: Any) -> list[Response]:
        """Send every request that writes a widget: first four valid ones, of which the last deletes it, then others."""
        every, one = f"{sandbox.path}/{self.endpoint}", self.path(sandbox, widget)
        clone = {"source_canvas_id": sandbox.canvas_id, "source_widget_id": widget["id"]}
        return [
            await api.upload(every, self.content, self.filename),
            await api.post(every, clone),
            await api.patch(one, title="x"),
            await api.delete(one),
            await api.post(every),
            await api.patch(f"{one}0", depth=0),
            await api.call("PATCH", one, data=b"{"),
        ]

    def collection(self, canvas: Canvas) -> Any:
        """The client's collection of these widgets."""
        return getattr(canvas, self.endpoint)


IMAGES = FileType(
    endpoint="images",
    name="image",
    widget_type="Image",
    content=photo(160, 90),
    filename="team-photo.jpg",
    content_type="image/jpeg",
    fields={},
    canvas_id="c3d319c2-5eed-456d-acbb-8da46e788157",
    example_id="40a30897-57ea-4c35-9bf8-64db7fc710e0",
    example_content=photo(1280, 720),
    example_fields={"location": {"x": 5130.68, "y": 2164.98}, "depth": 2.0, "title": "Team Photo"},
    example_list=bodies.IMAGE_LIST,
    example=bodies.IMAGE,
    record=Image(
        id="40a30897-57ea-4c35-9bf8-64db7fc710e0",
        hash="cbcb439a796b",
        location=Point(5130.68, 2164.98),
        size=Size(1280, 720),
        depth=2.0,
        scale=1,
        pinned=False,
        state="normal",
        parent_id="aad4f204-2324-401e-9acf-257d2dad4d99",
        title="Team Photo",
        original_filename="team-photo.jpg",
    ),
    errors=((bodies.IMAGE_ERROR, {"depth": 0.5}),),
)

PDFS = FileType(
    endpoint="pdfs",
    name="pdf",
    widget_type="Pdf",
    content=REPORT,
    filename="quarterly-report.pdf",
    content_type="application/pdf",
    fields={"index": (1, 2)},
    canvas_id="a528ddb9-ee56-47f2-a419-0c3a9227996e",
    example_id="d2c53c80-fc5f-4e10-9c8b-28f4a7f06232",
    example_content=REPORT,
    example_fields={"location": {"x": 4629.51, "y": 2105.47}, "depth": 2.0, "title": "Q3 Report"},
    example_list=bodies.PDF_LIST,
    example=bodies.PDF,
    record=Pdf(
        id="d2c53c80-fc5f-4e10-9c8b-28f4a7f06232",
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
    ),
    errors=((bodies.PDF_DEPTH_ERROR, {"depth": 0.5}), (bodies.PDF_INDEX_ERROR, {"index": -1})),
)
