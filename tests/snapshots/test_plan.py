"""The commands for a picture of a canvas, without a server and without Pillow."""

import math
import subprocess
import sys

import pytest

from canvus_async import Point, Rect, Size
from canvus_async.models import (
    Anchor,
    BackgroundGrid,
    BackgroundHaze,
    BackgroundImage,
    Browser,
    CanvasBackground,
    Connector,
    ConnectorEnd,
    GridSize,
    Image,
    IpVideo,
    Note,
    Pdf,
    RdpConnection,
    SharedCanvas,
    Table,
    TableCell,
    UnknownWidget,
    Video,
    VideoInput,
    VideoOutputAnchor,
    Widget,
)
from canvus_async.snapshots.colours import BLACK, WHITE, colour, readable_on
from canvus_async.snapshots.commands import Box, Colour, Gradient, PageImage, Panel, Picture, Polygon, Stroke, Text
from canvus_async.snapshots.plan import Plan, plan

ROOT = SharedCanvas(id="root", location=Point(0, 0), size=Size(1000, 500), depth=0, parent_id="")
WHOLE = Rect(0, 0, 1000, 500)


def spot(
    x: float = 0, y: float = 0, width: float = 100, height: float = 100, *, parent: str = "root", depth: float = 1
):
    return {"location": Point(x, y), "size": Size(width, height), "parent_id": parent, "depth": depth}


def drawn(*widgets: Widget, width: int = 1000, region: Rect = WHOLE, **options) -> Plan:
    return plan([ROOT, *widgets], width=width, region=region, **options)


def texts(planned: Plan) -> list[str]:
    return [command.text for command in planned.commands if isinstance(command, Text) and command.text]


def pictures(planned: Plan) -> list[Picture]:
    return [command for command in planned.commands if isinstance(command, Picture)]


def test_widgets_are_drawn_by_depth_and_then_in_the_order_of_the_list() -> None:
    notes = [Note(id=text, text=text, **spot(depth=depth)) for text, depth in (("top", 3), ("first", 1), ("then", 1))]

    assert texts(drawn(*notes)) == ["first", "then", "top"]


def test_a_child_is_drawn_over_its_parent_whatever_its_depth() -> None:
    below = Note(id="a", text="parent", **spot(depth=9))
    inside = Note(id="b", text="child", **spot(parent="a", depth=1))
    beside = Note(id="c", text="aunt", **spot(depth=5))

    assert texts(drawn(inside, below, beside)) == ["aunt", "parent", "child"]


def test_places_and_scales_are_relative_to_the_parent() -> None:
    parent = Note(id="a", scale=2.0, **spot(100, 50, 200, 150))
    child = Image(id="b", hash="ab", scale=0.5, **spot(10, 20, 40, 30, parent="a"))

    (picture,) = pictures(drawn(parent, child, width=500))

    assert picture.box == Box(60, 45, 80, 60)
    assert picture.image == PageImage("ab", 0, 20, 15)


def test_widgets_outside_the_region_are_neither_drawn_nor_fetched() -> None:
    inside, outside = Image(id="a", hash="aa", **spot(500, 200)), Image(id="b", hash="bb", **spot(0, 0))

    planned = drawn(inside, outside, width=400, region=Rect(450, 150, 200, 100))

    assert (planned.view.width, planned.view.height) == (400, 200)
    assert [picture.box for picture in pictures(planned)] == [Box(100, 100, 300, 300)]
    assert [image.hash for image in planned.images] == ["aa"]


def test_content_has_a_margin_and_canvas_includes_the_empty_parts() -> None:
    notes = Note(id="a", **spot(100, 100, 200, 100)), Note(id="b", **spot(500, 300, 100, 100))

    content = plan([ROOT, *notes], width=1000, region="content").view.region
    canvas = plan([ROOT, *notes], width=1000, region="canvas").view.region

    assert content.encloses(Rect(100, 100, 500, 300))
    assert Rect(70, 70, 560, 360).encloses(content)
    assert canvas == WHOLE


