"""Every kind of widget, through its own collection and through `canvas.widgets`."""

import asyncio

import pytest

from canvus_async import BadRequest, Canvas, Client, NotFound, Point, Size
from canvus_async.models import (
    Anchor,
    BackgroundGrid,
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
    Video,
    VideoInput,
)
from canvus_async.server import CanvusServer
from tests.files import document, picture

MP4 = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + bytes(2000)
PLACE = {"location": Point(10, 20), "size": Size(400, 300), "depth": 2.0, "scale": 2.0, "pinned": True}


async def test_note_create_update_list_and_delete(canvas: Canvas) -> None:
    made = await canvas.notes.create(text="hi", background_color="#ffcc00ff", **PLACE)
    changed = await canvas.notes.update(made.id, text="ho", title="T")

    assert (made.text, made.background_color, made.location, made.scale, made.pinned) == (
        "hi",
        "#ffcc00ff",
        Point(10, 20),
        2.0,
        True,
    )
    assert (changed.text, changed.title, changed.background_color) == ("ho", "T", "#ffcc00ff")
    assert await canvas.notes.list() == [changed] == [await canvas.notes.get(made.id)]
    await canvas.notes.delete(made.id)
    with pytest.raises(NotFound):
        await canvas.notes.get(made.id)


async def test_browser_and_anchor_keep_their_own_fields(canvas: Canvas) -> None:
    browser = await canvas.browsers.create(url="https://example.com", transparent_mode=True)
    anchor = await canvas.anchors.create(anchor_name="Start", anchor_index=0)

    assert (browser.url, browser.transparent_mode, browser.size) == ("https://example.com", True, Size(1200, 800))
    assert (anchor.anchor_name, anchor.anchor_index) == ("Start", 0)
    assert (await canvas.browsers.update(browser.id, main_frame_scroll_offset=Point(0, 50))).url == browser.url
    assert (await canvas.anchors.update(anchor.id, anchor_name="End")).anchor_name == "End"
    assert [await canvas.browsers.list(), await canvas.anchors.list()] != [[], []]


async def test_connector_joins_two_widgets(canvas: Canvas) -> None:
    one, two = await canvas.notes.create(text="1"), await canvas.notes.create(text="2")
    ends = (ConnectorEnd(id=one.id, tip="solid-equilateral-triangle"), ConnectorEnd(id=two.id))

    line = await canvas.connectors.create(src=ends[0], dst=ends[1], type="straight", line_width=3)
    thicker = await canvas.connectors.update(line.id, line_width=9)

    assert (line.src.id, line.src.tip, line.dst.id, line.type) == (one.id, ends[0].tip, two.id, "straight")
    assert (thicker.line_width, thicker.type) == (9, "straight")
    assert await canvas.connectors.list() == [thicker]


async def test_table_has_cells(canvas: Canvas) -> None:
    table = await canvas.tables.create(title="Plan", grid_size=GridSize(columns=3, rows=2))

    cells = await canvas.tables.cells(table.id)
    assert len(cells) == 6
    assert {cell.parent_id for cell in cells} == {table.id}
    assert (await canvas.tables.update(table.id, title="Plans")).title == "Plans"


async def test_video_playback_can_be_changed(canvas: Canvas) -> None:
    video = await canvas.videos.upload(MP4, filename="film.mp4", title="Film", wait_ready=True)

    playing = await canvas.videos.update(video.id, playback_state="playing", playback_position=1.5)
    assert (video.playback_state, playing.playback_state, playing.playback_position) == ("STOPPED", "PLAYING", 1.5)
    assert await canvas.assets.fetch(video.hash) == MP4
    assert await canvas.videos.list() == [playing]


async def test_live_sources_keep_their_hyphenated_fields(canvas: Canvas) -> None:
    camera = await canvas.video_inputs.create(source="HDMI 1", host_id="wall-1", title="Camera")
    stream = await canvas.ip_videos.create(source="rtsp://example.com/1", host_id="wall-1")
    desktop = await canvas.rdp_connections.create(connection_name="PC", host_id="wall-1")

    assert (camera.source, camera.host_id) == ("HDMI 1", "wall-1")
    assert (stream.source, stream.host_id) == ("rtsp://example.com/1", "wall-1")
    assert (desktop.connection_name, desktop.host_id, desktop.content_id) == ("PC", "wall-1", "")
    assert (await canvas.rdp_connections.update(desktop.id, connection_name="Mac")).connection_name == "Mac"
    assert (await canvas.ip_videos.update(stream.id, title="Door")).title == "Door"
    assert (await canvas.video_inputs.update(camera.id, pinned=True)).pinned
    for collection in (canvas.video_inputs, canvas.ip_videos, canvas.rdp_connections):
        (found,) = await collection.list()
        await collection.delete(found.id)
        assert await collection.list() == []


