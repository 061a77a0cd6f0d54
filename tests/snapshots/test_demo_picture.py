"""Compares the picture of the demo canvas with one that was checked by eye (`python -m tests.snapshots.remake`)."""

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest
from PIL import Image as Picture

from canvus_async import Client, Rect
from canvus_async.cli.demo_canvas import rows
from canvus_async.models import Anchor, Connector, Image, Note, Pdf, Widget
from canvus_async.snapshots.plan import plan
from tests.cli.test_app import canvus, serving
from tests.snapshots.likeness import ALIKE, difference
from tests.snapshots.remake import EXPECTED, SHOWN

change = msgspec.structs.replace


class Demo(NamedTuple):
    """The result of `canvus demo`: a folder, and a canvas on a server that is still running."""

    folder: Path
    url: str
    token: str
    canvas_id: str


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    folder = tmp_path_factory.mktemp("demo")
    with serving() as (_, info):
        where = ("--url", info["url"], "--token", info["token"])
        done = canvus("demo", "--out", folder, *where)
        assert done.returncode == 0, done.stderr
        assert f"picture of the canvas: {folder / 'canvas.png'}" in done.stdout
        (line,) = [line for line in canvus("canvases", *where).stdout.splitlines() if "canvus demo" in line]
        yield Demo(folder, info["url"], info["token"], line.split()[0])


@pytest.fixture(scope="module")
def expected() -> Picture.Image:
    with Picture.open(EXPECTED) as picture:
        return picture.convert("RGB")


async def difference_with(demo: Demo, expected: Picture.Image, fault: Callable[[list[Widget]], list[Widget]]) -> float:
    """How much a picture of the canvas with a fault differs from the expected one."""
    async with Client(demo.url, token=demo.token) as client:
        canvas = client.canvas(demo.canvas_id)
        widgets = await canvas.widgets.list()
        region = plan(widgets, width=100).view.region
        body = await canvas.snapshot(widgets=fault(widgets), region=region)
    with Picture.open(io.BytesIO(body)) as picture:
        return difference(picture, expected)


def test_a_dozen_images_and_a_pdf_are_downloaded(demo: Demo) -> None:
    assert len(list((demo.folder / "originals").iterdir())) == 13


def test_the_picture_of_the_demo_is_the_expected_one(demo: Demo, expected: Picture.Image) -> None:
    with Picture.open(demo.folder / "canvas.png") as drawn:
        assert drawn.width == 1920
        assert difference(drawn, expected) < ALIKE


def test_the_picture_in_the_documentation_shows_the_same_canvas(expected: Picture.Image) -> None:
    with Picture.open(SHOWN) as shown:
        assert difference(shown, expected) < ALIKE
        assert shown.width <= 1200
    assert SHOWN.stat().st_size <= 250_000


def with_two_images_exchanged(widgets: list[Widget]) -> list[Widget]:
    one, other = [widget for widget in widgets if isinstance(widget, Image)][:2]
    swapped = {one.id: change(one, hash=other.hash), other.id: change(other, hash=one.hash)}
    return [swapped.get(widget.id, widget) for widget in widgets]


def says(widget: Widget, words: str) -> bool:
    return isinstance(widget, Note) and words in widget.text


FAULTS: dict[str, Callable[[list[Widget]], list[Widget]]] = {
    "a note is missing": lambda found: [w for w in found if not says(w, "Mipmaps")],
    "a note has no text": lambda found: [change(w, text="") if says(w, "Upload") else w for w in found],
    "a note has a different colour": lambda found: [
        change(w, background_color="#e0ffe0") if says(w, "Originals") else w for w in found
    ],
    "a note is below the image": lambda found: [change(w, depth=5) if says(w, "3072") else w for w in found],
    "a note is not where its parent is": lambda found: [
        change(w, parent_id="") if says(w, ".pdf") else w for w in found
    ],
    "the PDF shows a different page": lambda found: [change(w, index=2) if isinstance(w, Pdf) else w for w in found],
    "two images are exchanged": with_two_images_exchanged,
    "the lines are missing": lambda found: [w for w in found if not isinstance(w, Connector)],
    "the anchor is missing": lambda found: [w for w in found if not isinstance(w, Anchor)],
}


async def test_a_second_picture_of_the_demo_canvas_is_the_same(demo: Demo, expected: Picture.Image) -> None:
    assert await difference_with(demo, expected, lambda widgets: widgets) < ALIKE


@pytest.mark.parametrize("fault", FAULTS)
async def test_the_comparison_fails_if(demo: Demo, expected: Picture.Image, fault: str) -> None:
    assert await difference_with(demo, expected, FAULTS[fault]) > ALIKE


@pytest.mark.parametrize("count", [1, 2, 7, 13, 60])
def test_rows_fill_the_area_without_overlaps(count: int) -> None:
    area = Rect(100, 200, 6000, 3000)
    shapes = [(0.3, 1.0, 1.78, 3.0)[number % 4] for number in range(count)]

    places = rows(shapes, area, 50)

    assert [place.width / place.height for place in places] == pytest.approx(shapes)
    assert all(place.x >= 99.9 and place.x + place.width <= 6100.1 for place in places)
    assert all(not a.overlaps(b) for number, a in enumerate(places) for b in places[:number])
    assert max(place.y + place.height for place in places) < 200 + 3000 * 1.6