@pytest.mark.parametrize("region", ["content", "canvas"])
def test_an_empty_canvas_is_shown_completely_even_if_its_size_is_unknown(region) -> None:
    assert plan([ROOT], width=100, region=region).view.region == WHOLE
    assert plan([], width=96, region=region).view.height == 54


def test_the_picture_of_a_narrow_strip_has_a_limited_aspect_ratio() -> None:
    tall = plan([Note(id="a", **spot(height=1e7, width=1, parent=""))], width=1920).view
    flat = plan([Note(id="a", **spot(height=1, width=1e7, parent=""))], width=1920).view

    assert (tall.height, flat.height) == (3840, 384)


def test_the_error_for_too_many_pixels_names_a_width_that_works() -> None:
    with pytest.raises(ValueError, match=r"megapixels.*pass a width of \d+ or less") as refused:
        drawn(width=2000, region=Rect(0, 0, 100, 5000))
    fitting = int(str(refused.value).split("width of ")[1].split()[0])

    assert drawn(width=fitting, region=Rect(0, 0, 100, 5000)).view.height <= 16384
    with pytest.raises(ValueError, match="megapixels"):
        drawn(width=math.ceil(fitting * 1.1), region=Rect(0, 0, 100, 5000))


@pytest.mark.parametrize(
    ("width", "region", "error"),
    [
        (0, WHOLE, ValueError),
        (-5, WHOLE, ValueError),
        (10**9, WHOLE, ValueError),
        (1.5, WHOLE, TypeError),
        (True, WHOLE, TypeError),
        (100, Rect(0, 0, 0, 10), ValueError),
        (100, Rect(0, 0, -1, 10), ValueError),
        (100, Rect(0, 0, 10, 0), ValueError),
        (100, Rect(0, 0, 10, -1), ValueError),
        (100, Rect(math.nan, 0, 10, 10), ValueError),
        (100, Rect(0, 0, math.inf, 10), ValueError),
        (100, "everything", ValueError),
    ],
)
def test_an_invalid_size_or_region_is_refused(width, region, error) -> None:
    with pytest.raises(error):
        plan([ROOT], width=width, region=region)


def test_deleted_widgets_and_cycles_of_parents_are_left_out() -> None:
    gone = Note(id="gone", text="gone", state="deleted", **spot())
    ring = [Note(id="a", text="a", **spot(parent="b")), Note(id="b", text="b", **spot(parent="a"))]

    assert texts(drawn(gone, *ring, Note(id="c", text="there", **spot()))) == ["there"]


def test_a_deep_tree_is_drawn_without_recursion() -> None:
    deep = [Note(id=f"n{n}", text=str(n), **spot(0, 0, parent=f"n{n - 1}" if n else "root")) for n in range(5000)]

    assert len(texts(drawn(*deep))) == 5000


def test_a_pdf_page_is_contained_in_a_white_box() -> None:
    planned = drawn(Pdf(id="a", hash="ab", index=3, **spot()))

    assert planned.images == [PageImage("ab", 3, 100, 100, "contain")]
    assert Panel(Box(0, 0, 100, 100), WHITE) in planned.commands


def test_an_image_shown_twice_in_one_size_is_fetched_once() -> None:
    planned = drawn(Image(id="a", hash="ab", **spot()), Image(id="b", hash="ab", **spot(300)))

    assert len(pictures(planned)) == 2
    assert len(planned.images) == 1


def test_an_image_that_is_still_processed_is_a_labelled_box_and_not_fetched() -> None:
    planned = drawn(Image(id="a", hash="", original_filename="photo.jpg", **spot()))

    assert texts(planned) == ["the server is still processing it", "photo.jpg"]
    assert planned.images == []


def test_a_tiny_image_is_a_filled_box_and_not_fetched() -> None:
    assert drawn(Image(id="a", hash="ab", **spot()), width=10).images == []