async def test_background_has_colours_or_an_image_with_mipmaps(canvas: Canvas) -> None:
    before = await canvas.background.get()
    await canvas.background.update(background_color="#102030ff", grid=BackgroundGrid(color="#ffffffff", visible=True))
    after = await canvas.background.get()

    assert before.type == "solid_color"
    assert (after.background_color, after.grid) == ("#102030ff", BackgroundGrid(color="#ffffffff", visible=True))
    with pytest.raises(BadRequest, match="Unsupported type: color"):
        await canvas.background.update(type="color")

    await canvas.background.upload(picture(300, 200), filename="sky.jpg", fit="cover")
    async with asyncio.timeout(5):
        while not ((image := (await canvas.background.get()).image) and image.hash):
            await asyncio.sleep(0.01)
    assert (await canvas.mipmaps.info(image.hash)).resolution == Size(300, 200)


async def test_widgets_have_their_class_and_can_be_matched(canvas: Canvas) -> None:
    note = await canvas.notes.create(text="hi")
    await canvas.images.upload(picture())
    await canvas.pdfs.upload(document())
    await canvas.videos.upload(MP4, filename="film.mp4")
    await canvas.browsers.create(url="https://example.com")
    await canvas.anchors.create()
    await canvas.tables.create()
    await canvas.connectors.create(src=ConnectorEnd(id=note.id), dst=ConnectorEnd(id=note.id))
    await canvas.video_inputs.create(source="HDMI 1", host_id="wall-1")
    await canvas.ip_videos.create(source="rtsp://example.com/1")
    await canvas.rdp_connections.create(connection_name="PC")

    names = []
    for widget in await canvas.widgets.list():
        match widget:
            case Note(text=text):
                names.append(f"note {text}")
            case Image() | Pdf() | Video():
                names.append(f"{widget.widget_type} with a file")
            case SharedCanvas() | CanvasBackground() | Browser() | Anchor() | Table() | TableCell() | Connector():
                names.append(widget.widget_type)
            case VideoInput() | IpVideo() | RdpConnection():
                names.append(widget.widget_type)
            case _:
                names.append(f"unexpected {widget!r}")

    assert sorted(set(names)) == sorted(
        [
            *("note hi", "Image with a file", "Pdf with a file", "Video with a file", "SharedCanvas"),
            *("CanvasBackground", "Browser", "Anchor", "Table", "TableCell", "Connector"),
            *("VideoInput", "IpVideo", "RdpConnection"),
        ]
    )


async def test_clone_is_a_new_widget_on_the_other_canvas(server: CanvusServer, client: Client, canvas: Canvas) -> None:
    other = client.canvas(await server.create_canvas("Other"))
    outer = await canvas.notes.create(text="outer")
    note = await canvas.notes.create(text="inner", parent_id=outer.id, location=Point(5, 6))
    image = await canvas.images.upload(picture(), title="A dog", wait_ready=True)

    copy = await other.notes.clone(note.id, from_canvas=canvas)
    placed = await other.notes.clone(note.id, from_canvas=canvas.id, location=Point(100, 200))
    dog = await other.images.clone(image.id, from_canvas=canvas)

    (root,) = [widget for widget in await other.widgets.list() if isinstance(widget, SharedCanvas)]
    assert (copy.text, copy.parent_id, placed.location) == ("inner", root.id, Point(100, 200))
    assert len({note.id, copy.id, placed.id}) == 3
    assert (dog.title, dog.hash) == ("A dog", image.hash)
    assert await other.mipmaps.fetch(dog.hash, 0)
    with pytest.raises(BadRequest):
        await other.images.clone(note.id, from_canvas=canvas)
    with pytest.raises(NotFound):
        await other.notes.clone("0b79a537-e9a6-4733-9610-a4066f49e01f", from_canvas=canvas)


async def test_auto_raise_brings_to_the_front(canvas: Canvas) -> None:
    low, high = await canvas.notes.create(depth=1.0), await canvas.notes.create(depth=7.0)

    raised = await canvas.notes.update(low.id, auto_raise=True)

    assert raised.depth == high.depth + 1.0
    assert (await canvas.notes.get(low.id)).depth == raised.depth


async def test_new_parent_keeps_the_location_values(canvas: Canvas) -> None:
    outer, inner = await canvas.notes.create(location=Point(500, 500)), await canvas.notes.create(location=Point(7, 8))

    moved = await canvas.notes.update(inner.id, parent_id=outer.id)

    assert (moved.parent_id, moved.location) == (outer.id, Point(7, 8))
