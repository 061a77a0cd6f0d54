"""The files in `examples/` work with the embedded server, and the pages that show them have the same text.

The proxies are tested in tests/content/test_asset_stream.py.
"""

import asyncio
import contextlib

from canvus_async import Canvas
from canvus_async.server import CanvusServer
from examples.answer_pictures import answer_pictures
from tests.files import picture
from tests.project import pages


def test_the_pages_show_the_files_as_they_are() -> None:
    copies = [example for page in pages.pages() for example in pages.examples(page) if example.is_copy]

    for copy in copies:
        original = (pages.ROOT / copy.file).read_text(encoding="utf-8")
        assert copy.text == f"# {copy.file}\n{original}", f"copy {copy.file} into {copy.page}"
    files = sorted(path.relative_to(pages.ROOT).as_posix() for path in (pages.ROOT / "examples").glob("*.py"))
    assert sorted({copy.file for copy in copies}) == files


async def test_the_bot_answers_each_new_picture_with_a_note_under_it(server: CanvusServer, canvas: Canvas) -> None:
    await canvas.images.upload(picture(), filename="old.jpg", wait_ready=True)
    bot = asyncio.create_task(answer_pictures(canvas))
    async with canvas.notes.live() as notes, asyncio.timeout(10):
        changes = notes.changes()
        while not server.open_streams > 1:
            await asyncio.sleep(0.001)
        image = await canvas.images.upload(picture(800, 500), filename="new.jpg", wait_ready=True)
        note = (await anext(changes)).new
        assert note is not None
        assert note.text == "new.jpg: 800 x 500 pixels"
        assert (note.location.x, note.location.y) == (image.location.x, image.location.y + 520)

        server.faults.drop_streams()
        await canvas.images.upload(picture(300, 200), filename="later.jpg", wait_ready=True)
        note = (await anext(changes)).new
        assert note is not None
        assert note.text == "later.jpg: 300 x 200 pixels"
    bot.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await bot