def test_widgets_without_mipmaps_are_labelled_boxes() -> None:
    planned = drawn(
        Video(id="a", hash="ab", title="Launch", **spot()),
        Browser(id="b", url="https://example.com", **spot(200)),
        Anchor(id="c", anchor_name="Overview", **spot(400)),
        VideoOutputAnchor(id="d", **spot(0, 200)),
        VideoInput(id="e", source="HDMI 1", host_id="h", **spot(200, 200)),
        IpVideo(id="f", title="Lobby", host_id="h", **spot(400, 200)),
        RdpConnection(id="g", connection_name="Office", host_id="h", content_id="c", **spot(600, 200)),
    )

    assert texts(planned) == [
        *("video", "Launch", "web page", "https://example.com", "Overview", "video output"),
        *("live video", "HDMI 1", "live video", "Lobby", "remote desktop", "Office"),
    ]
    assert planned.images == []


def test_an_unknown_widget_is_a_labelled_box_and_positions_its_children() -> None:
    raw = {"id": "a", "widget_type": "Hologram", "parent_id": "root", "depth": 4}
    raw |= {"location": {"x": 100, "y": 200}, "size": {"width": 50, "height": 60}, "scale": 2}
    known = UnknownWidget(id="a", raw=raw, error="no such type")
    inside = Note(id="b", text="inside", **spot(10, 10, parent="a"))
    nowhere = UnknownWidget(id="c", raw={"id": "c", "widget_type": "Ghost"}, error="no such type")

    planned = drawn(inside, known, nowhere)

    assert texts(planned) == ["Hologram", "inside"]
    assert [command.box for command in planned.commands if isinstance(command, Panel)][1] == Box(100, 200, 200, 320)
    assert any(isinstance(command, Panel) and command.box == Box(120, 220, 320, 420) for command in planned.commands)


def test_a_note_has_its_colours_and_an_automatic_text_colour_is_black_or_white() -> None:
    dark = Note(id="a", text="a", background_color="#102030FF", text_color="#ff0000", **spot())
    chosen = Note(
        id="b", text="b", background_color="#ffee8880", text_color="#ff000080", auto_text_color=False, **spot()
    )

    planned = drawn(dark, chosen)

    panels = [command for command in planned.commands if isinstance(command, Panel)][1:]
    inks = [command.colour for command in planned.commands if isinstance(command, Text)]
    assert [panel.fill for panel in panels] == [(0x10, 0x20, 0x30, 255), (0xFF, 0xEE, 0x88, 0x80)]
    assert inks == [WHITE, (255, 0, 0, 0x80)]


@pytest.mark.parametrize("written", ["", None, "red", "#12345", "#gggggg", "#1234567", "# 12345", "#112233445"])
def test_an_invalid_colour_is_replaced_by_the_default(written) -> None:
    assert colour(written, BLACK) == BLACK


def test_readable_on_chooses_black_or_white_by_contrast() -> None:
    assert readable_on(Colour(255, 238, 136)) == BLACK
    assert readable_on(Colour(30, 30, 30)) == WHITE
    assert readable_on(Colour(0, 0, 255)) == WHITE


def ends(source: str = "a", target: str = "b", **options) -> Connector:
    tips = {"none": "none", "tip": "solid-equilateral-triangle"}
    src, dst = options.pop("src", {}), options.pop("dst", {"tip": tips["tip"]})
    return Connector(id="l", src=ConnectorEnd(id=source, **src), dst=ConnectorEnd(id=target, **dst), **options)


LEFT, RIGHT = Note(id="a", **spot(0, 0)), Note(id="b", **spot(300, 0))


def strokes(planned: Plan) -> list[Stroke]:
    return [command for command in planned.commands if isinstance(command, Stroke)]


@pytest.mark.parametrize("kind", ["curve", "straight", "right-angle", "something new"])
def test_a_connector_runs_between_the_edges_and_has_a_tip(kind) -> None:
    planned = drawn(LEFT, RIGHT, ends(type=kind, line_color="#ff000080", line_width=4))

    (stroke,) = strokes(planned)
    (tip,) = [command for command in planned.commands if isinstance(command, Polygon)]
    assert stroke.dots[0] == pytest.approx((100, 50))
    assert tip.dots[0] == pytest.approx((300, 50))
    assert stroke.dots[-1] == pytest.approx((300 - 12 * math.sqrt(3) / 2, 50))
    assert (stroke.colour, stroke.width, tip.colour) == ((255, 0, 0, 128), 4, (255, 0, 0, 128))
    sides = [math.dist(tip.dots[number], tip.dots[number - 1]) for number in range(3)]
    assert sides == pytest.approx([12, 12, 12])


def test_a_right_angle_connector_has_horizontal_and_vertical_parts_only() -> None:
    lower = Note(id="b", **spot(300, 300))

    (stroke,) = strokes(drawn(LEFT, lower, ends(type="right-angle", dst={})))

    assert len(stroke.dots) == 4
    assert all(a[0] == b[0] or a[1] == b[1] for a, b in zip(stroke.dots, stroke.dots[1:], strict=False))
    assert (stroke.dots[0], stroke.dots[-1]) == ((100, 50), (300, 350))


def test_a_connector_starts_at_its_given_position() -> None:
    held = {"auto_location": False, "rel_location": Point(0.25, 1)}

    (stroke,) = strokes(drawn(LEFT, RIGHT, ends(type="straight", src=held, dst={})))

    assert stroke.dots == ((25, 100), (300, 50))


ABOVE, BELOW = Note(id="a", **spot(0, 0)), Note(id="b", **spot(100, 300))
RIGHT_SIDE = {"auto_location": False, "rel_location": Point(1, 0.5)}


@pytest.mark.parametrize(
    ("src", "dst", "dots"),
    [
        ({}, {}, ((50, 100), (50, 200), (150, 200), (150, 300))),
        (RIGHT_SIDE, {}, ((100, 50), (150, 50), (150, 300))),
        ({}, RIGHT_SIDE, ((50, 100), (50, 350), (200, 350))),
    ],
)
def test_a_right_angle_connector_has_one_corner_between_a_horizontal_and_a_vertical_end(src, dst, dots) -> None:
    (stroke,) = strokes(drawn(ABOVE, BELOW, ends(type="right-angle", src=src, dst=dst)))

    assert stroke.dots == dots


def test_a_connector_upwards_leaves_at_the_top() -> None:
    (stroke,) = strokes(drawn(ABOVE, BELOW, ends("b", "a", type="right-angle", dst={})))

    assert stroke.dots == ((150, 300), (150, 200), (50, 200), (50, 100))


def test_a_curve_leaves_its_given_position_away_from_the_widget() -> None:
    held = {"auto_location": False, "rel_location": Point(0.5, 1)}

    (stroke,) = strokes(drawn(LEFT, RIGHT, ends(type="curve", src=held, dst={})))

    (x, y), (next_x, next_y) = stroke.dots[:2]
    assert (x, y) == (50, 100)
    assert next_y - y > abs(next_x - x)


def test_tips_are_at_the_ends_that_have_them() -> None:
    both = drawn(LEFT, RIGHT, ends(src={"tip": "solid-equilateral-triangle"}))
    none = drawn(LEFT, RIGHT, ends(dst={}))

    assert [command.dots[0] for command in both.commands if isinstance(command, Polygon)] == [(300, 50), (100, 50)]
    assert not [command for command in none.commands if isinstance(command, Polygon)]


def test_connectors_are_on_top_and_those_without_two_ends_are_left_out() -> None:
    planned = drawn(ends(), LEFT, RIGHT, ends(target="nobody"), ends(target="a"))

    assert len(strokes(planned)) == 1
    assert isinstance(planned.commands[-1], Stroke)


def test_a_table_shows_its_cells_by_place_or_index() -> None:
    table = Table(id="t", grid_size=GridSize(3, 2), scale=2.0, **spot(100, 100, 150, 50))
    placed = TableCell(id="1", parent_id="t", text="here", location=Point(50, 25), size=Size(50, 25))
    counted = TableCell(id="2", parent_id="t", text="there", index=1)
    lost = TableCell(id="3", parent_id="t", text="lost", index=99)

    planned = drawn(table, placed, counted, lost)

    panels = [command.box for command in planned.commands if isinstance(command, Panel)]
    assert panels[1:] == [Box(100, 100, 400, 200), Box(200, 150, 300, 200), Box(200, 100, 300, 150)]
    assert texts(planned) == ["here", "there"]


def test_a_table_without_cells_shows_its_grid_and_title() -> None:
    table = Table(id="t", grid_size=GridSize(2, 2), column_widths=(1, 3), title="Plan", **spot(0, 0, 400, 100))

    planned = drawn(table)

    assert [stroke.dots for stroke in strokes(planned)] == [((100, 0), (100, 100)), ((0, 50), (400, 50))]
    assert texts(planned) == ["Plan"]


def test_a_table_without_a_grid_is_a_box_with_its_title() -> None:
    planned = drawn(Table(id="t", title="Plan", **spot(0, 0, 400, 100)))

    assert [command.box for command in planned.commands if isinstance(command, Panel)][1:] == [Box(0, 0, 400, 100)]
    assert strokes(planned) == []
    assert texts(planned) == ["Plan"]


def test_the_background_is_a_colour_a_haze_or_an_image() -> None:
    plain = CanvasBackground(type="solid_color", background_color="#ff8000ff")
    haze = CanvasBackground(type="haze", haze=BackgroundHaze(color1="#ff0000", color2="#0000ff"))
    image = CanvasBackground(type="image", image=BackgroundImage(fit="contain", hash="ab"))

    assert drawn(plain).commands == [Panel(Box(0, 0, 1000, 500), Colour(255, 128, 0))]
    assert drawn(background=haze).commands[1:] == [
        Gradient(Box(0, 0, 1000, 500), Colour(255, 0, 0), Colour(0, 0, 255)),
    ]
    assert drawn(image).images == [PageImage("ab", 0, 1000, 500, "contain")]
    assert drawn(plain, background=image).images  # the parameter takes precedence


def test_a_background_of_a_canvas_of_unknown_size_covers_a_new_canvas_or_the_picture() -> None:
    haze = CanvasBackground(type="haze", haze=BackgroundHaze(color1="#ff0000", color2="#0000ff"))
    image = CanvasBackground(type="image", image=BackgroundImage(fit="contain", hash="ab"))
    region = Rect(4800, 2700, 9600, 5400)

    (picture,) = pictures(plan([], width=96, region=region, background=image))
    _, gradient = plan([], width=96, region=region, background=haze).commands

    assert picture.box == Box(-48, -27, 48, 27)
    assert isinstance(gradient, Gradient)
    assert gradient.box == Box(0, 0, 96, 54)


def test_grid_lines_are_on_multiples_of_the_step_and_never_too_close() -> None:
    ruled = CanvasBackground(type="solid_color", grid=BackgroundGrid(color="#ffffff", visible=True))
    near, far = drawn(ruled), drawn(ruled, width=100)

    assert [stroke.dots[0][0] for stroke in strokes(near) if stroke.dots[0][1] == 0][1:3] == [120, 240]
    assert len(strokes(far)) < 8
    assert not strokes(drawn(CanvasBackground(grid=BackgroundGrid(visible=False))))


def test_planning_does_not_need_pillow() -> None:
    program = "import sys; sys.modules['PIL'] = None; import canvus_async.snapshots.plan, canvus_async.client"

    done = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, text=True)

    assert done.returncode == 0, done.stderr
